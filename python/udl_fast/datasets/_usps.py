"""USPS zip code digits."""

import io
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.utils import Bunch

from ._files import read_content
from ._sources import SOURCES
from ._values import Binary, check_binary, check_subset, from_values

_DESCR = """USPS digits
-----------
9,298 images of 16 x 16 grey pixels (7,291 training, 2,007 test) of digits from US zip codes.

data: (n, 256), row-major pixels, (value + 1) / 2, 0 = background, 1 = full ink. target: int64.
{binary}

Source: the AT&T research labs neural network group, for "The Elements of Statistical Learning".
Licence: none stated.
Cite: Y. LeCun et al. (1989), Backpropagation applied to handwritten zip code recognition.
"""


def load_usps(
    *,
    subset: str = "train",
    binary: Binary = None,
    dtype: DTypeLike = np.float32,
    data_home: str | PathLike[str] | None = None,
    download: bool = False,
    random_state: Any = None,
    return_X_y: bool = False,
) -> Any:
    """Load the USPS digits from local files.

    Parameters
    ----------
    subset : {"train", "test"}, default="train"
        7,291 or 2,007 images.
    binary : None, float in [0, 1) or "sample", default=None
        None gives grey values in [0, 1]. A number gives 1 where the pixel is larger and 0
        elsewhere. "sample" draws each pixel once with its grey value as the probability.
    dtype : dtype, default=numpy.float32
        Of the data. bool and unsigned integers hold 0/1 values only, so they need `binary`.
    data_home : path-like, default=None
        The folder that contains usps. None looks in the folder named by the environment variable
        UDL_FAST_DATA, then in the user's cache folder.
    download : bool, default=False
        Download what no folder holds, into the first of them; see :func:`udl_fast.datasets.fetch`.
    random_state : int, RandomState or None, default=None
        For `binary="sample"`.
    return_X_y : bool, default=False
        Return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch
        data : (n, 256) of `dtype`; target : (n,) int64; image_shape : (16, 16);
        target_names : list of str; DESCR : str (source and licence).

    Raises
    ------
    FileNotFoundError
        If the file is missing: names the folders, the file, the variable and the command that
        downloads it.
    ValueError
        If an option is unknown or the file is truncated, corrupt or not the published one.

    Examples
    --------
    >>> from udl_fast.datasets import load_usps
    >>> load_usps(subset="test").data.shape  # doctest: +SKIP
    (2007, 256)
    """
    check_subset(subset, ("train", "test"), caller="load_usps")
    value_type = check_binary(binary, dtype, caller="load_usps")
    content = read_content(SOURCES["usps"], f"usps/zip.{subset}", data_home, download)
    table = np.loadtxt(io.BytesIO(content), dtype=np.float32)
    data = from_values((table[:, 1:] + 1) / 2, binary, value_type, random_state)
    target = table[:, 0].astype(np.int64)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=[str(digit) for digit in range(10)],
        image_shape=(16, 16),
        DESCR=_DESCR.format(binary=f"Values as loaded: binary={binary!r}."),
    )
