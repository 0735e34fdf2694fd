"""Calls of single tensor-core kernels: their arguments as the headers of csrc/kernels/cuda declare them."""

import ctypes as c
from dataclasses import dataclass, field

import numpy as np

from . import layouts

HALF_STEP_SHAPES = {"large": (128, 64, 256), "medium": (64, 64, 256), "small": (32, 16, 128)}
LEARN_SHAPES = {"large": (128, 64, 256), "small": (64, 64, 128)}
DATA, CHAINS = 0, 1


class RunState(c.Structure):
    """tensor/run_state.h."""

    _fields_ = [
        ("seed", c.c_uint64),
        ("first_step", c.c_uint64),
        ("n_rows", c.c_int64),
        ("batch_size", c.c_int32),
        ("n_minibatches", c.c_int32),
        ("n_chains", c.c_int32),
        ("steps_per_minibatch", c.c_int32),
        ("learning_rate", c.c_float),
        ("momentum", c.c_float),
        ("weight_decay", c.c_float),
        ("l1", c.c_float),
        ("sparsity_target", c.c_float),
        ("sparsity_cost", c.c_float),
        ("sparsity_damping", c.c_float),
        ("has_mean_activation", c.c_int32),
        ("exponent", c.c_int32),
        ("scale", c.c_float),
        ("inverse_scale", c.c_float),
        ("minibatch", c.c_int32),
        ("rescaled", c.c_int32),
        ("not_finite", c.c_int32),
        ("largest_bits", c.c_uint32),
        ("finished", c.c_uint32),
        ("largest_norm", c.c_uint32),
    ]


class HalfStep(c.Structure):
    """half_step.h."""

    _fields_ = [
        ("states", c.c_uint64),
        ("images", c.c_uint64),
        ("bias", c.c_uint64),
        ("run", c.c_uint64),
        ("rows", c.c_int32),
        ("n_summed", c.c_int32),
        ("n_units", c.c_int32),
        ("stream", c.c_uint32),
        ("layer", c.c_uint32),
        ("first_chain", c.c_uint32),
        ("step", c.c_int32),
        ("row_words", c.c_int32),
        ("row_bits", c.c_uint64),
        ("unit_bits", c.c_uint64),
        ("probabilities", c.c_uint64),
    ]


class Learn(c.Structure):
    """learn.h."""

    _fields_ = [
        ("run", c.c_uint64),
        ("visible_bits", c.c_uint64 * 2),
        ("probabilities", c.c_uint64 * 2),
        ("hidden_bits", c.c_uint64 * 2),
        ("row_words", c.c_int32),
        ("n_visible", c.c_int32),
        ("n_hidden", c.c_int32),
        ("weights", c.c_uint64),
        ("velocity", c.c_uint64),
        ("to_hidden", c.c_uint64),
        ("to_visible", c.c_uint64),
        ("hidden_norms", c.c_uint64),
        ("visible_norms", c.c_uint64),
        ("hidden_bias", c.c_uint64),
        ("visible_bias", c.c_uint64),
        ("hidden_velocity", c.c_uint64),
        ("visible_velocity", c.c_uint64),
        ("mean_activation", c.c_uint64),
        ("mean_visible", c.c_uint64),
        ("force", c.c_uint64),
        ("chain_means", c.c_uint64),
    ]


class Rescale(c.Structure):
    """rescale.h."""

    _fields_ = [
        ("run", c.c_uint64),
        ("weights", c.c_uint64),
        ("n_visible", c.c_int32),
        ("n_hidden", c.c_int32),
        ("to_hidden", c.c_uint64),
        ("to_visible", c.c_uint64),
    ]


class FindScale(c.Structure):
    """find_scale.h."""

    _fields_ = [
        ("run", c.c_uint64),
        ("weights", c.c_uint64),
        ("n_visible", c.c_int32),
        ("n_hidden", c.c_int32),
        ("narrow", c.c_int32),
    ]


class Fetch(c.Structure):
    """fetch.h."""

    _fields_ = [
        ("run", c.c_uint64),
        ("data", c.c_uint64),
        ("order", c.c_uint64),
        ("data_stride", c.c_int32),
        ("n_units", c.c_int32),
        ("row_words", c.c_int32),
        ("row_bits", c.c_uint64),
        ("unit_bits", c.c_uint64),
    ]


@dataclass
class Device:
    """A driver, and arrays in its memory."""

    driver: object
    addresses: list[int] = field(default_factory=list)

    def put(self, array) -> int:
        """Address of a copy."""
        array = np.ascontiguousarray(array)
        address = self.driver.allocate(array.nbytes)
        self.addresses.append(address)
        self.driver.copy_to_device(address, array.tobytes())
        return address

    def free_all(self) -> None:
        """Give all memory back."""
        while self.addresses:
            self.driver.free(self.addresses.pop())

    def put_state(self, state: RunState) -> int:
        return self.put(np.frombuffer(bytes(state), np.uint8))

    def get(self, address, like):
        """An array of the shape and type of ``like``."""
        like = np.asarray(like)
        data = self.driver.copy_to_host(address, like.nbytes)
        return np.frombuffer(data, like.dtype).reshape(like.shape).copy()

    def get_state(self, address) -> RunState:
        return RunState.from_buffer_copy(self.driver.copy_to_host(address, c.sizeof(RunState)))

    def launch(self, name, blocks, threads, arguments, shared_bytes=0):
        blocks = (*blocks, 1, 1, 1)[:3]
        self.driver.launch(name, blocks, (threads, 1, 1), shared_bytes, bytes(arguments))


def run_state(exponent, n_rows, *, batch_size=None, **more) -> RunState:
    """Of one call whose minibatches are ``batch_size`` rows; all of them where it is not given."""
    batch_size = batch_size or n_rows
    fields = {"n_minibatches": -(-n_rows // batch_size), "steps_per_minibatch": 1, **more}
    return RunState(
        n_rows=n_rows,
        batch_size=batch_size,
        exponent=exponent,
        scale=2.0**exponent,
        inverse_scale=2.0**-exponent,
        **fields,
    )


def quantise(weights, exponent):
    """Integers of weights, halves to even."""
    return np.rint(weights.astype(np.float64) * 2.0**-exponent).astype(np.int64)


def half_step_launch(shape, n_slices, rows, units):
    """Name, blocks, threads and bytes of shared memory."""
    shape_rows, shape_units, threads = HALF_STEP_SHAPES[shape]
    shared = 3 * (shape_rows * 16 + shape_units // 16 * n_slices * 2048)
    blocks = -(-rows // shape_rows), -(-units // shape_units)
    return f"udl_half_step_{shape}_{n_slices}", blocks, threads, shared


def learn_launch(shape, statistics, n_slices, n_visible, n_hidden, bias_blocks):
    """The same of `learn`."""
    visible, hidden, threads = LEARN_SHAPES[shape]
    tiles = -(-n_visible // visible) * -(-n_hidden // hidden)
    stages = 4 * (visible * 16 + hidden * (16 if statistics == "samples" else 256))
    shared = max(stages, hidden * (visible + 4) * 4)
    name = f"udl_learn_{shape}_{statistics}_{n_slices}"
    return name, (tiles + bias_blocks,), threads, shared


def put_images(device, weights, exponent, n_slices):
    """Addresses of images towards hidden and towards visible units."""
    z = quantise(weights, exponent)
    return device.put(layouts.images(z, n_slices)), device.put(layouts.images(z.T, n_slices))
