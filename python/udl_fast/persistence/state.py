"""A fitted model as a tree of plain parts, the same for files, pickles and callbacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class State:
    """A model taken apart: the name of its class, parameters, other values, arrays, and models inside."""

    model: str
    parameters: dict[str, Any]
    values: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    inside: dict[str, State] = field(default_factory=dict)


@dataclass(frozen=True)
class ArrayRule:
    """What one array of a state must be: "real" or "bits", of dimensions that arrays share by name."""

    kind: str
    dims: tuple[str, ...]
    optional: bool = False
