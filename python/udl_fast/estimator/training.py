"""The training loop: parameters checked once, epochs in C++, nothing lost on Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..callbacks._run import FitCallbacks
from .input import input_matrix
from .model import FittedModel
from .parameters import Rule


class Training(FittedModel):
    """Mixin: fit and partial_fit. What is learned, and how, the class above says."""

    rules: ClassVar[Mapping[str, Rule]]
    batch_size: int
    n_iter: int
    learning_rate: float
    shuffle: bool
    warm_start: bool
    random_state: Any
    callbacks: Any
    precision: str
    verbose: int
    n_iter_: int
    n_updates_: int
    history_: dict[str, list[Any]]

    _default_dtype: Any = np.float32  # of input that is neither floating point, uint8 nor bool

    # ---- public ----

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the model to the rows of X, `n_iter` passes in minibatches.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Binary states, or probabilities in [0, 1].
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X or a parameter is invalid.
        FloatingPointError
            If weights stop being finite; the model keeps the last good state.

        Notes
        -----
        Ctrl-C keeps the last finished epoch: the KeyboardInterrupt is raised, the model is usable,
        and ``n_iter_`` tells how far it got.
        """
        checked = self._check_parameters()
        resume = self.warm_start and self.__sklearn_is_fitted__()
        X = input_matrix(self, X, reset=not resume, default_dtype=self._default_dtype)
        rows = self._training_rows(X)
        callbacks = FitCallbacks(self, X, rows)
        if resume:
            self._check_resumable()
        else:
            self._start(X, rows)
        callbacks.run(lambda hooks: self._run_epochs(rows, checked, hooks))
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One pass over the rows of X, in order, in minibatches of `batch_size`.

        Chunks may have any length: positive and negative phase are each divided by their own
        number of rows, so a short last minibatch counts for what it is. `n_iter_` counts passes of
        `fit` only, so `final_momentum` never sets in here: set `momentum` between calls instead.
        Callbacks and `history_` belong to `fit` too.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or an iterator of them
            An iterator is read to its end, one chunk in memory at a time.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X or a parameter is invalid, or an iterator yields no chunk.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> chunks = (X[first : first + 500] for first in range(0, len(X), 500))
        >>> udl.RBM(16, random_state=0).partial_fit(chunks).n_updates_
        18
        """
        if not isinstance(X, Iterator):
            return self._learn_chunk(X)
        empty = True
        for chunk in X:
            self._learn_chunk(chunk)
            empty = False
        if empty:
            raise ValueError(f"{type(self).__name__}: X is an iterator that yields no chunk")
        return self

    def _learn_chunk(self, X: Any) -> Self:
        checked = self._check_parameters()
        first = not self.__sklearn_is_fitted__()
        X = input_matrix(self, X, reset=first, default_dtype=self._default_dtype)
        rows = self._training_rows(X)
        if first:
            self._start(X, rows)
        else:
            self._check_resumable()
        self._engine.snapshot()
        self._train_epoch(rows, None, checked, None)
        return self

    # ---- what a kind of model brings ----

    def _check_parameters(self) -> dict[str, Any]:
        """The values of the parameters as their rules return them."""
        owner = type(self).__name__
        return {
            name: rule.check(getattr(self, name), name, owner) for name, rule in self.rules.items()
        }

    def _settings(self, checked: Mapping[str, Any], rows: _core.Rows) -> dict[str, Any]:
        """What the engine is told for this epoch; `checked` are the parameters."""
        raise NotImplementedError

    def _check_resumable(self) -> None:
        """An error unless the fitted model can learn on under these parameters."""
        raise NotImplementedError

    def _training_rows(self, X: Any) -> _core.Rows:
        raise NotImplementedError

    def _start(self, X: Any, rows: _core.Rows) -> None:
        """A new model, before its first epoch."""
        raise NotImplementedError

    def _score_rows(self, rows: _core.Rows) -> NDArray[np.float64]:
        raise NotImplementedError

    # ---- epochs ----

    def _run_epochs(
        self, rows: _core.Rows, checked: Mapping[str, Any], callbacks: FitCallbacks
    ) -> None:
        for epoch in range(self.n_iter):
            callbacks.begin_epoch(epoch)
            begin = time.perf_counter()
            self._engine.snapshot()
            order = (
                _core.shuffled_order(rows.shape[0], self._seed, self.n_iter_)
                if self.shuffle
                else None
            )
            if self._train_epoch(rows, order, checked, callbacks.poll):
                return
            self.n_iter_ += 1
            seconds = time.perf_counter() - begin
            if self.verbose:
                self._print_progress(rows, epoch, seconds)
            if callbacks.end_epoch(seconds):
                return

    def _train_epoch(
        self,
        rows: _core.Rows,
        order: Any,
        checked: Mapping[str, Any],
        poll: Callable[[int], bool] | None,
    ) -> bool:
        """One pass over the rows; the engine has a snapshot to return to. True if `poll` stopped
        it."""
        settings, n_threads = self._settings(checked, rows), checked["n_jobs"]
        try:
            result = self._engine.train(
                rows, order, settings, self._seed, self._training_steps, n_threads, poll
            )
        except BaseException:  # Ctrl-C, or an error in a callback: back to the last finished epoch
            self._engine.restore()
            raise
        finally:
            self._arrays.clear()
        if not result["finite"]:
            self._engine.restore()
            raise FloatingPointError(
                f"{type(self).__name__}: weights stopped being finite in update "
                f"{self.n_updates_ + result['n_updates']}; lower learning_rate "
                f"({self.learning_rate:g}). The model keeps its state before this epoch."
            )
        self.n_updates_ += result["n_updates"]
        self._training_steps = result["step"]
        return bool(result["stopped"])

    def _print_progress(self, rows: _core.Rows, epoch: int, seconds: float) -> None:
        """scikit-learn's line, on the pseudo-likelihood of the training rows."""
        likelihood = self._score_rows(rows).mean()
        print(
            f"[{type(self).__name__}] Iteration {epoch + 1}, pseudo-likelihood = {likelihood:.2f}, "
            f"time = {seconds:.2f}s"
        )
