"""Hamming search by brute force: every distance from unpacked bits, neighbours from a full sort."""

import numpy as np

NO_DISTANCE, NO_ID = 2147483647, -1


def distances(a, b):
    """(len(a), len(b)) numbers of differing bits of packed rows."""
    x, y = np.unpackbits(a, axis=1), np.unpackbits(b, axis=1)
    return np.array([[int(np.count_nonzero(p != q)) for q in y] for p in x], np.int32).reshape(
        len(a), len(b)
    )


def search(queries, codes, k, ids=None):
    """The k smallest (distance, id) of each query, padded."""
    ids = np.arange(len(codes)) if ids is None else np.asarray(ids)
    found_distances = np.full((len(queries), k), NO_DISTANCE, np.int32)
    found_ids = np.full((len(queries), k), NO_ID, np.int64)
    for q, row in enumerate(distances(queries, codes)):
        nearest = sorted(zip(row.tolist(), ids.tolist(), strict=True))[:k]
        for r, (distance, found) in enumerate(nearest):
            found_distances[q, r], found_ids[q, r] = distance, found
    return found_distances, found_ids


def range_search(queries, codes, radius, inclusive=False, ids=None):
    """(lims, D, I) of the codes at a distance < radius (<= if inclusive), by id."""
    ids = np.arange(len(codes)) if ids is None else np.asarray(ids)
    limits, found = [0], []
    for row in distances(queries, codes).tolist():
        near = [
            (i, d)
            for d, i in zip(row, ids.tolist(), strict=True)
            if d < radius or (inclusive and d == radius)
        ]
        found += sorted(near)
        limits.append(len(found))
    return (
        np.array(limits),
        np.array([d for _, d in found], np.int32),
        np.array([i for i, _ in found], np.int64),
    )
