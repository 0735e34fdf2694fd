"""A model small enough to enumerate, and counts of its states at 5 sigma."""

import numpy as np

from tests.oracle import rbm as oracle
from udl_fast import RBM

N_CHAINS = 40000
N_VISIBLE = 6


def small_model(beta=1.0, **parameters):
    """A model of six visible and four hidden units, and the probability of each visible state at an inverse
    temperature."""
    g = np.random.default_rng(3)
    weights, visible, hidden = g.normal(0, 1, (4, 6)), g.normal(0, 0.5, 6), g.normal(0, 0.5, 4)
    model = RBM.from_parameters(weights, visible, hidden, random_state=0, **parameters)
    return model, oracle.visible_distribution(beta * weights, beta * hidden, beta * visible)


def given(free, values, p):
    """States in which units that are not free have these values, and how likely they are among themselves."""
    everything = oracle.all_states(N_VISIBLE)
    fits = (everything[:, ~free] == values[~free]).all(axis=1)
    return everything[fits], p[fits] / p[fits].sum()


def chosen(states, probabilities):
    """As many of these states as there are chains, with these probabilities."""
    g = np.random.default_rng(1)
    return states[g.choice(len(probabilities), size=N_CHAINS, p=probabilities)]


def assert_distributed(found, states, probabilities):
    """Counts of every state within 5 sigma of the multinomial's, and no other state."""
    weights = 1 << np.arange(N_VISIBLE)
    counts = np.bincount(found @ weights, minlength=2**N_VISIBLE)[states @ weights]
    assert counts.sum() == len(found)
    sigma = np.sqrt(len(found) * probabilities * (1 - probabilities))
    assert (np.abs(counts - len(found) * probabilities) <= 5 * sigma + 1e-9).all()
