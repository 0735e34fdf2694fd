"""precision="fast" between minibatches of few rows, which it learns with other tables than it answers with."""

import numpy as np
import pytest

from udl_fast import RBM

# So many that a pass takes several times the 50 ms between two looks.
X = np.random.default_rng(0).integers(0, 10, (60_000, 500), dtype=np.uint8) < 3


# There is nothing to learn in independent pixels, and the fit says so.
@pytest.mark.filterwarnings("ignore::udl_fast.exceptions.LearningWarning")
@pytest.mark.parametrize("precision", ["fast", "fixed"])
@pytest.mark.parametrize("batch_size", [10, 50])
def test_a_callback_sees_what_these_weights_give(precision, batch_size):
    parameters = {
        "n_components": 400,
        "batch_size": batch_size,
        "learning_rate": 0.01,
        "precision": precision,
        "random_state": 0,
    }
    seen = []

    def look(model, info):
        if not 0 < info["rows_done"] < info["n_rows"] or len(seen) > 2:
            return
        arrays = model.components_, model.intercept_visible_, model.intercept_hidden_
        same = RBM.from_parameters(*arrays, **parameters)
        for method in ("transform", "free_energy", "pseudo_likelihood"):
            found, expected = (getattr(m, method)(X[:50]) for m in (model, same))
            np.testing.assert_array_equal(found, expected)
        seen.append(info["rows_done"])

    watched = RBM(n_iter=2, callbacks=[look], **parameters).fit(X)
    alone = RBM(n_iter=2, **parameters).fit(X)
    assert seen
    np.testing.assert_array_equal(watched.components_, alone.components_)
    np.testing.assert_array_equal(watched.transform(X[:50]), alone.transform(X[:50]))
