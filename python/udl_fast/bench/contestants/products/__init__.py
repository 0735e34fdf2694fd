"""Products of binary states and weights alone."""
