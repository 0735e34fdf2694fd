"""Restricted Boltzmann machines: the models, what they compute, and how they learn."""

from .model import RBM

__all__ = ["RBM"]
