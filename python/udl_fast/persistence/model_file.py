"""Model files: one safetensors file with the arrays, and a JSON text that says what they are.

Nothing in a file is code, and nothing of it is believed before it is checked: names, dtypes and shapes
of arrays against each other, and parameters by the model's own checks.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import registry
from .replaced_file import replaced_file
from .state import State

__all__ = ["load", "save_model"]

FORMAT = 1
_KEY = "udl_fast"  # of the JSON text among the metadata of the safetensors file
_PATH = str | os.PathLike[str]


_COUNTS = (  # in the order of the files
    "_seed",
    "n_iter_",
    "n_updates_",
    "_training_steps",
    "_sampling_steps",
    "n_features_in_",
)
_REAL = {"weights", "hidden_bias", "visible_bias"}
_OPTIMIZER = {"weight_velocity", "hidden_velocity", "visible_velocity", "mean_activation"}


# ---- writing ----


def save_model(model: Any, path: _PATH) -> None:
    """Write a fitted model; the old file at `path` stays whole until the new one is complete."""
    from safetensors.numpy import save

    state = model._state()
    counts = state.values["counts"]
    description = {
        "format": FORMAT,
        "model": state.model,
        "engine_precision": state.values["precision"],
        "dtype": state.values["dtype"],
        "parameters": state.parameters,
        "counts": {name: counts[name] for name in _COUNTS},
        "feature_names": state.values["feature_names"],
        "history": _plain_history(state.values["history"]),
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in state.arrays.items()}
    content = save(arrays, {_KEY: json.dumps(description, allow_nan=False)})
    with replaced_file(path) as file:
        file.write(content)


def _plain_history(history: Mapping[str, list[Any]]) -> dict[str, list[float | None]]:
    """Measurements as JSON has them: what is not finite becomes None."""
    return {
        name: [value if value is not None and math.isfinite(value) else None for value in values]
        for name, values in history.items()
    }


# ---- reading ----


def load(path: str | os.PathLike[str]) -> Any:
    """Read a model that its `save` method wrote.

    The model goes on exactly where the saved one was: samples drawn and training continued (with
    ``warm_start=True`` or `partial_fit`) are the same to the bit. Nothing in the file is executed.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    RBM or BernoulliRBM
        Fitted; its `callbacks` are None, its `history_` is that of the saved model.

    Raises
    ------
    ValueError
        If the file is no model file, truncated, damaged, or of a later format; the message names it.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile, os
    >>> import numpy as np
    >>> import udl_fast
    >>> X = np.array([[0, 1, 1], [1, 0, 0]], dtype=np.uint8)
    >>> model = udl_fast.RBM(2, n_iter=1, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     model.save(path)
    ...     same = udl_fast.load(path)
    >>> bool((same.transform(X) == model.transform(X)).all())
    True
    """
    with open(path, "rb"):  # the usual OSError for a file that is missing or may not be read
        pass
    try:
        return _read(path)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ValueError(f"load: {os.fspath(path)} is no valid model file: {error}") from error


def _read(path: _PATH) -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            description = _description(file.metadata())
            names = set(file.keys())
            _check_names(names)
            _check_arrays(
                {name: file.get_slice(name) for name in names}, description["engine_precision"]
            )
            arrays = {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    return _rebuilt(description, arrays)


def _description(metadata: Mapping[str, str] | None) -> dict[str, Any]:
    if not metadata or _KEY not in metadata:
        raise ValueError("it does not say what model it holds")
    found = json.loads(metadata[_KEY])
    if not isinstance(found, dict):
        raise ValueError("its description is no JSON object")
    if found.get("format") != FORMAT:
        raise ValueError(f"its format is {found.get('format')!r}, this version reads {FORMAT}")
    checks: dict[str, Callable[[Any], bool]] = {
        "model": lambda value: isinstance(value, str) and value in registry.names(),
        "engine_precision": lambda value: value in ("fixed", "fast", "float64"),
        "dtype": lambda value: value in ("float32", "float64"),
        "parameters": lambda value: isinstance(value, dict),
        "counts": lambda value: isinstance(value, dict),
        "feature_names": lambda value: (
            isinstance(value, list) and all(isinstance(name, str) for name in value)
        ),
    }
    for name, check in checks.items():
        if not check(found.get(name)):
            raise ValueError(f"{name} is {str(found.get(name))[:80]!r}")
    return found


def _check_names(names: set[str]) -> None:
    required = _REAL | {"chains", "hidden_velocity", "visible_velocity"}
    if missing := required - names:
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    if unknown := names - _REAL - _OPTIMIZER - {"chains"}:
        raise ValueError(f"it holds unknown arrays: {', '.join(sorted(unknown))[:80]}")


def _check_arrays(slices: Mapping[str, Any], precision: str) -> None:
    """Dtypes and shapes, before any array is read."""
    shape = slices["weights"].get_shape()
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"weights has shape {tuple(shape)}, expected (n_hidden, n_visible)")
    n_hidden, n_visible = shape
    real = "F64" if precision == "float64" else "F32"
    shapes = {
        "weights": shape,
        "weight_velocity": shape,
        "hidden_bias": [n_hidden],
        "hidden_velocity": [n_hidden],
        "mean_activation": [n_hidden],
        "visible_bias": [n_visible],
        "visible_velocity": [n_visible],
    }
    for name, found in slices.items():
        dtype = "BOOL" if name == "chains" else real
        if found.get_dtype() != dtype:
            raise ValueError(f"{name} has dtype {found.get_dtype()}, expected {dtype}")
        if name != "chains" and found.get_shape() != shapes[name]:
            raise ValueError(
                f"{name} has shape {tuple(found.get_shape())}, expected {tuple(shapes[name])}"
            )
    chains = slices["chains"].get_shape()
    if len(chains) != 2 or chains[1] != n_hidden:
        raise ValueError(f"chains has shape {tuple(chains)}, expected (n_chains, {n_hidden})")


def _rebuilt(description: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Any:
    for name, array in arrays.items():
        if name == "chains":
            if array.view(np.uint8).size and array.view(np.uint8).max() > 1:
                raise ValueError("chains holds bytes other than 0 and 1")
        elif not np.isfinite(array).all():
            raise ValueError(f"{name} holds NaN or infinity")
    values = {
        "precision": description["engine_precision"],
        "history": _history(description.get("history", {})),  # older files have none
        **{name: description[name] for name in ("dtype", "counts", "feature_names")},
    }
    state = State(description["model"], description["parameters"], values, arrays)
    return registry.class_of(registry.find(state.model))._from_state(state)


def _history(saved: Any) -> dict[str, list[Any]]:
    """Lists of numbers of one length, by name."""
    if not isinstance(saved, dict) or not all(isinstance(v, list) for v in saved.values()):
        raise ValueError("history is no object of lists")
    for name, values in saved.items():
        if not all(type(v) in (int, float) or v is None for v in values):
            raise ValueError(f"history: {name[:80]} holds something other than numbers")
    if len({len(values) for values in saved.values()}) > 1:
        raise ValueError("history holds lists of different lengths")
    if not all(type(epoch) is int for epoch in saved.get("epoch", [])):
        raise ValueError("history: epoch holds something other than integers")
    return saved
