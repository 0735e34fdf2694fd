"""Calls that train, change or save a model."""

import contextlib
import functools
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tests.support.bernoulli_mixture import StagedMixture

import udl_fast
from benchmarks.interrupts.operation import Found, Operation, leftovers
from udl_fast import RBM, Autoencoder, BernoulliRBM, DeepAutoencoder, SparseAutoencoder, registry
from udl_fast.callbacks import Checkpoint, EarlyStopping, History
from udl_fast.callbacks._hooks import Hooks
from udl_fast.estimator import draws
from udl_fast.estimator.training import transaction

N_EPOCHS = 3
X = (np.random.default_rng(0).random((24, 6)) < 0.4).astype(np.uint8)
WIDE = (np.random.default_rng(1).random((20, 9)) < 0.4).astype(np.uint8)
_OF_A_FIT = ("_skl_callbacks", "_callback_fit_ctx", "_skl_callbacks_to_teardown")
Model = Any


@dataclass
class Subject:
    """A model, where it may save, and a second model where the call needs one."""

    model: Model
    folder: Path
    kept: dict[str, Any] = field(default_factory=dict)


# ---- what a model is ----


def learned(model: Model) -> Any:
    """Everything that tells one state of a model from another, but its history; None before fit."""
    if not model.__sklearn_is_fitted__():
        return None
    # A learner that a stage has begun with tells no more than what it was made of.
    parts = {name: learned(part) for name, part in model._inside.items() if part.n_iter_}
    counts = {name: getattr(model, name) for name in model._counts}
    state = {} if _has_just_begun(model) else model._engine.state()
    arrays = {name: (array.shape, array.tobytes()) for name, array in state.items()}
    names = tuple(model.__dict__.get("feature_names_in_", ()))
    return counts, arrays, names, np.dtype(model._dtype).name, _position(model), parts


def _has_just_begun(model: Model) -> bool:
    """Whether its own engine was made for this stage, after stages in which models inside learned."""
    number, done = model._position
    stages = model._stages()
    return 0 < number < len(stages) and not done and stages[number - 1].learner is not None


def _position(model: Model) -> tuple[int, int]:
    """A stage that is through and the begin of the next are one place; a single stage has none."""
    number, done = model._position
    stages = model._stages()
    if len(stages) == 1:
        return 0, 0
    is_through = number < len(stages) and done and done >= stages[number].n_iter
    return (number + 1, 0) if is_through else (number, done)


def history(model: Model) -> dict[str, list[Any]]:
    """Measurements but for times."""
    found = model.__dict__.get("history_", {})
    return {name: values for name, values in found.items() if name != "seconds"}


def is_begin_of(found: dict[str, list[Any]], whole: dict[str, list[Any]], n_least: int) -> bool:
    """Whether a history holds at least so many measurements and all are those of a whole one. It may have
    measured more beside them."""
    n = len(found.get("epoch", ()))
    return n >= n_least and all(found.get(name, []) == whole[name][:n] for name in whole)


class _Notes(Hooks):
    """Calls a function wherever a model may be found."""

    def __init__(self, note: Callable[[Model], None]) -> None:
        self.note = note

    def after_epoch(self, estimator: Model) -> None:
        self.note(estimator)

    def after_stage(self, estimator: Model) -> None:
        self.note(estimator)

    def before_stage(self, estimator: Model) -> None:
        self.note(estimator)


