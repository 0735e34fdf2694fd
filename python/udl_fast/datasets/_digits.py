"""scikit-learn's embedded digits, scaled to states."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.utils import Bunch

from ._values import Binary, check_binary, from_levels

_DESCR = """Handwritten digits, 8 x 8
-------------------------
1,797 images of the digits 0 to 9, 64 grey pixels of 17 levels, installed with scikit-learn.

data: (1797, 64), row-major pixels, level / 16, 0 = background, 1 = full ink.
target: the digit, int64.
{binary}

Source: the test part of the UCI "Optical Recognition of Handwritten Digits" set, as distributed
with scikit-learn (`sklearn.datasets.load_digits`).
Licence: CC BY 4.0 (UCI machine learning repository).
Cite: E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits.
"""


def load_digits(
    *,
    binary: Binary = None,
    dtype: DTypeLike = np.float32,
    random_state: Any = None,
    return_X_y: bool = False,
) -> Any:
    """Load scikit-learn's 8 x 8 digits with values in [0, 1]; nothing is downloaded.

    Parameters
    ----------
    binary : None, float in [0, 1) or "sample", default=None
        None gives grey values in [0, 1]. A number gives 1 where the pixel is larger and 0
        elsewhere. "sample" draws each pixel once with its grey value as the probability.
    dtype : dtype, default=numpy.float32
        Of the data. bool and unsigned integers hold 0/1 values only, so they need `binary`.
    random_state : int, RandomState or None, default=None
        For `binary="sample"`.
    return_X_y : bool, default=False
        Return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch
        data : (1797, 64) of `dtype`; target : (1797,) int64; image_shape : (8, 8);
        target_names : list of str; DESCR : str (source and licence).

    Raises
    ------
    ValueError
        If `binary` or `dtype` is not one of the above.

    Examples
    --------
    >>> from udl_fast.datasets import load_digits
    >>> digits = load_digits()
    >>> digits.data.shape, digits.data.dtype, float(digits.data.max())
    ((1797, 64), dtype('float32'), 1.0)
    """
    value_type = check_binary(binary, dtype, caller="load_digits")
    from sklearn.datasets import load_digits as sklearn_load_digits

    raw, target = sklearn_load_digits(return_X_y=True)
    data = from_levels(raw.astype(np.uint8), 16, binary, value_type, random_state)
    labels = target.astype(np.int64)
    if return_X_y:
        return data, labels
    return Bunch(
        data=data,
        target=labels,
        target_names=[str(digit) for digit in range(10)],
        image_shape=(8, 8),
        DESCR=_DESCR.format(binary=f"Values as loaded: binary={binary!r}."),
    )
