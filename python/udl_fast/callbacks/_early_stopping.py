"""Stop when a measurement no longer gets better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..estimator.parameters import Choice, Flag, Integer, Number
from ._hooks import Hooks, latest
from ._run import histories_of


@dataclass
class _Run:
    """Where one fit stands."""

    best: float
    best_epoch: int = 0
    n_seen: int = 0
    n_worse: int = 0  # measurements since the best, once learning has begun
    has_begun: bool = False
    state: Any = None  # of the model after the best epoch
    stopped_epoch: int | None = None


class EarlyStopping(Hooks):
    """End the training when a measurement of `history_` has not improved for some measurements.

    A model may learn next to nothing for many epochs before its hidden units begin to differ; RBMs on
    small images do. A score that stands still then says nothing, so patience begins to count when
    learning has begun: of an RBM, when "activation_spread" has reached 0.1. A model that never begins
    is trained for its `n_iter` epochs. If these were many updates and its units hardly differ, `fit` ends
    with a :class:`~udl_fast.exceptions.LearningWarning`, as it does without EarlyStopping.

    Parameters
    ----------
    monitor : str, default=None
        Name in `history_`; None means the model's score: of an RBM "validation_pseudo_likelihood"
        where it is measured (see :class:`History`) and "pseudo_likelihood" otherwise. Of a model that learns
        in stages each ends by itself, by the score of who learns in it; a name that is measured in some of
        them watches these.
    patience : int, default=5
        Measurements without improvement after which to stop. Every epoch is measured, or with little
        data in large layers every few, so that measuring costs at most about 10 % of the time;
        ``History(every=1)`` measures all.
    min_delta : float, default=0.0
        Smallest change that counts as an improvement.
    mode : {"auto", "min", "max"}, default="auto"
        Whether small or large values are good; "auto" knows it for what models measure, and takes
        large values of other names for good.
    restore_best : bool, default=False
        Return to the state after the best epoch. `n_iter_` says which; training can go on from it.
        `history_` keeps the epochs behind it, up to the stop, so its last entry is not of that state.
    wait_for_learning : bool, default=True
        Let no patience be spent before learning has begun. This is for the model's score; other
        monitors count from the start.

    Raises
    ------
    ValueError
        In `fit`, if ``History(every=0)`` turns measurements off or `history_` has no such name; before the first
        epoch if it is of validation data and there are none.

    Attributes
    ----------
    best_ : float
        Best value of the last fit.
    best_epoch_ : int
        Epoch of the best value; with `restore_best` that of the model that `fit` returns.
    stopped_epoch_ : int or None
        Epoch after which it stopped; None if it did not.
    monitor_ : str
        Name in `history_` that was watched.

    Examples
    --------
    >>> import udl_fast as udl
    >>> from udl_fast.callbacks import EarlyStopping, History
    >>> X = udl.datasets.load_digits(binary=0.5).data
    >>> stop = EarlyStopping(patience=2, restore_best=True)
    >>> callbacks = [History(validation=X[1500:]), stop]
    >>> rbm = udl.RBM(32, n_iter=200, callbacks=callbacks, random_state=0).fit(X[:1500])
    >>> rbm.n_iter_ == stop.best_epoch_
    True
    """

    needs_measurements = True
    wait_for_learning = True  # of pickles before there was the argument

    def __init__(
        self,
        monitor: str | None = None,
        *,
        patience: int = 5,
        min_delta: float = 0.0,
        mode: str = "auto",
        restore_best: bool = False,
        wait_for_learning: bool = True,
    ) -> None:
        self.monitor = monitor
        self.patience = patience
        self.min_delta = min_delta
        self.mode = mode
        self.restore_best = restore_best
        self.wait_for_learning = wait_for_learning
        Integer(1).check(patience, "patience", "EarlyStopping")
        Number(0).check(min_delta, "min_delta", "EarlyStopping")
        Choice(("auto", "min", "max")).check(mode, "mode", "EarlyStopping")
        Flag().check(restore_best, "restore_best", "EarlyStopping")
        Flag().check(wait_for_learning, "wait_for_learning", "EarlyStopping")
        self._runs: dict[int, _Run] = {}  # by model: several may be trained at a time

    def setup(self, estimator: Any, context: Any) -> None:
        """Before `fit` begins."""
        self._check_validation(estimator)
        self._begin(estimator)

    def _begin(self, estimator: Any) -> None:
        self._runs[id(estimator)] = _Run(best=-math.inf, best_epoch=estimator.n_iter_)

    def teardown(self, estimator: Any, context: Any) -> None:
        """After `fit`, also after one that failed."""
        self._runs.pop(id(estimator), None)  # none if it could not be set up

    def before_stage(self, estimator: Any) -> None:
        """Each stage has a best epoch of its own."""
        self._begin(estimator)

    def after_epoch(self, estimator: Any) -> bool:
        """Whether to stop."""
        run, epoch = self._runs[id(estimator)], estimator.n_iter_
        entry = latest(estimator.history_, epoch)
        if not entry or self._is_of_other_stages(estimator):
            return False
        name = self._name(estimator, entry)
        is_small_better = self._is_small_better(estimator, name)
        value = -entry[name] if is_small_better else entry[name]
        run.n_seen += 1
        if value > run.best + (self.min_delta if run.n_seen > 1 else 0.0):
            run.best, run.best_epoch, run.n_worse = value, epoch, 0
            if self.restore_best:
                run.state = estimator._state()
        elif run.has_begun:
            run.n_worse += 1
        run.has_begun = run.has_begun or self._counts(estimator, name, entry)
        stop = run.n_worse >= self.patience
        self.best_ = -run.best if is_small_better else run.best
        self.best_epoch_ = run.best_epoch
        self.stopped_epoch_ = epoch if stop else None
        self.monitor_ = name
        return stop

    def after_stage(self, estimator: Any) -> None:
        """Go back to the best epoch of the stage, if that is wanted."""
        self.after_fit(estimator)

    def after_fit(self, estimator: Any) -> None:
        """Go back to the best epoch, if that is wanted."""
        run = self._runs[id(estimator)]
        # Updates, not epochs: a run may have been stopped within an epoch.
        if run.state is not None and run.state.values["n_updates_"] != estimator.n_updates_:
            estimator._go_back(run.state)

    def _check_validation(self, estimator: Any) -> None:
        """An error before anything is learned, rather than after an epoch that lacks what is watched."""
        found = estimator._measured_in_all().get(self.monitor)
        if found is None or not found.of_validation:
            return
        if all(history.validation is None for history in histories_of(estimator)):
            raise ValueError(
                f"EarlyStopping: {self.monitor!r} ({found.help}) is measured on validation data; give "
                "History(validation=...) in callbacks"
            )

    def _is_of_other_stages(self, estimator: Any) -> bool:
        """Whether what is watched is not measured in this stage, but in another one."""
        here = {found.name for found in estimator._learner._own_measurements}
        return self.monitor not in here and self.monitor in estimator._measured_in_all()

    def _name(self, estimator: Any, entry: dict[str, Any]) -> str:
        measurements = estimator._learner._own_measurements
        if self.monitor is None:
            score: str = measurements[0].name
            validated = f"validation_{score}"
            return validated if entry.get(validated) is not None else score
        if entry.get(self.monitor) is None:
            measured = [name for name, value in entry.items() if value is not None]
            meanings = {found.name: f" ({found.help})" for found in measurements}
            raise ValueError(
                f"EarlyStopping: history_ has no {self.monitor!r}{meanings.get(self.monitor, '')}, only "
                f"{', '.join(measured)}; measurements on validation data need History(validation=...) in "
                "callbacks"
            )
        return self.monitor

    def _counts(self, estimator: Any, name: str, entry: dict[str, Any]) -> bool:
        """Whether measurements from this one on may spend patience."""
        measurements = estimator._learner._own_measurements
        score = measurements[0].name
        if not self.wait_for_learning or name not in (score, f"validation_{score}"):
            return True
        return all(
            entry[found.name] >= found.begun_at
            for found in measurements
            if found.begun_at is not None and entry.get(found.name) is not None
        )

    def _is_small_better(self, estimator: Any, name: str) -> bool:
        measured = {found.name: found.better for found in estimator._learner._own_measurements}
        better = {"seconds": "min"} | measured
        return self.mode == "min" or (self.mode == "auto" and better.get(name) == "min")
