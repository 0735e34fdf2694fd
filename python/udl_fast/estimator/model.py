"""What every trained model is: fit, partial_fit, save and pickling, around what its class declares.

A kind of model is a class that derives from `Model`: its arguments with a rule for each, what it measures, the
arrays of its engine, and the methods of `kind.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .. import _core
from ..callbacks._run import FitCallbacks, histories_of
from ..callbacks._support import CallbackSupport
from ..exceptions import warn_caller
from ..persistence.state import State
from ..persistence.templates import later_parameters
from .attributes import attribute_names
from .engine import Engine
from .given import given
from .input import input_matrix, output_dtype
from .kind import ModelKind
from .output import own_outputs
from .presentation import Presentation, checked_weights
from .saving import go_back, model_of, pickled, state_of, unpickled_engine
from .training import left, planned, run_stages, train_epoch
from .transaction import Turn, at_rest, of_one_fit, trained_alone, twin_of


class Model(ModelKind, CallbackSupport, BaseEstimator):
    """Base class of models: everything but what they learn and how."""

    warm_start: bool
    random_state: Any
    callbacks: Any
    verbose: int
    n_iter_: int
    n_updates_: int
    n_features_in_: int
    history_: dict[str, list[Any]]
    feature_names_in_: NDArray[Any]
    _seed: int
    _training_steps: int
    # Stage, and epochs of it that are done. After the last one the stage is the number of stages, and
    # `partial_fit` learns there.
    _position: tuple[int, int]
    _dtype: Any  # of fitted attributes: the dtype of the data
    _arrays: dict[str, NDArray[Any]]  # attributes already read, dropped when the engine learns
    _given: dict[str, NDArray[Any]]  # arrays assigned so far to a model that is not fitted

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

    def resume(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Finish a training that was stopped: the epochs that are left of `n_iter`.

        After Ctrl-C, a callback's stop at the end of an epoch, or a crash that left a checkpoint, the
        finished model is that of an uninterrupted `fit` on the same rows, to the bit, at the rates of its
        schedule. A function's stop between minibatches keeps what they taught: the epoch does not count, and
        is made again as a whole on top of it. To learn longer than was planned, set `n_iter` to the
        epochs in all before.

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
        for chunk in X:
            self._learn_chunk(chunk, y, None)
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

    # ---- parameters ----

    def _check_resumable(self) -> None:
        """An error unless the fitted model can learn on under these parameters."""
        for name, fitted in self._unchangeable().items():
            if (value := getattr(self, name)) != fitted:
                raise ValueError(
                    f"{type(self).__name__}: {name} is {value!r}, but the fitted model has {fitted!r}; "
                    f"set {name}={fitted!r} to go on, or use warm_start=False to start again"
                )

    # ---- the parts of fit ----

    def _check_parameters(self) -> dict[str, Any]:
        """The values of all parameters as their rules return them."""
        owner = type(self).__name__
        checked = {
            name: rule.check(getattr(self, name), name, owner) for name, rule in self.rules.items()
        }
        histories_of(self)
        self._check_together()
        return checked

    def _begin(
        self, X: Any, y: Any, sample_weight: Any, *, resume: bool
    ) -> tuple[Any, Presentation]:
        """X and its rows, checked, and the model ready to learn from them: the fitted one, or a new one, which
        is built beside it."""
        for text in self._without_effect():
            warn_caller(f"{type(self).__name__}: {text}", UserWarning)
        model = self if resume else twin_of(self)
        double = None if resume else getattr(self, "precision", "float64") == "float64"
        dtype = self._input_dtype(double=double)
        X = input_matrix(model, X, reset=not resume, default_dtype=dtype)
        weights = checked_weights(sample_weight, X.shape[0], type(self).__name__)
        presentation = Presentation.of(model._rows(X, y, training=True), weights)
        if resume:
            self._check_resumable()
        else:
            model._start(X, presentation.rows_presented())
            self.__dict__ = model.__dict__
        return X, presentation

    def _start(self, X: Any, rows: _core.Rows) -> None:
        """A new model. Draws from random_state what starts training, then the seed."""
        rng = check_random_state(self.random_state)
        engine = self._new_engine(X, rows, rng)
        dtype = output_dtype(X, self._default_dtype)
        self._take_start(engine, rng, n_features=self.n_features_in_, dtype=dtype)

    def _take_start(
        self, engine: Engine, rng: np.random.RandomState, *, n_features: int, dtype: Any
    ) -> None:
        """A new model with this engine. Draws the seed."""
        seed = int.from_bytes(rng.bytes(8), "little")
        self._seed_engine(engine, seed)
        is_double = engine.precision == "float64"  # loses nothing
        self.__dict__.update(
            dict.fromkeys(self._counts, 0)
            | {
                "n_features_in_": n_features,
                "_seed": seed,
                "_engine": engine,
                "_dtype": np.float64 if is_double else dtype,
                "_arrays": {},
                "_position": (0, 0),
                "history_": {},
            }
        )
        self.__dict__.pop("_given", None)

    def _run_fit(
        self,
        turn: Turn,
        X: Any,
        y: Any,
        sample_weight: Any,
        checked: Mapping[str, Any],
        *,
        to_the_end: bool = False,
    ) -> None:
        if to_the_end and not left(self):
            raise ValueError(
                f"{type(self).__name__}: the training has made all its {self.n_iter_} epochs; set n_iter "
                f"to more, epochs in all, to go on, got n_iter={self.n_iter}"
            )
        resume = to_the_end or (self.warm_start and self.__sklearn_is_fitted__())
        self._note_given()
        X, presentation = self._begin(X, y, sample_weight, resume=resume)
        if to_the_end:
            self._note_other_rows(presentation.rows.shape[0])
        plan = left(self) if to_the_end else planned(self, resume)
        callbacks = FitCallbacks(self, X, presentation.rows, self._stages(), plan)
        try:
            callbacks.begin_fit()
            run_stages(turn, presentation, checked, plan, callbacks)
            callbacks.end_fit()
        finally:
            try:
                callbacks.close()
            except BaseException:  # an error or Ctrl-C within: what is left of it
                callbacks.close()
                raise

    def _note_other_rows(self, n_rows: int) -> None:
        """A model keeps no rows and not their number, but its epochs were of so many updates."""
        expected = self._updates_of_epoch(n_rows)
        # Passes of `partial_fit` and those that were left are updates, too: then there may be no telling.
        before, rest = divmod(self.n_updates_, max(1, self.n_iter_))
        if expected in (None, before) or rest or self.n_iter_ == 0 or len(self._stages()) > 1:
            return
        warn_caller(
            f"{type(self).__name__}: resume finishes a training on the same rows, but an epoch of these "
            f"{n_rows:,} rows is {expected:,} updates, and those before were {before:,}: other rows or "
            "another batch_size lead to another model than an uninterrupted fit",
            UserWarning,
        )

    def _note_given(self) -> None:
        """Arrays assigned to a model that still lacks others do not vanish in silence."""
        if not given(self):
            return
        if self.warm_start:
            self._check_fitted()
        names = attribute_names(type(self))
        warn_caller(
            f"{type(self).__name__}: fit starts anew, without the assigned "
            f"{', '.join(names[array] for array in given(self))}",
            UserWarning,
        )

    def _learn_chunk(self, X: Any, y: Any, sample_weight: Any) -> Self:
        if given(self):
            self._check_fitted()
        checked = self._check_parameters()

        def learn(turn: Turn) -> None:
            is_fitted = self.__sklearn_is_fitted__()
            _, presentation = self._begin(X, y, sample_weight, resume=is_fitted)
            order = presentation.order(self._seed, self.n_updates_, shuffle=False)
            train_epoch(turn, presentation.rows, order, checked, None)

        trained_alone(self, learn)
        return self

    def _matrix(self, X: Any) -> Any:
        """X checked against what the model was fitted to."""
        return input_matrix(self, X, reset=False, default_dtype=self._input_dtype())

    # ---- the fitted model ----

    def _check_fitted(self) -> None:
        if not given(self):
            check_is_fitted(self)
            return
        names = attribute_names(type(self))
        missing = [names[array] for array in self._defining if array not in given(self)]
        check_is_fitted(
            self, msg=f"This %(name)s instance is not fitted yet: it lacks {', '.join(missing)}."
        )

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
        return pickled(super(Model, model).__getstate__(), arrays)

    def __setstate__(self, state: dict[str, Any]) -> None:
        saved = {**later_parameters(type(self)), **state}
        engine = saved.pop("_engine_state", None)
        super().__setstate__(saved)
        if engine is not None:
            self._engine = unpickled_engine(self, engine)
            self._arrays = {}
            self.__dict__.setdefault("_position", (0, 0))  # of pickles before there were stages
            self.__dict__.setdefault("history_", {})  # and of those before there was one
