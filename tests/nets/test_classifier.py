"""The net classifier, and with it the softmax head: what it learns, keeps and refuses."""

import json
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import udl_fast as udl
from tests.persistence.test_templates import rewritten
from tests.support.any_model import stop_after
from tests.support.models import assert_same_state
from tests.support.scikit_learn_checks import scikit_learn_checks
from udl_fast import NetClassifier, StackedAutoencoder, cli
from udl_fast.callbacks import EarlyStopping, History

X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
NAMES = np.array([f"digit {k}" for k in range(10)])


def small(**options):
    settings = {"learning_rate": 0.01, "n_iter": 3, "random_state": 0, **options}
    return NetClassifier([16], **settings)


def test_without_hidden_layers_it_is_logistic_regression():
    decay = 1e-2
    model = NetClassifier(solver="lbfgs", n_iter=300, weight_decay=decay, precision="float64")
    model.fit(X.astype(np.float64), y)
    theirs = LogisticRegression(C=1 / (decay * len(X)), max_iter=2000, tol=1e-8).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(X), atol=2e-3)
    assert (model.predict(X) == theirs.predict(X)).mean() > 0.999
    np.testing.assert_allclose(model.coefs_[0], theirs.coef_.T, atol=2e-2)


def test_hidden_layers_learn_what_lines_cannot():
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (400, 2))
    labels = np.where(points.prod(axis=1) > 0, "same", "other")
    model = NetClassifier(
        [16], activation="tanh", learning_rate=0.02, n_iter=100, batch_size=20, random_state=0
    )
    assert model.fit(points, labels).score(points, labels) > 0.95
    assert (
        NetClassifier(n_iter=100, learning_rate=0.02).fit(points, labels).score(points, labels)
        < 0.7
    )


@pytest.mark.parametrize("through", ["file", "pickle"])
def test_a_training_goes_on_to_the_bit(tmp_path, through):
    labels = NAMES[y]
    whole, half = small().fit(X, labels), small(callbacks=[stop_after(1)]).fit(X, labels)
    half.set_params(callbacks=None).save(tmp_path / "half")
    again = {
        "file": lambda: udl.load(tmp_path / "half"),
        "pickle": lambda: pickle.loads(pickle.dumps(half)),
    }[through]()
    assert list(again.classes_) == sorted(NAMES)
    assert_same_state(again.resume(X, labels), whole)
    np.testing.assert_array_equal(again.predict(X), whole.predict(X))


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_decay_may_be_of_the_softmax_layer_alone(solver):
    options = {"weight_decay": 0.05, "n_iter": 30, "solver": solver}
    one = small(**options).fit(X, y)
    last = small(**options, decayed_layers="last").fit(X, y)
    none = small(**options | {"weight_decay": 0.0}).fit(X, y)
    first, second = ([np.abs(m.coefs_[k]).mean() for m in (one, last, none)] for k in (0, 1))
    assert first[0] < 0.7 * first[1]
    assert second[1] < 0.7 * second[2]


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_threads_change_no_bit(n_jobs):
    one, other = (small(n_jobs=n, dropout=0.2).fit(X, y) for n in (1, n_jobs))
    assert_same_state(one, other)


def test_accuracy_is_measured_and_stops():
    stop = EarlyStopping(patience=3, restore_best=True)
    callbacks = [History(validation=(X[1500:], y[1500:]), n_rows=1500, every=1), stop]
    model = small(n_iter=60, callbacks=callbacks).fit(X[:1500], y[:1500])
    assert set(model.history_) == {"epoch", "seconds"} | {one.name for one in model.measurements}
    assert stop.monitor_ == "validation_accuracy"
    assert model.n_iter_ == stop.best_epoch_ < 60
    assert stop.best_ == pytest.approx(model.score(X[1500:], y[1500:]))
    at = model.history_["epoch"].index(model.n_iter_)
    assert model.history_["accuracy"][at] == pytest.approx(model.score(X[:1500], y[:1500]))


