"""RBM engines of the CPU and of a device side by side, and what both find."""

import numpy as np

from udl_fast import _core

from .cuda import cuda_module

WHERE = (4, "gibbs", 1, 2, 1)  # seed, stream, step, first chain, threads
SETTINGS = {
    "batch_size": 16,
    "algorithm": "cd",
    "k": 1,
    "learning_rate": 0.1,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "l1": 0.0,
    "max_norm": 0.0,
    "sparsity_target": None,
    "sparsity_cost": 0.0,
    "sparsity_damping": 0.9,
    "sample_visibles": True,
    "statistics": "mean",
    "binarize_sample": False,
    "data_step": 5,
}


def binary_rows(rng, n, n_columns, density=0.4):
    return _core.Rows.from_array((rng.random((n, n_columns)) < density).astype(np.uint8))


def grey_rows(rng, n, n_columns):
    return _core.Rows.from_array(rng.random((n, n_columns)).astype(np.float32))


class Pair:
    """An engine of the CPU and one of a device with the same weights and biases.

    Parameters
    ----------
    driver : object
        The device; None is a real one.
    n_visible, n_hidden : int
    precision : {"fixed", "fast"}
    deviation : float
        Of the weights.
    kernels : {"plain", "automatic", "tensor"}
        What trains on the device.
    sampling : {"plain", "automatic", "tensor"}
        What gives means, samples and chains.
    tiles : {"large", "medium", "small"}, default=None
        Of tensor cores; None: those that fill the device best.
    """

    def __init__(
        self,
        driver,
        n_visible,
        n_hidden,
        precision="fixed",
        deviation=0.3,
        kernels="plain",
        tiles=None,
        sampling="plain",
    ):
        rng = np.random.default_rng(n_visible + n_hidden)
        weights = rng.normal(0, deviation, (n_hidden, n_visible))
        hidden_bias, visible_bias = rng.normal(0, 0.3, n_hidden), rng.normal(0, 0.3, n_visible)
        self.rng, self.driver = rng, driver
        self.cpu = _core.RbmEngine(n_visible, n_hidden, precision)
        self.device = cuda_module().RbmEngine(n_visible, n_hidden, precision, driver=driver)
        self.device.set_training(kernels, tiles)
        self.device.set_sampling(sampling, tiles)
        for engine in self.engines:
            engine.set_parameters(weights, hidden_bias, visible_bias)

    @property
    def engines(self):
        return self.cpu, self.device

    def set_chains(self, n):
        chains = self.rng.random((n, self.cpu.n_hidden)) < 0.5
        for engine in self.engines:
            engine.set_chains(chains)

    def train(self, rows, step=3, **settings):
        """A pass over the rows in some order; both say the same of it."""
        order = self.rng.permutation(rows.shape[0]).astype(np.uint32)
        said = [e.train(rows, order, SETTINGS | settings, 7, step, 1) for e in self.engines]
        for result in said:
            result.pop("seconds")
        assert said[0] == said[1]
        return said[0]

    def both(self, method, *arguments):
        """What both find, as arrays."""
        return [plain(getattr(engine, method)(*arguments)) for engine in self.engines]

    def assert_same_state(self):
        here, there = (engine.state() for engine in self.engines)
        assert here.keys() == there.keys()
        for name in here:
            assert here[name].dtype == there[name].dtype
            np.testing.assert_array_equal(there[name], here[name], err_msg=name)


def plain(found):
    """Rows as packed bits, arrays as they are; of a pair both in one."""
    if isinstance(found, tuple):
        return np.concatenate([plain(each) for each in found], axis=1)
    return found.to_packed() if isinstance(found, _core.Rows) else found
