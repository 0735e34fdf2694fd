"""The check of contestants before they are timed: a wrong one is found."""

import numpy as np
import pytest
from scipy.special import expit

from udl_fast.bench import process
from udl_fast.bench.rbm import check as rbm_check


def cd1(case, *, sample_hidden=True, sample_visible=True, sign=1.0, bias_rate=1.0, offset=0.0):
    """A CD-1 step in NumPy that can be made wrong."""
    generator = np.random.RandomState(case["seed"])
    w, c, b = (case[name].astype(np.float64) for name in ("weights", "hidden_bias", "visible_bias"))
    v0 = case["rows"].astype(np.float64)
    p0 = expit(v0 @ w.T + c)
    h = generator.random_sample(p0.shape) < p0 if sample_hidden else p0
    pv = expit(h @ w + b)
    v1 = generator.random_sample(pv.shape) < pv if sample_visible else pv
    p1 = expit(v1 @ w.T + c)
    n = len(v0)
    return {
        "mean_hidden": p0 + offset,
        "weights": w + sign * (p0.T @ v0 - p1.T @ v1) / n,
        "hidden_bias": c + bias_rate * (p0 - p1).mean(axis=0),
        "visible_bias": b + bias_rate * (v0 - v1).mean(axis=0),
    }


class InProcess:
    """A contestant without a process."""

    name = "numpy"

    def __init__(self, **wrong):
        self.wrong = wrong

    def call(self, method, **case):
        assert method == "check"
        return cd1(case, **self.wrong)


@pytest.mark.parametrize("seed", range(5))
def test_a_right_contestant_passes(seed):
    found = rbm_check.check_contestant(InProcess(), seed)
    assert found["mean_hidden"] < 1e-7
    assert found["update_sigmas"] < 5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sample_hidden": False}, "a CD-1 step is off by"),
        ({"sign": -1.0}, "a CD-1 step is off by"),
        ({"sign": 0.9}, "a CD-1 step is off by"),
        ({"bias_rate": 0.0}, "a CD-1 step is off by"),
        ({"sign": np.nan}, "a CD-1 step is off by nan"),
        ({"offset": 2e-5}, r"p\(h\|v\) is off by"),
        ({"offset": np.nan}, r"p\(h\|v\) is off by nan"),
    ],
)
def test_a_wrong_contestant_is_found(wrong, message):
    with pytest.raises(process.ContestantError, match=f"numpy: {message}"):
        rbm_check.check_contestant(InProcess(**wrong), 0)


def test_visible_means_instead_of_samples_are_found():
    with pytest.raises(process.ContestantError, match="standard errors"):
        rbm_check.check_contestant(InProcess(sample_visible=False), 0)


def test_expected_change_is_the_mean_of_many_steps():
    case = rbm_check.small_case(3)
    expected = rbm_check.expected_change(case)
    changes = {name: [] for name in expected}
    for seed in range(20):
        after = cd1({**case, "seed": seed})
        for name in expected:
            changes[name].append(after[name] - case[name])
    for name, exact in expected.items():
        error = np.mean(changes[name], axis=0) - exact.mean
        np.testing.assert_array_less(np.abs(error), 5 * exact.standard_error / np.sqrt(20) + 1e-12)
        spread = np.std(changes[name], axis=0).mean() / exact.standard_error.mean()
        assert 0.8 < spread < 1.2
