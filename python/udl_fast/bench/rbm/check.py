"""What one CD-1 step must do on average, by enumeration, and whether a contestant does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ..process import Contestant, ContestantError

N_VISIBLE, N_HIDDEN = 10, 6  # 2^16 joint states: enumerated at once
N_REPEATS = 5000  # rows of each kind: the mean over them is the expectation within its error
SIGMAS = 5.0
TOLERANCE = 1e-5


@dataclass
class Expectation:
    """Mean of the change of one array in a step of rate 1, and the standard error of that mean."""

    mean: NDArray[np.float64]
    standard_error: NDArray[np.float64]


def small_case(seed: int) -> dict[str, Any]:
    """Parameters and rows of the enumerable model."""
    generator = np.random.RandomState(seed)
    kinds = generator.randint(0, 2, (4, N_VISIBLE)).astype(np.uint8)
    return {
        "weights": generator.normal(0, 0.8, (N_HIDDEN, N_VISIBLE)).astype(np.float32),
        "hidden_bias": generator.normal(0, 0.5, N_HIDDEN).astype(np.float32),
        "visible_bias": generator.normal(0, 0.5, N_VISIBLE).astype(np.float32),
        "rows": np.repeat(kinds, N_REPEATS, axis=0),
        "seed": seed,
    }


def mean_hidden(case: Mapping[str, Any]) -> NDArray[np.float64]:
    """p(h|v) in float64."""
    x = case["rows"].astype(np.float64) @ case["weights"].T.astype(np.float64)
    result: NDArray[np.float64] = expit(x + case["hidden_bias"])
    return result


def expected_change(case: Mapping[str, Any]) -> dict[str, Expectation]:
    """The expectation of a CD-1 step of rate 1 over the hidden sample and the visible sample.

    Statistics use p(h|v) on both sides, as Hinton's guide advises and all contestants do.
    """
    w, c, b = (case[name].astype(np.float64) for name in ("weights", "hidden_bias", "visible_bias"))
    kinds, counts = np.unique(case["rows"], axis=0, return_counts=True)
    v0 = kinds.astype(np.float64)
    p0 = expit(v0 @ w.T + c)
    h, v = _states(len(c)), _states(len(b))
    h_given_v0 = _probabilities(p0, h)
    v_given_h = _probabilities(expit(h @ w + b), v)
    v1_given_v0 = h_given_v0 @ v_given_h
    p1 = expit(v @ w.T + c)
    share = counts / counts.sum()
    n_rows = int(counts.sum())

    def expectation(positive: NDArray[Any], negative: NDArray[Any]) -> Expectation:
        flat = negative.reshape(len(v), -1)
        means = v1_given_v0 @ flat
        variances = v1_given_v0 @ flat**2 - means**2
        mean = share @ (positive.reshape(len(v0), -1) - means)
        error = np.sqrt(np.maximum(share @ variances, 0) / n_rows)
        shape = positive.shape[1:]
        return Expectation(mean.reshape(shape), error.reshape(shape))

    return {
        "weights": expectation(p0[:, :, None] * v0[:, None, :], p1[:, :, None] * v[:, None, :]),
        "hidden_bias": expectation(p0, p1),
        "visible_bias": expectation(v0, v),
    }


def check_contestant(
    contestant: Contestant, seed: int, tolerance: float | None = None
) -> dict[str, float]:
    """Compare p(h|v) and one step with the exact answers.

    Parameters
    ----------
    contestant : Contestant
    seed : int
        Of the small model.
    tolerance : float, default=None
        Of p(h|v); None allows float32 rounding, 1e-5.

    Returns
    -------
    dict
        The largest deviations: of p(h|v), and of the step in standard errors.

    Raises
    ------
    ContestantError
        If one is too large.
    """
    case = small_case(seed)
    answer = contestant.call("check", **case)
    found = {
        "mean_hidden": _largest(answer["mean_hidden"] - mean_hidden(case)),
        "update_sigmas": max(
            _deviation(answer[name] - case[name].astype(np.float64), expected)
            for name, expected in expected_change(case).items()
        ),
    }
    # Written so that NaN fails too.
    allowed = TOLERANCE if tolerance is None else tolerance
    if not found["mean_hidden"] <= allowed:
        raise ContestantError(
            f"{contestant.name}: p(h|v) is off by {found['mean_hidden']:.2g}, allowed {allowed:.0e}"
        )
    if not found["update_sigmas"] <= SIGMAS:
        raise ContestantError(
            f"{contestant.name}: a CD-1 step is off by {found['update_sigmas']:.1f} standard "
            f"errors, allowed {SIGMAS:.0f}"
        )
    return {name: float(f"{value:.3g}") for name, value in found.items()}


def _states(n: int) -> NDArray[np.float64]:
    """All 2^n binary vectors."""
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.float64)


def _probabilities(p: NDArray[Any], states: NDArray[Any]) -> NDArray[Any]:
    """Probability of each state under each row of independent p: (len(p), len(states))."""
    result: NDArray[Any] = np.exp(np.log(p) @ states.T + np.log1p(-p) @ (1 - states).T)
    return result


def _largest(difference: NDArray[Any]) -> float:
    return float(np.abs(difference).max())


def _deviation(change: NDArray[Any], expected: Expectation) -> float:
    # 1e-5 allows for rounding where the sampling error vanishes.
    return _largest((change - expected.mean) / (expected.standard_error + TOLERANCE / SIGMAS))
