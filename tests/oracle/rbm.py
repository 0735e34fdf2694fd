"""A restricted Boltzmann machine of binary units, slow and obvious: the reference for the engine.

Sums of states with quantised weights are int64, everything that enters learning is float64. Only
the chain of float32 roundings that decides a sample is followed to the bit: `exp_negative` is
passed in, so that this file does not repeat the polynomial it helps to test.
"""

from itertools import pairwise

import numpy as np
from scipy.special import expit, logsumexp

from .philox import HIDDEN_LAYER, VISIBLE_LAYER, draws, uniforms

MIN_SCALE_EXPONENT = -60
ONE_16 = 65536


# ---- weights as integers ----


def quantise(weights, exponent):
    """round(W / 2^exponent), ties to even, as int64."""
    return np.rint(np.asarray(weights, np.float64) * 2.0**-exponent).astype(np.int64)


def _half_norm(weights, exponent, block):
    """Largest sum of positive, or of negative, integers of `block` aligned units of a row or column."""
    z = quantise(weights, exponent)
    halves = [np.maximum(z, 0), np.maximum(-z, 0)]
    return max(
        np.add.reduceat(half, np.arange(0, half.shape[axis], block), axis=axis).max()
        for half in halves
        for axis in (0, 1)
    )


def scale_exponent(weights, narrow=False):
    """Exponent of the scale 2^e of a float32 weight matrix; `narrow` is precision "fast"."""
    largest_integer, limit = (2**15 - 1, 2**15 - 1) if narrow else (2**23 - 1, 2**31)
    block = 64 if narrow else max(weights.shape)
    exponent = MIN_SCALE_EXPONENT
    while np.rint(float(np.abs(weights).max()) * 2.0**-exponent) > largest_integer:
        exponent += 1
    while _half_norm(weights, exponent, block) >= limit:
        exponent += 1
    return exponent


# ---- half steps: `states` are rows of 0/1, `weights` leads from them to the other side ----


def preactivation(states, weights, bias, narrow=False, beta=1):
    """Float32 input of each unit at an inverse temperature whose bias is given: weights is (n_from,
    n_to), bias (n_to,) float32."""
    exponent = scale_exponent(weights, narrow)
    sums = np.asarray(states, np.int64) @ quantise(weights, exponent)
    scale = np.float32(2.0**exponent) * np.float32(beta)
    return scale * sums.astype(np.float32) + np.asarray(bias, np.float32)


def fires(bits, x, exp_negative):
    """The canonical Bernoulli test u (1 + e^-x) < 1."""
    with np.errstate(invalid="ignore"):  # 0 * inf is NaN, which is not below 1
        return uniforms(bits) * (np.float32(1) + exp_negative(x)) < np.float32(1)


def probability(x, exp_negative):
    """1 / (1 + e^-x) in float32."""
    return np.float32(1) / (np.float32(1) + exp_negative(x))


def probability_16(p):
    """Probability as a 16-bit fixed-point integer, as gradients use it."""
    return np.minimum(65535, np.rint(p.astype(np.float64) * ONE_16)).astype(np.int64)


def first_offset(seed, step):
    """Where the offsets of a minibatch start: drawn for each, 0 .. 63."""
    return int(draws(seed, "rounding", HIDDEN_LAYER, step, 0, 1, 1)[0, 0]) >> 26


