"""The binary density-estimation benchmark sets."""

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import Bunch

from ._files import read_content
from ._values import check_binary, check_subset

# name: (columns, splits published)
_SETS: dict[str, tuple[int, tuple[str, ...]]] = {
    "accidents": (111, ("train", "valid", "test")),
    "adult": (123, ("train", "valid")),
    "bnetflix": (100, ("train", "valid", "test")),
    "connect4": (126, ("train", "valid")),
    "dna": (180, ("train", "valid", "test")),
    "jester": (100, ("train", "valid", "test")),
    "mushrooms": (112, ("train", "valid", "test")),
    "nips": (500, ("train", "valid", "test")),
    "nltcs": (16, ("train", "valid", "test")),
    "ocr_letters": (128, ("valid", "test")),
    "plants": (69, ("train", "valid", "test")),
}

_SOURCE = (
    "The sets are text files debd/NAME.SPLIT.data (each may be .gz or .xz) of the "
    "Density-Estimation-Datasets collection of UCLA's StarAI group."
)

_DESCR = """{name}: binary density estimation
{rule}
{n_rows} rows of {n_columns} binary variables, split "{subset}". No labels.

data: ({n_rows}, {n_columns}), 0 or 1.

Source: the Density-Estimation-Datasets collection of UCLA's StarAI group.
Licence: none stated; the collection asks to cite the original papers.
Cite: D. Lowd, J. Davis (2010), Learning Markov network structure with decision trees;
J. Van Haaren, J. Davis (2012), Markov network structure learning: a randomized feature generation
approach; H. Larochelle, I. Murray (2011), The neural autoregressive distribution estimator (adult,
connect4, mushrooms, nips, ocr_letters).
"""


def list_density_sets() -> list[str]:
    """Names of the sets `load_density` knows.

    Returns
    -------
    list of str
        In alphabetical order.

    Examples
    --------
    >>> from udl_fast.datasets import list_density_sets
    >>> "nltcs" in list_density_sets()
    True
    """
    return sorted(_SETS)


def load_density(
    name: str,
    *,
    subset: str = "train",
    dtype: DTypeLike = np.float32,
    data_home: str | PathLike[str] | None = None,
) -> Bunch:
    """Load one of the binary density-estimation benchmark sets from a local folder.

    Parameters
    ----------
    name : str
        One of `list_density_sets()`.
    subset : {"train", "valid", "test"}, default="train"
        adult and connect4 have no "test" here, ocr_letters no "train".
    dtype : dtype, default=numpy.float32
        Of the 0/1 values.
    data_home : path-like, default=None
        The folder that contains debd. None looks in the folder named by the environment variable
        UDL_FAST_DATA, then in the user's cache folder.

    Returns
    -------
    Bunch
        data : (n, n_variables) of `dtype`; DESCR : str (source and licence).

    Raises
    ------
    FileNotFoundError
        If the file is missing: names the folders, the file and the variable.
    ValueError
        If the name or the split is unknown, or the file is truncated, corrupt or not the
        published one.

    Examples
    --------
    >>> from udl_fast.datasets import load_density
    >>> load_density("nltcs", subset="test").data.shape  # doctest: +SKIP
    (3236, 16)
    """
    if name not in _SETS:
        raise ValueError(
            f"load_density: name must be one of {', '.join(list_density_sets())}, got {name!r}"
        )
    n_columns, splits = _SETS[name]
    check_subset(subset, splits, caller=f"load_density: {name}")
    value_type = check_binary(0.5, dtype, caller="load_density")
    file = f"debd/{name}.{subset}.data"
    content = read_content(file, data_home, caller="load_density", source=_SOURCE)
    data = _parse(content, n_columns).astype(value_type, copy=False)
    title = f"{name}: binary density estimation"
    description = _DESCR.format(
        name=name, rule="-" * len(title), n_rows=len(data), n_columns=n_columns, subset=subset
    )
    return Bunch(data=data, DESCR=description)


def _parse(content: bytes, n_columns: int) -> NDArray[Any]:
    """One digit and one separator a value: the verified content needs no general parser."""
    characters = np.frombuffer(content, np.uint8).reshape(-1, 2 * n_columns)
    return characters[:, ::2] - ord("0")
