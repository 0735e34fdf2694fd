"""Hand measurements to an experiment tracker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from ._hooks import Hooks, latest


class MetricsLogger(Hooks):
    """Pass the measurements of `history_` on after every measured epoch.

    Parameters
    ----------
    log : callable or object
        Called as ``log(metrics, step=epoch)`` with a dict of numbers. An object that is not
        callable is asked for the methods trackers have: ``log_metrics(metrics, step=epoch)``
        (MLflow, Comet, Lightning loggers), ``log(metrics, step=epoch)`` (Weights & Biases), or
        ``add_scalar(name, value, epoch)`` (TensorBoard's SummaryWriter).
    prefix : str, default=""
        Put before each name.

    Examples
    --------
    >>> import udl_fast as udl
    >>> from udl_fast.callbacks import MetricsLogger
    >>> X = udl.datasets.load_digits(binary=0.5).data
    >>> def log(metrics, step):
    ...     print(step, sorted(metrics)[0])
    >>> logger = MetricsLogger(log, prefix="rbm/")
    >>> rbm = udl.RBM(16, n_iter=2, callbacks=[logger], random_state=0).fit(X)
    1 rbm/activation_spread
    2 rbm/activation_spread
    """

    def __init__(self, log: Any, *, prefix: str = "") -> None:
        _function_of(log)
        self.log = log
        self.prefix = prefix

    def __sklearn_clone__(self) -> Self:
        """For clones of a model: the same tracker, not a copy of it."""
        return type(self)(self.log, prefix=self.prefix)

    def after_epoch(self, estimator: Any) -> None:
        """Log this epoch, if it was measured."""
        entry = latest(estimator.history_, estimator.n_iter_)
        metrics = {
            self.prefix + name: value
            for name, value in entry.items()
            if name not in ("epoch", "stage") and value is not None
        }
        if metrics:
            _function_of(self.log)(metrics, estimator.n_iter_)


def _function_of(log: Any) -> Callable[[dict[str, float], int], Any]:
    """log as a function (metrics, epoch)."""
    if callable(log):
        return lambda metrics, step: log(metrics, step=step)
    for name in ("log_metrics", "log"):
        if callable(getattr(log, name, None)):
            return lambda metrics, step: getattr(log, name)(metrics, step=step)
    if callable(getattr(log, "add_scalar", None)):
        return lambda metrics, step: [log.add_scalar(name, metrics[name], step) for name in metrics]
    raise TypeError(
        "MetricsLogger: log must be callable or have a method log_metrics, log or add_scalar, "
        f"got {log!r}"
    )
