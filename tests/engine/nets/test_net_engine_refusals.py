"""What NetEngine refuses: nets, settings, rows and states that are named, and change nothing."""

import numpy as np
import pytest

from udl_fast import _core

from .test_net_engine import ADAM, IMAGES, SEED, X, engine_of


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([7], [], "squared"), "activations must hold 1 to 1000 layers, got 0"),
        (([7, 4], ["tanh", "tanh"], "squared"), "sizes must hold one number more .* 3, got 2"),
        (([7, 0], ["tanh"], "squared"), r"sizes\[1\] must be from 1"),
        (([7, 4], ["sigmoid"], "squared"), "activations must be one of 'linear', .* got 'sigmoid'"),
        (([7, 4], ["tanh"], "hinge"), "loss must be one of 'squared', .* got 'hinge'"),
        (([7, 4, 2], ["softmax", "tanh"], "squared"), "which only the last layer can have"),
        (([7, 4], ["tanh"], "cross_entropy"), "loss 'cross_entropy' does not go with .* 'tanh'"),
        (
            ([7, 4, 6], ["tanh"] * 2, "squared", "float64", [-1, 0]),
            r"tied\[1\] is 0, whose weights",
        ),
        (
            ([7, 4, 7], ["tanh"] * 2, "squared", "float64", [1, -1]),
            r"tied\[0\] must be -1 or a layer",
        ),
        (([7, 4], ["tanh"], "squared", "double"), "precision must be .* got 'double'"),
    ],
)
def test_wrong_nets_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        _core.NetEngine(*arguments, *(["float64"] if len(arguments) == 3 else []))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"solver": "lbfgs"}, "solver must be 'sgd' or 'adam'"),
        ({"epsilon": 1e-46}, "epsilon must be at least"),
        ({"momentum": 1.0}, "momentum must be at least 0 and below 1"),
        ({"dropout": 1.0}, "dropout must be"),
        ({"corruption": "blur"}, "corruption must be"),
        ({"code_layer": 1}, "code_layer must be -1 or a hidden layer, below 1, got 1"),
        ({"first_decayed_layer": 2}, "first_decayed_layer must be a layer, 0 to 1, got 2"),
        ({"nonsense": 1}, "settings hold 5 entries, expected 4"),
        ({"batch_size": 0}, "batch_size must be >= 1"),
    ],
)
def test_wrong_settings_are_named(changes, message):
    engine = engine_of()
    before = engine.parameters()
    with pytest.raises(ValueError, match=message):
        engine.train(X, None, {**ADAM, **changes}, SEED, 0, 1)
    np.testing.assert_array_equal(engine.parameters(), before)


def test_wrong_rows_and_states_are_named():
    engine = engine_of()
    with pytest.raises(ValueError, match="rows has 6 columns, the net expects 7"):
        engine.forward(_core.Rows.from_array(IMAGES[:, :6]), 1)
    with pytest.raises(ValueError, match="targets has 299 rows, expected 300"):
        engine.gradient(X, {}, 0, 0, 1, targets=_core.Rows.from_array(IMAGES[1:]))
    with pytest.raises(ValueError, match=r"7 inputs and 4 outputs, .* give targets"):
        engine_of(([7, 4], ["tanh"], "squared")).train(X, None, ADAM, SEED, 0, 1)
    before = engine.state()
    for changes, message in (
        ({"layers.0/weights": np.zeros((7, 4))}, r"layers.0/weights has shape \(7, 4\)"),
        ({"layers.0/bias": np.full(4, np.nan)}, "layers.0/bias holds a value that is not finite"),
        ({"layers.2/bias": np.zeros(7)}, "holds 5 arrays, expected 4"),
    ):
        with pytest.raises(ValueError, match=message):
            engine.set_state({**before, **changes})
    np.testing.assert_array_equal(engine.parameters(), engine_of().parameters())
