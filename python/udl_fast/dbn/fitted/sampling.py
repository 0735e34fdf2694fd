"""Samples of a deep belief net: Gibbs chains of the RBM at the top, then one directed pass down."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...estimator.draws import CountedDraws
from ...estimator.input import to_rows
from ...estimator.model import Model
from ...estimator.parameters import Integer
from ...estimator.targets import class_rows
from ...estimator.training.transaction import twin_of
from ..layers.passes import means_down, seeds_of, states_down, states_up, widened
from .predictions import Predictions

_OF_SAMPLES = 2  # ends the entropy of seeds, apart from those of the stages and of draws upwards


class Sampling(CountedDraws, Predictions):
    """Mixin: what the net makes up."""

    _counts: ClassVar[tuple[str, ...]] = (*Model._counts, "_sampling_steps")

    def sample(
        self,
        n_samples: int = 1,
        n_steps: int = 1000,
        start: Any = None,
        *,
        labels: Any = None,
        beta: float = 1.0,
        means: bool = False,
        return_labels: bool = False,
        n_temperatures: int | None = None,
        beta_min: float = 0.0,
        random_state: Any = None,
    ) -> Any:
        """Fantasies: independent Gibbs chains of the RBM at the top, whose last states go down once.

        Parameters
        ----------
        n_samples : int, default=1
        n_steps : int, default=1000
            Gibbs steps at the top; chains of a trained model mix slowly, so be generous.
        start : array-like or sparse matrix of shape (n_samples, n_features), default=None
            Rows that the chains start from, whose states are drawn upwards to the top RBM; None draws each of
            its visible units from its bias.
        labels : a class, or array-like of shape (n_samples,), default=None
            Classes that the label units are held at, so that rows of these are made up; None lets the chains
            choose. Of ``DBN(labels=True)``, and not with `n_temperatures`.
        beta : float in [0, 1], default=1.0
            Inverse temperature of the chains, as of :meth:`udl_fast.RBM.sample`.
        means : bool, default=False
            True returns the probabilities of the last half step, P(v = 1 | h), instead of the states drawn by
            them; less noise, and the same chains.
        return_labels : bool, default=False
            True returns the class of each sample, too: that of the last state of the label units.
        n_temperatures : int, default=None
            Parallel tempering at the top: chains at so many temperatures, as of :meth:`udl_fast.RBM.sample`.
        beta_min : float in [0, 1], default=0.0
            Inverse temperature of the hottest chains.
        random_state : int, RandomState or None, default=None
            Of these draws: the same integer gives the same states in every call, whatever was drawn before.
            None goes on with the draws of the model: new ones in every call, determined by those before.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            bool, or floats where visible units are real or counts; with `means` float, like the fitted
            attributes. With `return_labels` a pair with an array of the classes, (n_samples,).

        Raises
        ------
        ValueError or TypeError
            If an argument is invalid, or labels are none of the classes.
        sklearn.exceptions.NotFittedError
            Before fit; with labels, of a training that was stopped before the top layer began.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X, y = udl.datasets.load_digits(binary=0.5, return_X_y=True)
        >>> model = udl.DBN((32, 16), rbm=udl.RBM(batch_size=20), labels=True, random_state=0)
        >>> model.fit(X, y).sample(8, n_steps=100, means=True).shape
        (8, 64)
        >>> threes, classes = model.sample(8, n_steps=100, labels=3, return_labels=True)
        >>> classes
        array([3, 3, 3, 3, 3, 3, 3, 3])
        """
        if random_state is not None:
            return self._drawing_from(random_state).sample(
                n_samples,
                n_steps,
                start,
                labels=labels,
                beta=beta,
                means=means,
                return_labels=return_labels,
                n_temperatures=n_temperatures,
                beta_min=beta_min,
            )
        model = twin_of(self)
        model._check_fitted()
        model._check_made()
        n_samples = Integer(1).check(n_samples, "n_samples", type(self).__name__)
        chains: dict[str, Any] = {
            "beta": beta,
            "n_temperatures": n_temperatures,
            "beta_min": beta_min,
        }
        held = model._held_labels(labels, n_samples, n_temperatures)
        if return_labels:
            model._check_has_labels("return_labels")
        *below, top = model._parts()
        start = None if start is None else model._started(start, n_samples)
        with self._steps(1) as number:
            of_top, *others = seeds_of(model._seed, number, _OF_SAMPLES, n=2 * len(below) + 1)
            up, down = others[: len(below)], others[len(below) :]
            if start is not None and below:
                rows = below[0]._visible_rows(start)
                states = states_up(below, rows, up).to_array("bool")
                start = widened(states, top._engine.n_visible)
            at_top = top._drawing_by(of_top)
            if not below:
                found: NDArray[Any] = at_top.sample(
                    n_samples, n_steps, start, means=means, **chains
                )
                return found
            if held is not None:
                chains["clamp"] = _beside_free_units(held, top._engine.n_visible)
            states = at_top.sample(n_samples, n_steps, start, **chains)
            drawn = model._down(states[:, : below[-1]._engine.n_hidden], down, means)
            if not return_labels:
                return drawn
            return drawn, model.classes_[states[:, -len(model.classes_) :].argmax(axis=1)]

    def _check_has_labels(self, argument: str) -> None:
        if not self.labels:
            raise ValueError(f"{type(self).__name__}: {argument} is of a net with labels=True")
        self._labelled_parts()

    def _held_labels(
        self, labels: Any, n_samples: int, n_temperatures: int | None
    ) -> NDArray[np.bool_] | None:
        """States of the label units that are held, or None."""
        if labels is None:
            return None
        owner = type(self).__name__
        self._check_has_labels("labels")
        if n_temperatures is not None:
            raise ValueError(
                f"{owner}: labels cannot be given with n_temperatures, whose chains hold no units"
            )
        given = np.asarray(labels)
        if given.shape not in ((), (n_samples,)):
            raise ValueError(
                f"{owner}: labels must be one class or one for each of n_samples = {n_samples}, got shape "
                f"{given.shape}"
            )
        classes = np.broadcast_to(given, (n_samples,))
        return class_rows(classes, self.classes_, owner, argument="labels").to_array("bool")

    def _started(self, start: Any, n_samples: int) -> Any:
        start = self._parts(1)[0]._visible_states(start)
        if start.shape[0] != n_samples:
            raise ValueError(
                f"sample: start has {start.shape[0]} rows, expected n_samples = {n_samples}"
            )
        return start

    def _down(self, states: NDArray[Any], seeds: list[int], means: bool) -> NDArray[Any]:
        """From states of the layer below the top one to those of the first visible units, or their means."""
        first, *between = self._parts()[:-1]
        above = to_rows(np.ascontiguousarray(states), n_jobs=first.n_jobs)
        rows = states_down(between, above, seeds[1:])
        if means:
            found = means_down([first], rows)
            return found.astype(self._dtype, copy=False)
        drawn: NDArray[Any] = first._visible_array(states_down([first], rows, seeds[:1]))
        return drawn


def _beside_free_units(held: NDArray[np.bool_], n_units: int) -> NDArray[np.float64]:
    """A clamp of the last of so many units."""
    clamp = np.full((len(held), n_units), np.nan)
    clamp[:, -held.shape[1] :] = held
    return clamp
