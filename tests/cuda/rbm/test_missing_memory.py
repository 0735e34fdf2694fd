"""Device memory that ends at any moment of a call: the engine is what it was, and then does what was asked."""

import itertools

import numpy as np
import pytest

from udl_fast import _core

from ...support.rbm_on_device import SETTINGS, Pair

ROWS = _core.Rows.from_array((np.random.default_rng(1).random((20, 9)) < 0.4).astype(np.uint8))


def train(engine, **settings):
    engine.train(ROWS, None, SETTINGS | {"batch_size": 20} | settings, 1, 9, 1)


def set_other_state(engine):
    """With more chains, other weights and a velocity that there was not."""
    state = engine.state()
    state["weights"] = 3 * state["weights"]
    state["weight_velocity"] = state["weights"] / 4
    state["chains"] = np.ones((7, 5), bool)
    engine.set_state(state)


def restore(engine):
    engine.restore()


PCD = {"algorithm": "pcd", "momentum": 0.5, "sparsity_target": 0.1, "sparsity_cost": 0.5}
CALLS = {
    "forgetting velocities": train,
    "with velocities": lambda engine: train(engine, momentum=0.5),
    "pcd": lambda engine: train(engine, **PCD),
    "few rows": lambda engine: train(engine, batch_size=10),
    "set_state": set_other_state,
    "restore": restore,
    "snapshot": lambda engine: engine.snapshot(),
    "set_chains": lambda engine: engine.set_chains(np.ones((7, 5), bool)),
}
WITHOUT_VELOCITIES = ("with velocities", "set_state")


def prepared(driver, name, precision, kernels):
    pair = Pair(driver, 9, 5, precision, kernels=kernels)
    pair.set_chains(3)
    for engine in pair.engines:
        engine.snapshot()
        train(engine, momentum=0.0 if name in WITHOUT_VELOCITIES else 0.5)
        if name == "restore":  # to other chains, and to no velocity
            engine.set_chains(np.ones((7, 5), bool))
    return pair


@pytest.mark.parametrize("precision", ["fixed", "fast"])
@pytest.mark.parametrize(
    ("name", "kernels"), [(n, "plain") for n in CALLS] + [(n, "tensor") for n in list(CALLS)[:4]]
)
def test_whatever_allocation_fails(ptx_driver, monkeypatch, name, kernels, precision):
    pair = prepared(ptx_driver, name, precision, kernels)
    look, allocate, call = pair.device.mean_hidden(ROWS, 1), ptx_driver.allocate, CALLS[name]
    for n_there in itertools.count():
        left = iter(range(n_there))

        def some(n_bytes, left=left):
            if next(left, None) is None:
                raise MemoryError(f"{n_bytes} bytes")
            return allocate(n_bytes)

        with monkeypatch.context() as short:
            short.setattr(ptx_driver, "allocate", some)
            try:
                call(pair.device)
                break
            except MemoryError:
                pass
        pair.assert_same_state()
        np.testing.assert_array_equal(pair.device.mean_hidden(ROWS, 1), look)
    assert n_there > 0
    call(pair.cpu)
    pair.assert_same_state()


@pytest.mark.parametrize("kernels", ["plain", "tensor"])
def test_minibatches_and_scales_want_no_memory(ptx_driver, monkeypatch, kernels):
    """A pass takes what it needs when it begins, however many minibatches it has."""
    pair = Pair(ptx_driver, 9, 5, "fast", kernels=kernels)
    allocate, sizes = ptx_driver.allocate, []
    monkeypatch.setattr(ptx_driver, "allocate", lambda n: sizes.append(n) or allocate(n))
    train(pair.device, batch_size=10)
    sizes.clear()
    train(pair.device, batch_size=10)
    of_two = len(sizes)
    train(pair.device, batch_size=2)
    sizes.clear()
    train(pair.device, batch_size=2)
    assert len(sizes) == of_two > 0
