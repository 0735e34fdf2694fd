"""Samples of a deep belief net: Gibbs chains of the RBM at the top, then one directed pass down."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from ..estimator.draws import CountedDraws
from ..estimator.input import to_rows
from ..estimator.model import Model
from ..estimator.parameters import Integer
from ..estimator.transaction import twin_of
from .inference import Inference
from .passes import means_down, seeds_of, states_down, states_up

_OF_SAMPLES = 2  # ends the entropy of seeds, apart from those of the stages and of draws upwards


class Sampling(CountedDraws, Inference):
    """Mixin: what the net makes up."""

    _counts: ClassVar[tuple[str, ...]] = (*Model._counts, "_sampling_steps")

    def sample(
        self,
        n_samples: int = 1,
        n_steps: int = 1000,
        start: Any = None,
        *,
        beta: float = 1.0,
        means: bool = False,
        n_temperatures: int | None = None,
        beta_min: float = 0.0,
        random_state: Any = None,
    ) -> NDArray[Any]:
        """Fantasies: independent Gibbs chains of the RBM at the top, whose last states go down once.

        Parameters
        ----------
        n_samples : int, default=1
        n_steps : int, default=1000
            Gibbs steps at the top; chains of a trained model mix slowly, so be generous.
        start : array-like or sparse matrix of shape (n_samples, n_features), default=None
            Rows that the chains start from, whose states are drawn upwards to the top RBM; None draws each of
            its visible units from its bias.
        beta : float in [0, 1], default=1.0
            Inverse temperature of the chains, as of :meth:`udl_fast.RBM.sample`.
        means : bool, default=False
            True returns the probabilities of the last half step, P(v = 1 | h), instead of the states drawn by
            them; less noise, and the same chains.
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
            attributes.

        Raises
        ------
        ValueError or TypeError
            If an argument is invalid.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> model = udl.DBN((32, 16), rbm=udl.RBM(batch_size=20), random_state=0).fit(X)
        >>> model.sample(8, n_steps=100, means=True).shape
        (8, 64)
        """
        if random_state is not None:
            return self._drawing_from(random_state).sample(
                n_samples,
                n_steps,
                start,
                beta=beta,
                means=means,
                n_temperatures=n_temperatures,
                beta_min=beta_min,
            )
        model = twin_of(self)
        model._check_fitted()
        n_samples = Integer(1).check(n_samples, "n_samples", type(self).__name__)
        chains = {"beta": beta, "n_temperatures": n_temperatures, "beta_min": beta_min}
        *below, top = model._parts()
        start = None if start is None else model._started(start, n_samples)
        with self._steps(1) as number:
            of_top, *others = seeds_of(model._seed, number, _OF_SAMPLES, n=2 * len(below) + 1)
            up, down = others[: len(below)], others[len(below) :]
            if start is not None and below:
                rows = below[0]._visible_rows(start)
                start = states_up(below, rows, up).to_array("bool")
            at_top = top._drawing_by(of_top)
            if not below:
                found: NDArray[Any] = at_top.sample(
                    n_samples, n_steps, start, means=means, **chains
                )
                return found
            return model._down(at_top.sample(n_samples, n_steps, start, **chains), down, means)

    def _started(self, start: Any, n_samples: int) -> Any:
        start = self._parts(1)[0]._visible_states(start)
        if start.shape[0] != n_samples:
            raise ValueError(
                f"sample: start has {start.shape[0]} rows, expected n_samples = {n_samples}"
            )
        return start

    def _down(self, states: NDArray[Any], seeds: list[int], means: bool) -> NDArray[Any]:
        """From visible states of the RBM at the top to those of the first, or their means."""
        first, *between = self._parts()[:-1]
        rows = states_down(between, to_rows(states), seeds[1:])
        if means:
            found = means_down([first], rows)
            return found.astype(self._dtype, copy=False)
        drawn: NDArray[Any] = first._visible_array(states_down([first], rows, seeds[:1]))
        return drawn
