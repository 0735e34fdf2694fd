"""Label units in the top RBM: classes by free energies, rows of a chosen class, and what is refused."""

import copy
import pickle

import numpy as np
import pytest
from scipy import sparse
from scipy.special import logsumexp, softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import udl_fast as udl
from tests.oracle import dbn as oracle
from tests.support.models import Recorder, assert_same_state
from udl_fast import DBN, RBM
from udl_fast.callbacks import Checkpoint, History

G = np.random.default_rng(4)
N, N_FEATURES = 90, 12
PATTERNS = G.random((3, N_FEATURES)) < 0.5
Y = np.array(["ant", "bee", "cat"])[np.arange(N) % 3]
X = (PATTERNS[np.arange(N) % 3] ^ (G.random((N, N_FEATURES)) < 0.1)).astype(np.float64)
GREY = np.clip(X + G.normal(0, 0.1, X.shape), 0, 1)
SMALL = RBM(batch_size=10, n_iter=2, learning_rate=0.5, initial_weights=0.3)
LEARNED = clone(SMALL).set_params(n_iter=40)


def dbn(**options):
    given = {"hidden_layer_sizes": (6, 5), "rbm": SMALL, "labels": True, "random_state": 0}
    return DBN(**(given | options))


def partly(y=Y, every=4):
    """Numbers of classes, and -1 in some rows."""
    numbers = np.unique(y, return_inverse=True)[1]
    return np.where(np.arange(len(y)) % every == 0, -1, numbers)


# ---- learning ----


@pytest.mark.parametrize(
    "options",
    [{"rbm": LEARNED}, {"rbm": LEARNED, "pass_up": "sample"}, {"rbm": [LEARNED] * 2}],
    ids=str,
)
def test_classes_are_learned(options):
    model = dbn(**options).fit(X, Y)
    np.testing.assert_array_equal(model.classes_, ["ant", "bee", "cat"])
    assert (model.predict(X) == Y).mean() > 0.9
    assert model.predict_proba(GREY.astype(np.float32)).dtype == np.float32
    assert model.layers_[1].visible_groups == [1] * 6 + [3]
    assert model.layers_[0].visible == "bernoulli"
    samples, classes = model.sample(
        60, n_steps=50, labels=np.repeat(model.classes_, 20), return_labels=True
    )
    np.testing.assert_array_equal(classes, np.repeat(model.classes_, 20))
    assert (model.predict(samples) == classes).mean() > 0.8
    _, free = model.sample(60, n_steps=50, return_labels=True)
    assert set(free) <= set(model.classes_)
    assert model.sample(4, n_steps=3, start=X[:4], means=True).shape == (4, N_FEATURES)


def test_rows_without_a_label_teach_the_rest():
    """They miss the label in both phases of the top RBM, and shape it otherwise."""
    y = partly()
    model = dbn().fit(X, y)
    below, top = model.layers_
    groups = {"visible": "softmax", "visible_groups": [1] * 6 + [3]}
    seen = clone(SMALL).set_params(n_components=5, **groups)
    states = np.hstack([below.transform(X), np.eye(3)[y] * (y >= 0)[:, None]]).astype(np.float32)
    seen.set_params(random_state=top.random_state).fit(states)
    np.testing.assert_array_equal(seen.components_, top.components_)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])


@pytest.mark.parametrize("pass_up", ["mean", "sample"])
def test_statistics_may_be_sampled_and_means_drawn(pass_up):
    model = dbn(rbm=RBM(batch_size=10, n_iter=2, statistics="sampled"), pass_up="sample").fit(X, Y)
    assert model.predict(X).shape == (N,)
    drawn = dbn(rbm=RBM(batch_size=10, n_iter=2, binarize="sample"), pass_up=pass_up).fit(GREY, Y)
    assert drawn.layers_[1].binarize == "sample"


