"""Up-down fine-tuning of deep belief nets: what it leaves, in both directions, and how it goes on."""

import copy
import pickle

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import udl_fast as udl
from tests.oracle import rbm as oracle
from tests.support.interruption import assert_ends_soon
from tests.support.models import Recorder, assert_same_state
from udl_fast import DBN, RBM, DeepAutoencoder, _core
from udl_fast.callbacks import Checkpoint, History

GENERATOR = np.random.default_rng(0)
GREY = GENERATOR.random((60, 12)).astype(np.float32)
BITS = (GENERATOR.random((60, 12)) < 0.4).astype(np.uint8)
SMALL = RBM(batch_size=20, n_iter=2, learning_rate=0.3, initial_weights=0.5)
TUNING = {"n_iter": 3, "learning_rate": 0.1, "n_gibbs_steps": [(0, 1), (2, 3)], "batch_size": 20}


def fitted(X=BITS, sizes=(7, 5, 3), **options):
    return DBN(sizes, **{"rbm": SMALL, "random_state": 0, **options}).fit(X)


@pytest.fixture(scope="module")
def tuned():
    return fitted().up_down(BITS, **TUNING)


# ---- what it learns ----


@pytest.mark.parametrize("binarize", [None, "sample", 0.5])
def test_epochs_are_those_of_the_engines(binarize):
    """Both directions begin as the RBMs are, and each epoch is a pass with the steps of its schedule."""
    template = clone(SMALL).set_params(binarize=binarize)
    model = fitted(GREY, rbm=template)
    up, down = [], []
    for layer in model.layers_[:-1]:
        weights, nothing = layer.components_, np.zeros
        up.append(_core.RbmEngine(*weights.shape[::-1], "fixed"))
        up[-1].set_parameters(weights, layer.intercept_hidden_, nothing(weights.shape[1]))
        down.append(_core.RbmEngine(*weights.shape, "fixed"))
        down[-1].set_parameters(weights.T.copy(), layer.intercept_visible_, nothing(len(weights)))
    top = _core.RbmEngine(5, 3, "fixed")
    last = model.layers_[-1]
    top.set_parameters(last.components_, last.intercept_hidden_, last.intercept_visible_)
    rows = _core.Rows.from_array((GREY > 0.5) if binarize == 0.5 else GREY)
    settings = {
        "algorithm": "cd",
        "learning_rate": 0.1,
        "momentum": 0.0,
        "weight_decay": 0.0,
        "l1": 0.0,
    }
    settings |= {"sparsity_target": None, "sparsity_cost": 0.0, "sparsity_damping": 0.9}
    settings |= {"sample_visibles": True, "statistics": "mean", "batch_size": 20}
    settings["binarize_sample"] = binarize == "sample"
    step, n_epochs, n_updates = 0, model.n_iter_, model.n_updates_
    for epoch, k in enumerate((1, 1, 3)):
        settings |= {"k": k, "data_step": n_updates + 3 * epoch}
        order = _core.shuffled_order(60, model._seed, n_epochs + epoch)
        result = _core.train_up_down(
            up, down, top, rows, None, order, settings, model._seed, step, 1
        )
        step = result["step"]
    model.up_down(GREY, **TUNING)
    for found, engines in (("recognition", up), ("generative", down)):
        weights, biases = getattr(model, f"{found}_coefs_"), getattr(model, f"{found}_intercepts_")
        for engine, w, b in zip(engines, weights, biases, strict=True):
            np.testing.assert_array_equal(w, engine.weights().T)
            np.testing.assert_array_equal(b, engine.hidden_bias())
    np.testing.assert_array_equal(model.top_.components_, top.weights())
    assert (model.n_iter_, model.n_updates_) == (n_epochs + 3, n_updates + 9)


def test_it_is_a_stage_of_its_own():
    stages = []
    model = fitted(callbacks=[lambda model, info: stages.append(info["stage"])])
    stages.clear()
    model.set_params(callbacks=[*model.callbacks, History(validation=BITS[:20])])
    model.up_down(BITS, **TUNING, learning_rate_schedule="linear")
    assert set(stages) == {"up-down"}
    assert model.history_["stage"][-3:] == ["up-down"] * 3
    assert model.history_["learning_rate"][-3:] == pytest.approx([0.1, 0.2 / 3, 0.1 / 3])
    assert model.history_["reconstruction_likelihood"][-1] == pytest.approx(model.score(BITS))
    last = model.history_["validation_reconstruction_likelihood"][-1]
    assert last == pytest.approx(model.score(BITS[:20]))


def test_it_makes_a_better_model_of_the_digits(digits):
    model = DBN((32, 16), rbm=RBM(batch_size=20), random_state=0).fit(digits)
    before = model.log_likelihood_bound(digits).mean()
    model.up_down(digits, n_iter=10, batch_size=20)
    assert model.log_likelihood_bound(digits).mean() > before + 0.5


