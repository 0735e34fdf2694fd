"""Memory: what training takes of it, and how fast it is read."""