# ---- what it says ----


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_free_energies_are_those_of_the_top(precision):
    model = dbn(rbm=clone(SMALL).set_params(precision=precision)).fit(X, Y)
    below, top = model.layers_
    H = below.transform(X)
    expected = np.stack(
        [top.free_energy(np.hstack([H, np.tile(row, (N, 1))])) for row in np.eye(3)], axis=1
    )
    found = model.label_free_energies(X)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(model.predict_proba(X), softmax(-expected, axis=1), atol=1e-5)
    np.testing.assert_array_equal(model.predict(X), model.classes_[expected.argmin(axis=1)])
    np.testing.assert_array_equal(model.label_free_energies(sparse.csr_array(X)), found)
    np.testing.assert_array_equal(model.set_params(n_jobs=3).label_free_energies(X), found)


def test_up_and_down_go_without_labels():
    model = dbn().fit(GREY, Y)
    below, top = model.layers_
    H = np.hstack([below.transform(GREY), np.zeros((N, 3))])
    np.testing.assert_array_equal(model.transform(GREY), top.transform(H))
    back = below.mean_visible(top.mean_visible(top.transform(H))[:, :6])
    np.testing.assert_array_equal(model.reconstruct(GREY), back)
    assert np.isfinite(model.score(GREY))
    assert np.isfinite(model.history_["pseudo_likelihood"]).all()


def test_the_bound_is_of_rows_with_labels_summed_out():
    """Against an enumerated net, whose top has each state below beside each label."""
    rbm = clone(LEARNED).set_params(precision="float64")
    model = dbn(hidden_layer_sizes=(4, 3), rbm=rbm).fit(X, Y)
    below, top = model.layers_
    first = oracle.bernoulli(below.components_, below.intercept_hidden_, below.intercept_visible_)
    h, _ = first.hidden_states()
    labels = np.eye(3)
    rows = np.hstack([np.repeat(h, 3, axis=0), np.tile(labels, (len(h), 1))])
    log_joint = top.log_likelihood(rows).reshape(len(h), 3)
    assert logsumexp(log_joint) == pytest.approx(0, abs=1e-10)
    log_q = oracle.log_q(first, X)
    each = oracle.log_given(first, X) - log_q + logsumexp(log_joint, axis=1)
    q = np.exp(log_q)
    expected = (q * each).sum(axis=1)
    error = np.sqrt((q * (each - expected[:, None]) ** 2).sum(axis=1) / 2000)
    found = model.log_likelihood_bound(X, n_draws=2000)
    assert (np.abs(found - expected) < 5 * error + 1e-6).all()
    for method in ("ais", "reverse_ais"):
        options = {"betas": 500, "n_runs": 40, **({"start": X[:40]} if method != "ais" else {})}
        found = model.log_partition(method, **options).log_z
        assert found == pytest.approx(model.log_partition().log_z, abs=0.1)


def test_samples_of_a_class_have_the_distribution_given_it():
    n = 20_000
    rbm = clone(LEARNED).set_params(precision="float64")
    model = dbn(hidden_layer_sizes=(3, 4), rbm=rbm).fit(X[:, :3], Y)
    below, top = model.layers_
    h = ((np.arange(8)[:, None] >> np.arange(3)) & 1).astype(np.float64)
    log_given = top.log_likelihood(np.hstack([h, np.tile(np.eye(3)[1], (8, 1))]))
    means = below.mean_visible(h)
    given = np.exp(h @ np.log(means).T + (1 - h) @ np.log1p(-means).T)  # of all rows, by all h
    p = given @ softmax(log_given)
    for start in (None, np.repeat(X[:1, :3], n, axis=0)):
        drawn = model.sample(n, n_steps=60, start=start, labels="bee", random_state=1)
        share = np.bincount(drawn @ [1, 2, 4], minlength=8) / n
        assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n)).all()
    _, classes = model.sample(n, n_steps=60, return_labels=True, random_state=2)
    states = np.hstack([np.repeat(h, 3, axis=0), np.tile(np.eye(3), (8, 1))])
    p = np.exp(top.log_likelihood(states)).reshape(8, 3).sum(axis=0)
    share = np.array([(classes == one).mean() for one in model.classes_])
    assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n)).all()


# ---- going on ----


