"""scikit-learn's own checks of deep belief nets."""

import pytest

from tests.support.scikit_learn_checks import scikit_learn_checks
from udl_fast import DBN, RBM


@scikit_learn_checks(
    [
        DBN((3, 2), rbm=RBM(n_iter=1, batch_size=10), pass_up=pass_up)
        for pass_up in ("mean", "sample")
    ],
)
@pytest.mark.filterwarnings("ignore:.*Bernoulli units expect values in:UserWarning")
def test_scikit_learn_contract(estimator, check):
    check(estimator)
