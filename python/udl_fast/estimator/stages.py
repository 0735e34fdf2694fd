"""Who learns in a stage, from what, and under which arguments.

In most stages the model itself learns from its rows. In one that pretrains a layer a model inside does, from what
the layers below make of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .declarations import Stage
from .presentation import Presentation, checked_weights
from .transaction import twin_of

if TYPE_CHECKING:
    from .fitting import Fitting
    from .model import Model


@dataclass(frozen=True)
class Data:
    """What a call that trains learns from.

    Parameters
    ----------
    X : array or CSR matrix
        Checked.
    y : object
        As the caller gave it.
    weights : ndarray of shape (n_samples,) or None
        Checked.
    """

    X: Any
    y: Any
    weights: NDArray[np.float64] | None

    @classmethod
    def of(cls, X: Any, y: Any, sample_weight: Any, owner: str) -> Data:
        """A checked X, and its weights as the caller gave them."""
        return cls(X, y, checked_weights(sample_weight, X.shape[0], owner))

    def presented(self, model: Fitting) -> Presentation:
        """As the model's own engine learns it."""
        data = model._own_data(self)
        rows = model._rows(data.X, data.y, training=True)
        return Presentation.of(rows, data.weights, model._targets(data.y, data.X.shape[0]))


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


def learner_of(model: Fitting, name: str | None) -> Fitting:
    """The model itself, or the one inside of this name."""
    return model if name is None else model._inside[name]


def has_begun(model: Fitting, stage: Stage) -> bool:
    """Whether who learns in a stage is there."""
    return stage.learner is None or stage.learner in model._inside


def enter(
    model: Fitting,
    number: int,
    data: Data,
    checked: Mapping[str, Any],
    presented: Presentation | None = None,
) -> Work:
    """A stage, ready to learn: who has learned in it before goes on, otherwise who learns begins anew.

    `presented` is what the model itself learns from, if that is at hand.
    """
    stage = model._stages()[number]
    if stage.learner is None:
        model.__dict__.update(model._entered(number), _arrays={})
        of_stage = model._checked_of_stage(checked)
        return Work(None, presented or data.presented(model), of_stage)
    learner, goes_on = _learner(model, number, stage.learner)
    of_stage = learner._check_parameters() | {"n_jobs": checked["n_jobs"]}
    X = model._stage_input(number, data.X, data.y)
    y = data.y if learner._learns_targets else None
    _, presentation = learner._begin(X, y, data.weights, resume=goes_on)
    model._inside = {**model._inside, stage.learner: learner}
    return Work(stage.learner, presentation, of_stage)


def _learner(model: Fitting, number: int, name: str) -> tuple[Model, bool]:
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


def _seed_of(model: Fitting, number: int) -> int:
    """A seed for the stage, of the model's own, so that a training that goes on is the one that was stopped."""
    return int(np.random.SeedSequence([model._seed, number]).generate_state(1)[0])
