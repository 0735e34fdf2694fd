"""Passes over rows on interpreted tensor cores: every bit is that of the CPU's engine, in every shape of tiles."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from udl_fast import _core

from ...ptx.interpreter.late import LateStream, Streams
from ...support.rbm_on_device import SETTINGS, Pair, binary_rows


@dataclass
class Case:
    n_visible: int = 33
    n_hidden: int = 7
    n_rows: int = 25
    precision: str = "fixed"
    n_chains: int = 0
    passes: int = 1
    deviation: float = 0.1  # of weights
    settings: dict = field(default_factory=dict)
    rescales: bool = False  # at least one change of scale is expected


MORE = {"momentum": 0.5, "weight_decay": 0.0003, "l1": 0.0001}
SPARSITY = {"sparsity_target": 0.1, "sparsity_cost": 0.4}
GROWING = {"deviation": 0.01, "rescales": True}
CASES = {
    "cd": Case(settings=MORE),
    "cd of 300 by 45": Case(300, 45, 52, settings={"batch_size": 20, **MORE}),
    "cd-2": Case(settings={"k": 2}),
    "one of each": Case(1, 1, 3, settings={"batch_size": 2}),
    "7 by 33": Case(7, 33, 25, passes=2, settings={"momentum": 0.9}),
    "sampled": Case(settings={"statistics": "sampled", **MORE}),
    "sampled, k = 2": Case(settings={"statistics": "sampled", "k": 2}, passes=2),
    "sparsity": Case(settings=SPARSITY, passes=2),
    "pcd": Case(n_chains=10, n_rows=30, settings={"algorithm": "pcd", **MORE}, passes=2),
    "pcd-2, other chains": Case(n_chains=33, settings={"algorithm": "pcd", "k": 2, **MORE}),
    "pcd, sampled": Case(n_chains=7, settings={"algorithm": "pcd", "statistics": "sampled"}),
    "pcd, sparsity": Case(n_chains=12, settings={"algorithm": "pcd", **SPARSITY}),
    "fast": Case(70, 66, 60, "fast", settings={"batch_size": 25, **MORE}),
    "fast of few rows": Case(33, 7, 25, "fast", settings=MORE),
    "fast, pcd": Case(70, 33, 50, "fast", 33, settings={"algorithm": "pcd", "batch_size": 20}),
    "fast, sampled": Case(40, 66, 50, "fast", settings={"statistics": "sampled", "batch_size": 20}),
    "graphs of 16": Case(5, 3, 37, settings={"batch_size": 2, "momentum": 0.5}, passes=2),
    "scale": Case(70, 20, 60, settings={"learning_rate": 0.8}, **GROWING),
    "scale of fast": Case(
        70, 20, 60, "fast", settings={"learning_rate": 0.8, "batch_size": 20}, **GROWING
    ),
}
PER_TILES = ("cd", "cd of 300 by 45", "pcd-2, other chains", "fast", "sampled")
TILES = ("large", "medium", "small")
RUNS = [(name, None) for name in CASES] + [(name, tiles) for name in PER_TILES for tiles in TILES]


def exponent(pair):
    """Of the scale of the weights."""
    return _core.weight_scale_exponent(pair.cpu.weights(), pair.cpu.precision == "fast")


def check(case, driver, tiles=None):
    """Passes on both engines; what they say and all they have learned is equal to the bit."""
    sizes = case.n_visible, case.n_hidden
    pair = Pair(driver, *sizes, case.precision, case.deviation, "tensor", tiles)
    if case.n_chains:
        pair.set_chains(case.n_chains)
    rows = binary_rows(pair.rng, case.n_rows, case.n_visible, 0.3)
    settings = {"batch_size": 10, "learning_rate": 0.05, **case.settings}
    exponents, step = {exponent(pair)}, 0
    for _ in range(case.passes):
        step = pair.train(rows, step, **settings)["step"]
        pair.assert_same_state()
        exponents.add(exponent(pair))
    assert not case.rescales or len(exponents) > 1


@pytest.mark.parametrize(("name", "tiles"), RUNS)
def test_a_pass_gives_the_bits_of_the_cpu(ptx_driver, name, tiles):
    check(CASES[name], ptx_driver, tiles)


def test_weights_that_are_no_numbers_end_a_pass(ptx_driver):
    """The model is left as the CPU's engine leaves it."""
    pair = Pair(ptx_driver, 5, 3, deviation=0.1, kernels="tensor", tiles="small")
    rows = binary_rows(pair.rng, 40, 5)
    found = pair.train(rows, batch_size=4, learning_rate=1.0, weight_decay=1e30)
    assert not found["finite"]
    assert found["n_updates"] < 10
    weights = [engine.weights() for engine in pair.engines]
    assert np.array_equal(*weights, equal_nan=True)


