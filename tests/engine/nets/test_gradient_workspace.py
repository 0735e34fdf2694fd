"""Gradients of calls that share a workspace: bit for bit those of calls that do not."""

import gc
import weakref

import numpy as np
import pytest

from tests.support.interruption import alarms_as_ctrl_c, interrupted
from tests.support.threads import at_once
from udl_fast import SparseAutoencoder, _core

from .test_fast_net_engine import NETS, OBJECTIVES, SEED, STEP, engines, images

PARTS = {"a short part": 300, "three parts": 2500}  # of 1,024 rows


def assert_same(found, expected):
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])


def moved(engine, by=0.01):
    engine.set_parameters(engine.parameters() + by)


@pytest.mark.parametrize("n_rows", PARTS.values(), ids=PARTS)
@pytest.mark.parametrize("zeros", [0.0, 0.8])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_bits_are_the_same_wherever_the_parameters_move(objective, zeros, n_rows):
    (engine,) = engines(NETS["deep"], "float32")
    rows, workspace = images(n_rows, zeros), _core.GradientWorkspace()
    for _ in range(3):
        arguments = (rows, OBJECTIVES[objective], SEED, STEP)
        expected = engine.gradient(*arguments, 3)
        for _ in range(2):
            assert_same(engine.gradient(*arguments, 2, workspace=workspace), expected)
        moved(engine)


@pytest.mark.parametrize("precision", ["float32", "fast", "float64"])
@pytest.mark.parametrize("net", NETS)
def test_every_net(net, precision):
    try:
        (engine,) = engines(NETS[net], precision)
    except NotImplementedError as refusal:
        pytest.skip(str(refusal))
    objective = {"sparsity_target": 0.1, "sparsity_cost": 0.7}
    workspace = _core.GradientWorkspace()
    for rows in (images(1100, 0.9), images(1100)):
        for _ in range(2):
            expected = engine.gradient(rows, objective, SEED, STEP, 2)
            assert_same(
                engine.gradient(rows, objective, SEED, STEP, 2, workspace=workspace), expected
            )
            moved(engine)


def test_a_call_for_something_else_finds_it():
    """Other rows, an order, targets, an objective, draws, threads, another engine."""
    engine, other = engines(NETS["logistic"], "float32", "float32")
    moved(other)
    rows, more = images(1100, 0.8), images(1300, 0.8)
    order = np.random.default_rng(0).permutation(1100).astype(np.uint32)
    penalty = {"weight_decay": 0.1}
    masked = OBJECTIVES["masking"]
    calls = [
        (engine, (rows, {}, SEED, STEP, 2)),
        (engine, (more, {}, SEED, STEP, 2)),
        (engine, (rows, penalty, SEED, STEP, 2)),
        (engine, (rows, masked, SEED, STEP, 2)),
        (engine, (rows, masked, SEED + 1, STEP, 2)),
        (engine, (rows, masked, SEED + 1, STEP + 1, 2)),
        (engine, (rows, masked, SEED + 1, STEP + 1, 3)),
        (engine, (rows, masked, SEED + 1, STEP + 1, 3, order)),
        (engine, (rows, masked, SEED + 1, STEP + 1, 3, order[::-1].copy())),
        (engine, (rows, {}, SEED, STEP, 2, None, images(1100))),
        (other, (rows, {}, SEED, STEP, 2, None, images(1100))),
        (other, (rows, {}, SEED, STEP, 2)),
    ]
    workspace = _core.GradientWorkspace()
    for net, arguments in calls:
        expected = net.gradient(*arguments)
        assert_same(net.gradient(*arguments, workspace=workspace), expected)


def test_threads_that_share_a_workspace():
    (engine,) = engines(NETS["deep"], "float32")
    rows, workspace = images(2500, 0.8), _core.GradientWorkspace()
    expected = engine.gradient(rows, {}, SEED, STEP, 1)
    found = []

    def evaluate():
        for _ in range(5):
            found.append(engine.gradient(rows, {}, SEED, STEP, 1, workspace=workspace))

    at_once(evaluate, 4)
    assert len(found) == 20
    for each in found:
        assert_same(each, expected)


def test_an_interrupt_leaves_nothing_half_made():
    (engine,) = engines(NETS["deep"], "float32")
    rows, objective = images(2500, 0.8), OBJECTIVES["sparsity"]
    expected = engine.gradient(rows, objective, SEED, STEP, 2)
    workspace = _core.GradientWorkspace()

    def evaluate(n):
        for _ in range(n):
            found = engine.gradient(rows, objective, SEED, STEP, 2, workspace=workspace)
        return found

    with alarms_as_ctrl_c():
        for i in range(40):
            assert interrupted(lambda: evaluate(10**6), 1e-4 + 5e-4 * i)
            assert_same(evaluate(1), expected)


def test_nothing_is_kept_after_a_fit():
    """Neither rows nor what was made of them."""
    X = np.random.default_rng(0).random((50, 8)).astype(np.float32)
    model = SparseAutoencoder(3, n_iter=3).fit(X)
    gc.collect()
    assert len(model._engine._lbfgs._workspaces) == 0
    kept = weakref.ref(X)
    del X
    gc.collect()
    assert kept() is None
