"""scikit-learn's own checks of deep belief nets."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from udl_fast import DBN, RBM


@parametrize_with_checks(
    [
        DBN((3, 2), rbm=RBM(n_iter=1, batch_size=10), pass_up=pass_up)
        for pass_up in ("mean", "sample")
    ],
    expected_failed_checks=lambda _: dict.fromkeys(
        (
            "check_sample_weight_equivalence_on_dense_data",
            "check_sample_weight_equivalence_on_sparse_data",
        ),
        "an epoch presents as many rows whatever their weights, in another order",
    ),
)
@pytest.mark.filterwarnings("ignore:.*Bernoulli units expect values in:UserWarning")
def test_scikit_learn_contract(estimator, check):
    check(estimator)
