"""Slow, obvious NumPy versions of the compiled code, written to be checked by eye and not to be
fast."""
