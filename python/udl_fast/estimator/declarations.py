"""What a kind of model declares about itself: what it measures, what can go wrong, and stages of its training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Measurement:
    """A name in `history_`.

    Parameters
    ----------
    name : str
    better : {"max", "min"} or None
        Whether large or small values are good; None where neither is.
    help : str
        What is measured, and in which unit.
    begun_at : float, default=None
        Below this value the model has not begun to learn, and no other measurement means much;
        early stopping waits for it. None where the measurement cannot tell.
    of_validation : bool, default=False
        Whether it is measured on validation rows, and not without.
    """

    name: str
    better: Literal["max", "min"] | None
    help: str
    begun_at: float | None = None
    of_validation: bool = False


@dataclass(frozen=True)
class Trouble:
    """A sign that learning goes wrong.

    Parameters
    ----------
    name : str
        A warning is given once for each name.
    text : str
        What was seen, and what to change.
    in_a_row : int, default=1
        Measurements in a row that must show it before it is worth a warning.
    """

    name: str
    text: str
    in_a_row: int = 1


@dataclass(frozen=True)
class Stage:
    """A part of the training, such as that of one layer.

    Parameters
    ----------
    name : str
        In `history_`, and where progress is shown.
    n_iter : int
        Epochs.
    learner : str, default=None
        The model inside that learns, such as "layers.0"; None is the model itself.
    """

    name: str
    n_iter: int
    learner: str | None = None
