"""`udl-fast bench rbm`: training of RBMs against scikit-learn and PyTorch."""
