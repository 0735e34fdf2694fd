"""The supervised head of nets: softmax outputs, one for each class, and what a classifier makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from .. import _core
from ..estimator.declarations import Measurement
from ..estimator.input import output_dtype
from ..estimator.targets import (
    CLASS_VALUES,
    OfClasses,
    checked_labels,
    class_rows,
    classes_of,
    of_classes,
)
from ..estimator.training.transaction import of_one_fit
from ..persistence.values import ValueRule
from ..runtime import resolve_n_jobs
from .learner import NetLearner
from .learning import SolverSettings

_MEASURING_COST = 0.5  # rows of training for the time of measuring one: no gradient

MEASUREMENTS = (
    Measurement("accuracy", "max", "share of a sample of rows whose class is found"),
    Measurement("log_likelihood", "max", "log P(class | x), nats, mean over the sample"),
    Measurement("weight_change", "min", "change of the weights in the epoch, |dW| / |W|"),
    Measurement("validation_accuracy", "max", "accuracy on validation rows", of_validation=True),
    Measurement(
        "validation_log_likelihood",
        "max",
        "log_likelihood on validation rows, nats",
        of_validation=True,
    ),
)


class SoftmaxHead(ClassifierMixin, SolverSettings):
    """Mixin: a net whose last layer is softmax over classes. Its engine is a NetLearner."""

    measurements = MEASUREMENTS
    _has_targets = True
    _values: ClassVar[Mapping[str, ValueRule]] = CLASS_VALUES

    classes_: NDArray[Any]
    _engine: NetLearner

    # ---- public ----

    @of_one_fit
    def predict_proba(self, X: Any) -> NDArray[Any]:
        """P(class | x) of each row, in the order of `classes_`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        self._check_fitted()
        X = self._matrix(X)
        found = self._probabilities(self._rows(X, training=False))
        return found.astype(output_dtype(X, self._dtype), copy=False)

    @of_one_fit
    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        self._check_fitted()
        found = self._probabilities(self._rows(self._matrix(X), training=False))
        labels: NDArray[Any] = self.classes_[found.argmax(axis=1)]
        return labels

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Share of the rows whose class is found, weighted if weights are given.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
        """
        return float(ClassifierMixin.score(self, X, y, sample_weight))

    def partial_fit(  # type: ignore[override]
        self, X: Any, y: Any = None, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """One pass over the rows of X, in order, in minibatches of `batch_size`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or an iterator of them
        y : array-like of shape (n_samples,), or an iterator of them
        classes : array-like of shape (n_classes,), default=None
            All that are to come: of the first call, where the first rows may lack some.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`; not with an iterator.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a label is none of the classes, `classes` are others than those of the fitted model, or X, y, a
            weight or a parameter is invalid.
        """
        fitted = self.classes_ if self.__sklearn_is_fitted__() else None
        y = of_classes(y, classes, fitted, type(self).__name__)
        return super().partial_fit(X, y, sample_weight)

    # ---- targets ----

    def _learn_of_targets(self, y: Any, n_rows: int) -> dict[str, Any]:
        owner = type(self).__name__
        of_all = np.asarray(y.classes) if isinstance(y, OfClasses) else None
        return {
            "classes_": classes_of(
                checked_labels(y, n_rows, owner) if of_all is None else of_all, owner
            )
        }

    def _targets(self, y: Any, n_rows: int) -> _core.Rows:
        owner = type(self).__name__
        y = y.labels if isinstance(y, OfClasses) else y
        return class_rows(checked_labels(y, n_rows, owner), self.classes_, owner)

    # ---- what Model asks for ----

    def _probabilities(self, rows: _core.Rows) -> NDArray[Any]:
        return self._engine.forward(rows, resolve_n_jobs(self.n_jobs))

    def _measuring_cost(self, rows: _core.Rows) -> float:
        return _MEASURING_COST

    def _sample(self, rows: _core.Rows, numbers: NDArray[np.uint32]) -> _core.Rows:
        return rows.select(numbers)

    def _measure(self, training: Any, validation: Any | None) -> dict[str, Any]:
        change, size, _ = self._engine.change_since_snapshot()
        accuracy, likelihood = self._scores(*training)
        found = {
            "accuracy": accuracy,
            "log_likelihood": likelihood,
            "weight_change": change / size if size > 0 else 0.0,
        }
        if validation is not None:
            accuracy, likelihood = self._scores(*validation)
            found |= {"validation_accuracy": accuracy, "validation_log_likelihood": likelihood}
        return found

    def _scores(self, rows: _core.Rows, targets: NDArray[Any]) -> tuple[float, float]:
        """Accuracy, and mean log-likelihood of the classes, nats."""
        found = self._probabilities(rows).astype(np.float64)
        right = (found.argmax(axis=1) == targets.argmax(axis=1)).mean()
        tiny = np.finfo(np.float64).tiny
        return float(right), float(np.log(np.maximum((found * targets).sum(axis=1), tiny)).mean())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
