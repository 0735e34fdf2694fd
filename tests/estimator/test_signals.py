"""Signals of a timer, at moments that nobody chose: what they leave is a model at the end of an epoch."""

import signal

import numpy as np
import pytest

from tests.support.interruption import alarms_as_ctrl_c, interrupted
from tests.support.models import assert_same
from udl_fast import RBM

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="no timers of signals here"
)

X = (np.random.default_rng(0).random((600, 40)) < 0.3).astype(np.uint8)
WIDE = (np.random.default_rng(1).random((600, 50)) < 0.3).astype(np.uint8)
N_SIGNALS = 60
LONGEST = 0.02  # seconds until the signal: some calls end before


@pytest.fixture(autouse=True)
def alarms():
    with alarms_as_ctrl_c():
        yield


def new_model():
    return RBM(24, algorithm="pcd", batch_size=50, n_iter=4, random_state=0, warm_start=True)


# Random rows hold nothing to learn, and after so many epochs a fit says so.
@pytest.mark.filterwarnings("ignore:RBM. learning has not begun")
def test_fits_that_a_timer_interrupts_go_on_to_the_same_model():
    """Ended again and again, a training is that of as many epochs without an end."""
    model, n_interrupts = new_model().set_params(n_iter=1).fit(X), 0
    model.set_params(n_iter=10**6)
    for i in range(N_SIGNALS):
        n_interrupts += interrupted(lambda: model.fit(X), 1e-4 + LONGEST * i / N_SIGNALS)
        assert len({len(values) for values in model.history_.values()}) == 1
    assert n_interrupts == N_SIGNALS
    assert_same(model, new_model().set_params(n_iter=model.n_iter_).fit(X))


def test_refits_that_a_timer_interrupts_leave_one_of_both_models():
    old = new_model().fit(X)
    ends = {n: new_model().set_params(n_iter=n).fit(WIDE) for n in range(1, 5)}
    for i in range(N_SIGNALS):
        model = new_model().fit(X).set_params(warm_start=False)
        interrupted(lambda: model.fit(WIDE), 1e-4 + LONGEST * i / N_SIGNALS)  # noqa: B023
        assert_same(model, old if model.n_features_in_ == X.shape[1] else ends[model.n_iter_])
        model.partial_fit(X if model.n_features_in_ == X.shape[1] else WIDE)


def test_chunks_that_a_timer_interrupts_count_or_do_not():
    model, expected = new_model().fit(X), new_model().fit(X)
    for i in range(N_SIGNALS):
        interrupted(lambda: model.partial_fit(X), 1e-4 + LONGEST / 4 * i / N_SIGNALS)
        while expected.n_updates_ < model.n_updates_:
            expected.partial_fit(X)
        assert expected.n_updates_ == model.n_updates_
        assert_same(model, expected)
