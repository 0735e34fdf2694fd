"""What every trained model is: fit, partial_fit, save and pickling, around what its class declares.

A kind of model is a class that derives from `Model`: its arguments with a rule for each, what it measures, the
arrays of its engine, and the methods of `kind.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Self

from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ..callbacks._support import CallbackSupport
from ..persistence.state import State
from ..persistence.templates import later_parameters
from .fitting import Fitting
from .output import own_outputs
from .saving import go_back, model_of, pickled, state_of, unpickled_engine, unpickled_inside
from .targets import chunks
from .training.transaction import at_rest, of_one_fit, trained_alone


class Model(Fitting, CallbackSupport, BaseEstimator):
    """Base class of models: everything but what they learn and how."""

    feature_names_in_: NDArray[Any]

    def __init_subclass__(cls, **options: Any) -> None:
        own_outputs(cls)
        super().__init_subclass__(**options)

    # ---- public ----

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the model to the rows of X, `n_iter` passes in minibatches.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Binary states, or probabilities in [0, 1].
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None
            Rows are presented in proportion to it: of the n presentations of an epoch a row has
            n w / sum(w) on average, rounded up or down from epoch to epoch, and exactly so many where that
            is an integer. Rows of weight 0 are never presented and do not shape the start. None weighs all
            alike. Measurements for `history_` are of all rows.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X, a weight or a parameter is invalid.
        FloatingPointError
            If weights stop being finite; the model keeps the last good state.
        RuntimeError
            If the model is being trained, by another thread or by the call whose callback this is.

        Notes
        -----
        Ctrl-C keeps the last finished epoch: the KeyboardInterrupt is raised, the model is usable,
        and ``n_iter_`` tells how far it got. A fit that ends so, or by an error, before its first
        epoch is finished leaves the model as it was, fitted or not.
        """
        checked = self._check_parameters()
        trained_alone(self, lambda turn: self._run_fit(turn, X, y, sample_weight, checked))
        return self

    def set_params(self, **params: Any) -> Self:
        """Set arguments, by the names that the constructor has.

        Parameters
        ----------
        **params
            Of the model; those of a template in it by names such as ``rbm__learning_rate``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is no such argument, or no single template that has it.
        """
        for given in params:
            name, _, inner = given.partition("__")
            if inner and name in self.rules:
                value = params.get(name, getattr(self, name))
                self.rules[name].check_inner(value, name, type(self).__name__)
        found: Self = super().set_params(**params)
        return found

    def resume(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Finish a training that was stopped: the epochs that are left of `n_iter`.

        After Ctrl-C, a callback's stop at the end of an epoch, or a crash that left a checkpoint, the
        finished model is that of an uninterrupted `fit` on the same rows, to the bit, at the rates of its
        schedule. A function's stop between minibatches keeps what they taught: the epoch does not count, and
        is made again as a whole on top of it. To learn longer than was planned, set `n_iter` to the
        epochs in all before; in a training of several stages it is of the last.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The rows of the `fit` that was stopped.
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None
            Its weights, which the model does not keep.

        Returns
        -------
        self

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ValueError
            If no epoch is left, or X or a parameter is invalid.
        RuntimeError
            If the model is being trained.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> rbm = udl.RBM(16, n_iter=2, random_state=0).fit(X)
        >>> rbm.set_params(n_iter=5).resume(X).n_iter_
        5
        """
        self._check_fitted()
        checked = self._check_parameters()
        trained_alone(
            self,
            lambda turn: self._run_fit(turn, X, y, sample_weight, checked, to_the_end=True),
        )
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """One pass over the rows of X, in order, in minibatches of `batch_size`.

        `n_iter_` counts passes of `fit` only. Callbacks and `history_` belong to `fit` too.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or an iterator of them
            An iterator is read to its end, one chunk in memory at a time.
        y : ignored
            Of a model that learns targets: those of the rows; with an iterator another one, of those of each
            chunk.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`; not with an iterator.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X, a weight or a parameter is invalid, or an iterator yields no chunk.
        RuntimeError
            If the model is being trained, by another thread or by the call whose callback this is.

        Notes
        -----
        Ctrl-C or an error leaves the model as it was before the chunk in which it came.
        """
        if not isinstance(X, Iterator):
            return self._learn_chunk(X, y, sample_weight)  # a list of chunks is refused there
        if sample_weight is not None:
            raise ValueError(
                f"{type(self).__name__}: sample_weight needs rows whose number is known, got an iterator "
                "of chunks; call partial_fit for each chunk and its weights"
            )
        empty = True
        for chunk, targets in chunks(X, y, type(self).__name__, has_targets=self._learns_targets):
            self._learn_chunk(chunk, targets, None)
            empty = False
        if empty:
            raise ValueError(f"{type(self).__name__}: X is an iterator that yields no chunk")
        return self

    @of_one_fit
    def score(self, X: Any, y: Any = None) -> float:
        """Mean score of the rows, the first of `measurements`; larger is better.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        float
        """
        self._check_fitted()
        rows = self._rows(self._matrix(X), training=False)
        return float(self._score_rows(rows).mean())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to one safetensors file, which :func:`udl_fast.load` reads.

        The file holds parameters, everything that was learned and step counters, so a loaded model
        goes on bit for bit. `callbacks` are left out, what `set_output` chose, and a `random_state`
        that is a generator: a fitted model draws from a seed of its own. The file appears whole or not at
        all; an old one at `path` stays until then.

        Of a model in training, as another thread or a callback between minibatches meets it, the file
        holds the end of the last finished epoch, or what was before the first; so do pickles and
        copies. Reading attributes shows the weights of the moment.

        Parameters
        ----------
        path : str or path-like
            By custom with the ending ``.safetensors``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the model is not fitted.
        OSError
            If the file cannot be written.
        ValueError or TypeError
            Naming what `load` would refuse: a parameter that was changed to something invalid, entries
            of `history_` that are no numbers, or a class that :mod:`udl_fast.registry` does not know.
            Nothing is written then.

        Examples
        --------
        >>> import tempfile, os
        >>> import udl_fast
        >>> model = udl_fast.RBM(2, n_iter=1, random_state=0).fit([[0, 1, 1], [1, 0, 0]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(os.path.join(folder, "model.safetensors"))
        """
        from ..persistence.model_file import save_model

        self._check_fitted()
        save_model(self, path)

    def _check_savable(self) -> None:
        """An error if `save` would refuse every model of this class."""
        from ..persistence.templates import check_class

        try:
            check_class(type(self))
        except ValueError as error:
            raise ValueError(f"{type(self).__name__}.save: {error}") from error

    # ---- the fitted model ----

    def _state(self) -> State:
        """Everything of a fitted model but objects of the caller, in plain parts."""
        return state_of(self)

    @classmethod
    def _from_state(cls, state: State) -> Self:
        """The model that `_state` took apart; a ValueError or TypeError says what is wrong with it."""
        return model_of(cls, state)

    def _go_back(self, state: State) -> None:
        """Back to what the model had learned when its `_state` was taken."""
        go_back(self, state)

    def __getstate__(self) -> dict[str, Any]:
        model, arrays = at_rest(self)
        if arrays is not None:
            model._check_made()
        return pickled(super(Model, model).__getstate__(), arrays)

    def __setstate__(self, state: dict[str, Any]) -> None:
        saved = {**later_parameters(type(self)), **state}
        engine = saved.pop("_engine_state", None)
        if "_inside" in saved:
            saved["_inside"] = unpickled_inside(saved["_inside"])
        super().__setstate__(saved)
        if engine is not None:
            self._engine = unpickled_engine(self, engine)
            self._arrays = {}
            self.__dict__.setdefault("_position", (0, 0))  # of pickles before there were stages
            self.__dict__.setdefault("history_", {})  # and of those before there was one