@pytest.mark.parametrize("n_done", [1, 3])
def test_a_training_goes_on_to_the_bit(tmp_path, n_done):
    y = partly()
    whole = dbn().fit(GREY, y)
    model = dbn(callbacks=[Checkpoint(tmp_path), Recorder(fail_after=n_done)])
    with pytest.raises(RuntimeError, match="disk full"):
        model.fit(GREY, y)
    model.set_params(callbacks=None)
    if n_done == 1:
        with pytest.raises(NotFittedError, match="stopped before the top layer began"):
            model.predict(GREY)
    assert_same_state(udl.load(Checkpoint.latest(tmp_path)).resume(GREY, y), whole)
    assert_same_state(model.resume(GREY, y), whole)
    whole.save(tmp_path / "model")
    for again in (
        udl.load(tmp_path / "model"),
        pickle.loads(pickle.dumps(whole)),
        copy.deepcopy(whole),
    ):
        np.testing.assert_array_equal(again.predict_proba(GREY), whole.predict_proba(GREY))
        np.testing.assert_array_equal(
            again.sample(5, 3, labels=1, random_state=1),
            whole.sample(5, 3, labels=1, random_state=1),
        )


def test_chunks_teach_with_their_labels():
    model = dbn().partial_fit(X[:30], Y[:30]).partial_fit(X[30:60], Y[30:60])
    other = dbn().partial_fit(iter([X[:30], X[30:60]]), iter([Y[:30], Y[30:60]]))
    assert_same_state(model, other)
    numbers = np.unique(Y, return_inverse=True)[1]
    model = dbn().partial_fit(X, numbers)
    before = model.layers_[1].components_
    model.partial_fit(X, np.full(N, -1))  # classes are known
    assert (model.layers_[1].components_ != before).any()
    few = dbn().partial_fit(X[:1], Y[:1], classes=["ant", "bee", "cat"])
    assert few.layers_[1].visible_groups == [1] * 6 + [3]
    with pytest.raises(ValueError, match=r"classes are .'ant'., but the fitted model has"):
        few.partial_fit(X, Y, classes=["ant"])
    with pytest.raises(ValueError, match="classes are of a net with labels=True"):
        dbn(labels=False).partial_fit(X, classes=[1, 2])


def test_without_labels_y_is_ignored():
    """As pipelines pass it; the methods of labels are not there."""
    plain = dbn(labels=False).fit(X, Y)
    assert_same_state(plain, dbn(labels=False).fit(X))
    assert not hasattr(plain, "classes_")
    for name in ("predict", "predict_proba", "label_free_energies"):
        assert not hasattr(plain, name)
        assert hasattr(dbn(), name)
    labelled = dbn().fit(X, Y)
    again = labelled.set_params(labels=False).fit(X)  # anew, without what it had
    assert_same_state(again, plain)


def test_validation_rows_have_labels():
    model = dbn(callbacks=[History(validation=(X[:20], Y[:20]))]).fit(X, Y)
    assert np.isfinite(model.history_["validation_pseudo_likelihood"][-1])
    with pytest.raises(ValueError, match="validation of DBN, which learns targets, must be a pair"):
        dbn(callbacks=[History(validation=X[:20])]).fit(X, Y)


# ---- wrong input ----


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed"),
        (Y[:-1], "y has 89 labels for 90 rows of X"),
        (np.full(N, -1), "y holds -1 alone, which marks rows without a label"),
        (np.where(np.arange(N) < 5, "ant", "ant"), "needs samples of at least 2 classes"),
        (G.random(N), "Unknown label type|continuous"),
    ],
)
def test_wrong_labels_are_named_before_a_layer_learns(y, message):
    begun = Recorder()
    with pytest.raises(ValueError, match=message):
        dbn(callbacks=[begun]).fit(X, y)
    assert begun.calls == []


