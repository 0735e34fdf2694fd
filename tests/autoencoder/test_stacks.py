"""Autoencoders of many layers: what layers learn, what they unroll to, and the net that goes on from there."""

import copy

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

import udl_fast as udl
from tests.support.models import Recorder, assert_same_state
from tests.support.stacks import GREY, SMALL, deep, stacked
from udl_fast import RBM, Autoencoder, DeepAutoencoder, StackedAutoencoder
from udl_fast.callbacks import Checkpoint, EarlyStopping, History
from udl_fast.estimator import features

# ---- what is unrolled ----


@pytest.mark.parametrize("output", ["logistic", "linear"])
@pytest.mark.parametrize("code", ["linear", "logistic"])
def test_before_fine_tuning_the_net_is_its_rbms(code, output):
    """Up through their means and down again, also where visible units have their own sigma."""
    model = deep(n_iter=0, code_activation=code, output_activation=output).fit(GREY)
    features = GREY
    for layer in model.layers_:
        features = layer.mean_hidden(features)
    np.testing.assert_allclose(model.transform(GREY), features, rtol=1e-4, atol=1e-5)
    back = features
    for layer in reversed(model.layers_):
        back = layer.mean_visible(back)
    np.testing.assert_allclose(model.inverse_transform(features), back, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(GREY), back, rtol=1e-3, atol=1e-4)
    kinds = [(layer.visible, layer.hidden) for layer in model.layers_]
    assert kinds[-1] == ("bernoulli", "gaussian" if code == "linear" else "bernoulli")
    assert kinds[0][0] == ("gaussian" if output == "linear" else "bernoulli")
    fast = deep(
        rbm=clone(SMALL).set_params(precision="fast"),
        code_activation=code,
        output_activation=output,
    )
    found = [layer.precision for layer in fast.fit(GREY).layers_]
    assert found == ["fixed" if set(kind) != {"bernoulli"} else "fast" for kind in kinds]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("activation", ["logistic", "relu"])
def test_a_stack_is_its_layers(tied, activation):
    layer = Autoencoder(batch_size=20, n_iter=2, activation=activation, tied_weights=tied)
    model = stacked(layer=layer).fit(GREY)
    features = GREY
    for number, one in enumerate(model.layers_):
        own = {"output_activation": activation, "loss": "auto"} if number else {}
        size, seed = model.hidden_layer_sizes[number], one.random_state
        alone = clone(layer).set_params(n_components=size, random_state=seed, **own).fit(features)
        np.testing.assert_array_equal(one.components_, alone.components_)
        features = one.transform(features)
    np.testing.assert_allclose(model.transform(GREY), features, rtol=1e-5, atol=1e-6)
    back = features
    for one in reversed(model.layers_):
        back = one.inverse_transform(back)
    np.testing.assert_allclose(model.inverse_transform(features), back, rtol=1e-5, atol=1e-6)
    assert model.n_iter_ == 4


def test_fine_tuning_may_follow_later():
    whole, model = stacked(fine_tune=True).fit(GREY), stacked().fit(GREY)
    before = model.reconstruction_error(GREY).mean()
    model.set_params(fine_tune=True).resume(GREY)
    assert_same_state(model, whole)
    assert model.history_["stage"] == ["layer 1"] * 2 + ["layer 2"] * 2 + ["fine-tuning"] * 2
    assert model.reconstruction_error(GREY).mean() < before
    assert len(model.coefs_) == 4
    assert model.score(GREY) == pytest.approx(-model.reconstruction_error(GREY).mean())


def test_without_pretraining_there_is_one_stage():
    model = deep(pretrain=False, activation="tanh").fit(GREY)
    assert model.layers_ == []
    assert model.n_iter_ == 2
    assert "stage" not in model.history_
    assert model.transform(GREY).shape == (60, 3)


def test_chunks_teach_the_net_as_a_whole():
    model = deep()
    for chunk in (GREY[:30], GREY[30:]):
        model.partial_fit(chunk)
    assert (model.n_updates_, model.n_iter_) == (4, 0)
    fitted = deep().fit(GREY)
    before = fitted.reconstruction_error(GREY).mean()
    assert fitted.partial_fit(GREY).reconstruction_error(GREY).mean() < before


def test_chunks_do_not_come_between_the_epochs_of_layers():
    """The net would be made of layers that are still to learn."""
    model = stacked(fine_tune=True, callbacks=[lambda model, info: model.n_iter_ == 1]).fit(GREY)
    before = copy.deepcopy(model)
    with pytest.raises(ValueError, match="fit was stopped in 'layer 1'; finish it by resume"):
        model.partial_fit(GREY)
    assert_same_state(model, before)
    chunks = deep().partial_fit(GREY)
    chunks.resume(GREY)  # trains what answers: the net
    assert (chunks.n_iter_, chunks.layers_) == (2, [])


def test_a_lower_rate_of_real_units_falls_to_a_lower_rate():
    rbm = clone(SMALL).set_params(learning_rate_schedule="linear", final_learning_rate=0.01)
    rates = [
        (one.learning_rate, one.final_learning_rate) for one in deep(rbm=rbm).fit(GREY).layers_
    ]
    assert rates[:2] == [(0.05, 0.01)] * 2
    assert rates[2] == pytest.approx((0.0005, 0.0001))


# ---- going on ----


