"""scikit-learn's own checks of models, but for those that no model of this library can pass."""

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

NOT_PASSED = dict.fromkeys(
    (
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    ),
    "an epoch presents as many rows whatever their weights, in another order",
)


def scikit_learn_checks(estimators: list[BaseEstimator]) -> Callable[..., Any]:
    """A decorator of a test of ``estimator`` and ``check``."""
    return parametrize_with_checks(estimators, expected_failed_checks=lambda _: NOT_PASSED)