# ---- what the net is then ----


def test_before_both_directions_are_the_same():
    model = fitted()
    for layer, up, down in zip(
        model.layers_[:-1], model.recognition_coefs_, model.generative_coefs_, strict=True
    ):
        np.testing.assert_array_equal(layer.components_, up.T)
        np.testing.assert_array_equal(layer.components_, down)
    assert not up.flags.writeable
    np.testing.assert_array_equal(model.top_.components_, model.layers_[-1].components_)
    with pytest.raises(AttributeError, match="no generative_coefs_ before fit"):
        _ = DBN().generative_coefs_


def test_means_go_up_and_down_by_the_weights_of_their_direction(tuned):
    H = BITS.astype(np.float64)
    for weights, biases in zip(
        tuned.recognition_coefs_, tuned.recognition_intercepts_, strict=True
    ):
        H = expit(H @ weights + biases)
    np.testing.assert_allclose(tuned.transform(BITS, layer=1), H, atol=1e-5)
    top = tuned.top_
    H = expit(H @ top.components_.T + top.intercept_hidden_)
    np.testing.assert_allclose(tuned.transform(BITS), H, atol=1e-5)
    V = expit(H @ top.components_ + top.intercept_visible_)
    for weights, biases in reversed(
        [*zip(tuned.generative_coefs_, tuned.generative_intercepts_, strict=True)]
    ):
        V = expit(V @ weights + biases)
    np.testing.assert_allclose(tuned.reconstruct(BITS), V, atol=1e-5)
    np.testing.assert_array_equal(tuned.components_, tuned.recognition_coefs_[0].T)
    for layer, greedy in zip(tuned.layers_, fitted().layers_, strict=True):
        np.testing.assert_array_equal(layer.components_, greedy.components_)


def given(states, weights, biases):
    """Probability of every state of the units that these inputs lead to."""
    p = expit(states @ weights + biases)
    to = oracle.all_states(weights.shape[1])
    return np.prod(np.where(to[None], p[:, None], 1 - p[:, None]), axis=2)


@pytest.fixture(scope="module")
def enumerated():
    """A net of 3-4-3 units and P(v) of all its rows."""
    X = np.repeat(BITS[:, :3], 3, axis=0)
    model = fitted(X, sizes=(4, 3)).up_down(X, **{**TUNING, "learning_rate": 1.0, "n_iter": 20})
    top = model.top_
    above = oracle.all_states(4)
    between = np.exp(top.log_likelihood(above))
    down = given(above, model.generative_coefs_[0], model.generative_intercepts_[0])
    assert np.abs(model.recognition_coefs_[0].T - model.generative_coefs_[0]).max() > 0.1
    return model, between, down


def test_samples_have_the_distribution_of_the_generative_net(enumerated):
    model, between, down = enumerated
    expected, n = between @ down, 20000
    drawn = model.sample(n, n_steps=60, random_state=1)
    found = np.bincount(drawn @ [1, 2, 4], minlength=8) / n
    assert (np.abs(found - expected) < 5 * np.sqrt(expected * (1 - expected) / n)).all()


def test_the_bound_is_that_of_both_directions(enumerated):
    """H(Q) + E_Q[log P(h) + log P(v | h)], Q by the recognition weights and P by the others."""
    model, between, down = enumerated
    v = oracle.all_states(3)
    q = given(v, model.recognition_coefs_[0], model.recognition_intercepts_[0])
    each = np.log(between) + np.log(down.T) - np.log(q)
    expected = (q * each).sum(axis=1)
    spread = np.sqrt((q * (each - expected[:, None]) ** 2).sum(axis=1))
    n_draws = 5000
    found = model.log_likelihood_bound(v, n_draws=n_draws)
    assert (np.abs(found - expected) < 5 * spread / np.sqrt(n_draws) + 1e-4).all()
    assert (expected <= logsumexp(np.log(between)[:, None] + np.log(down), axis=0) + 1e-5).all()


def test_an_autoencoder_begins_with_both_directions(tuned):
    model = DeepAutoencoder.from_dbn(tuned, n_iter=2, batch_size=20)
    np.testing.assert_allclose(model.transform(BITS), tuned.transform(BITS), rtol=1e-4)
    np.testing.assert_allclose(model.reconstruct(BITS), tuned.reconstruct(BITS), rtol=1e-3)
    error = model.reconstruction_error(BITS).mean()
    assert model.resume(BITS).reconstruction_error(BITS).mean() < error


# ---- going on ----


def test_threads_change_no_bit(tuned):
    for n_jobs in (2, 3):
        assert_same_state(fitted(n_jobs=n_jobs).up_down(BITS, **TUNING), tuned)


