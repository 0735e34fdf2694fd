"""What an RBM draws."""
