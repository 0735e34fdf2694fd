"""Data sets: their values, where they are looked for, and downloads."""
