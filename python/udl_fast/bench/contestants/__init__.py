"""One file for each peer and benchmark, loaded by path in the peer's own process.

A contestant imports NumPy, what it measures and files of this folder, nothing else of this package,
so that no other thread pool lives beside the one being timed.
"""
