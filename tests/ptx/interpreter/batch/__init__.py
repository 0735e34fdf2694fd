"""Blocks of a launch that run side by side: registers, sets of threads, memory as threads see it."""
