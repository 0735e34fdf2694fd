"""Hamming search of packed binary codes: the index, its files, and plain functions of arrays."""

from .distances import hamming_distances, hamming_histogram, hamming_knn

__all__ = ["hamming_distances", "hamming_histogram", "hamming_knn"]
