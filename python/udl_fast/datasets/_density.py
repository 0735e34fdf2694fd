"""The binary density-estimation benchmark sets."""

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import Bunch

from ._files import read_content
from ._sources import DENSITY_SETS, SOURCES, density_file
from ._values import check_binary, check_subset

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
    return sorted(DENSITY_SETS)


def load_density(
    name: str,
    *,
    subset: str = "train",
    dtype: DTypeLike = np.float32,
    data_home: str | PathLike[str] | None = None,
    download: bool = False,
) -> Bunch:
    """Load one of the binary density-estimation benchmark sets from local files.

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
    download : bool, default=False
        Download what no folder holds, into the first of them; see :func:`udl_fast.datasets.fetch`.

    Returns
    -------
    Bunch
        data : (n, n_variables) of `dtype`; DESCR : str (source and licence).

    Raises
    ------
    FileNotFoundError
        If the file is missing: names the folders, the file, the variable and the command that
        downloads it.
    ValueError
        If the name or the split is unknown, or the file is truncated, corrupt or not the
        published one.

    Examples
    --------
    >>> from udl_fast.datasets import load_density
    >>> load_density("nltcs", subset="test").data.shape  # doctest: +SKIP
    (3236, 16)
    """
    if name not in DENSITY_SETS:
        raise ValueError(
            f"load_density: name must be one of {', '.join(list_density_sets())}, got {name!r}"
        )
    n_columns, splits = DENSITY_SETS[name]
    check_subset(subset, splits, caller=f"load_density: {name}")
    value_type = check_binary(0.5, dtype, caller="load_density")
    content = read_content(SOURCES[name], density_file(name, subset), data_home, download)
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
