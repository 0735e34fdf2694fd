"""Products of numbers that are rounded to 16-bit integers, in the order in which the engine adds them."""

import numpy as np

BLOCK = 192  # inputs that are added in integers
LARGEST_VALUE, LARGEST_WEIGHT, LARGEST_SUM = np.float32(4080), np.float32(32767), np.float32(524000)


def rounded_weights(weights):
    """(integers, worth of a step for each output) of weights of shape (outputs, inputs)."""
    size = np.abs(weights)
    blocks = [size[:, i : i + BLOCK] for i in range(0, size.shape[1], BLOCK)]
    # cumsum adds one after the other, sum does not.
    sums = [np.cumsum(block, axis=1, dtype=np.float32)[:, -1] for block in blocks]
    with np.errstate(divide="ignore"):
        scale = np.minimum(LARGEST_SUM / np.max(sums, axis=0), LARGEST_WEIGHT / size.max(axis=1))
    scale = np.minimum(scale, np.float32(2.0**100))
    return np.rint(weights * scale[:, None]).astype(np.int64), np.float32(1) / scale


def rounded_values(values):
    """(integers, worth of a step for each row)."""
    mantissa, exponent = np.frexp(np.abs(values).max(axis=1))
    exponent = np.clip(exponent - (mantissa == 0.5), -100, 128)
    scale = np.ldexp(LARGEST_VALUE, -exponent)
    step = np.ldexp(np.float32(1) / LARGEST_VALUE, exponent)
    return np.rint(values * scale[:, None]).astype(np.int64), step


def outputs(values, weights, biases):
    """Of a layer of linear units, float32."""
    x, x_step = rounded_values(np.asarray(values, np.float32))
    w, w_step = rounded_weights(np.asarray(weights, np.float32))
    total = np.zeros((len(x), len(w)), np.float32)
    for i in range(0, x.shape[1], BLOCK):
        block = x[:, i : i + BLOCK] @ w[:, i : i + BLOCK].T
        assert (
            np.abs(x[:, i : i + BLOCK]).max() * np.abs(w[:, i : i + BLOCK]).sum(axis=1).max()
            < 2**31
        )
        total += block.astype(np.float32)
    return total * (x_step[:, None] * w_step) + biases
