"""Searches of binary codes by Hamming distance."""
