"""Models whose arrays are given instead of learned: assigned one by one, or all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .input import FLOAT_DTYPES, check_finite, output_dtype

if TYPE_CHECKING:
    from .fitting import Fitting

Arrays = dict[str, NDArray[Any]]


def given(model: Fitting) -> Arrays:
    """What was assigned to a model that is not fitted, by names of the engine."""
    found: Arrays = model.__dict__.get("_given", {})
    return found


def assign(model: Fitting, array: str, value: Any, names: Mapping[str, str]) -> None:
    """Keep an array of a model that is not fitted. With the last of those that define it, it is.

    Parameters
    ----------
    model : Fitting
    array : str
    value : array-like
    names : mapping of str to str
        What messages call the arrays.
    """
    values = np.array(value, dtype=_real_dtype(value))
    check_finite(values, names[array], double=model._is_double())
    values.setflags(write=False)
    arrays = {**given(model), array: values}
    if all(name in arrays for name in model._defining):
        start_from(model, arrays, names)
    else:
        model._given = arrays


def start_from(model: Fitting, arrays: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Make an unfitted model one with these arrays, that has learned nothing else.

    Raises
    ------
    ValueError or TypeError
        Naming the array that does not fit the others or the parameters; the model stays unfitted.
    """
    model._check_parameters()
    values = {name: np.asarray(array, dtype=_real_dtype(array)) for name, array in arrays.items()}
    for name, array in values.items():
        check_finite(array, names[name], double=model._is_double())
    sizes = _sizes(model, values, names)
    engine = model._bare_engine(sizes, getattr(model, "precision", "float64"))
    engine.set_state({**engine.state(), **values})
    first = values[model._defining[0]]
    model._take_start(
        engine,
        check_random_state(model.random_state),
        n_features=next(sizes[name] for name in ("n_features", "n_visible") if name in sizes),
        dtype=output_dtype(first, model._default_dtype),
    )


def _sizes(model: Fitting, arrays: Arrays, names: Mapping[str, str]) -> dict[str, int]:
    """Sizes of the dimensions, which have to agree with each other and with the parameters."""
    sizes: dict[str, int] = {}
    for name, array in arrays.items():
        dims = model._array_rules()[name].dims
        expected = [sizes.get(dim, dim) for dim in dims]
        if array.ndim != len(dims) or any(
            isinstance(wanted, int) and size != wanted
            for size, wanted in zip(array.shape, expected, strict=True)
        ):
            text = f"({', '.join(map(str, expected))}{',' if len(dims) == 1 else ''})"
            raise ValueError(f"{names[name]} has shape {array.shape}, expected {text}")
        sizes |= dict(zip(dims, array.shape, strict=True))
    for parameter, dim in model._dimensions().items():
        if (value := getattr(model, parameter)) != sizes[dim]:
            owner = next(name for name in arrays if dim in model._array_rules()[name].dims)
            raise ValueError(
                f"{type(model).__name__}: {parameter} is {value!r}, but {names[owner]} has shape "
                f"{arrays[owner].shape}: set {parameter}={sizes[dim]}"
            )
    return sizes


def _real_dtype(value: Any) -> Any:
    """float32 stays float32; everything else becomes float64."""
    dtype = getattr(value, "dtype", None)
    return dtype if dtype in FLOAT_DTYPES else np.float64
