"""Kernels and engines of nets, beside plain loops and NumPy."""
