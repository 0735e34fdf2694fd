"""20 Newsgroups as word counts, and as presence of 100 words."""

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.utils import Bunch

from ._npz import read_npz
from ._sources import SOURCES
from ._values import check_binary, check_subset

_WORDS_SOURCE = (
    "20news_w100_binary.npz holds documents, newsgroup, wordlist and groupnames: "
    "Sam Roweis's 100-word 20 Newsgroups."
)

_COUNTS_DESCR = """20 Newsgroups, word counts
--------------------------
18,745 Usenet postings (11,258 training, 7,487 test) as counts of 1,994 stemmed words, stop words
left out. No class labels.

data: sparse CSR (n, 1994) of counts. feature_names: the words.

Source: the preprocessing of S. Burkhardt and S. Kramer (Dirichlet VAE topic models); postings
collected by K. Lang.
Licence: none stated; public Usenet text.
Cite: K. Lang (1995), NewsWeeder: learning to filter netnews, ICML.
"""

_WORDS_DESCR = """20 Newsgroups, 100 words
------------------------
16,242 Usenet postings as presence of 100 words, in four groups of newsgroups.

data: (16242, 100) of 0 and 1. feature_names: the words. target: index into target_names, int64.

Source: prepared by S. Roweis; postings collected by K. Lang.
Licence: none stated; public Usenet text.
Cite: K. Lang (1995), NewsWeeder: learning to filter netnews, ICML.
"""


def load_20newsgroups_counts(
    *,
    subset: str = "train",
    dtype: DTypeLike = np.float32,
    data_home: str | PathLike[str] | None = None,
) -> Bunch:
    """Load 20 Newsgroups as sparse counts of 1,994 stemmed words from local files.

    Parameters
    ----------
    subset : {"train", "test"}, default="train"
        11,258 or 7,487 documents.
    dtype : dtype, default=numpy.float32
        Of the counts.
    data_home : path-like, default=None
        The folder with 20news_v2000_counts.npz. None looks in the folder named by the environment
        variable UDL_FAST_DATA, then in the user's cache folder.

    Returns
    -------
    Bunch
        data : scipy.sparse.csr_array (n, 1994) of `dtype`; feature_names : (1994,) of str;
        DESCR : str (source and licence).

    Raises
    ------
    FileNotFoundError
        If the file is missing: names the folders, the file and the variable.
    ValueError
        If an option is unknown or the file is truncated, corrupt or not the recorded one.

    Examples
    --------
    >>> from udl_fast.datasets import load_20newsgroups_counts
    >>> load_20newsgroups_counts().data.shape  # doctest: +SKIP
    (11258, 1994)
    """
    check_subset(subset, ("train", "test"), caller="load_20newsgroups_counts")
    from scipy.sparse import csr_array

    arrays = read_npz(SOURCES["20newsgroups_counts"], "20news_v2000_counts.npz", data_home)
    counts, indices, indptr = (
        arrays[f"{subset}_{part}"] for part in ("counts", "indices", "indptr")
    )
    shape = (len(indptr) - 1, len(arrays["vocab"]))
    return Bunch(
        data=csr_array((counts.astype(dtype), indices, indptr), shape=shape),
        feature_names=arrays["vocab"],
        DESCR=_COUNTS_DESCR,
    )


def load_20newsgroups_words(
    *,
    dtype: DTypeLike = np.float32,
    data_home: str | PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Any:
    """Load 20 Newsgroups as presence of 100 words, with four group labels, from local files.

    Parameters
    ----------
    dtype : dtype, default=numpy.float32
        Of the 0/1 values.
    data_home : path-like, default=None
        The folder with 20news_w100_binary.npz. None looks in the folder named by the environment
        variable UDL_FAST_DATA, then in the user's cache folder.
    return_X_y : bool, default=False
        Return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch
        data : (16242, 100) of `dtype`; target : (16242,) int64; feature_names : (100,) of str;
        target_names : list of str; DESCR : str (source and licence).

    Raises
    ------
    FileNotFoundError
        If the file is missing: names the folders, the file and the variable.
    ValueError
        If the file is truncated, corrupt or not the recorded one.

    Examples
    --------
    >>> from udl_fast.datasets import load_20newsgroups_words
    >>> load_20newsgroups_words().data.shape  # doctest: +SKIP
    (16242, 100)
    """
    value_type = check_binary(0.5, dtype, caller="load_20newsgroups_words")
    arrays = read_npz(SOURCES["20newsgroups_words"], "20news_w100_binary.npz", data_home)
    data = arrays["documents"].astype(value_type)
    target = arrays["newsgroup"].astype(np.int64) - 1
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        feature_names=arrays["wordlist"],
        target_names=arrays["groupnames"].tolist(),
        DESCR=_WORDS_DESCR,
    )
