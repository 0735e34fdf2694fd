"""GPUs: devices and drivers, kernels and engines."""
