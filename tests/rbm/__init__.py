"""The RBM estimators: learning, input, scores, and the same bits from the same seed."""
