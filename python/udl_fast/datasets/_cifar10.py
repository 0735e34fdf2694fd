"""CIFAR-10 from its binary files."""

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import Bunch

from ._files import read_content
from ._sources import SOURCES
from ._values import Binary, check_binary, check_subset, from_levels

_FOLDER = "cifar-10-batches-bin"
_RECORD = 1 + 3072  # label, then 1024 red, 1024 green, 1024 blue
_FILES = {
    "train": [f"data_batch_{number}.bin" for number in range(1, 6)],
    "test": ["test_batch.bin"],
    "test1000": ["test_batch_first1000.bin"],
}
_NAMES = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
]

_DESCR = """CIFAR-10
--------
60,000 colour images of 32 x 32 pixels in 10 classes: 50,000 training, 10,000 test. The subset
"test1000" is the first 1,000 test images, for those who hold only these.

data: (n, 3072): 1024 red, then 1024 green, then 1024 blue values, each row-major, level / 255.
target: the class, int64.
{binary}

Source: A. Krizhevsky, V. Nair, G. Hinton, the binary version.
Licence: none stated; distributed for research.
Cite: A. Krizhevsky (2009), Learning multiple layers of features from tiny images.
"""


def load_cifar10(
    *,
    subset: str = "train",
    binary: Binary = None,
    dtype: DTypeLike = np.float32,
    data_home: str | PathLike[str] | None = None,
    download: bool = False,
    random_state: Any = None,
    return_X_y: bool = False,
) -> Any:
    """Load CIFAR-10 from local files.

    Parameters
    ----------
    subset : {"train", "test", "test1000"}, default="train"
        50,000 or 10,000 images, or the first 1,000 of the test images.
    binary : None, float in [0, 1) or "sample", default=None
        None gives values in [0, 1]. A number gives 1 where the value is larger and 0 elsewhere.
        "sample" draws each value once with itself as the probability.
    dtype : dtype, default=numpy.float32
        Of the data: the training images take 614 MB in float32. bool and unsigned integers hold
        0/1 values only, so they need `binary`.
    data_home : path-like, default=None
        The folder that contains cifar-10-batches-bin. None looks in the folder named by the
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
        data : (n, 3072) of `dtype`; target : (n,) int64; image_shape : (3, 32, 32), channels
        first; target_names : list of str; DESCR : str (source and licence).

    Raises
    ------
    FileNotFoundError
        If a file is missing: names the folders, the file, the variable and the command that
        downloads it.
    ValueError
        If an option is unknown or a file is truncated, corrupt or not the published one.

    Examples
    --------
    >>> from udl_fast.datasets import load_cifar10
    >>> load_cifar10(subset="test1000").data.shape  # doctest: +SKIP
    (1000, 3072)
    """
    check_subset(subset, tuple(_FILES), caller="load_cifar10")
    value_type = check_binary(binary, dtype, caller="load_cifar10")
    records = np.concatenate([_read(file, data_home, download) for file in _FILES[subset]])
    data = from_levels(records[:, 1:], 255, binary, value_type, random_state)
    target = records[:, 0].astype(np.int64)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=list(_NAMES),
        image_shape=(3, 32, 32),
        DESCR=_DESCR.format(binary=f"Values as loaded: binary={binary!r}."),
    )


def _read(file: str, data_home: Any, download: bool) -> NDArray[np.uint8]:
    content = read_content(SOURCES["cifar10"], f"{_FOLDER}/{file}", data_home, download)
    n_bytes = len(content)
    records = np.frombuffer(content, np.uint8)
    # test_batch.bin has no recorded sum, so its shape and labels are what can be checked.
    if n_bytes == 0 or n_bytes % _RECORD or records[::_RECORD].max() > 9:
        raise ValueError(
            f"load_cifar10: {file} ({n_bytes} bytes) is not a whole number of {_RECORD}-byte "
            f"records with labels 0..9: truncated or corrupt"
        )
    return records.reshape(-1, _RECORD)
