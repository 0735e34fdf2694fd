"""What a kind of model brings: declarations and methods that `Model` calls, most with what usual models do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..persistence.state import ArrayRule, State, StateRules
from ..persistence.values import COUNTS, Count, ValueRule
from .declarations import Measurement, Stage, Trouble
from .engine import Engine
from .input import Data, check_range, refuse_not_finite, to_rows, value_range
from .parameters import COMMON_RULES, Rule


class ModelKind:
    """The part of a model that differs from kind to kind."""

    rules: ClassVar[Mapping[str, Rule]] = COMMON_RULES  # one for each constructor argument
    measurements: ClassVar[tuple[Measurement, ...]]  # the first is the score
    _has_targets: ClassVar[bool] = False  # whether every model of the class learns y
    pictures: ClassVar[tuple[str, ...]] = ()  # that `udl-fast train --pictures` draws

    # Integers of a fitted model that copies and files keep; `persistence/values.py` has the bounds of these.
    _counts: ClassVar[tuple[str, ...]] = (
        "_seed",  # of every draw; itself drawn from random_state
        "n_iter_",
        "n_updates_",
        "_training_steps",  # steps drawn so far by fit and partial_fit
        "n_features_in_",
    )
    # Other attributes of a fitted model that they keep.
    _values: ClassVar[Mapping[str, ValueRule]] = {}
    # And those that it may have, until it is fitted anew.
    _optional_values: ClassVar[Mapping[str, ValueRule]] = {}
    # Attributes made by a fitted model, which a new one does not have and files do not keep.
    _made_when_fitted: ClassVar[tuple[str, ...]] = ()

    # Arrays of the engine that make a model where they are given instead of learned.
    _defining: ClassVar[tuple[str, ...]] = ()
    _default_dtype: Any = (
        np.float32
    )  # of input that is neither floating point, uint8 nor bool, in float32
    # Arguments that came after the first files, with what files that lack them mean.
    _later_parameters: ClassVar[Mapping[str, Any]] = {}

    # ---- what all have ----

    n_iter: int
    n_jobs: int | None

    # Once they are fitted:
    n_iter_: int
    n_updates_: int
    n_features_in_: int
    history_: dict[str, list[Any]]
    _engine: Engine
    _seed: int
    _training_steps: int
    # Stage, and epochs of it that are done; behind the training, all of the last, where more may follow.
    _position: tuple[int, int]
    _dtype: Any  # of fitted attributes: the dtype of the data
    _arrays: dict[str, NDArray[Any]]  # attributes already read, dropped when the engine learns
    # Models that this one is made of, by name. What is inside never changes its counts: a pass puts another
    # model with the same engine in its place.
    _inside: Mapping[str, Any] = MappingProxyType({})

    # ---- what it must bring ----

    def _array_rules(self) -> Mapping[str, ArrayRule]:
        """The arrays of the engine's state."""
        raise NotImplementedError

    def _bare_engine(self, sizes: Mapping[str, int], precision: str) -> Engine:
        """An engine of these dimensions, by the names of the array rules, to be given a state."""
        raise NotImplementedError

    def _new_engine(self, X: Any, rows: _core.Rows, rng: np.random.RandomState) -> Engine:
        """An engine where training starts. Touches nothing of the model."""
        raise NotImplementedError

    def _seed_engine(self, engine: Engine, seed: int) -> None:
        """Draw what a new engine draws from its seed. Touches nothing of the model."""

    def _settings(self, checked: Mapping[str, Any], rows: _core.Rows) -> dict[str, Any]:
        """What the engine is told for this epoch; `checked` are the parameters, and schedules read
        `n_iter_` and `_position`."""
        return {"batch_size": checked["batch_size"]}

    def _score_rows(self, rows: _core.Rows) -> NDArray[np.float64]:
        """The score of each row, which is the first of `measurements`."""
        raise NotImplementedError

    def _measure(self, training: Any, validation: Any | None) -> dict[str, Any]:
        """Measurements on samples, by name. What begins with an underscore is for `_troubles` and not
        kept."""
        raise NotImplementedError

    # ---- what it may bring ----

    def _checked_of_stage(self, checked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Parameters under which the model itself learns in a stage, `shuffle` and `n_jobs` among them."""
        return checked

    @property
    def _learns_targets(self) -> bool:
        """Whether it learns y, under its arguments of today."""
        return self._has_targets

    def _measure_beside(self, training: Any, validation: Any | None) -> dict[str, Any]:
        """Measurements of the whole model, by name, after an epoch in which one inside learned; from samples of
        its checked rows, as matrices."""
        return {}

    def _check_together(self) -> None:
        """Checks that involve several parameters."""

    def _without_effect(self) -> Iterable[str]:
        """Parameters that were set and change nothing as the others are, in words."""
        return ()

    def _updates_of_epoch(self, n_rows: int) -> int | None:
        """Updates in an epoch of so many rows; None if the rows do not tell."""
        return None

    def _unchangeable(self) -> dict[str, Any]:
        """Parameters that a fitted model keeps for ever, with the values that its engine has."""
        return {name: getattr(self._engine, size) for name, size in self._dimensions().items()}

    def _check_made(self) -> None:
        """A ValueError unless a fitted model is made of what its parameters say, before it learns on and before
        files and copies keep both."""

    def _rows_device(self, *, training: bool) -> str:
        """Where rows are to be: "cpu", or a GPU that takes arrays which live there. `training` is whether they
        are to be learned, and not only looked at by the engine of today."""
        return "cpu"

    def _placed_engine(self) -> Engine:
        """The engine of a fitted model that is to learn on: another one where it is to learn elsewhere."""
        return self._engine

    def _settle(self) -> None:
        """Before a fitted model is looked at: its engine moves, if it is to compute elsewhere by now."""

    def _complete_engine(self) -> None:
        """Before each pass: give the engine what it lacks under these parameters."""

    def _stages(self) -> list[Stage]:
        """Parts of the training, one after another."""
        return [Stage("training", self.n_iter)]

    def _new_learner(self, number: int) -> Any:
        """Of a stage that names a model inside: that model before it has learned, under its arguments of today."""
        raise NotImplementedError

    def _stage_input(self, number: int, X: Any, y: Any = None) -> Any:
        """What the model inside that learns in a stage is given of a checked matrix, and of y as it was given:
        usually what those of the stages before make of the rows."""
        return X

    def _entered(self, number: int) -> dict[str, Any]:
        """Where a stage begins, or goes on, in which the model itself learns: its attributes that change with
        that, such as an engine that takes over what was learned inside."""
        return {}

    def _check_inside(self, state: State, path: str) -> None:
        """A ValueError unless models inside, each right by itself, fit each other and the parameters; `path` is
        to stand before what it names."""
        for number, stage in enumerate(self._stages()):
            if stage.learner in state.inside:
                _check_learner(
                    self._new_learner(number), state.inside[stage.learner], path + stage.learner
                )

    def _own_data(self, data: Data) -> Data:
        """What the model itself learns from of the data that a call is given: usually all."""
        return data

    def _targets(self, y: Any, n_rows: int) -> _core.Rows | None:
        """What the rows are to be mapped to, of a model that knows its classes; None where it learns from rows
        alone. Measurements are then given pairs of a sample and of its targets, as arrays."""
        return None

    def _learn_of_rows(self, X: Any) -> dict[str, Any]:
        """Attributes that a new model has of its checked rows, such as the kind of units they are for."""
        return {}

    def _learn_of_targets(self, y: Any, n_rows: int) -> dict[str, Any]:
        """Attributes that a new model has of its targets, such as `classes_`."""
        return {}

    def _rows(self, X: Any, y: Any = None, *, training: bool) -> _core.Rows:
        """The engine's form of a checked matrix; y is as the caller gave it."""
        rows = self._bare_rows(X)
        if rows.kind != "bits":
            self._check_range(*value_range(rows, self.n_jobs), training=training)
        return rows

    def _bare_rows(self, X: Any) -> _core.Rows:
        """The same, whose range nobody has looked at."""
        return to_rows(X, n_jobs=self.n_jobs)

    def _look_at_range(self, X: Any, rows: _core.Rows, low: float, high: float) -> None:
        """What is left to be checked of rows whose values were found to be from `low` to `high`, on the way to
        something else: of a matrix whose values may be no finite numbers."""
        if not np.isfinite([low, high]).all():
            refuse_not_finite(self, X)
        if rows.kind != "bits":
            self._check_range(
                low + 0.0, high + 0.0, training=False
            )  # never -0, which texts would show

    def _check_range(self, low: float, high: float, *, training: bool) -> None:
        """Errors and warnings about rows of real values from `low` to `high`."""
        check_range(low, high, "X", double=self._is_double())

    def _sample(self, rows: _core.Rows, numbers: NDArray[np.uint32]) -> Any:
        """These rows in the form in which `_measure` takes them."""
        return rows.take(numbers, self._engine_dtype)

    def _measuring_cost(self, rows: _core.Rows) -> float:
        """Rows of training that take as long as measuring one such row, at most: of the sizes alone, so that
        what is measured never depends on a clock."""
        return 1.0

    def _troubles(self, entry: Mapping[str, Any], sample: Any) -> Iterable[Trouble]:
        """Signs in these measurements of the sample that learning goes wrong."""
        return ()

    @property
    def _own_measurements(self) -> tuple[Measurement, ...]:
        """Those of its `measurements` that are made while the model itself learns, its score first."""
        return self.measurements

    def _missing_values_advice(self) -> str:
        """How rows say that a value is missing, where NaN does not; nothing where none may be."""
        return ""

    def _not_finite_advice(self) -> str:
        """What to do if weights stop being finite."""
        return ""

    def _engine_array(self, name: str) -> NDArray[Any]:
        """One array of the engine's state; an engine may have a cheaper way to it."""
        return self._engine.state()[name]

    # ---- what follows from it ----

    def _inside_names(self) -> tuple[str, ...]:
        """Names of the models that this one is made of, in the order in which they learn."""
        return tuple(stage.learner for stage in self._stages() if stage.learner is not None)

    @classmethod
    def _dimensions(cls) -> dict[str, str]:
        """Parameters that set the size of arrays, and the dimension of the array rules that each sets."""
        return {name: rule.dimension for name, rule in cls.rules.items() if rule.dimension}

    def _state_rules(self) -> StateRules:
        """What the state may hold."""
        counts = {name: Count() for name in self._counts if name not in COUNTS}
        values = {**counts, **self._values, **self._optional_values}
        return StateRules(self._array_rules(), self._inside_names(), values)

    def __sklearn_is_fitted__(self) -> bool:
        return "_engine" in self.__dict__

    def _is_double(self) -> bool:
        """Whether the engine computes in float64, or would."""
        if self.__sklearn_is_fitted__():
            return self._engine.precision == "float64"
        return getattr(self, "precision", "float64") == "float64"

    def _input_dtype(self, *, double: bool | None = None) -> Any:
        """What input of other dtypes becomes; `double` is whether it meets an engine of float64, None means
        the present one. Nothing is lost then."""
        double = self._is_double() if double is None else double
        return np.float64 if double else self._default_dtype

    @property
    def _engine_dtype(self) -> str:
        return "float64" if self._is_double() else "float32"


def _check_learner(wanted: ModelKind, found: State, path: str) -> None:
    """A ValueError unless a model inside is of the class and the sizes that the one around it gives it."""
    if found.model != type(wanted).__name__:
        raise ValueError(f"{path} is of {found.model}, expected {type(wanted).__name__}")
    for name in wanted._dimensions():
        if (value := found.parameters.get(name)) != (size := getattr(wanted, name)):
            raise ValueError(f"{path}: {name} is {value!r}, expected {size!r}")