def test_fine_tuning_may_follow_in_a_loaded_model_of_one_layer(tmp_path):
    model = stacked(hidden_layer_sizes=(7,)).fit(GREY)
    assert model.history_["stage"] == ["layer 1"] * 2
    model.save(tmp_path / "model")
    loaded, old = (udl.load(tmp_path / "model") for _ in range(2))
    state = old._state()
    del state.values["position"]  # as earlier files
    old = StackedAutoencoder._from_state(state)
    for one in (model, loaded, old):
        one.set_params(fine_tune=True).resume(GREY)
        assert one.n_iter_ == 4
        assert_same_state(one, model)


@pytest.mark.parametrize("n_done", range(1, 8))
def test_a_deep_training_goes_on_within_any_stage(tmp_path, n_done):
    whole = deep().fit(GREY)
    model = deep(callbacks=[Checkpoint(tmp_path), Recorder(fail_after=n_done)])
    with pytest.raises(RuntimeError, match="disk full"):
        model.fit(GREY)
    model.set_params(callbacks=None)
    assert model.n_iter_ == n_done
    assert model.transform(GREY).shape == (60, 3)  # as far as it has come
    assert_same_state(udl.load(Checkpoint.latest(tmp_path)).resume(GREY), whole)
    assert_same_state(model.resume(GREY), whole)


@pytest.mark.parametrize("make", [deep, lambda **options: stacked(fine_tune=True, **options)])
def test_threads_change_no_bit(make):
    one = make(n_jobs=1).fit(GREY)
    for n_jobs in (2, 3):
        other = make(n_jobs=n_jobs).fit(GREY)
        assert_same_state(one, other)
        np.testing.assert_array_equal(one.transform(GREY), other.transform(GREY))


def test_layers_are_copies():
    model = deep(n_iter=0).fit(GREY)
    before = copy.deepcopy(model)
    model.layers_[0].partial_fit(GREY)
    assert_same_state(model, before)


# ---- what it is for ----


def test_a_deep_code_is_better_than_pca():
    X = udl.datasets.load_digits().data
    train, test = X[:1500], X[1500:]
    mean = train.mean(axis=0)
    directions = np.linalg.svd(train - mean, full_matrices=False)[2][:4]
    pca = np.square(test - mean - (test - mean) @ directions.T @ directions).sum(axis=1).mean()
    rbm = udl.presets.science2006(n_iter=10)
    model = DeepAutoencoder((100, 4), rbm=rbm, n_iter=60, learning_rate=3e-3, random_state=0)
    assert model.fit(train).reconstruction_error(test).mean() < 0.85 * pca


@pytest.mark.parametrize(("decay", "learns"), [(None, True), (3e-3, False)])
def test_second_layers_on_few_inputs_learn_by_default(decay, learns):
    layer = StackedAutoencoder()._layer(0).set_params(n_iter=60)
    layer.set_params(weight_decay=layer.weight_decay if decay is None else decay)
    X = udl.datasets.load_digits().data[:500]
    code = stacked(layer=layer, hidden_layer_sizes=(30, 15)).fit(X).transform(X)
    assert (code.std(axis=0).mean() > 0.05) == learns


# ---- who is watched ----


@pytest.mark.parametrize("monitor", ["pseudo_likelihood", "dead_units", "free_energy_gap"])
def test_what_layers_measure_is_watched_while_they_learn(monitor):
    stop = EarlyStopping(monitor=monitor, patience=9)
    model = deep(callbacks=[History(validation=GREY, every=1), stop], hidden_layer_sizes=(5,))
    model.set_params(code_activation="logistic").fit(GREY)
    assert model.n_iter_ == 4
    assert (stop.monitor_, model.history_[monitor][-2:]) == (monitor, [None, None])


@pytest.mark.parametrize(
    ("make", "monitor"),
    [
        (deep, "validation_reconstruction_score"),
        (deep, "free_energy_gap"),
        (lambda: Autoencoder(4), "validation_reconstruction_score"),
        (lambda: RBM(4), "free_energy_gap"),
    ],
)
def test_validation_that_is_watched_is_asked_for_at_once(make, monitor):
    stop, begun = EarlyStopping(monitor), Recorder()
    model = make().set_params(callbacks=[stop, begun])
    with pytest.raises(ValueError, match=r"measured on validation data; give History\("):
        model.fit(GREY)
    assert begun.calls == []


def test_layers_that_exploded_are_named():
    """Each is finite by itself; the net as a whole is not."""
    model = deep(callbacks=[lambda model, info: model.n_iter_ == 6]).fit(GREY)
    first = model._inside["pretraining.0"]
    first._engine.set_parameters(np.full((7, 12), 1e38), np.zeros(7), np.zeros(12))
    model.set_params(callbacks=None)
    with pytest.raises(
        FloatingPointError, match=r"'layer 1' gave it .* 1e\+38; of rbm, lower learn"
    ):
        model.resume(GREY)


# ---- what layers learn from ----


def test_layers_learn_from_blocks_of_rows_and_files(monkeypatch):
    whole, wide = deep().fit(GREY), stacked().fit(GREY)
    monkeypatch.setattr(features, "_BLOCK_BYTES", 8 * 12 * 7)  # seven rows
    monkeypatch.setattr(features, "_SHARE_OF_MEMORY", 0)
    assert isinstance(features.features(whole.layers_[:1], GREY), np.memmap)
    assert_same_state(deep().fit(GREY), whole)
    assert_same_state(stacked().fit(sparse.csr_array(GREY)), wide)
