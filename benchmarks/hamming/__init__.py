"""Hamming search beyond `udl-fast bench hamming`: growth with the number of codes."""
