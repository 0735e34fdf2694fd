"""What a fitted deep belief net computes from rows: means of its layers, reconstructions and how good they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ...estimator.binary_codes import BinaryCodes
from ...estimator.input import output_dtype, to_rows
from ...estimator.parameters import Integer
from ...estimator.training.transaction import of_one_fit
from ...rbm.likelihood.reconstruction import log_density
from ..layers.labels import LabelledLayers
from ..layers.passes import means_down, means_up

_BLOCK_BYTES = 1 << 25  # of rows whose reconstructions are held at a time


class Inference(BinaryCodes, LabelledLayers):
    """Mixin: one pass up, and back down, through means."""

    _KINDS_OF_SHARES = ("bernoulli",)

    # ---- public ----

    @of_one_fit
    def transform(self, X: Any, layer: int = -1) -> NDArray[Any]:
        """P(h = 1) of the units of a layer, by one pass up through the means of those below.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        layer : int, default=-1
            Which layer, as in a list: 0 is the first, -1 the top one. Of a training that was stopped, those
            that have begun to learn.

        Returns
        -------
        ndarray of shape (n_samples, hidden_layer_sizes[layer])
            float32 or float64 like X; for other X like the fitted attributes. Where `set_output` asks for a
            DataFrame, its columns have names if it is the top layer.

        Raises
        ------
        ValueError
            If X has the wrong number of columns or values that are not finite, or there is no such layer.
        sklearn.exceptions.NotFittedError
            Before fit.
        """
        self._check_fitted()
        self._check_made()
        X = self._matrix(X)
        found = means_up(self._up_to(layer), self._rows(X, training=False))
        return found.astype(output_dtype(X, self._dtype), copy=False)

    @of_one_fit
    def inverse_transform(self, H: Any, layer: int = -1) -> NDArray[Any]:
        """Means of the visible units, by one pass down from states or means of a layer.

        Parameters
        ----------
        H : array-like or sparse matrix of shape (n_samples, hidden_layer_sizes[layer])
        layer : int, default=-1
            Which layer they are of.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        self._check_fitted()
        layers = self._up_to(layer)
        top = layers[-1]
        H = top._hidden_states(H, "inverse_transform", "H")
        found = means_down(layers, top._hidden_rows(H, "H"))
        return found.astype(output_dtype(H, self._dtype), copy=False)

    @of_one_fit
    def reconstruct(self, X: Any) -> NDArray[Any]:
        """Means of the visible units after one pass up through all layers and down again.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        self._check_fitted()
        X = self._matrix(X)
        blocks = [means for _, means in self._reconstructed(self._rows(X, training=False))]
        return np.concatenate(blocks).astype(output_dtype(X, self._dtype), copy=False)

    @of_one_fit
    def reconstruction_error(self, X: Any) -> NDArray[np.float64]:
        """Squared error of the reconstruction of each row, summed over the features.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), float64
        """
        self._check_fitted()
        rows = self._rows(self._matrix(X), training=False)
        found = [
            np.square(values - means, dtype=np.float64).sum(axis=1)
            for values, means in self._reconstructed(rows)
        ]
        return np.concatenate(found)

    @of_one_fit
    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """log p(v | its reconstruction) of each row, in nats: what :meth:`score` is the mean of.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), float64
        """
        self._check_fitted()
        return self._score_rows(self._rows(self._matrix(X), training=False))

    # ---- codes ----

    def _code_kind(self) -> str:
        kind: str = self._parts()[-1]._hidden_kind()
        return kind

    def _code_values(self, X: Any) -> NDArray[Any]:
        self._check_made()
        return means_up(self._parts(), self._rows(X, training=False))

    # ---- what Model asks for ----

    def _rows(self, X: Any, y: Any = None, *, training: bool) -> _core.Rows:
        """The first layer says what its rows are, in training when it learns from them."""
        if training:
            return super()._rows(X, y, training=True)
        rows: _core.Rows = self._parts(1)[0]._rows(X, training=False)
        return rows

    def _score_rows(self, rows: _core.Rows) -> NDArray[np.float64]:
        first = self._parts(1)[0]._engine
        found = [
            log_density(first, values, means.astype(np.float64))
            for values, means in self._reconstructed(rows)
        ]
        return np.concatenate(found)

    def _measure_beside(self, training: Any, validation: Any | None) -> dict[str, Any]:
        found = {"reconstruction_likelihood": self._mean_score(training)}
        if validation is not None:
            found["validation_reconstruction_likelihood"] = self._mean_score(validation)
        return found

    def _mean_score(self, X: Any) -> float:
        return float(self._score_rows(self._rows(X, training=False)).mean())

    # ---- parts ----

    def _up_to(self, layer: Any) -> list[Any]:
        """The layers from the first to one of this number, checked."""
        layers = self._parts()
        number: int = Integer(-len(layers), len(layers) - 1).check(
            layer, "layer", type(self).__name__
        )
        return layers[: number % len(layers) + 1]

    def _reconstructed(
        self, rows: _core.Rows
    ) -> Iterator[tuple[NDArray[np.floating], NDArray[np.floating]]]:
        """Values of the visible units and their means, of some rows after the others."""
        layers = self._parts()
        top, dtype = layers[-1], self._engine_dtype
        n_rows, n_features = rows.shape
        size = max(1, _BLOCK_BYTES // (8 * n_features))
        for first in range(0, n_rows, size):
            values = rows.take(np.arange(first, min(first + size, n_rows)), dtype)
            hidden = means_up(layers, to_rows(values, n_jobs=layers[0].n_jobs))
            yield values, means_down(layers, top._hidden_rows(hidden))

    @property
    def _n_features_out(self) -> int:
        n_hidden: int = self._parts()[-1]._engine.n_hidden
        return n_hidden
