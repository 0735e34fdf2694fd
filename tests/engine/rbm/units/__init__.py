"""Kinds of units of the packed-bit engine: groups, words, real values in either layer."""