class Allowed:
    """The states a model may be found in: that before the call, and those at the ends of its passes."""

    def __init__(
        self,
        make: Callable[[], Model],
        call: Callable[[Model], Any],
        others: Iterable[Callable[[Model], Any]],
    ) -> None:
        old = make()
        self._old = learned(old), history(old)
        self._new: list[Any] = []
        self._histories: list[dict[str, list[Any]]] = []
        for way in (call, *others):
            model = make()
            notes = [self._note_between_minibatches, _Notes(self.note)]
            model.set_params(callbacks=[*(model.callbacks or ()), *notes])
            way(model)
            self._new.append(learned(model))
            self._histories.append(history(model))

    def _note_between_minibatches(self, model: Model, info: dict[str, Any]) -> None:
        """Before callbacks take the model back to an earlier epoch."""
        if info["rows_done"] == info["n_rows"]:
            self.note(model)

    def note(self, model: Model) -> None:
        """A state at the end of an epoch, or where a stage has gone back to its best one."""
        if model.__sklearn_is_fitted__() and model.n_iter_:
            self._new.append(learned(model))
            self._histories.append(history(model))

    def torn(self, model: Model) -> Found:
        """What is between states."""
        state, found = learned(model), history(model)
        if len({len(values) for values in model.__dict__.get("history_", {}).values()}) > 1:
            return ["history_ has lists of different lengths"]
        if state == self._old[0]:
            return [] if found == self._old[1] else ["the old model with another history_"]
        if state not in self._new:
            return ["neither the old model nor one at the end of a pass"]
        for whole in self._histories:
            n_least = min(state[0]["n_iter_"] - 1, len(whole.get("epoch", ())))
            if is_begin_of(found, whole, n_least):  # the last epoch may not be measured
                return []
        return ["a new model with another history_"]


# ---- what it can still do ----


def at_work(subject: Subject, X: np.ndarray) -> Found:
    """What the model no longer does: it answers, saves, loads, learns on, and holds nothing."""
    model, found = subject.model, []
    found += [f"{name} is left" for name in _OF_A_FIT if name in model.__dict__]
    found += ["a lock is held" for lock in _LOCKS if not _is_free(lock)]
    model.set_params(callbacks=None)
    if not model.__sklearn_is_fitted__():
        model.fit(X)
        return found
    X = X if model.n_features_in_ == X.shape[1] else WIDE
    path = subject.folder / "again"
    model.save(path)
    again = udl_fast.load(path)
    if learned(again) != learned(model):
        found.append("a saved model differs")
    if not np.array_equal(model.transform(X), again.transform(X)):
        found.append("transform differs from that of a loaded model")
    for both in (model, again):
        both.partial_fit(X)
    if learned(again) != learned(model):
        found.append("it learns otherwise than a loaded model")
    return found


_LOCKS = (transaction._TAKING, draws._STEP_LOCK)


def _is_free(lock: Any) -> bool:
    """Of a lock that this thread may take again, so its state is read: "<unlocked ..."."""
    return "unlocked" in repr(lock)


# ---- operations ----


def _options(**changes: Any) -> dict[str, Any]:
    known = {"n_components": 3, "batch_size": 5, "n_iter": N_EPOCHS, "random_state": 0}
    return {**known, **changes}


def _fit(X: np.ndarray, **changes: Any) -> Callable[[Model], Any]:
    return lambda model: model.set_params(**changes).fit(X)


def _operation(
    name: str,
    make: Callable[[], Model],
    call: Callable[[Model], Any],
    others: Iterable[Callable[[Model], Any]] = (),
    *,
    X: np.ndarray = X,
    watched: bool = False,
) -> Operation:
    """`others` are calls that end where this one passes."""

    def made(folder: Path) -> Subject:
        subject = Subject(make(), folder)
        if watched:
            _watch(subject)
        return subject

    @functools.cache
    def allowed() -> Allowed:
        with tempfile.TemporaryDirectory() as folder:
            return Allowed(lambda: made(Path(folder)).model, call, others)

    def torn(subject: Subject) -> Found:
        return [*allowed().torn(subject.model), *leftovers(subject.folder), *at_work(subject, X)]

    return Operation(name, made, lambda subject: call(subject.model), torn)


def _fail(model: Model, info: dict[str, Any]) -> None:
    if info["epoch"] == 2:
        raise RuntimeError("disk full")


def _failing(model: Model) -> None:
    with contextlib.suppress(RuntimeError):
        model.set_params(callbacks=[*(model.callbacks or ()), _fail]).fit(WIDE)


def _watch(subject: Subject) -> None:
    subject.model.set_params(
        callbacks=[
            History(validation=WIDE[:8]),
            EarlyStopping(monitor="epoch", mode="min", patience=2, restore_best=True),
            Checkpoint(subject.folder / "checkpoints"),
        ]
    )


