"""Samples of an RBM: Gibbs chains."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ...estimator.input import output_dtype, to_rows
from ...estimator.parameters import Integer, Number
from ...estimator.training.transaction import reader_of
from ...exceptions import warn_caller
from ...runtime import resolve_n_jobs
from ..inference import answer, like, of_dtype
from ..units.kinds import NORMAL_KINDS
from ..units.normal_pair import warn_without_distribution
from .clamping import Clamping, Held, as_given
from .tempered import Tempering


class Sampling(Clamping, Tempering):
    """Mixin: Gibbs chains, from states and from nothing."""

    def gibbs(
        self,
        v: Any,
        n_steps: int = 1,
        *,
        beta: float = 1.0,
        clamp: Any = None,
        means: bool = False,
        random_state: Any = None,
    ) -> NDArray[Any]:
        """Run Gibbs chains that start at the rows of v.

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)
        n_steps : int, default=1
            Full steps: hidden given visible, then visible given hidden.
        beta : float in [0, 1], default=1.0
            Inverse temperature: the chains sample the model whose energies are beta times these. The
            lower it is the better they mix, and the less they show of the model; at 0 all states are
            equally likely, which real units do not have.
        clamp : array-like of shape (n_features,) or (n_samples, n_features), default=None
            Visible units that keep their values, so that the chains sample the others given these: a
            mask of bools, true for units that keep those of v, or values as in :meth:`sample`.
        means : bool, default=False
            True returns the probabilities of the last half step, P(v = 1 | h), instead of the states
            drawn by them; less noise, and the same chains.
        random_state : int, RandomState or None, default=None
            Of these draws: the same integer gives the same states in every call, whatever was drawn
            before. None goes on with the draws of the model: new ones in every call, determined by
            those before.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_features,)
            The visible states after the last step, bool, or floats where visible units are real or
            counts, which keep the sums of the rows they start from; with `means` float, like v if
            that is float32 or float64, else like the fitted attributes.

        Raises
        ------
        ValueError or TypeError
            If v, `n_steps` or `clamp` is invalid; values of held units must be states.

        Examples
        --------
        >>> import numpy as np
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> rbm = udl.RBM(32, n_iter=5, random_state=0).fit(X)
        >>> upper_half = np.arange(64) < 32
        >>> completed = rbm.gibbs(X[:5], 100, clamp=upper_half)
        >>> bool((completed[:, :32] == X[:5, :32]).all())
        True
        """
        if random_state is not None:
            return self._drawing_from(random_state).gibbs(
                v, n_steps, beta=beta, clamp=clamp, means=means
            )
        model = reader_of(self)
        states = model._visible_states(v)
        beta = model._inverse_temperature(beta)
        rows, held = model._hold(model._visible_rows(states, may_be_on_device=True), clamp)
        with self._steps(n_steps) as step:
            out = model._run_chains(rows, n_steps, step, held, beta, means)
        if means:
            out = of_dtype(out, output_dtype(states, model._dtype))
        return like(v, as_given(out, held), states)

    def sample(
        self,
        n_samples: int | None = None,
        n_steps: int = 1000,
        start: Any = None,
        *,
        beta: float = 1.0,
        clamp: Any = None,
        means: bool = False,
        n_temperatures: int | None = None,
        beta_min: float = 0.0,
        random_state: Any = None,
    ) -> NDArray[Any]:
        """Fantasies: visible states of `n_samples` independent Gibbs chains.

        Parameters
        ----------
        n_samples : int, default=None
            Chains; None is one for each row of `start`, or one.
        n_steps : int, default=1000
            Steps from the start; chains of a trained model mix slowly, so be generous.
        start : array-like of shape (n_samples, n_features), default=None
            First visible states; None draws every pixel from its bias. visible="replicated_softmax"
            needs them: they say how long rows are.
        beta : float in [0, 1], default=1.0
            Inverse temperature: the chains sample the model whose energies are beta times these. The
            lower it is the better they mix, and the less they show of the model; at 0 all states are
            equally likely, which real units do not have.
        clamp : array-like of shape (n_features,) or (n_samples, n_features), default=None
            Values of visible units that are known, NaN for those that are not: the chains sample
            these given those. A masked array leaves units free by its mask. A mask of bools keeps
            the values of `start`.
        means : bool, default=False
            True returns the probabilities of the last half step, P(v = 1 | h), instead of the states
            drawn by them; less noise, and the same chains.
        n_temperatures : int, default=None
            Parallel tempering: as many chains at each of so many temperatures, evenly spaced in beta from
            1 down to `beta_min`, which swap states after every step as those of ``algorithm="pt"`` do.
            What the chains at beta = 1 find is returned: samples of modes that one chain does not leave.
            Not with `clamp`; of real units in precision="float64".
        beta_min : float in [0, 1], default=0.0
            Inverse temperature of the hottest chains.
        random_state : int, RandomState or None, default=None
            Of these draws: the same integer gives the same states in every call, whatever was drawn
            before. None goes on with the draws of the model: new ones in every call, determined by
            those before.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            bool, or floats where visible units are real or counts; with `means` float, like the
            fitted attributes.

        Raises
        ------
        ValueError or TypeError
            If an argument is invalid; values of held units must be states, or are made so by
            `binarize`.

        Examples
        --------
        >>> import numpy as np
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> rbm = udl.RBM(32, n_iter=5, random_state=0).fit(X)
        >>> known = np.where(np.arange(64) < 32, X[0], np.nan)  # the upper half of an image
        >>> rbm.sample(8, n_steps=100, clamp=known, means=True).shape
        (8, 64)
        """
        if random_state is not None:
            return self._drawing_from(random_state).sample(
                n_samples,
                n_steps,
                start,
                beta=beta,
                clamp=clamp,
                means=means,
                n_temperatures=n_temperatures,
                beta_min=beta_min,
            )
        model = reader_of(self)
        model._check_fitted()
        states = None if start is None else model._visible_states(start)
        on_device = n_temperatures is None  # tempering is the CPU's
        rows = None
        if states is not None:
            rows = model._visible_rows(states, may_be_on_device=on_device)
        n_samples = self._n_wanted(n_samples, rows)
        warn_without_distribution(model._engine, type(self).__name__)
        beta = self._inverse_temperature(beta)
        if n_temperatures is not None:
            ladder = self._ladder(n_temperatures, beta_min, clamp, beta)
            return self._sample_tempered(n_samples, n_steps, rows, means, ladder)
        if beta_min != 0:
            warn_caller(
                f"{type(self).__name__}: beta_min={beta_min!r} has no effect without n_temperatures",
                UserWarning,
            )
        if rows is None and model._visible_kind() == "replicated_softmax":
            raise ValueError(
                f"{type(self).__name__}: sample needs start with visible='replicated_softmax': its rows say "
                "how many words a sample is to have"
            )
        if rows is None:
            n_hidden = model._engine.n_hidden
            all_off = to_rows(np.zeros((n_samples, n_hidden), dtype=np.bool_), n_jobs=model.n_jobs)
            with self._steps(n_steps, n_before=1) as step:
                rows, held = model._hold(
                    model._drawn_visible(all_off, step), clamp, has_start=False
                )
                out = model._run_chains(rows, n_steps, step + 1, held, beta, means)
        else:
            rows, held = model._hold(rows, clamp)
            with self._steps(n_steps) as step:
                out = model._run_chains(rows, n_steps, step, held, beta, means)
        return answer(states, as_given(of_dtype(out, model._dtype) if means else out, held))

    def _n_wanted(self, n_samples: int | None, start: _core.Rows | None) -> int:
        if n_samples is None:
            return 1 if start is None else start.shape[0]
        checked: int = Integer(1).check(n_samples, "n_samples", type(self).__name__)
        if start is not None and start.shape[0] != checked:
            raise ValueError(
                f"sample: start has {start.shape[0]} rows, expected n_samples = {checked}"
            )
        return checked

    def _inverse_temperature(self, beta: Any) -> float:
        owner = type(self).__name__
        value: float = Number(0, 1).check(beta, "beta", owner)
        kinds = self._visible_kind(), self._hidden_kind()
        if value == 0 and not NORMAL_KINDS.isdisjoint(kinds):
            raise ValueError(
                f"{owner}: beta must be above 0 with visible={kinds[0]!r} and hidden={kinds[1]!r}: at 0 real "
                "numbers have no distribution; got 0"
            )
        return value

    def _run_chains(
        self,
        rows: _core.Rows,
        n_steps: int,
        step: int,
        held: Held | None,
        beta: float,
        means: bool,
    ) -> NDArray[Any]:
        where = (self._seed, "gibbs", step, 0, resolve_n_jobs(self.n_jobs))
        if means:
            return self._engine.gibbs_means(rows, n_steps, *where, held, beta)
        visible, _ = self._engine.gibbs(rows, n_steps, *where, held, beta)
        return self._visible_array(visible)
