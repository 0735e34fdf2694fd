"""Deep belief nets: what each layer learns from, what they compute together, and what they make up."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import udl_fast as udl
from tests.support.models import Recorder, assert_same_state
from tests.support.threads_asked import threads_of_rows
from udl_fast import DBN, RBM
from udl_fast.callbacks import Checkpoint, EarlyStopping, History

GENERATOR = np.random.default_rng(0)
GREY = GENERATOR.random((60, 12)).astype(np.float32)
BITS = (GENERATOR.random((60, 12)) < 0.4).astype(np.uint8)
SMALL = RBM(batch_size=20, n_iter=2, learning_rate=0.3, initial_weights=0.5)


def dbn(**options):
    given = {"hidden_layer_sizes": (7, 5, 3), "rbm": SMALL, "random_state": 0, **options}
    return DBN(**given)


# ---- what layers learn ----


@pytest.mark.parametrize("binarize", [None, "sample", 0.5])
def test_layers_learn_from_the_means_below(binarize):
    """The same bits as RBMs trained by hand; a threshold is for the data alone."""
    template = clone(SMALL).set_params(binarize=binarize)
    model = dbn(rbm=template).fit(GREY)
    rows = GREY
    for number, layer in enumerate(model.layers_):
        own = {"binarize": binarize if binarize == "sample" or number == 0 else None}
        alone = clone(template).set_params(
            n_components=model.hidden_layer_sizes[number], random_state=layer.random_state, **own
        )
        alone.fit(rows)
        np.testing.assert_array_equal(layer.components_, alone.components_)
        rows = layer.transform(rows)
        np.testing.assert_array_equal(model.transform(GREY, layer=number), rows)
    np.testing.assert_array_equal(model.transform(GREY), rows)
    assert model.history_["stage"] == [f"layer {k}" for k in (1, 1, 2, 2, 3, 3)]


def test_sampled_states_are_bits_of_the_right_means():
    """Drawn once for a layer: the frequencies over many rows alike are the probabilities."""
    rows = np.repeat(BITS[:2], 4000, axis=0)
    model = dbn(pass_up="sample", hidden_layer_sizes=(7, 5)).fit(rows)
    states = model._stage_input(1, rows)
    assert states.dtype == np.bool_
    np.testing.assert_array_equal(states, model._stage_input(1, rows))
    for first in (0, 4000):
        mean = model.transform(rows[first : first + 1], layer=0)[0].astype(np.float64)
        found = states[first : first + 4000].mean(axis=0)
        assert (np.abs(found - mean) < 5 * np.sqrt(mean * (1 - mean) / 4000) + 1e-6).all()


def test_every_chunk_has_draws_of_its_own():
    """Of rows that the first layer learns nothing from."""
    model = dbn(rbm=clone(SMALL).set_params(learning_rate=0.0), pass_up="sample").fit(GREY)
    before = [model._stage_input(number, GREY) for number in (1, 2)]
    model.partial_fit(GREY)
    for number in (1, 2):
        assert (model._stage_input(number, GREY) != before[number - 1]).mean() > 0.2
    assert [layer.n_updates_ for layer in model.layers_] == [9, 9, 9]


def test_pairs_of_sampled_states_may_be_counted():
    template = clone(SMALL).set_params(statistics="sampled")
    assert dbn(rbm=template, pass_up="sample").fit(BITS).n_iter_ == 6
    with pytest.raises(ValueError, match="layer 2: statistics='sampled' needs pass_up='sample'"):
        dbn(rbm=template).fit(BITS)


@pytest.mark.parametrize(
    ("visible", "X"),
    [
        ({"visible": "gaussian", "learning_rate": 0.01}, GREY),
        ({"visible": "softmax", "visible_groups": [3, 4, 5]}, np.eye(12)[:, [0, 4, 8]]),
        ({"visible": "replicated_softmax", "learning_rate": 0.01}, 3 * BITS),
    ],
)
def test_any_visible_units_stand_at_the_bottom(visible, X):
    if "visible_groups" in visible:
        X = np.zeros((60, 12))
        for first, n in ((0, 3), (3, 4), (7, 5)):
            X[np.arange(60), first + GENERATOR.integers(0, n, 60)] = 1
    model = dbn(rbm=clone(SMALL).set_params(**visible, hidden="gaussian")).fit(X)
    kinds = [(layer.visible, layer.hidden) for layer in model.layers_]
    assert kinds == [
        (visible["visible"], "bernoulli"),
        ("bernoulli", "bernoulli"),
        ("bernoulli", "gaussian"),
    ]
    assert np.isfinite(model.score(X))
    assert model.sample(4, n_steps=3).shape == (4, 12)
    assert model.reconstruct(X).shape == (60, 12)


def test_a_layer_may_have_a_template_of_its_own():
    templates = [clone(SMALL).set_params(n_iter=n) for n in (1, 2, 3)]
    model = dbn(rbm=templates).fit(GREY)
    assert [layer.n_iter_ for layer in model.layers_] == [1, 2, 3]
    assert [layer.n_components for layer in model.layers_] == [7, 5, 3]


# ---- what they compute ----


def test_down_is_the_way_back():
    model = dbn().fit(GREY)
    H = model.transform(GREY)
    back = H
    for layer in reversed(model.layers_):
        back = layer.mean_visible(back)
    np.testing.assert_array_equal(model.inverse_transform(H), back)
    np.testing.assert_array_equal(model.reconstruct(GREY), back)
    middle = model.transform(GREY, layer=1)
    np.testing.assert_array_equal(model.transform(GREY, layer=-2), middle)
    expected = model.layers_[0].mean_visible(model.layers_[1].mean_visible(middle))
    np.testing.assert_array_equal(model.inverse_transform(middle, layer=1), expected)
    error = np.square(GREY - back, dtype=np.float64).sum(axis=1)
    np.testing.assert_allclose(model.reconstruction_error(GREY), error)
    likelihood = GREY * np.log(back) + (1 - GREY) * np.log1p(-back)
    np.testing.assert_allclose(model.score_samples(GREY), likelihood.sum(axis=1), rtol=1e-5)
    assert model.score(GREY) == model.score_samples(GREY).mean()
    np.testing.assert_array_equal(model.encode(GREY), udl.pack_bits(H > 0.5))
    np.testing.assert_array_equal(model.transform(sparse.csr_array(GREY)), H)
    for layer in (3, -4, 0.5):
        with pytest.raises((ValueError, TypeError), match="layer must be"):
            model.transform(GREY, layer=layer)


def test_history_has_the_net_as_far_as_it_has_come():
    seen = []
    model = dbn(callbacks=[lambda model, info: seen.append(model.score(GREY)) and False])
    model.set_params(callbacks=[*model.callbacks, History(validation=GREY[:20])]).fit(GREY)
    at_ends = [
        score for score, after in zip(seen, [*seen[1:], None], strict=True) if score != after
    ]
    np.testing.assert_allclose(model.history_["reconstruction_likelihood"], at_ends[-6:], rtol=1e-6)
    last = model.history_["validation_reconstruction_likelihood"][-1]
    assert last == pytest.approx(model.score(GREY[:20]))
    stop = EarlyStopping("reconstruction_likelihood", patience=9)
    dbn(callbacks=[stop]).fit(GREY)
    assert stop.best_ == max(model.history_["reconstruction_likelihood"][-2:])


# ---- what they make up ----


def exact_distribution(model, n_visible):
    """P(v) of all states, from the exact distribution of the RBM at the top and one pass down."""
    first, top = model.layers_
    between = states_of(first.n_components)
    p_between = np.exp(top.log_likelihood(between))
    visible = states_of(n_visible)
    means = first.mean_visible(between).astype(np.float64)
    given = np.exp(visible @ np.log(means).T + (1 - visible) @ np.log1p(-means).T)
    return given @ p_between


def states_of(n):
    return ((np.arange(1 << n)[:, None] >> np.arange(n)) & 1).astype(np.uint8)


def test_samples_have_the_distribution_of_the_net():
    n_samples = 20000
    model = dbn(hidden_layer_sizes=(4, 3)).fit(BITS[:, :3])
    expected = exact_distribution(model, 3)
    assert expected.sum() == pytest.approx(1, abs=1e-5)
    for options in ({}, {"n_temperatures": 4}, {"start": np.repeat(BITS[:1, :3], n_samples, 0)}):
        drawn = model.sample(n_samples, n_steps=60, random_state=1, **options)
        assert drawn.dtype == np.bool_
        found = np.bincount(drawn @ [1, 2, 4], minlength=8) / n_samples
        deviation = np.sqrt(expected * (1 - expected) / n_samples)
        assert (np.abs(found - expected) < 5 * deviation).all()
    means = model.sample(n_samples, n_steps=60, means=True, random_state=1).astype(np.float64)
    marginal = expected @ states_of(3)
    assert (np.abs(means.mean(axis=0) - marginal) < 5 * 0.5 / np.sqrt(n_samples)).all()


def test_pictures_show_the_same_chains_for_longer():
    from udl_fast.plot import SamplesDisplay

    model = dbn().fit(BITS)
    shown = SamplesDisplay.from_estimator(
        model, BITS, n_chains=4, steps=(0, 1, 5), image_shape=(3, 4)
    )
    assert list(shown.steps) == [1, 5]
    assert shown.samples.shape == (2, 4, 12)
    longer = SamplesDisplay.from_estimator(
        model, BITS, n_chains=4, steps=(5, 9), image_shape=(3, 4)
    )
    np.testing.assert_array_equal(shown.samples[1], longer.samples[0])
    assert model._sampling_steps == 0


@pytest.mark.parametrize("sizes", [(5,), (5, 4), (7, 5, 3)])
def test_draws_go_on_from_call_to_call(tmp_path, sizes):
    model = dbn(hidden_layer_sizes=sizes).fit(BITS)
    once = model.sample(50, n_steps=2)
    assert (model.sample(50, n_steps=2) != once).any()
    fixed = model.sample(50, n_steps=2, random_state=3)
    model.save(tmp_path / "model")
    again = udl.load(tmp_path / "model")
    np.testing.assert_array_equal(again.sample(50, n_steps=2, random_state=3), fixed)
    np.testing.assert_array_equal(again.sample(50, n_steps=2), model.sample(50, n_steps=2))
    with pytest.raises(ValueError, match="start has 60 rows, expected n_samples = 50"):
        model.sample(50, start=BITS)
    drawn = model._sampling_steps
    with pytest.raises(ValueError, match="n_steps must be >= 1"):
        model.sample(50, n_steps=0)
    assert model._sampling_steps == drawn


# ---- going on ----


@pytest.mark.parametrize("pass_up", ["mean", "sample"])
@pytest.mark.parametrize("n_done", [1, 2, 3, 5])
def test_a_training_goes_on_within_any_layer(tmp_path, n_done, pass_up):
    whole = dbn(pass_up=pass_up).fit(GREY)
    model = dbn(pass_up=pass_up, callbacks=[Checkpoint(tmp_path), Recorder(fail_after=n_done)])
    with pytest.raises(RuntimeError, match="disk full"):
        model.fit(GREY)
    model.set_params(callbacks=None)
    n_begun = (n_done + 1) // 2
    assert model.transform(GREY).shape == (60, (7, 5, 3)[n_begun - 1])  # as far as it has come
    assert model.sample(3, n_steps=2).shape == (3, 12)
    assert_same_state(udl.load(Checkpoint.latest(tmp_path)).resume(GREY), whole)
    model._sampling_steps = 0
    assert_same_state(model.resume(GREY), whole)


@pytest.mark.parametrize("pass_up", ["mean", "sample"])
def test_threads_change_no_bit(pass_up):
    one = dbn(pass_up=pass_up, n_jobs=1).fit(GREY)
    for n_jobs in (2, 3):
        other = dbn(pass_up=pass_up, n_jobs=n_jobs).fit(GREY)
        assert_same_state(one, other)
        drawn = [model.sample(9, 5, random_state=1) for model in (one, other)]
        np.testing.assert_array_equal(*drawn)


def test_layers_may_follow():
    model = dbn(hidden_layer_sizes=(7, 5)).fit(GREY)
    model.set_params(hidden_layer_sizes=(7, 5, 3)).resume(GREY)
    assert_same_state(model, dbn().fit(GREY))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_layer_sizes": (7, 5, 4)}, "hidden_layer_sizes is .7, 5, 4., but"),
        ({"hidden_layer_sizes": (7, 5)}, "hidden_layer_sizes is .7, 5., but"),
        ({"rbm": [SMALL]}, "rbm holds 1 templates for 3 layers"),
    ],
)
def test_what_is_made_cannot_be_changed(tmp_path, changes, message):
    model = dbn().fit(GREY).set_params(**changes)
    for use in (
        lambda: model.transform(GREY),
        lambda: model.partial_fit(GREY),
        lambda: model.save(tmp_path / "model"),
        lambda: pickle.dumps(model),
    ):
        with pytest.raises(ValueError, match=message):
            use()


# ---- arguments ----


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_layer_sizes": ()}, "hidden_layer_sizes must be a sequence of sizes"),
        ({"rbm": [SMALL, SMALL]}, "rbm holds 2 templates for 3 layers"),
        ({"rbm": [SMALL, RBM(visible="gaussian"), SMALL]}, r"rbm\[1\] has visible='gaussian'"),
        ({"rbm": [SMALL, RBM(hidden="relu"), SMALL]}, r"rbm\[1\] has hidden='relu'"),
        ({"rbm": udl.BernoulliRBM()}, "rbm must be None, RBM, or a list"),
        ({"pass_up": "states"}, "pass_up must be 'mean' or 'sample', got 'states'"),
    ],
)
def test_arguments_that_do_not_go_together_are_named(options, message):
    """Before anything learns."""
    begun = Recorder()
    with pytest.raises((ValueError, TypeError), match=f"DBN: .*{message}"):
        dbn(**options, callbacks=[begun]).fit(GREY)
    assert begun.calls == []


def test_arguments_of_the_rbms_are_searched_by_their_names():
    search = GridSearchCV(dbn(), {"rbm__n_iter": [1, 2], "pass_up": ["mean", "sample"]}, cv=2)
    search.fit(GREY)
    assert search.best_estimator_.n_iter_ in (3, 6)
    assert SMALL.n_iter == 2


def test_rows_are_made_on_as_many_threads_as_n_jobs_says():
    model = dbn(n_jobs=1).fit(BITS)
    labelled = DBN((7, 5), rbm=SMALL, labels=True, n_jobs=1, random_state=0)
    labelled.fit(BITS, BITS[:, 0])
    with threads_of_rows() as asked:
        model.sample(3, n_steps=2)
        model.sample(3, n_steps=2, means=True)
        model.score(BITS)
        labelled.predict(BITS)
    assert asked == {1}
