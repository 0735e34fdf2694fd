"""RBMs of all kinds of units, from their energies alone: sums over states, and integrals by quadrature."""

import itertools
from functools import cache

import numpy as np
from scipy.special import logsumexp

_NODES = 240  # of Gauss and Legendre on an interval beyond which nothing is left: exact to 1e-13
_PAIRS = 1 << 18  # of states of both layers, looked at together


class Model:
    """Parameters of an RBM in float64.

    Parameters
    ----------
    visible, hidden : str
        Kinds of units.
    weights : ndarray of shape (n_hidden, n_visible)
    hidden_bias, visible_bias : ndarray
    log_variance : ndarray of shape (n_visible,)
        Used by Gaussian visible units.
    groups : list of int
        Sizes of the groups of softmax units.
    """

    def __init__(self, visible, hidden, weights, hidden_bias, visible_bias, log_variance, groups):
        self.visible, self.hidden, self.groups = visible, hidden, groups
        self.weights, self.hidden_bias, self.visible_bias = weights, hidden_bias, visible_bias
        self.log_variance = log_variance

    def energies(self, v, h):
        """E(v, h) of every row of v with every row of h, shape (n_v, n_h)."""
        length = v.sum(axis=1) if self.visible == "replicated_softmax" else np.ones(len(v))
        variance = np.exp(self.log_variance) if self.visible == "gaussian" else 1.0
        if self.visible == "gaussian":
            alone = ((v - self.visible_bias) ** 2 / (2 * variance)).sum(axis=1)
        else:
            alone = -v @ self.visible_bias
        base = 0.0 if self.hidden == "bernoulli" else (h**2).sum(axis=1) / 2
        pairs = (v / variance) @ self.weights.T @ h.T
        return alone[:, None] - np.outer(length, h @ self.hidden_bias) - pairs + base

    def hidden_states(self):
        """States of the hidden layer with the logarithms of their weights in a sum or integral."""
        n = len(self.hidden_bias)
        if self.hidden == "bernoulli":
            return _bits(n)
        low = 0.0 if self.hidden == "relu" else -24.0
        return _product(*zip(*[_interval(low, 24.0)] * n, strict=True))

    def visible_states(self, length=1):
        """The same of the visible layer; of replicated softmax units all sequences of `length` words."""
        n = len(self.visible_bias)
        if self.visible == "bernoulli":
            return _bits(n)
        if self.visible == "gaussian":
            return _product(*zip(*[_grid(-11.0, 11.0, 64)] * n, strict=True))
        sizes = self.groups if self.visible == "softmax" else [n] * length
        bit = np.array([[0.0], [1.0]])  # a group of one unit is on or off
        is_softmax = self.visible == "softmax"
        parts = [bit if is_softmax and size == 1 else np.eye(size) for size in sizes]
        chosen = itertools.product(*parts)
        if self.visible == "softmax":
            states = np.array([np.concatenate(found) for found in chosen])
        else:
            states = np.array([np.sum(found, axis=0) for found in chosen])
        return states, np.zeros(len(states))

    def free_energy(self, v):
        """-log of the sum or integral over h of e^-E."""
        h, log_weights = self.hidden_states()
        n_at_once = max(1, _PAIRS // len(h))
        parts = [v[i : i + n_at_once] for i in range(0, len(v), n_at_once)]
        logs = [logsumexp(log_weights - self.energies(rows, h), axis=1) for rows in parts]
        return -np.concatenate(logs)


@cache
def _bits(n):
    return _product([np.array([0.0, 1.0])] * n, [np.zeros(2)] * n)


def _grid(low, high, n_nodes):
    """Evenly spaced: exact for normal densities that are wider than the steps and vanish at the ends."""
    nodes = np.linspace(low, high, n_nodes)
    return nodes, np.full(n_nodes, np.log(nodes[1] - nodes[0]))


def _interval(low, high):
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = (high - low) / 2
    return low + half * (nodes + 1), np.log(half * weights)


def _product(values, log_weights):
    states = np.array(list(itertools.product(*values)))
    logs = np.array([sum(found) for found in itertools.product(*log_weights)])
    return states, logs
