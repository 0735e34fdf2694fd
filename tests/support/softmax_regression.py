"""Softmax regression in NumPy: a model that learns targets."""

from typing import ClassVar

import numpy as np
from sklearn.base import ClassifierMixin

from tests.support.bernoulli_mixture import BernoulliMixture, MixtureEngine
from udl_fast.estimator.attributes import EngineArray
from udl_fast.estimator.declarations import Measurement
from udl_fast.estimator.parameters import COMMON_RULES
from udl_fast.estimator.targets import CLASS_VALUES, checked_labels, class_rows, classes_of
from udl_fast.persistence.state import ArrayRule

RATE = 0.5


def probabilities(weights, x):
    joint = np.exp(x @ weights.T)
    return joint / joint.sum(axis=1, keepdims=True)


class SoftmaxEngine(MixtureEngine):
    """The weights, and gradient descent."""

    def __init__(self, n_classes, n_features):
        super().__init__(n_classes, n_features)
        self.n_classes = n_classes
        self._arrays = {"weights": np.zeros((n_classes, n_features))}

    def change_since_snapshot(self):
        return 0.0, 1.0, 1.0

    def train(self, rows, order, settings, seed, step, n_threads, poll, *, targets):
        presented = slice(None) if order is None else order
        x, y = (part.to_array("float64")[presented] for part in (rows, targets))
        n_updates = 0
        for first in range(0, len(x), settings["batch_size"]):
            batch = slice(first, first + settings["batch_size"])
            error = y[batch] - probabilities(self._arrays["weights"], x[batch])
            step_ = RATE / len(x[batch]) * error.T @ x[batch]
            self._arrays = {"weights": self._arrays["weights"] + step_}
            n_updates += 1
            if poll is not None and poll(min(batch.stop, len(x))):
                return self._result(n_updates, step, stopped=True)
        return self._result(n_updates, step, stopped=False)


class SoftmaxRegression(ClassifierMixin, BernoulliMixture):
    """P(class | x), without biases."""

    rules: ClassVar = COMMON_RULES
    measurements = (
        Measurement("log_likelihood", "max", "mean of log P(class | x), nats"),
        Measurement("validation_log_likelihood", "max", "the same on validation rows, nats"),
    )
    _values = CLASS_VALUES
    _has_targets = True
    _defining = ()
    components_ = EngineArray("weights", "A row for each class.")

    def __init__(self, *, batch_size=100, n_iter=10, shuffle=True, warm_start=False, random_state=None,
                 device="cpu", n_jobs=None, callbacks=None, verbose=0):  # fmt: skip
        super().__init__(
            batch_size=batch_size, n_iter=n_iter, shuffle=shuffle, warm_start=warm_start, device=device,
            random_state=random_state, n_jobs=n_jobs, callbacks=callbacks, verbose=verbose,
        )  # fmt: skip

    def predict(self, X):
        self._check_fitted()
        x = self._rows(self._matrix(X), training=False).to_array("float64")
        return self.classes_[probabilities(self.components_, x).argmax(axis=1)]

    def _learn_of_targets(self, y, n_rows):
        name = type(self).__name__
        return {"classes_": classes_of(checked_labels(y, n_rows, name), name)}

    def _targets(self, y, n_rows):
        name = type(self).__name__
        return class_rows(checked_labels(y, n_rows, name), self.classes_, name)

    def _array_rules(self):
        return {"weights": ArrayRule("real", ("n_classes", "n_features"))}

    def _bare_engine(self, sizes, precision):
        return SoftmaxEngine(sizes["n_classes"], sizes["n_features"])

    def _new_engine(self, X, rows, rng):
        return SoftmaxEngine(len(self.classes_), X.shape[1])

    def _settings(self, checked, rows):
        return {"batch_size": checked["batch_size"]}

    def _measure(self, training, validation):
        found = {"log_likelihood": self._log_likelihood(*training)}
        if validation is not None:
            found["validation_log_likelihood"] = self._log_likelihood(*validation)
        return found

    def _log_likelihood(self, x, targets):
        chosen = (probabilities(self._engine.state()["weights"], x) * targets).sum(axis=1)
        return float(np.log(chosen).mean())