def test_chunks_may_lack_classes():
    few = y < 5
    model = small().partial_fit(X[few], y[few], classes=range(10)).partial_fit(X[~few], y[~few])
    assert list(model.classes_) == list(range(10))
    streamed = small().partial_fit(iter([X[few], X[~few]]), iter([y[few], y[~few]]), range(10))
    assert_same_state(streamed, model)
    assert model.partial_fit(X[few], y[few], classes=[*range(9, -1, -1)]).n_updates_ > 0
    with pytest.raises(
        ValueError, match=r"classes are \[0, 1, 2\], but the fitted model has \[0, 1"
    ):
        model.partial_fit(X[few], y[few], classes=range(3))
    with pytest.raises(ValueError, match="y holds 7, which is none of the classes"):
        small().partial_fit(X[few], y[few]).partial_fit(X[~few], np.full((~few).sum(), 7))


def test_a_pretrained_encoder_is_where_it_begins():
    layer = udl.Autoencoder(n_iter=3, learning_rate=0.01)
    stack = StackedAutoencoder((32, 16), layer=layer, random_state=0).fit(X)
    head = NetClassifier(n_iter=30, learning_rate=0.02, random_state=0).fit(stack.transform(X), y)
    model = NetClassifier([32, 16], n_iter=0, random_state=0).fit(X, y)
    model.set_layers([*stack.coefs_[:2], *head.coefs_], [*stack.intercepts_[:2], *head.intercepts_])
    np.testing.assert_allclose(
        model.predict_proba(X), head.predict_proba(stack.transform(X)), atol=1e-5
    )
    before = model.score(X, y)
    model.set_params(n_iter=10, learning_rate=3e-3).resume(X, y)
    assert model.score(X, y) > before
    with pytest.raises(
        ValueError, match=r"layer 0 has weights of shape \(3, 3\), expected \(64, 32\)"
    ):
        model.set_layers([np.zeros((3, 3))], [np.zeros(3)])
    with pytest.raises(ValueError, match=r"got 4 weights and 4 biases, .* up to 3 layers"):
        model.set_layers([np.zeros((3, 3))] * 4, [np.zeros(3)] * 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_layer_sizes": [8]}, "hidden_layer_sizes, activation or precision are others"),
        ({"activation": "relu"}, "hidden_layer_sizes, activation or precision are others"),
        ({"dropout": 1.0}, "dropout must be between 0 and"),
    ],
)
def test_what_is_made_cannot_be_changed(tmp_path, changes, message):
    model = small(warm_start=True).fit(X, y).set_params(**changes)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.save(tmp_path / "model")


@pytest.mark.parametrize("sizes", [None, [20, 16]])
def test_weights_are_those_of_the_fitted_net(sizes):
    """Whatever sizes the next one is to have."""
    model = small().fit(X, y)
    shapes = [weights.shape for weights in model.coefs_]
    model.set_params(hidden_layer_sizes=sizes)
    assert [weights.shape for weights in model.coefs_] == shapes
    assert len(model.intercepts_) == len(shapes)
    for use in (lambda: model.set_layers([], []), lambda: pickle.dumps(model)):
        with pytest.raises(ValueError, match="hidden_layer_sizes, activation or precision are"):
            use()
    assert len(model.fit(X, y).coefs_) == len(sizes or ()) + 1


def test_files_must_have_as_many_outputs_as_classes(tmp_path):
    small().fit(X, y).save(tmp_path / "model")
    rewritten(tmp_path / "model", lambda d: d["values"].update(classes_=[0, 1]))
    with pytest.raises(
        ValueError, match=r"layers\.1/bias has shape \(10,\), but there are 2 classes"
    ):
        udl.load(tmp_path / "model")


def test_the_command_line_has_labels_of_data_sets(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = "train digits --model net-classifier --hidden-layer-sizes 16 --epochs 3 --json"
    assert cli.main([*words.split(), "--validation", "digits"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.1
    assert udl.load("model.safetensors").classes_.tolist() == list(range(10))
    np.save("rows.npy", X)
    assert cli.main(["train", "rows.npy", "--model", "net-classifier"]) == 1
    assert "rows.npy has no labels, which NetClassifier learns" in capsys.readouterr().err


@scikit_learn_checks(
    [NetClassifier([4], n_iter=2, learning_rate=0.05), NetClassifier(solver="lbfgs", n_iter=5)],
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (y.astype("datetime64[D]"), "y holds something other than numbers"),
        (y.astype(np.uint64) + 2**63, "y holds integers beyond 64 bits"),
    ],
)
def test_classes_that_files_cannot_hold_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        small().fit(X, labels)
    with pytest.raises(ValueError, match="y is not in ascending order"):
        small().partial_fit(X, y.astype(float), classes=[0.0, np.nan, *range(1, 10)])
