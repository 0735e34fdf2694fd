"""Kernels and engines of RBMs, beside oracles."""
