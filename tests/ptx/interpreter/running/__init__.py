"""Decoded code, which threads of a batch go on, and launches of batches."""
