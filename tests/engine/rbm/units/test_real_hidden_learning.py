"""Learning with Gaussian and rectified hidden units: as the float64 engine, on any target, in any parts."""

import numpy as np
import pytest

from tests.support import engines
from tests.support.engines import SEED, rng
from tests.support.interruption import assert_ends_soon
from udl_fast import _core

from .real_hidden import PAIRS, ROWS, data_of, groups_of, make, rows_of

SETTINGS = {**engines.SETTINGS, "learning_rate": 0.02}
LEARNING = {
    "cd": {},
    "a rate that is too large": {"learning_rate": 0.9},
    "cd-3": {"k": 3},
    "momentum, decay and limit": {
        "momentum": 0.5,
        "weight_decay": 1e-2,
        "l1": 1e-3,
        "max_norm": 1.5,
    },
    "sparsity": {"sparsity_target": 0.1, "sparsity_cost": 0.3},
    "mean reconstruction": {"sample_visibles": False, "k": 2},
    "pcd-2, chains other than rows": {"algorithm": "pcd", "k": 2, "chains": 7},
    "pcd, all there is": {
        "algorithm": "pcd",
        "momentum": 0.5,
        "weight_decay": 1e-3,
        "sparsity_target": 0.1,
        "sparsity_cost": 0.3,
    },
}
CENTRED = {
    "centred, all there is": {
        "centered": True,
        "algorithm": "pcd",
        "momentum": 0.5,
        "sparsity_target": 0.1,
        "sparsity_cost": 0.3,
        "chains": 7,
    }
}
OF_BITS = {
    "bernoulli": {**CENTRED, "binarised": {"binarize_sample": True, "k": 2}},
    "softmax": CENTRED,
}


def learn(engine, rows, options, n_threads):
    settings = {**SETTINGS, **options}
    n_chains = settings.pop("chains", 10)
    if settings["algorithm"] == "pcd":
        engine.set_chains(
            np.abs(rng(n_chains).normal(0, 1, (n_chains, engine.n_hidden))).astype(np.float32)
        )
    engine.train(rows, None, settings, SEED, 3, n_threads)
    return engine.state()


def kinds_of(visible, name):
    if visible == "softmax":
        return ["bits", "sparse bits"] if name == "cd" else ["bits"]
    return {"cd": ROWS, "binarised": ["grey"]}.get(name, ["bits", "grey"])


CASES = [
    pytest.param(*pair, kind, options, id=f"{'-'.join(pair)}-{kind}-{name}")
    for pair in PAIRS
    for name, options in {**LEARNING, **OF_BITS.get(pair[0], {})}.items()
    for kind in kinds_of(pair[0], name)
]


@pytest.mark.parametrize(("visible", "hidden", "kind", "options"), CASES)
def test_the_float64_engine_learns_the_same(visible, hidden, kind, options):
    """From the same draws, minibatch after minibatch, the last one shorter."""
    spread = 0.03 if visible == hidden else 0.1  # chains of two normal layers run away from more
    packed, double = make(visible, hidden, 37, 21, spread)
    rows = rows_of(data_of(visible, kind, 43, 37), kind)
    expected = learn(double, rows, options, 2)
    for name, values in learn(packed, rows, options, 2).items():
        np.testing.assert_allclose(values, expected[name], atol=3e-5, rtol=3e-5, err_msg=name)


@pytest.mark.parametrize("options", [{"k": 2}, {"algorithm": "pcd", "momentum": 0.5, "chains": 90}])
@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_learned_bits_do_not_depend_on_target_or_threads(visible, hidden, options):
    found = set()
    for target in _core.available_targets():
        _core.set_target(target)
        for n_threads in (1, 2, 3):
            for kind in ("bits", "grey"):
                packed, _ = make(visible, hidden, 200, 130, spread=0.05)
                rows = rows_of(data_of(visible, kind, 64, 200))
                state = learn(packed, rows, {**options, "batch_size": 30}, n_threads)
                chains = packed.gibbs(rows, 2, SEED, "gibbs", 0, 0, n_threads)
                arrays = [state[name] for name in sorted(state)]
                arrays += [chain.to_array("float32") for chain in chains]
                arrays.append(packed.free_energy(rows, n_threads))
                found.add((kind, b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)))
    _core.set_target("")
    assert len(found) == 2


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_a_pass_is_its_minibatches(visible, hidden):
    """What is carried from one to the next is part of the state: it can be taken out and put back.
    But for sigma, which learns by the means of a pass."""
    options = {**SETTINGS, "algorithm": "pcd", "momentum": 0.5, "learn_sigma": False}
    data = data_of(visible, "grey", 40, 37)
    whole = make(visible, hidden, 37, 21, spread=0.1)[0]
    whole.set_chains(rng(4).random((10, 21)))
    start = whole.state()
    whole.snapshot()
    whole.train(rows_of(data), None, options, SEED, 0, 2)
    state = start
    for batch in range(4):
        engine = _core.RbmEngine(37, 21, "fixed", visible, hidden, groups_of(visible, 37))
        engine.set_state(state)
        rows = rows_of(data[10 * batch : 10 * batch + 10])
        engine.train(rows, None, options, SEED, batch, 1)
        state = engine.state()
    for name, values in whole.state().items():
        np.testing.assert_array_equal(state[name], values, err_msg=name)
    whole.restore()
    for name, values in start.items():
        np.testing.assert_array_equal(whole.state()[name], values, err_msg=name)


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_ctrl_c_ends_training(algorithm):
    engine = _core.RbmEngine(2048, 2048, "fixed", "bernoulli", "gaussian")
    engine.set_chains(np.zeros((100, 2048)))
    rows = rows_of(data_of("bernoulli", "grey", 2000, 2048))
    options = {**SETTINGS, "algorithm": algorithm, "k": 10**6}
    assert_ends_soon(lambda: engine.train(rows, None, options, SEED, 0, 2))


def test_ctrl_c_ends_scores():
    engine = _core.RbmEngine(2048, 2048, "fixed", "bernoulli", "relu")
    rows = rows_of(data_of("bernoulli", "bits", 20_000, 2048))
    assert_ends_soon(lambda: engine.pseudo_likelihood(rows, 2))


def test_what_bits_alone_can_do_is_refused():
    engine = _core.RbmEngine(5, 3, "fixed", "bernoulli", "relu")
    rows = rows_of(data_of("bernoulli", "bits", 4, 5))
    with pytest.raises(ValueError, match="counts pairs of bits, got hidden='relu'"):
        engine.train(rows, None, {**SETTINGS, "statistics": "sampled"}, SEED, 0, 1)
    engine.set_chains(np.zeros((6, 3)))
    ladder = {**SETTINGS, "algorithm": "pt", "n_temperatures": 3, "beta_min": 0.0}
    with pytest.raises(NotImplementedError, match=r"several temperatures .* hidden='relu'"):
        engine.train(rows, None, ladder, SEED, 0, 1)
    with pytest.raises(NotImplementedError, match="precision='fast' has no visible='bernoulli'"):
        _core.RbmEngine(5, 3, "fast", "bernoulli", "gaussian")
