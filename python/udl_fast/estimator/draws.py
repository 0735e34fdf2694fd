"""Which draws of a model that samples are whose: each call takes steps of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from sklearn.utils import check_random_state

from ..locks import lock_for_moments
from ..persistence.values import LARGEST_STEP
from .parameters import Integer, RandomState

# Two threads that sample from one model must not get the same draws. One lock for all models: it is held
# for an addition, and models stay picklable.
_STEP_LOCK = lock_for_moments()


class CountedDraws:
    """Mixin: draws outside of training, by a seed and a step."""

    _seed: int
    _sampling_steps: int  # drawn so far, by all methods that sample

    def _drawing_from(self, random_state: Any) -> Self:
        """The same model, engine included, with draws of its own: those of this one stay where they are."""
        RandomState().check(random_state, "random_state", type(self).__name__)
        return self._drawing_by(int.from_bytes(check_random_state(random_state).bytes(8), "little"))

    def _drawing_by(self, seed: int) -> Self:
        """The same with this seed, from the first step on."""
        twin = object.__new__(type(self))
        twin.__dict__ = {**self.__dict__, "_seed": seed, "_sampling_steps": 0}
        return twin

    @contextmanager
    def _steps(self, n_steps: int, *, n_before: int = 0) -> Iterator[int]:
        """The first of the steps to draw in this scope: `n_before` and then `n_steps`.

        They are counted before they are drawn, so that another thread gets others. A scope that raises
        gives them back unless others were counted since.

        Raises
        ------
        TypeError or ValueError
            Naming n_steps, if it is none or more than the model can count; nothing is counted then.
        """
        n_steps = Integer(1, LARGEST_STEP).check(n_steps, "n_steps", type(self).__name__)
        with _STEP_LOCK:
            first = self._sampling_steps
            after = first + n_before + n_steps
            if after > LARGEST_STEP:
                raise ValueError(
                    f"{type(self).__name__}: n_steps must be <= {LARGEST_STEP - first - n_before} after "
                    f"the {first} steps that this model has drawn, got {n_steps}"
                )
            self._sampling_steps = after
        try:
            yield first
        except BaseException:
            with _STEP_LOCK:
                if self._sampling_steps == after:
                    self._sampling_steps = first
            raise
