"""Metrics reach every kind of tracker."""

import pytest

from udl_fast import RBM
from udl_fast.callbacks import History, MetricsLogger


class Tracker:
    """A tracker with one of the usual methods."""

    def __init__(self, method):
        self.seen = []
        setattr(self, method, getattr(self, f"_{method}"))

    def _log_metrics(self, metrics, step):
        self.seen.append((step, sorted(metrics)))

    _log = _log_metrics

    def _add_scalar(self, name, value, step):
        if not self.seen or self.seen[-1][0] != step:
            self.seen.append((step, []))
        self.seen[-1] = (step, sorted([*self.seen[-1][1], name]))


MEASURED = [
    "activation_spread",
    "dead_units",
    "mean_activation",
    "pseudo_likelihood",
    "saturated_units",
    "seconds",
    "weight_change",
]


@pytest.mark.parametrize("method", ["log_metrics", "log", "add_scalar", "function"])
def test_metrics_reach_every_kind_of_tracker(digits, method):
    tracker = Tracker("log" if method == "function" else method)
    logger = MetricsLogger(tracker.log if method == "function" else tracker)
    RBM(5, n_iter=3, callbacks=[logger]).fit(digits)
    assert tracker.seen == [(step, MEASURED) for step in (1, 2, 3)]


def test_metrics_of_epochs_not_measured_are_not_logged(digits):
    tracker = Tracker("log")
    watch = [History(every=2), MetricsLogger(tracker, prefix="rbm/")]
    RBM(5, n_iter=5, callbacks=watch).fit(digits)
    assert [step for step, _ in tracker.seen] == [2, 4, 5]
    assert tracker.seen[0][1] == [f"rbm/{name}" for name in MEASURED]
