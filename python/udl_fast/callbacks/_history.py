"""What a model measures while it learns."""

from __future__ import annotations

import numbers
from typing import Any, Self

from ..estimator.parameters import Integer
from ._hooks import Hooks


class History(Hooks):
    """Choose what `fit` measures after its epochs; without one, it measures the defaults.

    Every model has its measurements in its attribute `history_`, a dict of lists with one value for
    each measured epoch: its number, its time, and what the kind of model measures. For an RBM these
    are

    ==================== ===========================================================================
    epoch                number of the epoch, counted over all calls of `fit`
    seconds              time the epoch took to train
    pseudo_likelihood    mean over a sample of the training rows, nats: exact, of all units
                         (:meth:`udl_fast.RBM.pseudo_likelihood`), and of the same rows every time
    weight_change        change of the weights in the epoch relative to their size, ``|dW| / |W|``
    mean_activation      mean of P(h = 1 | v) over the sample
    dead_units           hidden units with P(h = 1 | v) < 0.01 on every row of the sample
    saturated_units      hidden units with P(h = 1 | v) > 0.99 on every row of the sample
    activation_spread    standard deviation of P(h = 1 | v) over the sample, mean of the tenth of the
                         hidden units where it is largest; below 0.1 learning has not begun
    ==================== ===========================================================================

    with a `learning_rate_schedule` also

    ============================ ===================================================================
    learning_rate                of the epoch
    ============================ ===================================================================

    and with `validation` also

    ============================ ===================================================================
    validation_pseudo_likelihood on a sample of the validation rows
    free_energy_gap              mean free energy of the validation sample less that of the training
                                 sample, nats; growing from epoch to epoch is overfitting [1]_
    ============================ ===================================================================

    Parameters
    ----------
    validation : array-like or sparse matrix of shape (n_samples, n_features), default=None
        Rows the model does not learn from. Of a model that learns targets, a pair (X, y). Where a layer learns,
        it is measured on what the layers below make of them.
    n_rows : int, default=None
        Size of each sample, spread evenly over its rows and the same for the whole fit. None takes as
        many as cost about 1 % of an epoch: of an RBM 256 of binary and 128 of real-valued rows, or
        more of large data, at most 1,024. All from sizes, never from a clock.
    every : int, default=None
        Measure after every so many epochs, and after the last; 0 never. None measures each of the
        first 20 epochs and then as often as costs about 1 % of the training time, or 10 % where
        :class:`EarlyStopping` needs it: always from about 50,000 rows on, seldom for little data.

    Attributes
    ----------
    history : dict of str to list
        `history_` of the model that was trained last.
    n_rows_, n_validation_rows_ : int
        Rows of the two samples in the last fit.

    References
    ----------
    .. [1] G. Hinton, "A practical guide to training restricted Boltzmann machines", section 6.

    Examples
    --------
    >>> import udl_fast as udl
    >>> from udl_fast.callbacks import History
    >>> X = udl.datasets.load_digits(binary=0.5).data
    >>> history = History(validation=X[1500:])
    >>> rbm = udl.RBM(32, n_iter=3, callbacks=[history], random_state=0).fit(X[:1500])
    >>> rbm.history_["epoch"], len(rbm.history_["free_energy_gap"])
    ([1, 2, 3], 3)
    """

    n_rows_: int
    n_validation_rows_: int

    def __init__(
        self, validation: Any = None, *, n_rows: int | None = None, every: int | None = None
    ) -> None:
        self.validation = validation
        self.n_rows = n_rows
        self.every = every
        self.history: dict[str, list[Any]] = {}
        if isinstance(validation, numbers.Number | str):
            raise TypeError(
                "History: validation must be rows that the model does not learn from, such as X[1500:], got "
                f"{validation!r}"
            )
        Integer(1, optional=True).check(n_rows, "n_rows", "History")
        Integer(0, optional=True).check(every, "every", "History")

    def __sklearn_clone__(self) -> Self:
        """For clones of a model: the same validation rows, not a copy of them."""
        return type(self)(self.validation, n_rows=self.n_rows, every=self.every)

    def setup(self, estimator: Any, context: Any) -> None:
        """Before `fit` begins."""
        self.history = estimator.history_

    def after_epoch(self, estimator: Any) -> None:
        """After each epoch."""
        self.history = estimator.history_
