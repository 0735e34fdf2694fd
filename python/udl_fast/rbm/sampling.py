"""Samples of an RBM: Gibbs chains."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..estimator.input import check_range, on_host, output_dtype, to_rows, value_range
from ..estimator.parameters import Integer, Number
from ..estimator.training.transaction import reader_of
from ..exceptions import warn_caller
from ..runtime import resolve_n_jobs
from .clamping import read_clamp
from .groups import check_held_groups
from .half_steps import HalfSteps
from .inference import answer, like, of_dtype
from .normal_pair import warn_without_distribution
from .rules import RULES
from .tempered import tempered_hidden
from .units import KINDS_OF_BITS, NORMAL_KINDS, check_ladder

Held = tuple[_core.Rows, _core.Rows]  # mask and values of visible units that keep theirs


class Sampling(HalfSteps):
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
        return like(v, _as_given(out, held), states)

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
            all_off = to_rows(np.zeros((n_samples, n_hidden), dtype=np.bool_))
            with self._steps(n_steps, n_before=1) as step:
                rows, held = model._hold(
                    model._drawn_visible(all_off, step), clamp, has_start=False
                )
                out = model._run_chains(rows, n_steps, step + 1, held, beta, means)
        else:
            rows, held = model._hold(rows, clamp)
            with self._steps(n_steps) as step:
                out = model._run_chains(rows, n_steps, step, held, beta, means)
        return answer(states, _as_given(of_dtype(out, model._dtype) if means else out, held))

    def _n_wanted(self, n_samples: int | None, start: _core.Rows | None) -> int:
        if n_samples is None:
            return 1 if start is None else start.shape[0]
        checked: int = Integer(1).check(n_samples, "n_samples", type(self).__name__)
        if start is not None and start.shape[0] != checked:
            raise ValueError(
                f"sample: start has {start.shape[0]} rows, expected n_samples = {checked}"
            )
        return checked

    def _ladder(
        self, n_temperatures: Any, beta_min: Any, clamp: Any, beta: float
    ) -> dict[str, Any]:
        owner = type(self).__name__
        ladder = {"n_temperatures": n_temperatures, "beta_min": beta_min}
        checked = {name: RULES[name].check(value, name, owner) for name, value in ladder.items()}
        if beta != 1:
            raise ValueError(
                f"{owner}: beta cannot be given with n_temperatures, whose samples are at 1; got {beta:g}"
            )
        if clamp is not None:
            raise ValueError(
                f"{owner}: clamp cannot be given with n_temperatures: hold units without it"
            )
        check_ladder(self, checked["beta_min"])
        return checked

    def _sample_tempered(
        self,
        n_samples: int,
        n_steps: int,
        rows: _core.Rows | None,
        means: bool,
        ladder: dict[str, Any],
    ) -> NDArray[Any]:
        """Steps: one from the start, those of the chains, and one to visible states."""
        model = reader_of(self)
        n_threads = resolve_n_jobs(model.n_jobs)
        with self._steps(n_steps, n_before=2) as step:
            if rows is None:
                rows = model._drawn_visible(
                    to_rows(np.zeros((n_samples, model._engine.n_hidden), np.bool_)), step
                )
            first = model._engine.sample_hidden(rows, model._seed, "gibbs", step, 0, n_threads)
            hidden = tempered_hidden(
                model, model._hidden_array(first), n_steps, step + 1, n_threads, **ladder
            )
            last = to_rows(hidden)
            if means:
                found: NDArray[Any] = model._engine.mean_visible(last, n_threads)
                return found.astype(model._dtype, copy=False)
            return model._visible_array(model._drawn_visible(last, step + 1 + n_steps))

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

    def _hold(
        self, rows: _core.Rows, clamp: Any, *, has_start: bool = True
    ) -> tuple[_core.Rows, Held | None]:
        """Where chains start, with the values of held units, and these units."""
        if clamp is None:
            return rows, None
        owner = type(self).__name__
        if self._visible_kind() == "replicated_softmax":
            raise ValueError(
                f"{owner}: clamp holds units, not words of visible='replicated_softmax'"
            )
        mask, values = read_clamp(clamp, *rows.shape, owner)
        if values is not None:
            held = to_rows(values, self._threshold(), argument="binarize", n_jobs=self.n_jobs)
        elif not has_start:
            raise ValueError(
                f"{owner}: clamp is a mask of bools, which keeps values of start: give start, or the "
                "values in place of the mask, NaN for units that are free"
            )
        elif rows.kind == "bits":
            held = rows
        else:
            held = to_rows(np.where(mask, on_host(rows).to_array("float64"), 0))
        if held.kind != "bits":
            low, high = value_range(held, self.n_jobs)
            check_range(low, high, f"{owner}: clamp", double=self._engine_dtype == "float64")
            if self._visible_kind() in KINDS_OF_BITS:
                raise ValueError(
                    f"{owner}: clamp holds units at values from {low:g} to {high:g}, expected 0 or 1; set "
                    "binarize to a threshold, or leave such units free"
                )
        if self._visible_kind() == "softmax":
            check_held_groups(self, mask, np.where(mask, self._plain(held), 0))
        masked = to_rows(mask)
        if values is not None:
            rows = self._with_held(rows, mask, masked, held)
        return rows, (masked, held)

    def _with_held(
        self, rows: Any, mask: NDArray[np.bool_], masked: _core.Rows, held: _core.Rows
    ) -> _core.Rows:
        """Where chains start whose held units have values of their own."""
        if not isinstance(rows, _core.Rows):  # on a GPU
            return cast(_core.Rows, rows.with_held(masked, held))
        return to_rows(np.where(mask, self._plain(held), self._plain(rows)))

    def _plain(self, rows: _core.Rows) -> NDArray[Any]:
        return rows.to_array("bool" if rows.kind == "bits" else self._engine_dtype)


def _as_given(states: NDArray[Any], held: Held | None) -> NDArray[Any]:
    """Real values that were held, which chains may have rounded to float32, as they were given."""
    if held is None or held[1].kind == "bits":
        return states
    mask, values = held
    given = np.where(mask.to_array("bool"), values.to_array("float64"), states)
    return given.astype(states.dtype, copy=False)