def test_what_labels_cannot_do_is_refused(tmp_path):
    model = dbn().fit(X, Y)
    with pytest.raises(ValueError, match="y holds 'dog', which is none of the classes"):
        model.partial_fit(X, np.where(Y == "cat", "dog", Y))
    for options, message in (
        ({"labels": "dog"}, "labels holds 'dog', which is none of the classes"),
        ({"labels": 3}, "labels holds 3, which is none of the classes"),
        (
            {"labels": ["ant"] * 3},
            "labels must be one class or one for each of n_samples = 4, got shape .3,.",
        ),
        ({"labels": "ant", "n_temperatures": 3}, "labels cannot be given with n_temperatures"),
    ):
        with pytest.raises(ValueError, match=f"DBN: {message}"):
            model.sample(4, n_steps=2, **options)
    plain = dbn(labels=False).fit(X)
    for options in ({"labels": "ant"}, {"return_labels": True}):
        with pytest.raises(ValueError, match="is of a net with labels=True"):
            plain.sample(4, n_steps=2, **options)
    with pytest.raises(ValueError, match="labels=True needs two layers or more"):
        dbn(hidden_layer_sizes=(6,)).fit(X, Y)
    pcd = clone(SMALL).set_params(algorithm="pcd")
    assert dbn(rbm=[SMALL, pcd]).fit(X, Y).predict(X).shape == (N,)
    with pytest.raises(ValueError, match="rows without a label need algorithm='cd'"):
        dbn(rbm=[SMALL, pcd]).fit(X, partly())
    with pytest.raises(ValueError, match="the net has label units, which an autoencoder has not"):
        udl.DeepAutoencoder.from_dbn(model)
    with pytest.raises(ValueError, match="labels are learned by fit"):
        DBN.from_layers(plain.layers_, labels=True)
    with pytest.raises(ValueError, match="layer 2 has label units, which stand at the top"):
        copy.deepcopy(model).set_params(hidden_layer_sizes=(6, 5, 4)).resume(X, Y)
    for changed, labels in ((model, False), (plain, True)):
        with pytest.raises(ValueError, match=r"labels is .*, but the fitted model has"):
            changed.set_params(labels=labels).save(tmp_path / "model")
        with pytest.raises(ValueError, match=r"labels is .*, but the fitted model has"):
            changed.sample(2, n_steps=1)


# ---- up-down ----


def test_up_down_learns_labels_beside_rows(tmp_path):
    """Of most rows: the others have none."""
    model = dbn(rbm=LEARNED).fit(X, partly())
    before = copy.deepcopy(model)
    model.up_down(X, partly(), n_iter=3, batch_size=10, learning_rate=0.1)
    assert model.history_["stage"][-1] == "up-down"
    numbers = np.arange(N) % 3
    assert (model.predict(X) == numbers).mean() > 0.9
    weights = [m.top_.components_[:, -3:] for m in (model, before)]
    assert np.abs(weights[0] - weights[1]).max() > 0.01
    samples = model.sample(30, n_steps=50, labels=np.repeat([0, 1, 2], 10))
    assert (model.predict(samples) == np.repeat([0, 1, 2], 10)).mean() > 0.8
    assert np.isfinite(model.log_likelihood_bound(X)).all()
    model.save(tmp_path / "model")
    loaded = udl.load(tmp_path / "model")
    assert_same_state(loaded.partial_fit(X, partly()), model.partial_fit(X, partly()))


def test_labels_that_came_in_another_order_teach_something_else():
    model = dbn(rbm=LEARNED).fit(X, Y)
    tuning = {"n_iter": 20, "batch_size": 10, "learning_rate": 0.5}
    turned = copy.deepcopy(model).up_down(X, np.roll(Y, 1), **tuning)
    assert (turned.predict(X) == np.roll(Y, 1)).mean() > 0.8
    held = History(validation=(X[:30], Y[:30]))
    model.set_params(callbacks=[held]).up_down(X, Y, **tuning)
    assert len(model.history_["validation_reconstruction_likelihood"]) >= 20
    with pytest.raises(ValueError, match="requires y"):
        model.up_down(X)
    with pytest.raises(ValueError, match="none of the classes"):
        model.up_down(X, np.repeat("dog", N))
