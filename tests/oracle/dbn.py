"""Deep belief nets of a few units: every probability as a sum over all states, in float64."""

import numpy as np
from scipy.special import logsumexp

from tests.oracle import units


def bernoulli(weights, hidden_bias, visible_bias):
    """An RBM of binary units."""
    return units.Model("bernoulli", "bernoulli", weights, hidden_bias, visible_bias, None, None)


def turned(model):
    """The same RBM with its layers exchanged."""
    return bernoulli(model.weights.T, model.visible_bias, model.hidden_bias)


def free_energy(model, v):
    """-log of the sum over the hidden states of e^-E(v, h)."""
    return -logsumexp(-model.energies(v, model.hidden_states()[0]), axis=1)


def log_z(model):
    """Logarithm of the sum of e^-E over all states."""
    v, log_weights = model.visible_states()
    return logsumexp(log_weights - free_energy(model, v))


def log_q(model, v):
    """log Q(h | v) of every row of v and every hidden state."""
    h, _ = model.hidden_states()
    return free_energy(model, v)[:, None] - model.energies(v, h)


def log_given(model, v):
    """log P(v | h) of every row of v and every hidden state, from the sum or integral over all v."""
    h, _ = model.hidden_states()
    states, log_weights = model.visible_states()
    log_norm = logsumexp(log_weights[:, None] - model.energies(states, h), axis=0)
    return -model.energies(v, h) - log_norm


def log_probability(layers, v):
    """log P(v) of each row: the last layer is an RBM, those before are directed downwards."""
    first, *above = layers
    if not above:
        return -free_energy(first, v) - log_z(first)
    h, _ = first.hidden_states()
    return logsumexp(log_given(first, v) + log_probability(above, h), axis=1)


def log_posterior(layers, v):
    """log P(h | v) of the first hidden layer."""
    first, *above = layers
    h, _ = first.hidden_states()
    joint = log_given(first, v) + log_probability(above, h)
    return joint - logsumexp(joint, axis=1, keepdims=True)


def bound(layers, v):
    """H(Q) + E_Q[log P(v | h) + the bound on log P(h)] of each row."""
    first, *above = layers
    if not above:
        return log_probability(layers, v)
    q = np.exp(log_q(first, v))
    h, _ = first.hidden_states()
    entropy = -(q * log_q(first, v)).sum(axis=1)
    return entropy + (q * (log_given(first, v) + bound(above, h))).sum(axis=1)


def spread(layers, v):
    """Standard deviation over draws from Q of what the bound is the mean of, with two layers."""
    first, top = layers
    h, _ = first.hidden_states()
    each = log_given(first, v) - log_q(first, v) + log_probability([top], h)
    q = np.exp(log_q(first, v))
    mean = (q * each).sum(axis=1, keepdims=True)
    return np.sqrt((q * (each - mean) ** 2).sum(axis=1))


def climbed(top, states, shares, rate):
    """An RBM after one step up the exact gradient of the mean of log P(states), which have these shares."""
    everything, _ = top.visible_states()
    wanted = _statistics(top, states, shares)
    made = _statistics(top, everything, np.exp(log_probability([top], everything)))
    steps = [rate * (a - b) for a, b in zip(wanted, made, strict=True)]
    return bernoulli(
        top.weights + steps[0], top.hidden_bias + steps[1], top.visible_bias + steps[2]
    )


def _statistics(model, v, shares):
    """Means of h v', h and v over states with these shares."""
    mean = 1 / (1 + np.exp(-model.hidden_bias - v @ model.weights.T))
    return (mean * shares[:, None]).T @ v, shares @ mean, shares @ v
