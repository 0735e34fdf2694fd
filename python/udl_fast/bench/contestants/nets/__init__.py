"""Training steps of autoencoders."""
