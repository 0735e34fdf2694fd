"""Models that learn targets: the y of each row goes the way of its row."""

import copy
import pickle

import numpy as np
import pytest

import udl_fast
from tests.support.any_model import X, stop_after
from tests.support.models import assert_same_state
from tests.support.softmax_regression import SoftmaxRegression
from udl_fast import registry
from udl_fast.callbacks import History
from udl_fast.estimator.declarations import Stage

y = np.where(X[:, :6].sum(axis=1) > X[:, 6:].sum(axis=1), "left", "right")


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    registry.register("SoftmaxRegression", SoftmaxRegression.__module__, "softmax")


def model(**options):
    return SoftmaxRegression(**{"batch_size": 10, "n_iter": 6, "random_state": 0, **options})


def test_rows_and_targets_are_presented_together():
    """In a shuffled order too: else it would learn no more than how frequent classes are."""
    shuffled = model(n_iter=40).fit(X, y)
    assert shuffled.score(X, y) > 0.95
    assert model(n_iter=40, shuffle=False).fit(X, y).score(X, y) > 0.95
    assert list(shuffled.classes_) == ["left", "right"]


def test_a_weight_of_two_is_a_row_that_comes_twice():
    weights = np.where(np.arange(90) < 45, 2.0, 0.0)
    one = model(shuffle=False, batch_size=90).fit(X, y, sample_weight=weights)
    twice = model(shuffle=False, batch_size=90).fit(np.repeat(X[:45], 2, 0), np.repeat(y[:45], 2))
    np.testing.assert_allclose(one.components_, twice.components_, rtol=1e-12)


@pytest.mark.parametrize("through", ["file", "pickle"])
def test_it_is_resumed_to_the_bit(tmp_path, through):
    whole, half = model().fit(X, y), model(callbacks=[stop_after(2)]).fit(X, y)
    half.set_params(callbacks=None).save(tmp_path / "half")
    again = (
        udl_fast.load(tmp_path / "half") if through == "file" else pickle.loads(pickle.dumps(half))
    )
    assert list(again.classes_) == ["left", "right"]
    assert_same_state(again.resume(X, y), whole)


def test_chunks_bring_their_targets():
    chunks = [slice(0, 30), slice(30, 50), slice(50, 90)]
    one_by_one = model()
    for chunk in chunks:
        one_by_one.partial_fit(X[chunk], y[chunk])
    streamed = model().partial_fit(iter(X[c] for c in chunks), iter(y[c] for c in chunks))
    assert_same_state(streamed, one_by_one)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (lambda: y, "y must be one too, of the targets of each; got ndarray"),
        (lambda: iter([y[:30]]), "y ends after 1 chunks"),
        (lambda: iter([y[:30], y[30:50], y[50:], y]), "X ends after 3 chunks"),
    ],
)
def test_chunks_and_their_targets_must_match(targets, message):
    chunks = iter([X[:30], X[30:50], X[50:]])
    with pytest.raises(ValueError, match=message):
        model().partial_fit(chunks, targets())


@pytest.mark.parametrize(
    ("learn", "targets", "message"),
    [
        ("fit", None, "requires y to be passed, but the target y is None"),
        ("fit", y[:10], "y has 10 labels for 90 rows of X"),
        ("fit", np.zeros(90), "only one class: 0.0"),
        ("fit", np.linspace(0, 1, 90), "Unknown label type"),
        ("partial_fit", np.full(90, "up"), "y holds 'up', which is none of the classes"),
        ("resume", None, "requires y"),
    ],
)
def test_wrong_targets_are_named_and_leave_the_model(learn, targets, message):
    fitted = model(callbacks=[stop_after(2)]).fit(X, y)
    before = copy.deepcopy(fitted)
    with pytest.raises(ValueError, match=message):
        getattr(fitted, learn)(X, targets)
    assert_same_state(fitted, before)


def test_a_new_fit_has_new_classes():
    numbers = np.where(y == "left", 3, 8)
    fitted = model().fit(X, y).fit(X, numbers)
    assert fitted.classes_.tolist() == [3, 8]
    np.testing.assert_array_equal(fitted.components_, model().fit(X, y).components_)


class Headed(SoftmaxRegression):
    """A model inside learns the targets first."""

    def _stages(self):
        return [Stage("head", 3, "head"), Stage("whole", self.n_iter)]

    def _new_learner(self, number):
        return model(n_iter=3)


def test_a_model_inside_learns_the_targets_too():
    held_out = History(validation=(X[:40], y[:40]), n_rows=90)
    headed = Headed(n_iter=2, batch_size=10, random_state=0, callbacks=[held_out]).fit(X, y)
    inside = headed._inside["head"]
    alone = model(n_iter=3, callbacks=[held_out]).fit(X, y)
    np.testing.assert_array_equal(inside.components_, alone.components_)
    assert list(inside.classes_) == ["left", "right"]
    for name in ("log_likelihood", "validation_log_likelihood"):
        assert headed.history_[name][:3] == alone.history_[name]


def test_validation_is_a_pair():
    held_out = History(validation=(X[:40], y[:40]), n_rows=90)
    fitted = model(callbacks=[held_out]).fit(X, y)
    measured = fitted.history_["validation_log_likelihood"]
    assert len(measured) == 6
    targets = fitted._targets(y[:40], 40).to_array("float64")
    assert measured[-1] == fitted._log_likelihood(X[:40].astype(float), targets)
    for wrong, message in ((X, "must be a pair"), ((X, y[:9]), "History: validation: .*9 labels")):
        with pytest.raises(ValueError, match=message):
            model(callbacks=[History(validation=wrong)]).fit(X, y)
