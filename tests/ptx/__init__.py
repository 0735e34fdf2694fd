"""An interpreter of the PTX that nvcc makes of the shipped CUDA kernels: README.md says what it refuses."""
