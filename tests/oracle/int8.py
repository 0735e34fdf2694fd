"""Products of numbers that are rounded to bytes, in the order in which the engine adds them."""

import numpy as np

BLOCK = 768  # inputs that are added in integers
LARGEST, LARGEST_SUM = np.float32(127), np.float32(254)
LEAST_RANGE = np.float32(2.0**-100)


def short_sums(n_inputs):
    """The inputs whose products are added in 16 bits, eight or, at the end, fewer in a row, in order."""
    for first in range(0, n_inputs, 32):
        for q in range(first, first + 16, 4):
            inputs = [i for run in (q, q + 16) for i in range(run, run + 4) if i < n_inputs]
            if inputs:
                yield inputs


def added_in_order(x):
    """Sums of rows: cumsum adds one after the other, sum does not."""
    return np.cumsum(x, axis=1, dtype=np.float32)[:, -1]


def rounded_weights(weights):
    """(integers, worth of a step for each output) of weights of shape (outputs, inputs)."""
    size = np.abs(weights)
    sums = [added_in_order(size[:, inputs]) for inputs in short_sums(size.shape[1])]
    with np.errstate(divide="ignore"):
        scale = np.minimum(LARGEST_SUM / np.max(sums, axis=0), LARGEST / size.max(axis=1))
    scale = np.minimum(scale, np.float32(2.0**100))
    return np.rint(weights * scale[:, None]).astype(np.int64), np.float32(1) / scale


def rounded_values(values):
    """(integers, least value, worth of a step) of each row."""
    least = values.min(axis=1)
    value_range = values.max(axis=1) - least
    is_flat = value_range < LEAST_RANGE
    some = np.where(is_flat, np.float32(1), value_range)
    step = np.where(is_flat, np.float32(0), some / LARGEST)
    scale = np.where(is_flat, np.float32(0), LARGEST / some)
    return np.rint((values - least[:, None]) * scale[:, None]).astype(np.int64), least, step


def outputs(values, weights, biases):
    """Of a layer of linear units, float32."""
    values, weights = np.asarray(values, np.float32), np.asarray(weights, np.float32)
    x, least, x_step = rounded_values(values)
    w, w_step = rounded_weights(weights)
    for inputs in short_sums(x.shape[1]):
        assert 127 * np.abs(w[:, inputs]).sum(axis=1).max() < 2**15
    assert x.min() >= 0
    assert max(x.max(), np.abs(w).max()) <= 127
    total = np.zeros((len(x), len(w)), np.float32)
    for i in range(0, x.shape[1], BLOCK):
        total += (x[:, i : i + BLOCK] @ w[:, i : i + BLOCK].T).astype(np.float32)
    height = (x.sum(axis=1).astype(np.float32) / np.float32(x.shape[1])) * x_step
    sums, rounded_sums = added_in_order(weights), w.sum(axis=1).astype(np.float32) * w_step
    about_mean = (least + height)[:, None] * sums - height[:, None] * rounded_sums
    return total * (x_step[:, None] * w_step) + about_mean + biases
