"""Synthetic sets whose structure is known: bars and stripes, the shifter, curves."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import Bunch, check_random_state

from ._curves import draw_curves
from ._values import check_binary

_BARS_DESCR = """Bars and stripes
----------------
n_side x n_side binary images: an orientation is chosen, then each line of it is on with
probability 1/2. All-off and all-on arise from both orientations.

Source: generated. Licence: none needed.
Cite: D. MacKay (2003), Information theory, inference, and learning algorithms, section 43.
"""

_SHIFTER_DESCR = """Shifter
-------
n_units random bits, the same bits shifted by -1, 0 or +1 places with wrap-around, and the shift as
three one-of-n bits: 2 n_units + 3 binary variables whose pairs are uncorrelated.

Source: generated. Licence: none needed.
Cite: G. Hinton, T. Sejnowski (1986), Learning and relearning in Boltzmann machines.
"""

_CURVES_DESCR = """Curves
------
image_size x image_size grey images in [0, 1], each a smooth curve through three random points:
six numbers say everything about an image. A stand-in for the set of Hinton and Salakhutdinov, whose
generator was not published: compare results only on the same images.

Source: generated. Licence: none needed.
Cite: G. Hinton, R. Salakhutdinov (2006), Reducing the dimensionality of data with neural networks.
"""


def make_bars_and_stripes(
    n_side: int = 4,
    n_samples: int | None = None,
    *,
    dtype: DTypeLike = np.float32,
    random_state: Any = None,
) -> Bunch:
    """Bars and stripes: binary images of full rows or of full columns.

    Parameters
    ----------
    n_side : int, default=4
        Side of the images, 1 to 16.
    n_samples : int, default=None
        Number of images drawn. None gives every distinct image once (2^(n_side + 1) - 2 of them)
        with its probability.
    dtype : dtype, default=numpy.float32
        Of the 0/1 values.
    random_state : int, RandomState or None, default=None
        For the draws.

    Returns
    -------
    Bunch
        data : (n, n_side^2) of `dtype`; image_shape : (n_side, n_side); DESCR : str; and with
        `n_samples=None` probabilities : (n,) float64 that sum to 1.

    Raises
    ------
    ValueError
        If a size is out of range.

    Examples
    --------
    >>> from udl_fast.datasets import make_bars_and_stripes
    >>> make_bars_and_stripes(3).data.shape
    (14, 9)
    """
    value_type = check_binary(0.5, dtype, caller="make_bars_and_stripes")
    if not 1 <= n_side <= 16:
        raise ValueError(f"make_bars_and_stripes: n_side must be in 1..16, got {n_side}")
    result = Bunch(image_shape=(n_side, n_side), DESCR=_BARS_DESCR)
    if n_samples is None:
        patterns = (np.arange(2**n_side)[:, None] >> np.arange(n_side)) & 1
        both = np.concatenate([_stripes(patterns), _bars(patterns)])
        data, counts = np.unique(both, axis=0, return_counts=True)
        result.probabilities = counts / len(both)
    else:
        _check_count(n_samples, "make_bars_and_stripes")
        generator = check_random_state(random_state)
        patterns = generator.randint(0, 2, size=(n_samples, n_side))
        upright = generator.randint(0, 2, size=(n_samples, 1)) == 1
        data = np.where(upright, _bars(patterns), _stripes(patterns))
    result.data = data.astype(value_type)
    return result


def make_shifter(
    n_samples: int = 1000,
    n_units: int = 8,
    *,
    dtype: DTypeLike = np.float32,
    random_state: Any = None,
    return_X_y: bool = False,
) -> Any:
    """The shifter: bits, the same bits shifted by one place or none, and which shift it was.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of rows.
    n_units : int, default=8
        Bits in each of the two copies (8 in Hinton and Sejnowski 1986), at least 2.
    dtype : dtype, default=numpy.float32
        Of the 0/1 values.
    random_state : int, RandomState or None, default=None
        For the draws.
    return_X_y : bool, default=False
        Return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch
        data : (n_samples, 2 n_units + 3) of `dtype`; target : (n_samples,) int64, 0, 1 or 2 for a
        shift by -1, 0 or +1; DESCR : str.

    Raises
    ------
    ValueError
        If a size is out of range.

    Examples
    --------
    >>> from udl_fast.datasets import make_shifter
    >>> make_shifter(100, random_state=0).data.shape
    (100, 19)
    """
    value_type = check_binary(0.5, dtype, caller="make_shifter")
    _check_count(n_samples, "make_shifter")
    if n_units < 2:
        raise ValueError(f"make_shifter: n_units must be >= 2, got {n_units}")
    generator = check_random_state(random_state)
    bits = generator.randint(0, 2, size=(n_samples, n_units))
    target = generator.randint(0, 3, size=n_samples).astype(np.int64)
    source = (np.arange(n_units) - (target[:, None] - 1)) % n_units
    shifted = np.take_along_axis(bits, source, axis=1)
    data = np.concatenate([bits, shifted, np.eye(3)[target]], axis=1).astype(value_type)
    if return_X_y:
        return data, target
    return Bunch(
        data=data, target=target, target_names=["left", "none", "right"], DESCR=_SHIFTER_DESCR
    )


def make_curves(
    n_samples: int = 20000,
    image_size: int = 28,
    *,
    ordered: bool = False,
    pen_width: float | None = None,
    ink: float = 1.0,
    dtype: DTypeLike = np.float32,
    random_state: Any = None,
) -> Bunch:
    """Images of smooth curves through three random points.

    Parameters
    ----------
    n_samples : int, default=20000
        Number of images (20,000 training images in Hinton and Salakhutdinov 2006).
    image_size : int, default=28
        Side of the images in pixels, at least 8.
    ordered : bool, default=False
        Points lie in the left, the middle and the right third of the image, so that every curve goes
        from left to right: otherwise anywhere.
    pen_width : float or None, default=None
        Standard deviation, in pixels, of a soft pen, whose ink falls off as a normal density does.
        None: an antialiased line.
    ink : float, default=1.0
        Grey value in the middle of a stroke, above 0 and at most 1.
    dtype : floating dtype, default=numpy.float32
        Of the grey values in [0, 1].
    random_state : int, RandomState or None, default=None
        For the points.

    Returns
    -------
    Bunch
        data : (n_samples, image_size^2) of `dtype`; points : (n_samples, 3, 2) float64, (x, y) in
        pixels; image_shape : (image_size, image_size); DESCR : str.

    Raises
    ------
    ValueError
        If a size, `pen_width` or `ink` is out of range, or `dtype` is not floating.

    Examples
    --------
    >>> from udl_fast.datasets import make_curves
    >>> make_curves(10, random_state=0).data.shape
    (10, 784)
    """
    value_type = check_binary(None, dtype, caller="make_curves")
    _check_count(n_samples, "make_curves")
    if image_size < 8:
        raise ValueError(f"make_curves: image_size must be >= 8, got {image_size}")
    if pen_width is not None and not 0 < pen_width < np.inf:
        raise ValueError(f"make_curves: pen_width must be > 0 or None, got {pen_width}")
    if not 0 < ink <= 1:
        raise ValueError(f"make_curves: ink must be > 0 and <= 1, got {ink}")
    images, points = draw_curves(
        n_samples,
        image_size,
        check_random_state(random_state),
        ordered=ordered,
        pen_width=pen_width,
        ink=ink,
    )
    return Bunch(
        data=images.astype(value_type, copy=False),
        points=points,
        image_shape=(image_size, image_size),
        DESCR=_CURVES_DESCR,
    )


def _check_count(n_samples: int, caller: str) -> None:
    if n_samples < 1:
        raise ValueError(f"{caller}: n_samples must be >= 1, got {n_samples}")


def _stripes(patterns: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(patterns, patterns.shape[1], axis=1)


def _bars(patterns: NDArray[Any]) -> NDArray[Any]:
    return np.tile(patterns, (1, patterns.shape[1]))
