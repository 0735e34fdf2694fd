"""What a model asks of the engine that learns for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from numpy.typing import NDArray

from .. import _core


class Engine(Protocol):
    """Arrays that learn. It also has an attribute for each fixed dimension that the model's array rules
    name, such as `n_visible`."""

    @property
    def precision(self) -> str:
        """Its arithmetic: arrays are of float64 if this is "float64", otherwise of float32."""

    def state(self) -> dict[str, NDArray[Any]]:
        """Copies of all arrays that learning changes, by name."""

    def set_state(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over what `state` gave: all of it, or after an error nothing."""

    def snapshot(self) -> int:
        """Remember everything that learning changes, in place of the last snapshot; its number."""

    def restore(self) -> None:
        """Go back to the snapshot."""

    def snapshot_state(self, number: int) -> dict[str, NDArray[Any]] | None:
        """What `state` gave at the snapshot of this number; None if there is a later one. Other threads and
        callbacks ask during `train`."""

    def change_since_snapshot(self) -> tuple[float, float, float]:
        """Norm of the change of the weights, their norm, and the largest of them."""

    def train(
        self,
        rows: _core.Rows,
        order: NDArray[Any] | None,
        settings: dict[str, Any],
        seed: int,
        step: int,
        n_threads: int,
        poll: Callable[[int], bool] | None,
    ) -> dict[str, Any]:
        """One pass over the rows. The engine of a model that learns targets is given them by the name `targets`:
        rows of the same number, which follow the same order.

        `poll` is called now and then with the number of rows done, and stops the pass by a true
        result. Draws come from `seed` and from `step` on. Returns n_updates, the next step, stopped
        (by `poll`), and finite (whether all arrays are).
        """


class NoEngine:
    """That of a model which has not learned itself, but by models inside of it; it has no arrays."""

    def __init__(self, precision: str) -> None:
        self.precision = precision

    def state(self) -> dict[str, NDArray[Any]]:
        """Nothing."""
        return {}

    def set_state(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Nothing but nothing."""
        if arrays:
            raise ValueError(f"set_state: there are no arrays here, got {', '.join(arrays)}")

    def snapshot(self) -> int:
        """Of nothing."""
        return 0

    def restore(self) -> None:
        """Nothing has changed."""

    def snapshot_state(self, number: int) -> dict[str, NDArray[Any]] | None:
        """Nothing."""
        return {}

    def change_since_snapshot(self) -> tuple[float, float, float]:
        """No weights have changed."""
        return 0.0, 0.0, 0.0

    def train(self, *arguments: Any) -> dict[str, Any]:
        """A model enters the stage in which it learns itself with another engine."""
        raise NotImplementedError("this model has no engine of its own yet")
