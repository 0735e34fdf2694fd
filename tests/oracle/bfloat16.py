"""Rounding to bfloat16, and the Gaussian RBM that learns from products of such numbers."""

import numpy as np

from .gaussian import GaussianRbm

UNIT = 2.0**-8  # largest relative error of a rounded number


def rounded(values):
    """The nearest number of eight bits, of two the even one."""
    bits = np.asarray(values, np.float32).view(np.uint32).astype(np.uint64)
    bits += 0x7FFF + ((bits >> 16) & 1)
    return (bits & 0xFFFF0000).astype(np.uint32).view(np.float32).astype(np.float64)


class RoundedGaussianRbm(GaussianRbm):
    """States over their variances, weights given them, and means that meet them are rounded."""

    def _scaled(self, v):
        return rounded(v * np.exp(-self.z))

    def mean_hidden(self, v):
        return 1 / (1 + np.exp(-(self._scaled(v) @ rounded(self.weights).T + self.c)))

    def pairs(self, h, v):
        return rounded(h).T @ self._scaled(v) / len(v) * np.exp(self.z)