def test_files_and_copies_keep_it(tmp_path, tuned):
    tuned.save(tmp_path / "model")
    for again in (
        udl.load(tmp_path / "model"),
        copy.deepcopy(tuned),
        pickle.loads(pickle.dumps(tuned)),
    ):
        assert_same_state(again, tuned)
        np.testing.assert_array_equal(again.reconstruct(BITS), tuned.reconstruct(BITS))
        drawn = [m.sample(9, 5, random_state=1) for m in (again, tuned)]
        np.testing.assert_array_equal(*drawn)
        assert_same_state(again.partial_fit(BITS), copy.deepcopy(tuned).partial_fit(BITS))


def test_a_template_that_was_changed_since_changes_no_copy(tuned, tmp_path):
    model = copy.deepcopy(tuned).set_params(rbm=clone(SMALL).set_params(hidden="gaussian"))
    model.save(tmp_path / "model")
    for same in (pickle.loads(pickle.dumps(model)), udl.load(tmp_path / "model")):
        np.testing.assert_array_equal(same.transform(BITS), tuned.transform(BITS))


def test_files_without_part_of_it_are_refused(tuned):
    state = tuned._state()
    del state.arrays["generative.1/weights"]
    with pytest.raises(ValueError, match=r"lacks net/generative\.1/weights"):
        tuned._check_inside(state, "net/")
    with pytest.raises(ValueError, match="lacks"):
        DBN._from_state(state)


@pytest.mark.parametrize("n_done", [1, 2])
def test_it_goes_on_where_it_was_stopped(tmp_path, n_done, tuned):
    callbacks = [Checkpoint(tmp_path), Recorder(fail_after=6 + n_done)]
    model = fitted().set_params(callbacks=callbacks)
    with pytest.raises(RuntimeError, match="disk full"):
        model.up_down(BITS, **TUNING)
    model.set_params(callbacks=None)
    assert model.history_["stage"].count("up-down") == n_done
    assert_same_state(udl.load(Checkpoint.latest(tmp_path)).resume(BITS), tuned)
    assert_same_state(model.resume(BITS), tuned)
    with pytest.raises(ValueError, match="set n_iter in another call of up_down"):
        model.resume(BITS)


def test_another_call_makes_as_many_more(tuned):
    model = copy.deepcopy(tuned).up_down(BITS, **{**TUNING, "n_iter": 2})
    assert model.n_iter_ == tuned.n_iter_ + 2
    assert_same_state(model.fit(BITS), fitted())  # which begins anew


def test_ctrl_c_before_the_first_epoch_leaves_the_net_as_it_was():
    model = fitted()
    before = copy.deepcopy(model)
    assert_ends_soon(
        lambda: model.up_down(np.repeat(BITS, 500, axis=0), n_iter=1, n_gibbs_steps=10**6)
    )
    assert_same_state(model, before)
    assert_same_state(model.up_down(BITS, **TUNING), before.up_down(BITS, **TUNING))


def test_weights_that_are_no_numbers_are_told_and_undone(tuned):
    model = copy.deepcopy(tuned)
    with pytest.raises(FloatingPointError, match="lower learning_rate=1e\\+20 of up_down"):
        model.up_down(BITS, **{**TUNING, "learning_rate": 1e20}, weight_decay=1.0)
    assert_same_state(model, tuned)


# ---- what cannot be ----


def test_what_does_not_go_is_named(tuned):
    with pytest.raises(NotFittedError):
        DBN().up_down(BITS)
    for options, message in [
        ({"n_iter": 0}, "n_iter must be"),
        ({"n_gibbs_steps": 0}, "n_gibbs_steps must be"),
        ({"n_gibbs_steps": [(1, 3)]}, "n_gibbs_steps must have epochs that rise from 0"),
        ({"momentum": 2}, "momentum must be"),
        ({"final_learning_rate": 0.1}, "final_learning_rate=0.1 needs a learning_rate_schedule"),
    ]:
        with pytest.raises(ValueError, match=f"DBN.up_down: {message}"):
            fitted(sizes=(4, 3)).up_down(BITS, **options)
    with pytest.raises(ValueError, match="single layer"):
        fitted(sizes=(4,)).up_down(BITS)
    real = clone(SMALL).set_params(visible="gaussian", learning_rate=0.01)
    with pytest.raises(ValueError, match="layer 1 has visible='gaussian'"):
        fitted(GREY, rbm=real).up_down(GREY)
    plain = clone(SMALL).set_params(precision="float64")
    with pytest.raises(NotImplementedError, match="precision='float64'"):
        fitted(rbm=plain).up_down(BITS)
    stopped = fitted(callbacks=[lambda model, info: info["epoch"] == 3])
    with pytest.raises(ValueError, match="stopped in 'layer 2'; finish it by resume before"):
        stopped.up_down(BITS)
    longer = copy.deepcopy(tuned).set_params(hidden_layer_sizes=(7, 5, 3, 2))
    with pytest.raises(ValueError, match="after up_down no layers may follow"):
        longer.resume(BITS)
