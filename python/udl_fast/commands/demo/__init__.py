"""`udl-fast demo`: the command, its data, the comparison with scikit-learn, the pictures."""
