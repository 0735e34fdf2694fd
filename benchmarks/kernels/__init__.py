"""Single kernels."""
