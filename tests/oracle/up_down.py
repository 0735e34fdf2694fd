"""The up-down algorithm for a deep belief net of binary units, slow and obvious: the reference for the engine.

Samples follow the float32 roundings of tests/oracle/rbm.py to the bit; what is learned is float64. Below, the
expectation of its updates by summing over all states of nets of a few units.
"""

import numpy as np
from scipy.special import expit

from . import rbm


class Net:
    """Directed layers as RBMs of inputs and outputs, `recognition[l]` from layer l of units to layer l + 1 and
    `generative[l]` back, and the RBM at the top."""

    def __init__(self, recognition, generative, top):
        self.recognition, self.generative, self.top = recognition, generative, top

    def layers(self):
        return [*self.recognition, *self.generative, self.top]

    def train(self, data, settings, seed, step):
        """One pass over the rows in minibatches; returns the next step."""
        for first in range(0, len(data), settings["batch_size"]):
            self._learn(data[first : first + settings["batch_size"]], settings, seed, step)
            step += settings["k"]
        return step

    def _learn(self, rows, settings, seed, step):
        """Every layer by what all weights of before have drawn."""
        wake = [rows]
        for number, layer in enumerate(self.recognition):
            wake.append(layer._sample(_input(layer, wake[-1]), number + 1, seed, "wake", step, 0))
        visible = wake[-1]
        for s in range(settings["k"]):
            hidden = self.top.sample_hidden(visible, seed, "cd", step + s)
            visible = self.top.sample_visible(hidden, seed, "cd", step + s)
        sleep = [visible]
        for number, layer in reversed([*enumerate(self.generative)]):
            x = _input(layer, sleep[0])
            if number == 0 and rows.dtype != bool:
                made = rbm.probability(x, layer.exp_negative)
            else:
                made = layer._sample(x, number, seed, "sleep", step, 0)
            sleep.insert(0, made)
        self.top.cd_k(wake[-1], settings, seed, step)
        for number in range(len(self.recognition)):
            delta_rule(self.generative[number], wake[number + 1], wake[number], settings)
            delta_rule(self.recognition[number], sleep[number], sleep[number + 1], settings)


def _input(layer, states):
    return layer.hidden_input(states) if states.dtype == bool else layer._real_input(states)


def delta_rule(layer, inputs, states, settings):
    """Move a layer along the mean of (state - probability) input'."""
    p = rbm.probability_16(rbm.probability(_input(layer, inputs), layer.exp_negative))
    errors = (np.minimum(65535, np.rint(states * np.float64(65536))) - p) / 65536
    nothing = np.zeros(layer.weights.shape[1])
    up = errors.T @ inputs.astype(np.float64) / len(inputs), errors.mean(axis=0), nothing
    layer._update(up, [np.zeros_like(each) for each in up], settings)


# ---- expectations ----


def expected_updates(net, rows, k):
    """For every directed layer, recognition first: mean and variance over the draws of one row, chosen at random
    among these, of its update of weights and biases."""
    wake = [(rows.astype(np.float64), np.full(len(rows), 1 / len(rows)))]
    pairs_of_wake = []
    for layer in net.recognition:
        share = wake[-1][1][:, None] * _given(layer, wake[-1][0])
        pairs_of_wake.append((wake[-1][0], share))
        wake.append((_states(layer), share.sum(axis=0)))
    top = net.top
    through = rbm.hidden_conditional(top.weights, top.hidden_bias, top.weights.shape[1])
    back = rbm.visible_conditional(top.weights, top.visible_bias, top.weights.shape[0])
    shares = wake[-1][1] @ np.linalg.matrix_power(through @ back, k)
    updates = []
    for number in reversed(range(len(net.recognition))):
        above = _states(net.recognition[number])
        share = (shares[:, None] * _given(net.generative[number], above)).T
        below = _states(net.generative[number])
        updates.insert(0, _moments(net.recognition[number], below, above, share))
        shares = share.sum(axis=1)
    for number, (below, share) in enumerate(pairs_of_wake):
        above = _states(net.recognition[number])
        updates.append(_moments(net.generative[number], above, below, share.T))
    return updates


def _states(layer):
    return rbm.all_states(layer.weights.shape[0]).astype(np.float64)


def _given(layer, inputs):
    """Probability of every state given each of the inputs."""
    p = expit(inputs @ layer.weights.T.astype(np.float64) + layer.hidden_bias)
    return np.prod(np.where(_states(layer)[None] > 0, p[:, None], 1 - p[:, None]), axis=2)


def _moments(layer, inputs, states, share):
    """Mean and variance of (state - probability) (input, 1)', where share[i, s] is the probability of this input
    with this state."""
    p = expit(inputs @ layer.weights.T.astype(np.float64) + layer.hidden_bias)
    errors = states[None] - p[:, None]  # (input, state, unit)
    with_one = np.hstack([inputs, np.ones((len(inputs), 1))])
    mean = np.einsum("is,isj,ik->jk", share, errors, with_one)
    return mean, np.einsum("is,isj,ik->jk", share, errors**2, with_one**2) - mean**2
