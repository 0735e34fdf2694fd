"""A restricted Boltzmann machine of Gaussian visible and binary hidden units in float64, slow and obvious.

E(v, h) = sum (v - b)^2 / (2 sigma^2) - sum (v / sigma^2) W h - c.h. Draws are the engine's; the number a
draw stands for is passed in, so that this file repeats no polynomial.
"""

import itertools

import numpy as np
from scipy.special import expit, logsumexp

from .philox import HIDDEN_LAYER, VISIBLE_LAYER, draws, uniforms


class GaussianRbm:
    """`weights` is (n_hidden, n_visible)."""

    def __init__(self, weights, hidden_bias, visible_bias, log_variance, normal):
        arrays = (weights, hidden_bias, visible_bias, log_variance)
        self.weights, self.c, self.b, self.z = (np.array(a, np.float64) for a in arrays)
        self.normal = normal
        self.velocity = [np.zeros_like(a) for a in self.parameters()[:3]]
        self.ahead = np.zeros_like(self.z)
        self.mean_activation = None
        self.chains = None

    def parameters(self):
        return self.weights, self.c, self.b, self.z

    def mean_hidden(self, v):
        return expit((v * np.exp(-self.z)) @ self.weights.T + self.c)

    def mean_visible(self, h):
        return h @ self.weights + self.b

    def sample_hidden(self, v, seed, stream, step):
        p = self.mean_hidden(v)
        return uniforms(draws(seed, stream, HIDDEN_LAYER, step, 0, *p.shape)) < p

    def sample_visible(self, h, seed, stream, step):
        mean = self.mean_visible(h)
        normal = self.normal(draws(seed, stream, VISIBLE_LAYER, step, 0, *mean.shape))
        return mean + np.exp(self.z / 2) * normal

    def free_energy(self, v):
        x = (v * np.exp(-self.z)) @ self.weights.T + self.c
        own = ((v - self.b) ** 2 * np.exp(-self.z)).sum(axis=1) / 2
        return own - np.logaddexp(0, x).sum(axis=1)

    def log_hidden(self, held=None, values=None):
        """log p(h) up to a constant, with all states of the hidden units; v is summed in closed form,
        but for units that are held."""
        h = np.array(list(itertools.product((0, 1), repeat=len(self.c))), np.float64)
        mean = self.mean_visible(h)
        terms = (mean**2 - self.b**2) / 2
        if held is not None:
            terms = np.where(held, (mean - self.b) * np.where(held, values, 0), terms)
        return h, h @ self.c + (terms * np.exp(-self.z)).sum(axis=1)

    def moments(self, held=None, values=None):
        """Means and variances of the visible units; what they are of held ones means nothing."""
        h, log_p = self.log_hidden(held, values)
        p, means = np.exp(log_p - logsumexp(log_p)), self.mean_visible(h)
        mean = p @ means
        return mean, p @ (means - mean) ** 2 + np.exp(self.z)

    def log_partition(self):
        log_sigma = self.z / 2
        return logsumexp(self.log_hidden()[1]) + (log_sigma + 0.5 * np.log(2 * np.pi)).sum()

    def exact_states(self, n, generator):
        """n independent states of both layers from p(v, h)."""
        h, log_p = self.log_hidden()
        chosen = h[generator.choice(len(h), n, p=np.exp(log_p - logsumexp(log_p)))]
        normal = generator.normal(size=(n, len(self.b)))
        return self.mean_visible(chosen) + np.exp(self.z / 2) * normal, chosen

    # ---- learning ----

    def train(self, data, settings, seed, step):
        """One pass over the rows in minibatches; sigma learns at its end, of few rows as here."""
        firsts = range(0, len(data), settings["batch_size"])
        self.targets = np.zeros_like(self.z)
        for index, first in enumerate(firsts):
            batch = data[first : first + settings["batch_size"]]
            gradient = self._learn(batch, settings, seed, step)
            self.targets += len(batch) * np.exp(self.z) * (1 + 2 * gradient)
            if settings["learn_sigma"]:
                self._move_sigma(len(firsts) - index)
            step += settings["k"]
        if settings["learn_sigma"]:
            share = min(0.5, 1 - (1 - settings["learning_rate"] / 2) ** len(firsts))
            ratio = self.targets / len(data) * np.exp(-self.z)
            self.ahead = np.log(np.clip(1 + share * (ratio - 1), 0.25, 16))
            self._move_sigma(len(firsts))

    def _move_sigma(self, n):
        """One of n steps of what is ahead of log sigma^2."""
        self.z = self.z + self.ahead / n
        self.ahead = self.ahead * (1 - 1 / n)

    def _learn(self, data, settings, seed, step):
        persistent, k = settings["algorithm"] == "pcd", settings["k"]
        stream = settings["algorithm"]
        h = self.chains if persistent else self.sample_hidden(data, seed, "cd", step)
        for s in range(k):
            v = self.sample_visible(h, seed, stream, step + s)
            if s == k - 1 and not settings["sample_visibles"]:
                v = self.mean_visible(h)
            h = self.sample_hidden(v, seed, stream, step + s + (0 if persistent else 1))
        if persistent:
            self.chains = h
        return self._update(self.statistics(data), self.statistics(v), settings)

    def statistics(self, v):
        """Means of minus the derivatives of the energy, in the order of the parameters, with h at its
        mean; of weights and visible biases times sigma^2."""
        h = self.mean_hidden(v)
        pairs = self.pairs(h, v)
        far = ((v - self.b) ** 2).mean(axis=0) / 2 - (self.weights * pairs).sum(axis=0)
        return pairs, h.mean(axis=0), v.mean(axis=0), far * np.exp(-self.z)

    def pairs(self, h, v):
        return h.T @ v / len(v)

    def _update(self, up, down, settings):
        """All but sigma learn; the gradient of log sigma^2."""
        gradients = [a - b for a, b in zip(up, down, strict=True)]
        size = min(1, 1 / (1 + up[1].sum()) / settings["learning_rate"])
        gradients[2] *= size
        if settings["sparsity_target"] is not None:
            damping = settings["sparsity_damping"]
            before = up[1] if self.mean_activation is None else self.mean_activation
            self.mean_activation = damping * before + (1 - damping) * up[1]
            force = settings["sparsity_cost"] * (settings["sparsity_target"] - self.mean_activation)
            gradients[0] += np.outer(force, up[2])
            gradients[1] += force
        gradients[0] *= size  # no step moves a reconstruction beyond what it is to become
        gradients[0] -= settings["weight_decay"] * self.weights
        gradients[0] -= settings["l1"] * np.sign(self.weights)
        for parameter, velocity, gradient in zip(
            self.parameters()[:3], self.velocity, gradients[:3], strict=True
        ):
            velocity *= settings["momentum"]
            velocity += settings["learning_rate"] * gradient
            parameter += velocity
        return gradients[3]
