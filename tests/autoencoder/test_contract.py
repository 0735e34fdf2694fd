"""scikit-learn's own checks of the autoencoders."""

import pytest

from tests.support.scikit_learn_checks import scikit_learn_checks
from udl_fast import (
    RBM,
    Autoencoder,
    DeepAutoencoder,
    DenoisingAutoencoder,
    SemanticHasher,
    SparseAutoencoder,
    StackedAutoencoder,
)

SMALL = {"n_components": 4, "n_iter": 2}


@scikit_learn_checks(
    [
        Autoencoder(**SMALL, batch_size=10),
        Autoencoder(**SMALL, output_activation="linear", tied_weights=True, precision="float64"),
        SparseAutoencoder(**SMALL),
        DenoisingAutoencoder(**SMALL, batch_size=10),
        StackedAutoencoder((3, 2), layer=Autoencoder(n_iter=1), n_iter=1),
        DeepAutoencoder((3, 2), rbm=RBM(n_iter=1), n_iter=1),
        SemanticHasher((3, 2), rbm=RBM(n_iter=1), n_iter=1),
    ],
)
@pytest.mark.filterwarnings("ignore:.*bits are the same in 99 %:UserWarning")
@pytest.mark.filterwarnings("ignore:.*outputs reach 0 to 1 alone:UserWarning")
@pytest.mark.filterwarnings("ignore:.*Bernoulli units expect values in:UserWarning")
def test_scikit_learn_contract(estimator, check):
    check(estimator)
