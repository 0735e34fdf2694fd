"""The fixed binarisation of MNIST that likelihoods are usually reported on."""

from os import PathLike

import numpy as np
from numpy.typing import DTypeLike
from sklearn.utils import Bunch

from ._npz import read_npz
from ._sources import SOURCES
from ._values import check_binary, check_subset

_DESCR = """Binarized MNIST (fixed binarisation)
------------------------------------
70,000 images of 28 x 28 binary pixels: 50,000 training, 10,000 validation, 10,000 test. No labels.
Each pixel was drawn once with its grey value as the probability; rows are not in MNIST's order.

data: (n, 784), row-major pixels, 0 or 1.

Source: the binarisation of Salakhutdinov and Murray (2008) as distributed by H. Larochelle.
Licence: as MNIST: copyright Yann LeCun and Corinna Cortes; commonly given as CC BY-SA 3.0.
Cite: R. Salakhutdinov, I. Murray (2008), On the quantitative analysis of deep belief networks,
ICML; H. Larochelle, I. Murray (2011), The neural autoregressive distribution estimator, AISTATS.
"""


def load_binarized_mnist(
    *,
    subset: str = "train",
    dtype: DTypeLike = np.float32,
    data_home: str | PathLike[str] | None = None,
) -> Bunch:
    """Load the fixed binarisation of MNIST from local files.

    Parameters
    ----------
    subset : {"train", "valid", "test"}, default="train"
        50,000, 10,000 or 10,000 images.
    dtype : dtype, default=numpy.float32
        Of the 0/1 values; bool and uint8 save memory.
    data_home : path-like, default=None
        The folder with binarized_mnist_packed.npz. None looks in the folder named by the
        environment variable UDL_FAST_DATA, then in the user's cache folder.

    Returns
    -------
    Bunch
        data : (n, 784) of `dtype`; image_shape : (28, 28); DESCR : str (source and licence).

    Raises
    ------
    FileNotFoundError
        If the file is missing: names the folders, the file and the variable.
    ValueError
        If an option is unknown or the file is truncated, corrupt or not the recorded one.

    Examples
    --------
    >>> from udl_fast.datasets import load_binarized_mnist
    >>> images = load_binarized_mnist(subset="test", dtype=bool).data  # doctest: +SKIP
    >>> images.shape  # doctest: +SKIP
    (10000, 784)
    """
    check_subset(subset, ("train", "valid", "test"), caller="load_binarized_mnist")
    value_type = check_binary(0.5, dtype, caller="load_binarized_mnist")
    arrays = read_npz(SOURCES["binarized_mnist"], "binarized_mnist_packed.npz", data_home)
    bits = np.unpackbits(arrays[subset], axis=1)
    return Bunch(data=bits.astype(value_type, copy=False), image_shape=(28, 28), DESCR=_DESCR)
