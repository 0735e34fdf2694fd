"""A folder for each subject with a file for each peer, loaded by path in the peer's own process.

A contestant imports NumPy, what it measures and files of these folders, nothing else of this package,
so that no other thread pool lives beside the one being timed.
"""
