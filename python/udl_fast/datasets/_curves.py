"""Drawing of the curves set: points, curve, ink."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_N_STEPS = 64  # points laid along a curve: under one pixel apart at 28 x 28
_HALF_WIDTH = 0.9  # distance from the curve, in pixels, at which ink has fallen to a half
_BLOCK = 256  # images drawn at a time: scratch stays below 10 MB


def draw_curves(
    n_samples: int,
    image_size: int,
    generator: np.random.RandomState,
    *,
    ordered: bool,
    pen_width: float | None,
    ink: float,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Images (n_samples, image_size^2) in [0, 1] and their points (n_samples, 3, 2)."""
    points = _draw_points(n_samples, image_size, generator, ordered)
    n_steps = max(_N_STEPS, _N_STEPS * image_size // 28)
    images = np.empty((n_samples, image_size * image_size), np.float32)
    for start in range(0, n_samples, _BLOCK):
        block = slice(start, start + _BLOCK)
        distances = _squared_distances(_parabolas(points[block], n_steps), image_size)
        images[block] = ink * (
            _line(distances) if pen_width is None else _soft(distances, pen_width)
        )
    return images, points


def _draw_points(
    n_samples: int, image_size: int, generator: np.random.RandomState, ordered: bool
) -> NDArray[np.float64]:
    """Uniform points, drawn again where the curve between them would leave the image."""
    points = np.empty((n_samples, 3, 2))
    todo = np.arange(n_samples)
    low, high = 1.0, image_size - 2.0
    while todo.size:
        drawn = generator.uniform(low, high, size=(todo.size, 3, 2))
        if ordered:  # into the left, the middle and the right third
            drawn[:, :, 0] = low + (drawn[:, :, 0] - low + (high - low) * np.arange(3)) / 3
        curves = _parabolas(drawn, _N_STEPS)
        inside = ((curves >= low) & (curves <= high)).all(axis=(1, 2))
        points[todo[inside]] = drawn[inside]
        todo = todo[~inside]
    return points


def _parabolas(points: NDArray[np.float64], n_steps: int) -> NDArray[np.float64]:
    """The quadratic through three points at t = 0, 1/2, 1, at n_steps values of t."""
    t = np.linspace(0.0, 1.0, n_steps)
    basis = np.stack([(1 - t) * (1 - 2 * t), 4 * t * (1 - t), t * (2 * t - 1)])
    result: NDArray[Any] = np.einsum("pt,npc->ntc", basis, points)
    return result


def _squared_distances(curves: NDArray[np.floating], image_size: int) -> NDArray[np.float32]:
    """Of every pixel to the nearest point of its curve."""
    grid = np.arange(image_size, dtype=np.float32)
    curves = curves.astype(np.float32)
    dx, dy = ((grid - curves[:, :, axis, None]) ** 2 for axis in (0, 1))
    n_images = len(curves)
    nearest = np.full((n_images, image_size, image_size), np.inf, np.float32)
    for step in range(curves.shape[1]):
        np.minimum(nearest, dy[:, step, :, None] + dx[:, step, None, :], out=nearest)
    return nearest.reshape(n_images, -1)


def _line(squared_distances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Grey values that fall off linearly with the distance: an antialiased stroke."""
    grey: NDArray[np.float32] = np.clip(_HALF_WIDTH + 0.5 - np.sqrt(squared_distances), 0.0, 1.0)
    return grey


def _soft(squared_distances: NDArray[np.float32], pen_width: float) -> NDArray[np.float32]:
    """Grey values that fall off as a normal density does."""
    grey: NDArray[np.float32] = np.exp(squared_distances / np.float32(-2 * pen_width**2))
    return grey
