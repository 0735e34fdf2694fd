"""Model files, and the replacement of a file in one step."""
