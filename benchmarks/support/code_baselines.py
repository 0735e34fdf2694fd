"""Binary codes that are not learned by a net, and distances without codes, for scripts that compare retrieval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from udl_fast import pack_bits
from udl_fast.evaluation import mean_average_precision, precision_at_k

Rows = NDArray[np.floating]
Encoder = Callable[[Rows], NDArray[np.uint8]]

_ITQ_ITERATIONS = 50
_BLOCK_PAIRS = 1 << 24  # distances of rows that are held at a time


def itq(train: Rows, n_bits: int, seed: int) -> Encoder:
    """Iterative quantisation (Gong and Lazebnik 2011): principal axes, turned so that signs lose least."""
    mean, axes = _principal_axes(train, n_bits)
    projected = (train - mean) @ axes
    generator = np.random.default_rng(seed)
    rotation = np.linalg.qr(generator.normal(size=(n_bits, n_bits)))[0]
    for _ in range(_ITQ_ITERATIONS):
        signs = np.where(projected @ rotation > 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(signs.T @ projected)
        rotation = (left @ right).T
    turned = axes @ rotation
    return lambda rows: pack_bits((rows - mean) @ turned, threshold=0.0)


def pca_signs(train: Rows, n_bits: int, seed: int) -> Encoder:
    """Signs of the leading principal components."""
    mean, axes = _principal_axes(train, n_bits)
    return lambda rows: pack_bits((rows - mean) @ axes, threshold=0.0)


def random_projections(train: Rows, n_bits: int, seed: int) -> Encoder:
    """Signs of projections on random directions, of rows without their mean."""
    mean = train.mean(axis=0, dtype=np.float64)
    directions = np.random.default_rng(seed).normal(size=(train.shape[1], n_bits))
    return lambda rows: pack_bits((rows - mean) @ directions, threshold=0.0)


def _principal_axes(train: Rows, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean = train.mean(axis=0, dtype=np.float64)
    centred = train - mean
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return mean, vectors[:, ::-1][:, :n]


def measured(
    queries: NDArray[np.uint8], codes: NDArray[np.uint8], labels: tuple[Any, Any]
) -> dict[str, float]:
    """Mean average precision, precision of the first 100, and the extreme means of the bits of the codes."""
    means = np.unpackbits(codes, axis=1).mean(axis=0)
    return {
        "map": round(mean_average_precision(queries, codes, labels=labels), 5),
        "precision_at_100": round(precision_at_k(queries, codes, 100, labels=labels), 5),
        "least_bit_mean": round(float(means.min()), 4),
        "greatest_bit_mean": round(float(means.max()), 4),
    }


def nearest(queries: Rows, rows: Rows, k: int) -> NDArray[np.int64]:
    """Numbers of the k rows nearest to each query by Euclidean distance."""
    squares = np.square(rows, dtype=np.float64).sum(axis=1)
    n = max(1, _BLOCK_PAIRS // len(rows))
    found = []
    for first in range(0, len(queries), n):
        distances = squares - 2.0 * (queries[first : first + n] @ rows.T)
        some = np.argpartition(distances, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(distances, some, axis=1), axis=1, kind="stable")
        found.append(np.take_along_axis(some, order, axis=1))
    return np.concatenate(found)


def precision_of(numbers: NDArray[np.int64], labels: tuple[Any, Any]) -> float:
    """Share of what was found that is of the class of its query."""
    of_queries, of_rows = map(np.asarray, labels)
    return round(float((of_rows[numbers] == of_queries[:, None]).mean()), 5)
