"""The parts of `fit`: parameters and rows checked, a new model built beside the old one, its stages; chunks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .. import _core
from ..callbacks._run import FitCallbacks, histories_of
from ..exceptions import warn_caller
from .attributes import attribute_names
from .declarations import Measurement
from .engine import Engine
from .given import given
from .input import Data, input_matrix, output_dtype
from .kind import ModelKind
from .templates import Template
from .training.loop import left, planned, run_stages
from .training.passes import Pass, train_pass
from .training.presentation import Presentation, presented
from .training.stages import enter
from .training.transaction import Turn, trained_alone, twin_of


class Fitting(ModelKind):
    """How every model learns, around what its class declares."""

    warm_start: bool
    random_state: Any
    callbacks: Any
    verbose: int
    _given: dict[str, NDArray[Any]]  # arrays assigned so far to a model that is not fitted

    # ---- parameters ----

    def _check_resumable(self) -> None:
        """An error unless the fitted model can learn on under these parameters."""
        for name, fitted in self._unchangeable().items():
            if (value := getattr(self, name)) != fitted:
                raise ValueError(
                    f"{type(self).__name__}: {name} is {value!r}, but the fitted model has {fitted!r}; "
                    f"set {name}={fitted!r} to go on, or use warm_start=False to start again"
                )
        self._check_made()

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
    ) -> tuple[Data, Presentation]:
        """X and its rows, checked, and the model ready to learn from them: the fitted one, or a new one, which
        is built beside it."""
        for text in self._without_effect():
            warn_caller(f"{type(self).__name__}: {text}", UserWarning)
        model = self if resume else twin_of(self)
        double = None if resume else getattr(self, "precision", "float64") == "float64"
        dtype = self._input_dtype(double=double)
        device = self._rows_device(training=True)
        X = input_matrix(model, X, reset=not resume, default_dtype=dtype, device=device)
        data = Data.of(X, y, sample_weight, type(self).__name__)
        if resume:
            self._check_resumable()
            self._engine = self._placed_engine()
        else:
            model.__dict__.update(model._learn_of_rows(X))
            model.__dict__.update(model._learn_of_targets(y, X.shape[0]))
        presentation = presented(model, data)
        if not resume:
            model._start(X, presentation.rows_presented())
            self.__dict__ = model.__dict__
        return data, presentation

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
            | ({"_inside": {}} if self._inside_names() else {})
        )
        for name in ("_given", *self._optional_values, *self._made_when_fitted):
            self.__dict__.pop(name, None)

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
                f"{type(self).__name__}: the training has made all its {self.n_iter_} epochs; to go on, set "
                f"{self._more_epochs()}"
            )
        resume = to_the_end or (self.warm_start and self.__sklearn_is_fitted__())
        self._note_given()
        data, presented = self._begin(X, y, sample_weight, resume=resume)
        if to_the_end:
            self._note_other_rows(data.X.shape[0])
        plan = left(self) if to_the_end else planned(self, resume)
        callbacks = FitCallbacks(self, data.X, y, self._stages(), plan)
        try:
            callbacks.begin_fit()
            # Rows that the model itself will learn later do not wait in memory.
            at_hand = presented if plan[0][1].learner is None else None
            del presented
            run_stages(turn, data, at_hand, checked, plan, callbacks)
            callbacks.end_fit()
        finally:
            try:
                callbacks.close()
            except BaseException:  # an error or Ctrl-C within: what is left of it
                callbacks.close()
                raise

    def _more_epochs(self) -> str:
        """Of the argument that makes a finished training longer: that of the last stage."""
        last = self._stages()[-1]
        templates = [name for name, rule in self.rules.items() if isinstance(rule, Template)]
        name = "n_iter" if last.learner is None else " or ".join(f"{t}__n_iter" for t in templates)
        is_only = len(self._stages()) == 1
        done = self.n_iter_ if is_only else self._position[1]
        which = "in all" if is_only else f"of {last.name!r}, its last stage"
        return f"{name} to more than {max(done, last.n_iter)}, epochs {which}"

    def _note_other_rows(self, n_rows: int) -> None:
        """A model keeps no rows and not their number, but its epochs were of so many updates."""
        expected = self._updates_of_epoch(n_rows)
        # Passes of `partial_fit` and those that were left are updates, too: then there may be no telling.
        before, rest = divmod(self.n_updates_, max(1, self.n_iter_))
        if expected in (None, before) or rest or self.n_iter_ == 0 or len(self._stages()) > 1:
            return
        warn_caller(
            f"{type(self).__name__}: resume finishes a training on the same rows, but an epoch of these "
            f"{n_rows:,} rows is {expected:,} updates, and those before were {before:,}: other rows, "
            "another batch_size or another solver lead to another model than an uninterrupted fit",
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
            data, presented = self._begin(X, y, sample_weight, resume=is_fitted)
            numbers = self._chunk_stages()
            if self._is_before(numbers[0]):
                self._position = (numbers[0], 0)
            works = [enter(self, number, data, checked, presented) for number in numbers]
            orders = [
                work.presentation.order(self._seed, self.n_updates_, shuffle=False)
                for work in works
            ]
            train_pass(turn, [Pass.of(*each) for each in zip(works, orders, strict=True)])

        trained_alone(self, learn)
        return self

    def _chunk_stages(self) -> list[int]:
        """Those whose learners make a pass in `partial_fit`: the model itself if it learns in any, otherwise all
        that are inside, each from what those below were before."""
        stages = self._stages()
        own = [number for number, stage in enumerate(stages) if stage.learner is None]
        if not own:
            return [*range(len(stages))]
        if self.n_iter_ > 0 and self._is_before(own[-1]):
            raise ValueError(
                f"{type(self).__name__}: partial_fit teaches the model as a whole, but fit was stopped in "
                f"{stages[self._position[0]].name!r}; finish it by resume before"
            )
        return own[-1:]

    def _is_before(self, number: int) -> bool:
        """Whether the training stands where others learn for this stage."""
        at = self._position[0]
        return at < number and self._stages()[at].learner is not None

    def _check_fitted(self) -> None:
        if not given(self):
            check_is_fitted(self)
            return
        names = attribute_names(type(self))
        missing = [names[array] for array in self._defining if array not in given(self)]
        check_is_fitted(
            self, msg=f"This %(name)s instance is not fitted yet: it lacks {', '.join(missing)}."
        )

    @property
    def _learner(self) -> Fitting:
        """Who learns in the stage at hand, or did so last."""
        stages = self._stages()
        name = stages[min(self._position[0], len(stages) - 1)].learner
        return self if name is None else self._inside.get(name, self)

    def _measured_in_all(self) -> dict[str, Measurement]:
        """What is measured in any stage, by name."""
        learners = [
            self if stage.learner is None else self._new_learner(number)
            for number, stage in enumerate(self._stages())
        ]
        return {found.name: found for learner in learners for found in learner.measurements}

    def _matrix(self, X: Any, *, finite: bool = True) -> Any:
        """X checked against what the model was fitted to; `finite` as of `input_matrix`."""
        return input_matrix(
            self,
            X,
            reset=False,
            default_dtype=self._input_dtype(),
            device=self._rows_device(training=False),
            finite=finite,
        )
