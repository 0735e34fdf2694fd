"""Model files: one safetensors file with the arrays, and a JSON text that says what they are.

The text is the state of the model without its arrays: `format`, and `model`, `parameters`, `values` and, where
a model is made of models, `inside`, which holds the same of each. Arrays are named by their path in this tree,
"weights" or "layers.0/weights". This is format 2; `upgrade.py` lifts older ones.

Nothing in a file is code, and nothing of it is believed before it is checked: names, dtypes and shapes
of arrays against each other, and parameters by the model's own checks.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from .. import registry
from .plain import plain_history, plain_parameters
from .replaced_file import replaced_file
from .state import Announced, State, arrays_by_path, check_contents, check_state
from .templates import OMITTED, check_class, unfitted
from .upgrade import lifted
from .values import in_order

__all__ = ["is_of_model", "load", "model_from", "save_model"]

FORMAT = 2
_KEY = "udl_fast"  # of the JSON text among the metadata of the safetensors file
_BEFORE_TEXT = 8  # bytes
_OTHER_FILES = {
    b"UDLHAMM": "an index of codes, which HammingIndex.load reads",
    b"IB": "an index of FAISS, which HammingIndex.read_faiss reads",
    b"\x93NUMPY": "an array, which numpy.load reads",
    b"PK": "a zip archive, such as a .npz file or a model of PyTorch",
    b"\x80": "a pickle",
}
_PATH = str | os.PathLike[str]


# ---- writing ----


def save_model(model: Any, path: _PATH) -> None:
    """Write a fitted model; the old file at `path` stays whole until the new one is complete.

    Everything that `load` will check is checked before anything is written.

    Raises
    ------
    ValueError or TypeError
        Naming what `load` would not take back.
    """
    from safetensors.numpy import save

    try:
        check_class(type(model))
        state = _plain(model._state())
        _check_tree(state)
        check_contents(state)
    except (ValueError, TypeError, NotImplementedError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{type(model).__name__}.save: {error}") from error
    description = {"format": FORMAT, **_described(state)}
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays_by_path(state)}
    content = save(arrays, {_KEY: json.dumps(description, allow_nan=False)})
    with replaced_file(path) as file:
        file.write(content)


def _plain(state: State) -> State:
    """The state with parameters and history as JSON has them."""
    values = dict(state.values)
    if "history" in values:
        values["history"] = plain_history(values["history"])
    inside = {name: _plain(child) for name, child in state.inside.items()}
    parameters = plain_parameters(state.parameters)
    return State(state.model, parameters, values, state.arrays, inside)


def _described(state: State) -> dict[str, Any]:
    """What the file says of a plain state beside its arrays."""
    description: dict[str, Any] = {
        "model": state.model,
        "parameters": state.parameters,
        "values": {name: state.values[name] for name in in_order(state.values)},
    }
    if state.inside:
        description["inside"] = {name: _described(child) for name, child in state.inside.items()}
    return description


# ---- reading ----


def load(path: str | os.PathLike[str]) -> Any:
    """Read a model that its `save` method wrote.

    The model goes on exactly where the saved one was: samples drawn and training continued are the
    same to the bit. Nothing in the file is executed.

    To train on, call ``load(path).set_params(warm_start=True, n_iter=10).fit(X)`` for ten epochs
    more, `resume` to finish a training that was stopped, or `partial_fit` for one pass.
    ``load(path).fit(X)`` starts anew with the saved parameters, as `fit` of every estimator does,
    unless `warm_start` was already True when it was saved.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    RBM, BernoulliRBM or another model
        Of the class that was saved, fitted; its `callbacks` are None, its `history_` is that of the saved model.

    Raises
    ------
    ValueError
        If the file is no model file, truncated, damaged, or of a later format; the message names it.
    OSError
        If it cannot be read, or is a folder.
    TypeError
        If `path` is no path.

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
    start = _start(path)
    try:
        return _read(path)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ValueError(
            f"load: {os.fspath(path)} is no valid model file: {error}{_what_it_is(start)}"
        ) from error


def _start(path: Any) -> bytes:
    """The first bytes, or the usual OSError for a file that is missing or may not be read."""
    if not isinstance(path, str | bytes | os.PathLike):
        none = "; Checkpoint.latest gives None where there is no checkpoint" if path is None else ""
        raise TypeError(f"load: path must be a str or path-like, got {path!r}{none}")
    try:
        with open(path, "rb") as file:
            return file.read(_BEFORE_TEXT + 1)
    except IsADirectoryError:
        text = "is a folder; udl_fast.callbacks.Checkpoint.latest gives the file of its latest checkpoint"
        raise IsADirectoryError(errno.EISDIR, text, os.fspath(path)) from None


