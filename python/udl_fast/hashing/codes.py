"""What a fitted hasher does with packed codes: decode them, look at them, keep and search them."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ..autoencoder.coding import Coding
from ..hamming.codes import packed_rows
from ..hamming.index import HammingIndex
from ..packing import unpack_bits
from .diagnosis import CodeDiagnosis


class _Indexed(NamedTuple):
    """An index, and how codes came into it: by which thresholds, of a model of how many updates."""

    codes: HammingIndex
    threshold: Any
    n_updates: int


class PackedCodes(Coding):
    """Mixin: bits stay bits from the code layer to the index."""

    _made_when_fitted = ("_indexed",)

    @property
    def n_bits(self) -> int:
        """Bits of a code."""
        raise NotImplementedError

    def decode(self, codes: NDArray[np.uint8]) -> NDArray[Any]:
        """What the decoder makes of packed codes; the way back from :meth:`encode`.

        Parameters
        ----------
        codes : ndarray of shape (n_samples, ceil(n_bits / 8)), uint8
            By the threshold 0.5, which is what the decoder has learned to understand.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Of word counts, shares of the words.

        Raises
        ------
        TypeError
            If codes are not uint8.
        ValueError
            If their width is another, or bits beyond it are set.
        """
        self._check_fitted()
        n_bytes = -(-self.n_bits // 8)
        rows = packed_rows(codes, 8 * n_bytes, f"{type(self).__name__}.decode: codes")
        return self.inverse_transform(unpack_bits(rows, self.n_bits, dtype=self._input_dtype()))

    def diagnose(self, X: Any, threshold: Any = 0.5) -> CodeDiagnosis:
        """How good the codes of some rows are as codes, whatever they are used for.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        threshold : float, "median" or array-like of shape (n_bits,), default=0.5
            As of :meth:`encode`; `thresholds_` stays what it is.

        Returns
        -------
        CodeDiagnosis
            Means, entropies and correlations of the bits, dead ones, and codes that collide; printed, a summary.
        """
        return CodeDiagnosis.of(self._encoded(X, threshold)[0], self.n_bits)

    def index(self, X: Any, threshold: Any = 0.5) -> Self:
        """Encode rows and keep their codes in a new `index_`, in the order of the rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        threshold : float, "median" or array-like of shape (n_bits,), default=0.5
            As of :meth:`encode`; :meth:`search` encodes queries by the same.

        Returns
        -------
        self
        """
        self._check_fitted()
        n_updates = self.n_updates_
        if not isinstance(threshold, str) and not np.isscalar(threshold):
            threshold = np.array(threshold)  # the caller may change it
        codes, medians = self._encoded(X, threshold)
        index = HammingIndex(8 * codes.shape[1])
        index.add(codes)
        if medians is not None:
            self._thresholds, threshold, n_updates = medians, medians.values, medians.n_updates
        self._indexed = _Indexed(index, threshold, n_updates)
        return self

    def search(
        self, X: Any, k: int = 10, *, n_jobs: int | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The k rows of :meth:`index` whose codes are nearest to those of other rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Queries.
        k : int, default=10
        n_jobs : int, default=None
            Threads of the search; None takes `get_num_threads`.

        Returns
        -------
        D : ndarray of shape (n_samples, k), int32
            Hamming distances.
        I : ndarray of shape (n_samples, k), int64
            Numbers of the rows; order and padding as of :meth:`HammingIndex.search`.

        Raises
        ------
        AttributeError
            Before :meth:`index`, or if the model has learned since.
        """
        found = self._current()
        return found.codes.search(self.encode(X, found.threshold), k, n_jobs=n_jobs)

    @property
    def index_(self) -> HammingIndex:
        """The codes that :meth:`index` has kept. Not saved with the model: ``model.index_.save(path)``."""
        return self._current().codes

    def _current(self) -> _Indexed:
        self._check_fitted()
        found: _Indexed | None = self.__dict__.get("_indexed")
        if found is None:
            raise AttributeError(
                f"{type(self).__name__} has no index_ yet; call index(X) with the rows to search (saved models "
                "hold none)"
            )
        if found.n_updates != self.n_updates_:
            raise AttributeError(
                f"{type(self).__name__}: index_ holds codes of the model before it learned on; call index(X) again"
            )
        return found
