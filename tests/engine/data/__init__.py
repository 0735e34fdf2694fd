"""Rows as engines see them."""
