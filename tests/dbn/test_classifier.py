"""Classifiers that begin as deep belief nets: what they begin with, which rows teach what, and how they go on."""

import copy
import json
import pickle

import numpy as np
import pytest
from scipy import sparse
from scipy.special import softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import udl_fast as udl
from tests.support.any_model import stop_after
from tests.support.models import Recorder, assert_same_state
from tests.support.scikit_learn_checks import scikit_learn_checks
from udl_fast import DBN, RBM, DBNClassifier, cli
from udl_fast.callbacks import Checkpoint, History

GENERATOR = np.random.default_rng(0)
Y = np.tile([0, 1, 2], 40)
X = (GENERATOR.random((120, 12)) * 0.4 + 0.6 * np.eye(3)[Y].repeat(4, axis=1)).astype(np.float32)
SMALL = RBM(batch_size=20, n_iter=2, learning_rate=0.3, initial_weights=0.5)


def small(**options):
    given = {
        "hidden_layer_sizes": (7, 5),
        "rbm": SMALL,
        "n_iter": 3,
        "batch_size": 20,
        "random_state": 0,
        **options,
    }
    return DBNClassifier(**given)


# ---- what it begins with ----


@pytest.mark.parametrize("pass_up", ["mean", "sample"])
@pytest.mark.parametrize("visible", ["bernoulli", "gaussian", "softmax"])
def test_before_fine_tuning_the_net_is_the_stack(visible, pass_up):
    """Computed as RBMs one by one, and as a net."""
    rows, options = X, {"visible": visible}
    if visible == "gaussian":
        options["learning_rate"] = 0.01
    if visible == "softmax":
        options["visible_groups"] = [4, 4, 4]
        rows = np.zeros((120, 12), dtype=np.float32)
        for first in (0, 4, 8):
            rows[np.arange(120), first + GENERATOR.integers(0, 4, 120)] = 1
    model = small(n_iter=0, rbm=clone(SMALL).set_params(**options), pass_up=pass_up).fit(rows, Y)
    features = rows
    for layer in model.layers_:
        features = layer.mean_hidden(features)
    if visible == "gaussian":
        assert model.layers_[0].sigma_.std() > 0.001
    expected = softmax(features @ model.coefs_[-1] + model.intercepts_[-1], axis=1)
    np.testing.assert_allclose(model.predict_proba(rows), expected, rtol=1e-4)
    stack = DBN.from_layers(model.layers_, pass_up=pass_up)
    np.testing.assert_array_equal(stack.transform(rows), features)


def test_pretrained_and_random_nets_have_the_same_shape():
    nets = [small(pretrain=pretrain).fit(X, Y) for pretrain in (True, False)]
    shapes = [[coef.shape for coef in net.coefs_] for net in nets]
    assert shapes == [[(12, 7), (7, 5), (5, 3)]] * 2
    assert [net.n_iter_ for net in nets] == [7, 3]
    assert "stage" not in nets[1].history_
    assert nets[1].layers_ == []
    assert (nets[0].predict(X) == Y).mean() > 0.3


def test_it_learns_classes():
    model = small(n_iter=60, dropout=0.1).fit(X[:90], Y[:90])
    assert model.score(X[90:], Y[90:]) > 0.95
    assert model.history_["accuracy"][-1] > 0.95
    assert model.history_["stage"][-1] == "fine-tuning"


# ---- rows without a label ----


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_rows_without_a_label_teach_the_layers_alone(form):
    labels = np.where(np.arange(120) < 60, Y, -1)
    marked = small().fit(form(X), labels)
    apart = small().fit(form(X[:60]), Y[:60], X_unlabeled=form(X[60:]))
    assert_same_state(marked, apart)
    assert [layer.n_updates_ for layer in marked.layers_] == [12, 12]
    assert marked.n_updates_ == 2 * 12 + 3 * 3
    of_all = DBN((7, 5), rbm=[clone(layer) for layer in marked.layers_]).fit(X)
    for layer, other in zip(marked.layers_, of_all.layers_, strict=True):
        np.testing.assert_array_equal(layer.components_, other.components_)
    # The net, from there, learns as one that never saw the others.
    net = small(n_iter=0).fit(form(X), labels)
    half = copy.deepcopy(net).set_params(n_iter=3)
    assert_same_state(half.resume(form(X), labels), marked)
    labels[60:] = (Y[60:] + 1) % 3
    assert (net.set_params(n_iter=3).resume(form(X), labels).coefs_[0] != marked.coefs_[0]).any()


def test_labels_may_be_words():
    names = np.array(["ant", "bee", "cat"])[Y]
    model = small(n_iter=40).fit(X[:60], names[:60], X_unlabeled=X[60:])
    assert list(model.classes_) == ["ant", "bee", "cat"]
    assert model.score(X[60:], names[60:]) > 0.9
    assert model.n_updates_ == 2 * 12 + 40 * 3


def test_minus_one_is_a_class_beside_a_single_other():
    signs = np.where(Y == 0, -1, 1)
    model = small(n_iter=40).fit(X, signs)
    assert list(model.classes_) == [-1, 1]
    assert model.score(X, signs) > 0.9
    updates = model.n_updates_
    assert model.partial_fit(X[:40], -np.ones(40)).n_updates_ == updates + 2


