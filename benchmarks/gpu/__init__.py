"""On GPUs."""