class Quick(LateStream):
    """A device that has always just finished: graphs take no time. Their work is done when results are read."""

    def synchronise(self):
        pass


@pytest.mark.parametrize("settings", [MORE, SPARSITY, {"algorithm": "pcd", "momentum": 0.5}])
def test_steps_behind_the_last_minibatch_do_nothing(ptx_driver, settings):
    """40 minibatches are a graph of 16 and, of a quick device, two more at once: the last 8 steps are too many."""
    pair = Pair(Quick(Streams(ptx_driver), 1), 5, 3, deviation=0.1, kernels="tensor")
    if "algorithm" in settings:
        pair.set_chains(6)
    rows = binary_rows(pair.rng, 79, 5, 0.3)
    assert pair.train(rows, batch_size=2, learning_rate=0.05, **settings)["n_updates"] == 40
    assert ptx_driver.launches.count("udl_fetch") == 48
    pair.assert_same_state()


def learned_by_polls(driver, poll):
    """An engine that was asked to learn 80 rows in minibatches of two, those rows, and what came of it."""
    pair = Pair(driver, 5, 3, kernels="tensor")
    bits = pair.rng.random((80, 5)) < 0.4
    settings = SETTINGS | {"batch_size": 2}
    found = pair.device.train(_core.Rows.from_array(bits), None, settings, 7, 0, 1, poll)
    return pair, bits, settings, found


def test_poll_ends_a_pass_between_minibatches(ptx_driver):
    """What was learned until then is what a pass over those rows alone gives."""
    told = []
    pair, bits, settings, found = learned_by_polls(ptx_driver, lambda n: told.append(n) or True)
    assert found["stopped"]
    assert told == [found["n_rows"]]
    assert found["n_updates"] * 2 == found["n_rows"] < 80
    some = _core.Rows.from_array(bits[: found["n_rows"]])
    pair.cpu.train(some, None, settings, 7, 0, 1)
    pair.assert_same_state()


def test_what_poll_raises_ends_a_pass(ptx_driver):
    def poll(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learned_by_polls(ptx_driver, poll)
    assert Pair(ptx_driver, 5, 3, kernels="tensor").train(
        _core.Rows.from_array(np.zeros((4, 5), bool)), batch_size=2
    )["finite"]


def test_a_pass_like_the_one_before_finds_its_room(ptx_driver, monkeypatch):
    pair = Pair(ptx_driver, 5, 3, kernels="tensor")
    rows = _core.Rows.from_array(np.zeros((6, 5), bool))
    allocate, sizes = ptx_driver.allocate, []
    monkeypatch.setattr(ptx_driver, "allocate", lambda n: sizes.append(n) or allocate(n))
    made = []
    for _ in range(3):
        sizes.clear()
        pair.train(rows)
        made.append(len(sizes))
    assert made == [2, 1, 1]  # the room; rows


@pytest.mark.parametrize("more", [{"batch_size": 16_385}, {"capability": 75}])
def test_plain_kernels_learn_what_tensor_cores_do_not(ptx_driver, monkeypatch, more):
    """More rows than their sums hold, and older cards: asked for alone they refuse."""
    monkeypatch.setattr(ptx_driver, "capability", more.pop("capability", ptx_driver.capability))
    pair = Pair(ptx_driver, 3, 2, kernels="tensor")
    rows = binary_rows(pair.rng, more.get("batch_size", 4), 3)
    with pytest.raises(NotImplementedError, match="tensor cores do not do this"):
        pair.device.train(rows, None, SETTINGS | more, 7, 0, 1)
    pair.device.set_training("automatic")
    pair.train(rows, **more)
    pair.assert_same_state()
    assert not [name for name in ptx_driver.launches if name.startswith("udl_learn_")]