def _what_it_is(start: bytes) -> str:
    """A word about files that begin otherwise than those of safetensors: with the size of a JSON text."""
    if start[_BEFORE_TEXT:] == b"{":
        return ""
    for magic, words in _OTHER_FILES.items():
        if start.startswith(magic):
            return f"; it is {words}"
    return "; `save` of a model writes files of safetensors, and it is none"


def _read(path: _PATH) -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            description = _description(file.metadata())
            names = file.keys()
            slices = {name: file.get_slice(name) for name in names}
            announced = {
                name: Announced(found.get_dtype(), tuple(found.get_shape()))
                for name, found in slices.items()
            }
            _check_tree(_tree(description, announced))
            state = _tree(description, {name: file.get_tensor(name) for name in slices})
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    check_contents(state)
    return model_from(state)


def model_from(state: State) -> Any:
    """The fitted model that a state describes."""
    return registry.class_of(registry.find(state.model))._from_state(state)


def is_of_model(metadata: Mapping[str, str] | None) -> bool:
    """Whether these metadata of a safetensors file are those of a model file."""
    return metadata is not None and _KEY in metadata


def _description(metadata: Mapping[str, str] | None) -> dict[str, Any]:
    """The JSON text of a file, lifted to the present format."""
    if metadata is None or not is_of_model(metadata):
        raise ValueError("it does not say what model it holds")
    found = json.loads(metadata[_KEY])
    if not isinstance(found, dict):
        raise ValueError("its description is no JSON object")
    version = found.pop("format", None)
    if version == 1:
        return lifted(found)
    if version != FORMAT:
        raise ValueError(f"its format is {str(version)[:80]}, this version reads 1 and {FORMAT}")
    return found


def _tree(description: Any, arrays: Mapping[str, Any], path: str = "") -> State:
    """The state that a description gives with these arrays, which are named by their paths."""
    _check_description(description, path)
    children = description.get("inside", {})
    own, below = _by_child(arrays, children)
    return State(
        model=description["model"],
        parameters=description["parameters"],
        values=description["values"],
        arrays=own,
        inside={
            name: _tree(child, below.get(name, {}), f"{path}{name}/")
            for name, child in children.items()
        },
    )


def _check_description(description: Any, path: str) -> None:
    if not isinstance(description, dict):
        raise ValueError(f"{path} is no JSON object")
    model = description.get("model")
    if not (isinstance(model, str) and model in registry.names()):
        known = ", ".join(registry.names())
        raise ValueError(f"{path}model is {str(model)[:80]!r}, expected one of {known}")
    for name in ("parameters", "values", *(["inside"] if "inside" in description else [])):
        if not isinstance(description.get(name), dict):
            raise ValueError(f"{path}{name} is {str(description.get(name))[:80]!r}")
    if unknown := description.keys() - {"model", "parameters", "values", "inside"}:
        raise ValueError(f"it says unknown things: {', '.join(path + u for u in unknown)[:80]}")


def _by_child(
    arrays: Mapping[str, Any], children: Collection[str]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Arrays of a model itself, whose names may be paths as well; and those of each model inside, by the rest of
    their paths."""
    own: dict[str, Any] = {}
    below: dict[str, dict[str, Any]] = {}
    for path, array in arrays.items():
        child, slash, rest = path.partition("/")
        if slash and child in children:
            below.setdefault(child, {})[rest] = array
        else:
            own[path] = array
    return own, below


def _check_tree(state: State, path: str = "") -> None:
    """Models inside first, so that the whole can compare them."""
    model = _unfitted(state, path)
    for name, child in state.inside.items():
        _check_tree(child, f"{path}{name}/")
    check_state(state, model._state_rules(), path)
    _check_sizes(state, model, path)
    model._check_inside(state, path)


def _check_sizes(state: State, model: Any, path: str) -> None:
    """Parameters that set a dimension, such as n_components, agree with the arrays."""
    for name, dimension in model._dimensions().items():
        for array, rule in model._array_rules().items():
            if array not in state.arrays or dimension not in rule.dims:
                continue
            shape = tuple(state.arrays[array].shape)
            if (size := shape[rule.dims.index(dimension)]) != getattr(model, name):
                raise ValueError(
                    f"{path}{name} is {getattr(model, name)}, but {array} has shape {shape}: it must "
                    f"be {size}"
                )


def _unfitted(state: State, path: str) -> Any:
    """A model with the saved parameters, each checked as `fit` checks them."""
    model_class = registry.class_of(registry.find(state.model))
    known = model_class._get_param_names()
    for name in state.parameters:
        if name not in known or name in OMITTED:
            raise ValueError(f"it has an unknown parameter {(path + name)[:80]!r}")
    try:
        model = unfitted(model_class, state.parameters)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise ValueError(f"{path}parameters: {error}") from None
    random_state = state.parameters.get("random_state")
    if type(random_state) not in (int, type(None)):
        raise ValueError(f"{path}random_state is {str(random_state)[:80]!r}")
    return model
