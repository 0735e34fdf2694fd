"""Hamming search of packed binary codes: the index, its files, and plain functions of arrays.

`distances` has the functions of arrays, `index` the class that holds codes: what it is made of stands in `state`,
`search`, `reading` and `files`. `store` keeps its codes and ids, `id_lists` finds some among these; `tables` are
buckets of codes and the plan that builds them, `device` the copy on a GPU, `device_codes` codes that are there.
`index_file` and `faiss_file` are the two formats; `codes` checks codes, ids and k for all of them.
"""

from .distances import hamming_distances, hamming_histogram, hamming_knn

__all__ = ["hamming_distances", "hamming_histogram", "hamming_knn"]