def test_data_frames_keep_their_names():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=[f"pixel {k}" for k in range(12)])
    model = small().fit(frame[:60], Y[:60], X_unlabeled=frame[60:])
    assert list(model.feature_names_in_) == list(frame.columns)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": np.full(120, -1)}, "y holds -1 alone, which marks rows without a label"),
        ({"y": np.zeros(120)}, "needs samples of at least 2 classes"),
        ({"y": Y[:50]}, "y has 50 labels for 120 rows"),
        ({"y": Y + 0.5}, "continuous"),
        ({"X_unlabeled": X[:, :7]}, "X_unlabeled has 7 features, but X has 12"),
    ],
)
def test_labels_that_teach_nothing_are_refused(changes, message):
    model = small().fit(X, Y)
    before = copy.deepcopy(model)
    with pytest.raises(ValueError, match=message):
        model.fit(**{"X": X, "y": Y, **changes})
    assert_same_state(model, before)


def test_weights_are_of_rows_with_a_label():
    labels = np.where(np.arange(120) < 60, Y, -1)
    weights = np.where(Y == 2, 0.0, 1.0)
    model = small(n_iter=40).fit(X, labels, sample_weight=weights)
    assert set(model.predict(X[Y != 2])) == {0, 1}
    apart = small(n_iter=40).fit(X[:60], Y[:60], X_unlabeled=X[60:], sample_weight=weights[:60])
    assert apart.n_updates_ == model.n_updates_


# ---- going on ----


@pytest.mark.parametrize("n_done", [1, 3, 4, 6])
def test_a_training_goes_on_within_any_stage(tmp_path, n_done):
    labels = np.where(np.arange(120) < 60, Y, -1)
    options = {"pass_up": "sample", "solver": "adam", "learning_rate": 0.01}
    whole = small(**options).fit(X, labels)
    model = small(**options, callbacks=[Checkpoint(tmp_path), Recorder(fail_after=n_done)])
    with pytest.raises(RuntimeError, match="disk full"):
        model.fit(X, labels)
    model.set_params(callbacks=None)
    assert model.n_iter_ == n_done
    if n_done < 5:
        with (
            pytest.raises(NotFittedError, match=f"stopped in 'layer {1 + n_done // 2}'")
            if (n_done < 4)
            else pytest.raises(NotFittedError, match="there is no net yet")
        ):
            model.predict(X)
        assert not hasattr(model, "coefs_")
        with pytest.raises(ValueError, match="finish it by resume before"):
            model.partial_fit(X, Y)
    assert_same_state(udl.load(Checkpoint.latest(tmp_path)).resume(X, labels), whole)
    assert_same_state(pickle.loads(pickle.dumps(model)).resume(X, labels), whole)


def test_chunks_teach_the_net():
    model = small(pretrain=False).partial_fit(X[:60], Y[:60] % 2, classes=[0, 1, 2])
    model.partial_fit(X[60:], np.where(Y[60:] == 1, -1, Y[60:]))
    assert (model.n_updates_, model.n_iter_, list(model.classes_)) == (3 + 2, 0, [0, 1, 2])


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_threads_change_no_bit(n_jobs):
    one, other = (small(n_jobs=n, dropout=0.2).fit(X, Y) for n in (1, n_jobs))
    assert_same_state(one, other)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_layer_sizes": (7, 4)}, "hidden_layer_sizes is .7, 4., but"),
        ({"hidden_layer_sizes": (7, 5, 4)}, "hidden_layer_sizes, activation or precision are"),
        ({"precision": "float64"}, "hidden_layer_sizes, activation or precision are"),
        ({"pretrain": False}, "pretrain is False, but the fitted model has pretrained layers"),
    ],
)
def test_what_is_made_cannot_be_changed(tmp_path, changes, message):
    model = small().fit(X, Y).set_params(**changes)
    for use in (lambda: model.save(tmp_path / "model"), lambda: pickle.dumps(model)):
        with pytest.raises(ValueError, match=message):
            use()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rbm": clone(SMALL).set_params(hidden="relu")}, "rbm has hidden='relu'"),
        ({"rbm": RBM(visible="replicated_softmax")}, "which are no inputs of a net"),
        ({"rbm": [SMALL]}, "rbm holds 1 templates for 2 layers"),
        ({"hidden_layer_sizes": ()}, "hidden_layer_sizes must be a sequence of sizes"),
        ({"dropout": 1.0}, "dropout must be"),
    ],
)
def test_arguments_that_do_not_go_together_are_named(options, message):
    with pytest.raises((ValueError, TypeError), match=f"DBNClassifier: .*{message}"):
        small(**options).fit(X, Y)


# ---- who uses it ----


def test_validation_is_measured_in_every_stage():
    model = small(callbacks=[History(validation=(X[:30], Y[:30])), stop_after(6)]).fit(X, Y)
    measured = {one.name for one in model.measurements}
    assert set(model.history_) == {"epoch", "seconds", "stage"} | measured
    assert model.history_["validation_pseudo_likelihood"][0] is not None
    assert model.history_["validation_accuracy"][-1] is not None


def test_it_learns_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = "train digits --model dbn-classifier --hidden-layer-sizes 16,8 --epochs 2 --json --rbm"
    assert cli.main([*words.split(), "n_iter=1"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "dbn-classifier"
    assert udl.load("model.safetensors").n_iter_ == 4


@scikit_learn_checks(
    [
        DBNClassifier(
            (4,), rbm=RBM(n_iter=1, initial_weights=0.3), n_iter=20, batch_size=10, n_jobs=1
        )
    ],
)
@pytest.mark.filterwarnings("ignore:.*Bernoulli units expect values in:UserWarning")
def test_scikit_learn_contract(estimator, check):
    check(estimator)
