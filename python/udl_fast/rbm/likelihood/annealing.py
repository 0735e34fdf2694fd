"""log Z of an RBM by annealing: the base model, states of the model, and runs between the two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from ... import _core, _devices
from ...estimator.input import check_finite, to_rows
from ...estimator.parameters import RandomState
from ...progress import progress
from ...runtime import resolve_n_jobs
from ..units.groups import Groups, log_odds
from .states import States

# Rates of 0 and 1 would leave states out that the model has.
_LOWEST_RATE = 0.01


class Annealing(States):
    """Mixin: what runs of annealing need."""

    def _base_bias(self, base_rates: ArrayLike | None) -> NDArray[Any]:
        """Visible biases of the base model, as the engine takes them."""
        bias = self._engine.visible_bias()
        if base_rates is None:
            return bias
        name = f"{type(self).__name__}: base_rates"
        rates = np.asarray(base_rates, dtype=np.float64)
        if rates.shape != bias.shape:
            raise ValueError(f"{name} must have shape {bias.shape}, got {rates.shape}")
        check_finite(rates, name, double=True)
        if self._engine.visible == "gaussian":
            return rates.astype(bias.dtype)
        if rates.min() < 0 or rates.max() > 1:
            raise ValueError(
                f"{name} must lie within [0, 1], got values from {rates.min():g} to {rates.max():g}"
            )
        rates = np.clip(rates, _LOWEST_RATE, 1 - _LOWEST_RATE)
        if self._engine.visible == "softmax":
            single = Groups(self._engine.visible_groups or ()).single_units
            of_groups = np.log(rates)
            of_groups[single] = log_odds(rates[single], _LOWEST_RATE)
            return of_groups.astype(bias.dtype)
        return log_odds(rates, _LOWEST_RATE).astype(bias.dtype)

    def _seed_of(self, random_state: Any) -> int:
        if random_state is None:
            return self._seed
        RandomState().check(random_state, "random_state", type(self).__name__)
        return int.from_bytes(check_random_state(random_state).bytes(8), "little")

    def _model_states(self, start: Any, n_runs: int, burn_in: int, seed: int) -> _core.Rows:
        """Last states of `burn_in` Gibbs steps, which are numbers 1 to `burn_in` of their stream."""
        n_threads = resolve_n_jobs(self.n_jobs)
        if start is None:
            all_off = np.zeros((n_runs, self._engine.n_hidden), dtype=np.bool_)
            off = to_rows(all_off, n_jobs=self.n_jobs)
            rows = self._engine.sample_visible(off, seed, "ais", 0, 0, n_threads)
        else:
            rows = self._states(self._visible_states(start), "log_partition")
            if rows.shape[0] != n_runs:
                raise ValueError(
                    f"log_partition: start has {rows.shape[0]} rows, expected n_runs = {n_runs}"
                )
        if burn_in == 0:
            return rows
        return self._engine.gibbs(rows, burn_in, seed, "ais", 1, 0, n_threads)[0]

    def _log_weights(
        self,
        betas: NDArray[np.float32],
        base_bias: NDArray[Any],
        start: _core.Rows | None,
        n_runs: int,
        seed: int,
        step: int,
    ) -> NDArray[np.float64]:
        with _temperatures(len(betas) - 1, n_runs) as watch:
            return _devices.on_cpu(self._engine).anneal(
                betas, base_bias, start, n_runs, seed, step, resolve_n_jobs(self.n_jobs), watch
            )


@contextmanager
def _temperatures(n_steps: int, n_runs: int) -> Iterator[Callable[[int], None]]:
    """Shows how many of the temperatures are done, told by the runs times temperatures that are."""
    with progress(n_steps, "Annealing, temperature") as bar:
        shown = 0

        def watch(n_done: int) -> None:
            nonlocal shown
            n_new = n_done // n_runs - shown
            shown += n_new
            bar.update(n_new)

        yield watch
