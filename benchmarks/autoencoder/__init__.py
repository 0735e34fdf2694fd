"""Autoencoders: against PCA, as features for classifiers, and as published."""
