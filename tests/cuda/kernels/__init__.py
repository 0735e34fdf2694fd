"""Single kernels of tensor cores, interpreted: what NumPy finds of the same layouts and roundings."""
