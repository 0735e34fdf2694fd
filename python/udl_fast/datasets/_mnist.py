"""MNIST from its four idx files."""

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import Bunch

from ._files import read_content
from ._idx import parse_idx
from ._sources import SOURCES
from ._values import Binary, check_binary, check_subset, from_levels

_PREFIX = {"train": "train", "test": "t10k"}

_DESCR = """MNIST handwritten digits
------------------------
70,000 images of 28 x 28 grey pixels (60,000 training, 10,000 test) of the digits 0 to 9.

data: (n, 784), row-major pixels, 0 = background, 1 = full ink. target: the digit, int64.
{binary}

Source: Y. LeCun, C. Cortes, C. J. C. Burges, the four original idx files.
Licence: copyright Yann LeCun and Corinna Cortes; commonly given as CC BY-SA 3.0.
Cite: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998), Gradient-based learning applied to document
recognition, Proceedings of the IEEE 86(11), 2278-2324.
"""


def load_mnist(
    *,
    subset: str = "train",
    binary: Binary = None,
    dtype: DTypeLike = np.float32,
    data_home: str | PathLike[str] | None = None,
    download: bool = False,
    random_state: Any = None,
    return_X_y: bool = False,
) -> Any:
    """Load MNIST from local files.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        60,000, 10,000 or 70,000 (training first) images.
    binary : None, float in [0, 1) or "sample", default=None
        None gives grey values in [0, 1]. A number gives 1 where the pixel is larger and 0
        elsewhere (0.5 is usual). "sample" draws each pixel once with its grey value as the
        probability. Three binarisations of MNIST are in use and likelihoods compare only within
        one; see also `load_binarized_mnist` for the fixed one.
    dtype : dtype, default=numpy.float32
        Of the data. bool and unsigned integers hold 0/1 values only, so they need `binary`.
    data_home : path-like, default=None
        The folder with the files, raw or as .gz. None looks in the folder named by the
        environment variable UDL_FAST_DATA, then in the user's cache folder.
    download : bool, default=False
        Download what no folder holds, into the first of them; see :func:`udl_fast.datasets.fetch`.
    random_state : int, RandomState or None, default=None
        For `binary="sample"`.
    return_X_y : bool, default=False
        Return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch
        data : (n, 784) of `dtype`; target : (n,) int64; image_shape : (28, 28);
        target_names : list of str; DESCR : str (source and licence).

    Raises
    ------
    FileNotFoundError
        If a file is missing: names the folders, the file, the variable and the command that
        downloads it.
    ValueError
        If an option is unknown or a file is truncated, corrupt or not the published one.

    Examples
    --------
    >>> from udl_fast.datasets import load_mnist
    >>> mnist = load_mnist(subset="test", binary=0.5, dtype="uint8")  # doctest: +SKIP
    >>> mnist.data.shape  # doctest: +SKIP
    (10000, 784)
    """
    check_subset(subset, ("train", "test", "all"), caller="load_mnist")
    value_type = check_binary(binary, dtype, caller="load_mnist")
    parts = ["train", "test"] if subset == "all" else [subset]

    def read(kind: str, n_dimensions: int, part: str) -> NDArray[np.uint8]:
        name = f"{_PREFIX[part]}-{kind}"
        content = read_content(SOURCES["mnist"], name, data_home, download)
        return parse_idx(content, n_dimensions, name=f"load_mnist: {name}")

    images = _stack([read("images-idx3-ubyte", 3, part) for part in parts])
    target = _stack([read("labels-idx1-ubyte", 1, part) for part in parts])
    levels = images.reshape(len(images), -1)
    data = from_levels(levels, 255, binary, value_type, random_state)
    labels = target.astype(np.int64)
    if return_X_y:
        return data, labels
    return Bunch(
        data=data,
        target=labels,
        target_names=[str(digit) for digit in range(10)],
        image_shape=(28, 28),
        DESCR=_DESCR.format(binary=f"Values as loaded: binary={binary!r}."),
    )


def _stack(arrays: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
