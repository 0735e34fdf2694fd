"""Classes by the free energies of labels beside the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.exceptions import NotFittedError
from sklearn.utils.metaestimators import available_if

from ... import _core
from ...estimator.input import output_dtype, to_rows
from ...estimator.training.transaction import of_one_fit
from ...runtime import resolve_n_jobs
from ..layers.labels import label_energies
from ..layers.passes import means_up
from .inference import Inference


def _has_labels(model: Any) -> bool:
    """scikit-learn's word for a method that a model has under some arguments alone."""
    if not model.labels:
        raise AttributeError(f"{type(model).__name__} has it with labels=True")
    return True


class Predictions(Inference):
    """Mixin: what a net with label units says of rows."""

    @available_if(_has_labels)  # type: ignore[untyped-decorator]
    @of_one_fit
    def label_free_energies(self, X: Any) -> NDArray[np.float64]:
        """Free energy of each label beside each row at the RBM at the top: one pass up, and one product for all.

        Of `labels` alone.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            In nats, in the order of `classes_`: F(v, l) with v the means of the layer below the top one. Less is
            likelier; differences within a row are exact log odds of the top RBM.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before fit, and of a training that was stopped before the top layer began.
        ValueError
            If X has the wrong number of columns or values that are not finite.

        Examples
        --------
        >>> import udl_fast as udl
        >>> data = udl.datasets.load_digits(binary=0.5)
        >>> template = udl.RBM(batch_size=20, momentum=0.5, n_iter=20)
        >>> model = udl.DBN((64, 128), rbm=template, labels=True, random_state=0)
        >>> model.fit(data.data[:1500], data.target[:1500]).label_free_energies(data.data[1500:]).shape
        (297, 10)
        """
        self._check_fitted()
        X = self._matrix(X)
        return self._label_energies(self._rows(X, training=False))

    @available_if(_has_labels)  # type: ignore[untyped-decorator]
    @of_one_fit
    def predict_proba(self, X: Any) -> NDArray[Any]:
        """P(label | v) at the RBM at the top, of v the means of the layer below it.

        Of `labels` alone.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.

        Raises
        ------
        sklearn.exceptions.NotFittedError or ValueError
            As of :meth:`label_free_energies`.
        """
        self._check_fitted()
        X = self._matrix(X)
        found: NDArray[Any] = softmax(-self._label_energies(self._rows(X, training=False)), axis=1)
        return found.astype(output_dtype(X, self._dtype), copy=False)

    @available_if(_has_labels)  # type: ignore[untyped-decorator]
    @of_one_fit
    def predict(self, X: Any) -> NDArray[Any]:
        """The class whose label has the least free energy beside each row.

        Of `labels` alone.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)

        Raises
        ------
        sklearn.exceptions.NotFittedError or ValueError
            As of :meth:`label_free_energies`.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X, y = udl.datasets.load_digits(binary=0.5, return_X_y=True)
        >>> template = udl.RBM(batch_size=20, momentum=0.5, n_iter=20)
        >>> model = udl.DBN((64, 128), rbm=template, labels=True, random_state=0)
        >>> bool((model.fit(X[:1500], y[:1500]).predict(X[1500:]) == y[1500:]).mean() > 0.8)
        True
        """
        self._check_fitted()
        energies = self._label_energies(self._rows(self._matrix(X), training=False))
        labels: NDArray[Any] = self.classes_[energies.argmin(axis=1)]
        return labels

    def _label_energies(self, rows: _core.Rows) -> NDArray[np.float64]:
        self._check_made()
        *below, top = self._labelled_parts()
        means = to_rows(means_up(below, rows), n_jobs=top.n_jobs)
        return label_energies(top._engine, means, resolve_n_jobs(top.n_jobs))

    def _labelled_parts(self) -> list[Any]:
        """All layers, the one with the label units last."""
        layers = self._parts()
        if len(layers) <= self._top():
            raise NotFittedError(
                f"{type(self).__name__}: the training was stopped before the top layer began, which has the label "
                "units; finish it by resume"
            )
        return layers
