"""Who learns in a stage, from what, and under which arguments.

In most stages the model itself learns from its rows. In one that pretrains a layer a model inside does, from what
the layers below make of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..declarations import Stage
from ..input import Data
from ..kind import ModelKind
from .presentation import Presentation, presented
from .transaction import twin_of


@dataclass(frozen=True)
class Work:
    """A stage at work.

    Parameters
    ----------
    learner : str or None
        The model inside that learns; None is the model itself.
    presentation : Presentation
    checked : mapping of str to object
        Parameters of who learns.
    """

    learner: str | None
    presentation: Presentation
    checked: Mapping[str, Any]


def learner_of(model: ModelKind, name: str | None) -> ModelKind:
    """The model itself, or the one inside of this name."""
    return model if name is None else model._inside[name]


def has_begun(model: ModelKind, stage: Stage) -> bool:
    """Whether who learns in a stage is there."""
    return stage.learner is None or stage.learner in model._inside


def enter(
    model: ModelKind,
    number: int,
    data: Data,
    checked: Mapping[str, Any],
    at_hand: Presentation | None = None,
) -> Work:
    """A stage, ready to learn: who has learned in it before goes on, otherwise who learns begins anew.

    `at_hand` is what the model itself learns from, if it is there already.
    """
    stage = model._stages()[number]
    if stage.learner is None:
        model.__dict__.update(model._entered(number), _arrays={})
        of_stage = model._checked_of_stage(checked)
        return Work(None, at_hand or presented(model, data), of_stage)
    learner, goes_on = _learner(model, number, stage.learner)
    of_stage = learner._check_parameters() | {"n_jobs": checked["n_jobs"]}
    X = model._stage_input(number, data.X, data.y)
    y = data.y if learner._learns_targets else None
    _, presentation = learner._begin(X, y, data.weights, resume=goes_on)
    model._inside = {**model._inside, stage.learner: learner}
    return Work(stage.learner, presentation, of_stage)


def _learner(model: ModelKind, number: int, name: str) -> tuple[Any, bool]:
    """A twin of who has learned in this stage, under the arguments of today, or somebody new; and whether it
    goes on."""
    new = model._new_learner(number)
    if new.random_state is None:
        new.random_state = _seed_of(model, number)
    if name not in model._inside:
        return new, False
    learner = twin_of(model._inside[name])
    learner.set_params(**new.get_params(deep=False))
    return learner, True


def _seed_of(model: ModelKind, number: int) -> int:
    """A seed for the stage, of the model's own, so that a training that goes on is the one that was stopped."""
    return int(np.random.SeedSequence([model._seed, number]).generate_state(1)[0])
