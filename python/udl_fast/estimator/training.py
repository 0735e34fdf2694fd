"""The training loop of RBMs: parameters checked once, epochs in C++, nothing lost on Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .. import _core
from ..callbacks._run import FitCallbacks, check_callbacks
from ..runtime import resolve_n_jobs
from .attributes import FittedParameters
from .parameters import (
    check_choice,
    check_flag,
    check_integer,
    check_number,
    input_matrix,
    to_rows,
    warn_outside_unit_interval,
)

_NOT_YET = {
    "visible": ("gaussian", "relu", "softmax"),
    "hidden": ("gaussian", "relu", "softmax"),
    "algorithm": ("pt",),
    "statistics": (),
    "precision": (),
}
_AVAILABLE = {
    "visible": ("bernoulli",),
    "hidden": ("bernoulli",),
    "algorithm": ("cd", "pcd"),
    "statistics": ("mean", "sampled"),
    "precision": ("fixed", "fast", "float64"),
}


class ContrastiveTraining(FittedParameters):
    """Mixin: fit and partial_fit by contrastive divergence."""

    algorithm: str
    n_chains: int | None
    batch_size: int
    n_iter: int
    momentum_switch_epoch: int
    learning_rate: float
    shuffle: bool
    warm_start: bool
    random_state: Any
    callbacks: Any
    precision: str
    statistics: str
    sample_visibles: bool
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
        settings = self._check_parameters()
        resume = self.warm_start and self.__sklearn_is_fitted__()
        X = input_matrix(self, X, reset=not resume, default_dtype=self._default_dtype)
        rows = self._training_rows(X)
        callbacks = FitCallbacks(self, X, rows)
        if resume:
            self._check_resumable()
        else:
            self._start(X, rows)
        callbacks.run(lambda hooks: self._run_epochs(rows, settings, hooks))
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
        settings = self._check_parameters()
        first = not self.__sklearn_is_fitted__()
        X = input_matrix(self, X, reset=first, default_dtype=self._default_dtype)
        rows = self._training_rows(X)
        if first:
            self._start(X, rows)
        else:
            self._check_resumable()
        self._engine.snapshot()
        self._train_epoch(rows, None, settings, None)
        return self

    # ---- parameters ----

    def _check_parameters(self) -> dict[str, Any]:
        """The engine's settings, after checking every parameter."""
        for name, available in _AVAILABLE.items():
            check_choice(self, name, available, _NOT_YET[name])
        if check_flag(self, "centered"):
            raise NotImplementedError(f"{type(self).__name__}: centered=True is not available yet")
        _check_device(self)
        check_integer(self, "n_components")
        check_integer(self, "n_iter", minimum=0)
        check_integer(self, "momentum_switch_epoch", minimum=0)
        if self.n_chains is not None:
            check_integer(self, "n_chains")
        for name in ("shuffle", "warm_start"):
            check_flag(self, name)
        if not isinstance(self.verbose, (bool, np.bool_)):
            check_integer(self, "verbose", minimum=0)
        _check_binarize(self)
        check_callbacks(self)
        return {
            "batch_size": check_integer(self, "batch_size"),
            "algorithm": self.algorithm,
            "k": check_integer(self, "k"),
            "learning_rate": check_number(self, "learning_rate", 0),
            "momentum": check_number(self, "momentum", 0, 1),
            "final_momentum": check_number(self, "final_momentum", 0, 1, optional=True),
            "weight_decay": check_number(self, "weight_decay", 0),
            "l1": check_number(self, "l1", 0),
            "sparsity_target": check_number(self, "sparsity_target", 0, 1, optional=True),
            "sparsity_cost": check_number(self, "sparsity_cost", 0),
            "sparsity_damping": check_number(self, "sparsity_damping", 0, 1),
            "sample_visibles": check_flag(self, "sample_visibles"),
            "statistics": self.statistics,
            "n_threads": resolve_n_jobs(self.n_jobs),
        }

    def _check_resumable(self) -> None:
        if self._engine.n_hidden != self.n_components:
            raise ValueError(
                f"{type(self).__name__}: n_components is {self.n_components}, but the fitted "
                f"model has {self._engine.n_hidden}; use warm_start=False to start again"
            )
        if self._engine.precision != self.precision:
            raise ValueError(
                f"{type(self).__name__}: precision is {self.precision!r}, but the fitted model has "
                f"{self._engine.precision!r}; use warm_start=False to start again"
            )
        if self.algorithm == "pcd" and len(self.h_samples_) == 0:  # it was trained by cd so far
            self._engine.set_chains(self._initial_chains(self._seed))
            self._arrays.clear()

    def _training_rows(self, X: Any) -> _core.Rows:
        threshold = None if isinstance(self.binarize, str) else self.binarize
        rows = to_rows(X, threshold)
        warn_outside_unit_interval(rows, self)
        if self.statistics == "sampled":
            self._check_binary_statistics(rows)
        return rows

    def _check_binary_statistics(self, rows: _core.Rows) -> None:
        """Sampled statistics count pairs of bits, so both visible phases must be bits."""
        name = type(self).__name__
        if not self.sample_visibles:
            raise ValueError(
                f"{name}: statistics='sampled' needs sample_visibles=True, got sample_visibles=False"
            )
        if rows.kind != "bits" and self.binarize != "sample":
            raise ValueError(
                f"{name}: statistics='sampled' needs binary data, got real values; "
                "use binarize=0.5 or binarize='sample'"
            )

    # ---- start ----

    def _initial_visible_bias(self, rows: _core.Rows) -> NDArray[np.float64]:
        raise NotImplementedError

    def _initial_chains(self, seed: int) -> NDArray[np.bool_]:
        raise NotImplementedError

    def _score_rows(self, rows: _core.Rows) -> NDArray[np.float64]:
        raise NotImplementedError

    def _start(self, X: Any, rows: _core.Rows) -> None:
        """Initial weights, biases and chains. Draws from random_state in scikit-learn's order,
        then the seed."""
        rng = check_random_state(self.random_state)
        n_features = X.shape[1]
        weights = rng.normal(0, 0.01, (self.n_components, n_features))
        seed = int.from_bytes(rng.bytes(8), "little")
        engine = _core.RbmEngine(n_features, self.n_components, self.precision)
        engine.set_parameters(
            weights, np.zeros(self.n_components), self._initial_visible_bias(rows)
        )
        engine.set_chains(self._initial_chains(seed))
        # Nothing of a fitted model is touched before everything of the new one exists.
        self._engine = engine
        self._seed = seed
        self._dtype = self._fitted_dtype(X)
        self._arrays = {}
        self.n_iter_ = 0
        self.n_updates_ = 0
        self.history_ = {}
        self._training_steps = 0
        self._sampling_steps = 0

    @property
    def _n_features_out(self) -> int:
        return self._engine.n_hidden

    # ---- epochs ----

    def _run_epochs(
        self, rows: _core.Rows, settings: dict[str, Any], callbacks: FitCallbacks
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
            if self._train_epoch(rows, order, settings, callbacks.poll):
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
        settings: dict[str, Any],
        poll: Callable[[int], bool] | None,
    ) -> bool:
        """One pass over the rows; the engine has a snapshot to return to. True if `poll` stopped
        it."""
        settings = dict(settings)
        n_threads = settings.pop("n_threads")
        final_momentum = settings.pop("final_momentum")
        if final_momentum is not None and self.n_iter_ >= self.momentum_switch_epoch:
            settings["momentum"] = final_momentum
        settings["binarize_sample"] = self.binarize == "sample" and rows.kind != "bits"
        settings["data_step"] = self.n_updates_
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


def _check_device(owner: Any) -> None:
    if owner.device == "cpu":
        return
    if isinstance(owner.device, str) and owner.device.split(":")[0] == "cuda":
        raise NotImplementedError(
            f"{type(owner).__name__}: device={owner.device!r} is not available: {_core.CUDA_STATUS}"
        )
    raise ValueError(
        f"{type(owner).__name__}: device must be 'cpu' or 'cuda[:n]', got {owner.device!r}"
    )


def _check_binarize(owner: Any) -> None:
    if owner.binarize is None or owner.binarize == "sample":
        return
    if isinstance(owner.binarize, str):
        raise ValueError(
            f"{type(owner).__name__}: binarize must be None, a threshold or 'sample', "
            f"got {owner.binarize!r}"
        )
    check_number(owner, "binarize")
