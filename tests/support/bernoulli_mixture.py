"""A mixture of Bernoulli vectors, learned by EM in NumPy: a model in one file, to show what one file suffices for.

Each component has a weight and a probability for each feature. A pass over the data is one step of EM; the
statistics of minibatches are added up.
"""

from typing import ClassVar

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from udl_fast.estimator.attributes import EngineArray
from udl_fast.estimator.declarations import Measurement, Stage
from udl_fast.estimator.model import Model
from udl_fast.estimator.parameters import COMMON_RULES, Integer, Number
from udl_fast.persistence.state import ArrayRule


def responsibilities(weights, means, x):
    """P(component | x), and log P(x), of each row."""
    joint = np.log(weights) + x @ np.log(means).T + (1 - x) @ np.log(1 - means).T
    total = np.logaddexp.reduce(joint, axis=1)
    return np.exp(joint - total[:, None]), total


class MixtureEngine:
    """The arrays, and a step of EM."""

    precision = "float64"

    def __init__(self, n_components: int, n_features: int) -> None:
        self.n_components, self.n_features = n_components, n_features
        self._snapshots = {}
        self._arrays = {
            "weights": np.full(n_components, 1 / n_components),
            "means": np.full((n_components, n_features), 0.5),
        }

    def state(self):
        return {name: array.copy() for name, array in self._arrays.items()}

    def set_state(self, arrays):
        self._arrays = {name: np.array(arrays[name], np.float64) for name in self._arrays}

    def snapshot(self):
        self._snapshot = self.state()
        self._snapshots[len(self._snapshots)] = self._snapshot
        return len(self._snapshots) - 1

    def restore(self):
        self._arrays = self._snapshot

    def snapshot_state(self, number):
        return {name: array.copy() for name, array in self._snapshots[number].items()}

    def change_since_snapshot(self):
        means = self._arrays["means"]
        change = np.linalg.norm(means - self._snapshot["means"])
        return change, np.linalg.norm(means), means.max()

    def train(self, rows, order, settings, seed, step, n_threads, poll=None):
        x = rows.to_array("float64")[slice(None) if order is None else order]
        counts, sums = np.zeros(self.n_components), np.zeros((self.n_components, self.n_features))
        for first in range(0, len(x), settings["batch_size"]):
            batch = x[first : first + settings["batch_size"]]
            share, _ = responsibilities(*self._arrays.values(), batch)
            counts, sums = counts + share.sum(axis=0), sums + share.T @ batch
            if poll is not None and poll(first + len(batch)):
                return self._result(0, step, stopped=True)
        smooth = settings["smoothing"]
        means = (sums + smooth) / (counts[:, None] + 2 * smooth)
        self._arrays = {"weights": counts / len(x), "means": means}
        return self._result(1, step + 1, stopped=False)

    def _result(self, n_updates, step, stopped):
        finite = all(np.isfinite(array).all() for array in self._arrays.values())
        return {"n_updates": n_updates, "step": step, "stopped": stopped, "finite": finite}


class BernoulliMixture(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Model):
    """A mixture of Bernoulli vectors."""

    rules: ClassVar = {
        "n_components": Integer(1, dimension="n_components"),
        "smoothing": Number(0),
        **COMMON_RULES,
    }
    measurements = (
        Measurement("log_likelihood", "max", "mean of log P(x) over a sample, nats"),
        Measurement("change", "min", "change of the means, relative to their size"),
        Measurement("validation_log_likelihood", "max", "the same on validation rows, nats"),
    )
    pictures = ("filters",)
    _defining = ("weights", "means")
    components_ = EngineArray("means", "P(x = 1 | component).")
    weights_ = EngineArray("weights", "P(component).")

    def __init__(
        self,
        n_components=4,
        *,
        smoothing=0.1,
        batch_size=100,
        n_iter=10,
        shuffle=True,
        warm_start=False,
        device="cpu",
        n_jobs=None,
        random_state=None,
        callbacks=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.smoothing = smoothing
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.callbacks = callbacks
        self.verbose = verbose

    def transform(self, X):
        """P(component | x)."""
        self._check_fitted()
        x = self._rows(self._matrix(X), training=False).to_array("float64")
        found = responsibilities(self.weights_, self.components_, x)[0]
        return found

    @property
    def _n_features_out(self):
        return self._engine.n_components

    def _array_rules(self):
        return {
            "weights": ArrayRule("real", ("n_components",)),
            "means": ArrayRule("real", ("n_components", "n_features")),
        }

    def _bare_engine(self, sizes, precision):
        return MixtureEngine(sizes["n_components"], sizes["n_features"])

    def _new_engine(self, X, rows, rng):
        engine = MixtureEngine(self.n_components, X.shape[1])
        means = rng.uniform(0.25, 0.75, (self.n_components, X.shape[1]))
        engine.set_state({**engine.state(), "means": means})
        return engine

    def _settings(self, checked, rows):
        return {"batch_size": checked["batch_size"], "smoothing": checked["smoothing"]}

    def _score_rows(self, rows):
        return responsibilities(self.weights_, self.components_, rows.to_array("float64"))[1]

    def _measure(self, training, validation):
        arrays = self._engine.state().values()
        change, size, _ = self._engine.change_since_snapshot()
        found = {
            "log_likelihood": float(responsibilities(*arrays, training)[1].mean()),
            "change": change / size,
        }
        if validation is not None:
            score = responsibilities(*arrays, validation)[1].mean()
            found["validation_log_likelihood"] = float(score)
        return found


class StagedMixture(BernoulliMixture):
    """The same, learned roughly first: a model of two stages."""

    def _stages(self):
        return [Stage("rough", 3), Stage("fine", self.n_iter)]

    def _settings(self, checked, rows):
        stage, _ = self._position
        smoothing = 10.0 if stage == 0 else checked["smoothing"]
        return {"batch_size": checked["batch_size"], "smoothing": smoothing}