def probability_10(p16, first=0):
    """The ten bits precision "fast" keeps in the weight gradient: row r of the batch is rounded at
    an offset of its own, and the first at a drawn one, so that no mean is biased."""
    offset = (first + np.arange(len(p16))[:, None] * 37) % 64
    return np.minimum(1023, (p16 + offset) // 64)


class Rbm:
    """Float32 parameters with everything the engine can do to them.

    `weights` is (n_hidden, n_visible).
    """

    def __init__(self, weights, hidden_bias, visible_bias, exp_negative, narrow=False):
        self.weights = np.asarray(weights, np.float32)
        self.hidden_bias = np.asarray(hidden_bias, np.float32)
        self.visible_bias = np.asarray(visible_bias, np.float32)
        self.exp_negative = exp_negative
        self.fast = self.narrow = narrow
        self.velocity = [np.zeros(a.shape) for a in self.parameters()]
        self.mean_activation = None
        self.offsets = None  # of hidden and of visible units, where the gradient is centred
        self.chains = None

    def parameters(self):
        return self.weights, self.hidden_bias, self.visible_bias

    def hidden_input(self, visible):
        return preactivation(visible, self.weights.T, self.hidden_bias, self.narrow)

    def visible_input(self, hidden):
        return preactivation(hidden, self.weights, self.visible_bias, self.narrow)

    def mean_hidden(self, visible):
        return probability(self.hidden_input(visible), self.exp_negative)

    def mean_visible(self, hidden):
        return probability(self.visible_input(hidden), self.exp_negative)

    def _sample(self, x, layer, seed, stream, step, first_chain):
        bits = draws(seed, stream, layer, step, first_chain, *x.shape)
        return fires(bits, x, self.exp_negative)

    def sample_hidden(self, visible, seed, stream, step, first_chain=0):
        x = self.hidden_input(visible)
        return self._sample(x, HIDDEN_LAYER, seed, stream, step, first_chain)

    def sample_visible(self, hidden, seed, stream, step, first_chain=0):
        x = self.visible_input(hidden)
        return self._sample(x, VISIBLE_LAYER, seed, stream, step, first_chain)

    def gibbs(self, visible, n_steps, seed, stream, step, first_chain=0):
        """n_steps of hidden then visible; the last states of both."""
        for s in range(n_steps):
            hidden = self.sample_hidden(visible, seed, stream, step + s, first_chain)
            visible = self.sample_visible(hidden, seed, stream, step + s, first_chain)
        return visible, hidden

    def free_energy(self, visible):
        """F(v) = -v.b - sum_j log(1 + exp(c_j + W_j v)), from the float32 inputs."""
        x = self.hidden_input(visible).astype(np.float64)
        return -(np.asarray(visible) @ self.visible_bias.astype(np.float64)) - np.logaddexp(
            0, x
        ).sum(axis=1)

    def anneal(self, betas, base_bias, n_runs, seed, step, start=None):
        """Log importance weights of runs from the base model, or from states, to the last beta."""
        layers = [
            (beta, beta * self.hidden_bias, self._annealed_bias(beta, base_bias))
            for beta in np.asarray(betas, np.float32)
        ]
        off = np.zeros((n_runs, len(self.hidden_bias)), bool)
        v = self._annealed_visible(off, layers[0], seed, step) if start is None else start
        log_weights = np.zeros(n_runs)
        for k, (before, now) in enumerate(pairwise(layers), start=step + 1):
            log_weights += self._annealed_log(v, now) - self._annealed_log(v, before)
            x = self._annealed_input(v, now)
            h = self._sample(x, HIDDEN_LAYER, seed, "ais", k, 0)
            v = self._annealed_visible(h, now, seed, k)
        return log_weights

    def _annealed_bias(self, beta, base_bias):
        base = np.asarray(base_bias, np.float32)
        return beta * self.visible_bias + (np.float32(1) - beta) * base

    def _annealed_input(self, visible, layer):
        beta, hidden_bias, _ = layer
        return preactivation(visible, self.weights.T, hidden_bias, self.narrow, beta)

    def _annealed_visible(self, hidden, layer, seed, step):
        beta, _, visible_bias = layer
        x = preactivation(hidden, self.weights, visible_bias, self.narrow, beta)
        return self._sample(x, VISIBLE_LAYER, seed, "ais", step, 0)

    def _annealed_log(self, visible, layer):
        """The unnormalised log-probability of visible states."""
        x = self._annealed_input(visible, layer).astype(np.float64)
        return visible @ layer[2].astype(np.float64) + np.logaddexp(0, x).sum(axis=1)

    # ---- learning ----

    def cd_k(self, data, settings, seed, step):
        """One minibatch of contrastive divergence; returns the next step."""
        visible, sampled = data, settings["sample_visibles"]
        for s in range(settings["k"]):
            hidden = self.sample_hidden(visible, seed, "cd", step + s)
            visible = self.sample_visible(hidden, seed, "cd", step + s)
        model = visible if sampled else self.mean_visible(hidden)
        if settings["statistics"] == "mean":
            first = first_offset(seed, step)
            self._update(self._statistics(data, first), self._statistics(model, first), settings)
            return step + settings["k"]
        first = self.sample_hidden(data, seed, "cd", step)
        last = self.sample_hidden(model, seed, "cd", step + settings["k"])
        self._update(pair_statistics(data, first), pair_statistics(model, last), settings)
        return step + settings["k"] + 1

    def pcd_k(self, data, settings, seed, step):
        """One minibatch of persistent contrastive divergence on `self.chains`, hidden states."""
        sampled, first_step = settings["sample_visibles"], step
        for s in range(settings["k"]):
            hidden = self.chains
            visible = self.sample_visible(hidden, seed, "pcd", step + s)
            last = visible
            if not sampled and s == settings["k"] - 1:
                last = self.mean_visible(hidden)
            self.chains = self._persistent_hidden(last, seed, step + s)
        if settings["statistics"] == "mean":
            first = first_offset(seed, first_step)
            self._update(self._statistics(data, first), self._statistics(last, first), settings)
        else:
            hidden = self.sample_hidden(data, seed, "cd", first_step)
            up, down = pair_statistics(data, hidden), pair_statistics(last, self.chains)
            self._update(up, down, settings)
        return step + settings["k"]

    def _persistent_hidden(self, visible, seed, step):
        if visible.dtype == bool:
            return self.sample_hidden(visible, seed, "pcd", step)
        x = self._real_input(visible)
        return self._sample(x, HIDDEN_LAYER, seed, "pcd", step, 0)

    def _real_input(self, visible):
        """Input of hidden units from real-valued visible ones: no integers here."""
        x = np.asarray(visible, np.float64) @ self.weights.T.astype(np.float64) + self.hidden_bias
        return x.astype(np.float32)

    def _statistics(self, visible, first):
        """Mean outer product, mean hidden probability and mean visible state; `first` is the offset of
        row 0 where probabilities are rounded."""
        states = np.asarray(visible)
        if states.dtype == bool:
            p16 = probability_16(self.mean_hidden(states))
            hidden = p16 / ONE_16
            paired = probability_10(p16, first) / 1024 if self.narrow else hidden
        else:
            paired = hidden = expit(self._real_input(states).astype(np.float64))
        states = states.astype(np.float64)
        return paired.T @ states / len(states), hidden.mean(axis=0), states.mean(axis=0)

    def _update(self, up, down, settings):
        centered = settings.get("centered", False)
        hidden_offset, visible_offset = self._moved_offsets(up) if centered else (0.0, 0.0)
        gradients = centred_gradient(up, down, hidden_offset, visible_offset)
        if settings["sparsity_target"] is not None:
            force = self._sparsity_force(up[1], settings)
            gradients[0] += np.outer(force, up[2] - visible_offset)
            gradients[1] += force
        w = self.weights.astype(np.float64)
        gradients[0] -= settings["weight_decay"] * w + settings["l1"] * np.sign(w)
        steps = []
        for velocity, gradient in zip(self.velocity, gradients, strict=True):
            velocity *= settings["momentum"]
            velocity += settings["learning_rate"] * gradient
            steps.append(velocity.copy())
            if settings["momentum"] == 0:  # no velocity is kept: momentum starts from rest
                velocity[...] = 0
        if settings.get("max_norm"):
            moved = limited(w + steps[0], settings["max_norm"])
            steps[0] = moved - w
        if centered:
            steps = plain_step(steps, hidden_offset, visible_offset)
        for parameter, step in zip(self.parameters(), steps, strict=True):
            parameter += step.astype(np.float32)

    def _moved_offsets(self, up):
        means = up[1:]
        if self.offsets is None:
            self.offsets = list(means)
        else:
            self.offsets = [
                offset + 0.01 * (mean - offset)
                for offset, mean in zip(self.offsets, means, strict=True)
            ]
        return self.offsets

    def _sparsity_force(self, mean_activation, settings):
        """Push of a unit towards the wanted mean activation (Hinton 2010, section 11)."""
        damping = settings["sparsity_damping"]
        if self.mean_activation is None:
            self.mean_activation = mean_activation
        else:
            self.mean_activation = damping * self.mean_activation + (1 - damping) * mean_activation
        return settings["sparsity_cost"] * (settings["sparsity_target"] - self.mean_activation)

    def train(self, data, settings, seed, step):
        """One pass over the rows in minibatches; returns the next step."""
        is_persistent = settings["algorithm"] == "pcd"
        learn = self.pcd_k if is_persistent else self.cd_k
        rows = min(len(data), settings["batch_size"])
        most = max(rows, len(self.chains)) if is_persistent else rows
        self.narrow = self.fast and most > 16  # few rows are learned as "fixed" learns them
        try:
            return self._train(learn, data, settings, seed, step)
        finally:
            self.narrow = self.fast

    def _train(self, learn, data, settings, seed, step):
        for first in range(0, len(data), settings["batch_size"]):
            step = learn(data[first : first + settings["batch_size"]], settings, seed, step)
        return step


def centred_gradient(up, down, hidden_offset, visible_offset):
    """Gradient of the parameters of a centred RBM, E = -(v - m)'b - (h - l)'c - (h - l)'W(v - m), from the
    statistics of both phases: mean of h v', of h, of v."""
    (up_pairs, up_hidden, up_visible), (down_pairs, down_hidden, down_visible) = up, down

    def centred(pairs, hidden, visible):
        """Mean of (h - l)(v - m)'."""
        m = np.broadcast_to(visible_offset, visible.shape)
        n = np.broadcast_to(hidden_offset, hidden.shape)
        return pairs - np.outer(hidden, m) - np.outer(n, visible) + np.outer(n, m)

    return [
        centred(up_pairs, up_hidden, up_visible) - centred(down_pairs, down_hidden, down_visible),
        up_hidden - down_hidden,
        up_visible - down_visible,
    ]


def plain_step(step, hidden_offset, visible_offset):
    """What a step of a centred RBM's parameters is for the same RBM without offsets."""
    weights, hidden, visible = step
    return [weights, hidden - weights @ visible_offset, visible - hidden_offset @ weights]


def limited(weights, max_norm):
    """Weights of each hidden unit scaled down to the norm, where they are longer."""
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    return weights * np.minimum(1, max_norm / norms)


def flipped(weights, hidden_bias, visible_bias):
    """The RBM that gives 1 - v the probability that this one gives v."""
    return -weights, hidden_bias + weights.sum(axis=1), -visible_bias


def pair_statistics(visible, hidden):
    """The same three means of binary states of both sides."""
    v, h = visible.astype(np.float64), hidden.astype(np.float64)
    return h.T @ v / len(v), h.mean(axis=0), v.mean(axis=0)


# ---- everything below enumerates states: float64, no sampling, small models only ----


def all_states(n):
    """The 2^n rows of n bits; bit i of the row index is column i."""
    return (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)


def energy(weights, hidden_bias, visible_bias, visible, hidden):
    """E(v, h) of paired rows."""
    return (
        -(visible @ visible_bias)
        - hidden @ hidden_bias
        - np.einsum("nj,ji,ni->n", hidden, weights, visible)
    )


def log_joint(weights, hidden_bias, visible_bias):
    """-E(v, h) of all pairs, (2^n_visible, 2^n_hidden)."""
    v = all_states(weights.shape[1]).astype(np.float64)
    h = all_states(weights.shape[0]).astype(np.float64)
    return (v @ visible_bias)[:, None] + h @ hidden_bias + v @ weights.T @ h.T


def log_partition(weights, hidden_bias, visible_bias):
    return logsumexp(log_joint(weights, hidden_bias, visible_bias))


def visible_distribution(weights, hidden_bias, visible_bias):
    """p(v) of the rows of all_states(n_visible)."""
    joint = log_joint(weights, hidden_bias, visible_bias)
    return np.exp(logsumexp(joint, axis=1) - logsumexp(joint))


def hidden_conditional(weights, hidden_bias, n_visible):
    """p(h | v), (2^n_visible, 2^n_hidden)."""
    h = all_states(weights.shape[0])
    p = expit(all_states(n_visible) @ weights.T + hidden_bias)
    return np.prod(np.where(h[None], p[:, None], 1 - p[:, None]), axis=2)


def visible_conditional(weights, visible_bias, n_hidden):
    """p(v | h), (2^n_hidden, 2^n_visible)."""
    return hidden_conditional(weights.T, visible_bias, n_hidden)


def expected_statistics(weights, hidden_bias, distribution):
    """E[p(h|v) v'], E[p(h|v)], E[v] under a distribution over the rows of all_states."""
    v = all_states(weights.shape[1]).astype(np.float64)
    p = expit(v @ weights.T + hidden_bias)
    return (p * distribution[:, None]).T @ v, distribution @ p, distribution @ v


def exact_gradient(weights, hidden_bias, visible_bias, data_distribution):
    """Gradient of the mean log likelihood with respect to weights and both biases."""
    model = visible_distribution(weights, hidden_bias, visible_bias)
    up = expected_statistics(weights, hidden_bias, data_distribution)
    down = expected_statistics(weights, hidden_bias, model)
    return [a - b for a, b in zip(up, down, strict=True)]


def cd_gradient(weights, hidden_bias, visible_bias, data_distribution, k):
    """Expectation of the CD-k update over its random draws, divided by the learning rate."""
    n_hidden, n_visible = weights.shape
    transition = hidden_conditional(weights, hidden_bias, n_visible) @ visible_conditional(
        weights, visible_bias, n_hidden
    )
    reconstruction = data_distribution @ np.linalg.matrix_power(transition, k)
    up = expected_statistics(weights, hidden_bias, data_distribution)
    down = expected_statistics(weights, hidden_bias, reconstruction)
    return [a - b for a, b in zip(up, down, strict=True)]
