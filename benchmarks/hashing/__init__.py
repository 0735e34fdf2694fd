"""Codes of bits: how well they retrieve, look-up by address, and the large encoders of the papers."""
