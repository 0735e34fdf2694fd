"""Mistakes that are planted in kernels, each of which the interpreter refuses."""
