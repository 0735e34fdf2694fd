"""Hamming search: kernels, tables, the index, its files and FAISS's."""