def _operations_of(name: str, make: Callable[..., Model]) -> list[Operation]:
    def fitted(**changes: Any) -> Model:
        return make(**changes).fit(X)

    def going_on() -> Model:
        return fitted(warm_start=True)

    def learn_chunks(model: Model) -> None:
        model.partial_fit(iter([X[:10], X[10:]]))

    return [
        _operation(f"{name}: fit", make, _fit(X)),
        _operation(f"{name}: refit on other columns", fitted, _fit(WIDE)),
        _operation(f"{name}: fit that goes on", going_on, _fit(X)),
        _operation(f"{name}: refit that fails", fitted, _failing),
        _operation(f"{name}: watched refit", fitted, _fit(WIDE), watched=True),
        _operation(f"{name}: first partial_fit", make, lambda model: model.partial_fit(X)),
        _operation(
            f"{name}: partial_fit of chunks",
            fitted,
            learn_chunks,
            [lambda model: model.partial_fit(X[:10])],
        ),
        _operation(
            f"{name}: an array assigned",
            fitted,
            lambda model: setattr(model, "components_", model.components_ / 2),
        ),
        _saving(f"{name}: save", fitted),
    ]


def _deep_operations(name: str, make: Callable[..., Model]) -> list[Operation]:
    """Of a model whose parts are models: arrays are not assigned, and parts learn in stages."""

    def fitted(**changes: Any) -> Model:
        return make(**changes).fit(X)

    return [
        _operation(f"{name}: fit", make, _fit(X)),
        _operation(f"{name}: refit on other columns", fitted, _fit(WIDE)),
        _operation(f"{name}: watched refit", fitted, _fit(WIDE), watched=True),
        _operation(f"{name}: partial_fit", fitted, lambda model: model.partial_fit(X[:10])),
        _saving(f"{name}: save", fitted),
    ]


def _saving(name: str, make: Callable[[], Model]) -> Operation:
    """Over a file of another model."""

    def made(folder: Path) -> Subject:
        subject = Subject(make(), folder)
        subject.model.save(folder / "model")
        new = (folder / "model").read_bytes()
        make().fit(WIDE).save(folder / "model")
        subject.kept = {"files": {new, (folder / "model").read_bytes()}}
        return subject

    def torn(subject: Subject) -> Found:
        found = leftovers(subject.folder)
        if (subject.folder / "model").read_bytes() not in subject.kept["files"]:
            found.append("neither the old file nor the new one")
        return [*found, *at_work(subject, X)]

    return Operation(name, made, lambda s: s.model.save(s.folder / "model"), torn)


def operations() -> list[Operation]:
    """Of an RBM, of what only its drop-in has, of a model whose engine is written in Python and which learns
    in two stages, of a net by two kinds of solver, and of a net whose layers are pretrained by models inside."""

    def rbm(**changes: Any) -> RBM:
        return RBM(**_options(algorithm="pcd", momentum=0.5, **changes))

    def trained_by_cd() -> RBM:
        return RBM(**_options(warm_start=True)).fit(X).set_params(algorithm="pcd")

    def drop_in() -> BernoulliRBM:
        return BernoulliRBM(**_options()).fit(X)

    def staged(**changes: Any) -> StagedMixture:
        return StagedMixture(**_options(**changes))

    def autoencoder(**changes: Any) -> Autoencoder:
        return Autoencoder(**_options(**changes))

    def by_lbfgs(**changes: Any) -> SparseAutoencoder:
        return SparseAutoencoder(**_options(**changes))

    def deep(**changes: Any) -> DeepAutoencoder:
        options = _options(hidden_layer_sizes=(4, 2), n_iter=2, rbm=RBM(n_iter=2), **changes)
        del options["n_components"]
        return DeepAutoencoder(**options)

    if "StagedMixture" not in registry.names():
        registry.register("StagedMixture", StagedMixture.__module__, "staged-mixture")
    return [
        *_operations_of("RBM", rbm),
        _operation("RBM: cd goes on as pcd", trained_by_cd, _fit(X)),
        _operation("BernoulliRBM: _fit", drop_in, lambda model: model._fit(X[:7], 3)),
        *_operations_of("StagedMixture", staged),
        *_operations_of("Autoencoder", autoencoder),
        _operation("SparseAutoencoder: fit by L-BFGS", by_lbfgs, _fit(X)),
        *_deep_operations("DeepAutoencoder", deep),
    ]
