"""From raw integer levels to the values a model is trained on."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.utils import check_random_state

Binary = float | Literal["sample"] | None


def check_binary(binary: Binary, dtype: DTypeLike, *, caller: str) -> np.dtype[Any]:
    """Checks the pair of options every image loader has; returns the dtype.

    Raises
    ------
    ValueError
        If `binary` is not None, "sample" or a number in [0, 1), or if `dtype` cannot hold the
        values asked for.
    """
    found = np.dtype(dtype)
    if found.kind not in "fbu":
        raise ValueError(
            f"{caller}: dtype must be floating, bool or unsigned integer, got {found.name}"
        )
    if isinstance(binary, str):
        valid = binary == "sample"
    else:
        valid = binary is None or (not isinstance(binary, bool) and 0 <= binary < 1)
    if not valid:
        raise ValueError(
            f'{caller}: binary must be None, a threshold in [0, 1) or "sample", got {binary!r}'
        )
    if binary is None and found.kind != "f":
        raise ValueError(
            f"{caller}: dtype {found.name} cannot hold grey values in [0, 1]; "
            f'give a floating dtype, or 0/1 values by binary=0.5 or binary="sample"'
        )
    return found


def from_levels(
    levels: NDArray[np.uint8],
    maximum: int,
    binary: Binary,
    dtype: np.dtype[Any],
    random_state: Any,
) -> NDArray[Any]:
    """Levels 0..maximum as values level / maximum, or as 0/1 states.

    With `binary="sample"` a pixel is 1 with probability level / maximum exactly: a uniform integer
    in [0, maximum) is below the level in `level` of `maximum` cases.
    """
    states: NDArray[Any]
    if binary == "sample":
        generator = check_random_state(random_state)
        states = generator.randint(0, maximum, size=levels.shape, dtype=np.uint8) < levels
        return states.astype(dtype)
    # A table of all levels: no floating intermediate of the size of the data.
    table = np.arange(maximum + 1, dtype=np.float64) / maximum
    if binary is not None:
        table = (table > float(binary)).astype(np.float64)
    return table.astype(dtype)[levels]


def from_values(
    values: ArrayLike, binary: Binary, dtype: np.dtype[Any], random_state: Any
) -> NDArray[Any]:
    """The same for values that already lie in [0, 1] and are not on a grid of levels."""
    values = np.asarray(values)
    if binary is None:
        return values.astype(dtype)
    states: NDArray[Any]
    if binary == "sample":
        states = check_random_state(random_state).random_sample(values.shape) < values
    else:
        states = values > float(binary)
    return states.astype(dtype)


def check_subset(subset: str, known: tuple[str, ...], *, caller: str) -> None:
    """Raises ValueError unless `subset` is one of `known`."""
    if subset not in known:
        choices = ", ".join(repr(name) for name in known)
        raise ValueError(f"{caller}: subset must be one of {choices}, got {subset!r}")
