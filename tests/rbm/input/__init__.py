"""Which rows an RBM takes."""
