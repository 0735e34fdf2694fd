"""An RBM learns on a device what it learns on the CPU, to the bit."""

import numpy as np
import pytest
from scipy import sparse

from udl_fast import _core

from ...support.rbm_on_device import SETTINGS, Pair, binary_rows, grey_rows

# Settings, and chains of PCD. Minibatches of 16 in 40 rows: the last has 8.
RULES = {
    "cd": ({}, 0),
    "cd-2": ({"k": 2}, 0),
    "pcd": ({"algorithm": "pcd"}, 16),
    "pcd-2, other chains than rows": ({"algorithm": "pcd", "k": 2}, 10),
    "momentum": ({"momentum": 0.5}, 0),
    "decay": ({"weight_decay": 1e-2, "l1": 1e-3}, 0),
    "sparsity": ({"sparsity_target": 0.1, "sparsity_cost": 0.5}, 0),
    "limit": ({"max_norm": 1.0}, 0),
    "sampled": ({"statistics": "sampled"}, 0),
    "sampled pcd, other chains than rows": ({"statistics": "sampled", "algorithm": "pcd"}, 10),
    "means of visible units": ({"sample_visibles": False, "k": 2}, 0),
    "all": (
        {
            "algorithm": "pcd",
            "momentum": 0.5,
            "weight_decay": 1e-3,
            "l1": 1e-3,
            "sparsity_target": 0.1,
            "sparsity_cost": 0.5,
            "max_norm": 1.5,
        },
        20,
    ),
}


def train(
    driver,
    rows,
    precision="fixed",
    chains=0,
    sizes=(33, 20),
    deviation=0.3,
    kernels="plain",
    **settings,
):
    pair = Pair(driver, *sizes, precision, deviation, kernels)
    if chains:
        pair.set_chains(chains)
    pair.train(rows(pair.rng), **settings)
    pair.assert_same_state()
    return pair


@pytest.mark.parametrize("precision", ["fixed", "fast"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kernels", ["plain", "automatic"])
def test_rules(ptx_driver, rule, precision, kernels):
    settings, chains = RULES[rule]
    batch_size = 16 if precision == "fixed" else 18  # "fast" learns 16 rows as "fixed" does
    settings = settings | {"batch_size": batch_size}
    rows = lambda rng: binary_rows(rng, 40, 33)  # noqa: E731
    train(ptx_driver, rows, precision, chains, kernels=kernels, **settings)
    on_tensor_cores = kernels == "automatic" and not {"max_norm", "sample_visibles"} & set(settings)
    assert any(name.startswith("udl_learn_") for name in ptx_driver.launches) == on_tensor_cores


def test_several_passes_on_tensor_cores(ptx_driver):
    """Chains, velocities and the state between passes; another setting makes other launches."""
    pair = Pair(ptx_driver, 33, 20, "fast", 0.3, "tensor")
    pair.set_chains(10)
    for momentum in (0.0, 0.5, 0.5):
        pair.train(binary_rows(pair.rng, 40, 33), algorithm="pcd", batch_size=20, momentum=momentum)
        pair.assert_same_state()


def test_tensor_cores_are_asked_for_what_they_do(ptx_driver):
    pair = Pair(ptx_driver, 7, 3, kernels="tensor")
    with pytest.raises(NotImplementedError, match="tensor cores do not do this"):
        pair.train(grey_rows(pair.rng, 4, 7))


@pytest.mark.parametrize("sizes", [(1, 1), (7, 33), (33, 7), (64, 16), (45, 300), (300, 45)])
@pytest.mark.parametrize("precision", ["fixed", "fast"])
def test_sizes(ptx_driver, sizes, precision):
    rows = lambda rng: binary_rows(rng, 50, sizes[0])  # noqa: E731
    train(ptx_driver, rows, precision, sizes=sizes, batch_size=20, momentum=0.9)


@pytest.mark.parametrize("precision", ["fixed", "fast"])
@pytest.mark.parametrize("sizes", [(70, 20), (20, 300)])
def test_the_scale_changes(ptx_driver, precision, sizes):
    """Weights that grow: each minibatch wants other integers."""
    pair = train(
        ptx_driver,
        lambda rng: binary_rows(rng, 60, sizes[0]),
        precision,
        sizes=sizes,
        deviation=0.01,
        learning_rate=5.0,
        batch_size=20,
    )
    largest = np.abs(pair.cpu.weights()).max()
    assert largest > 0.08  # three factors of two


@pytest.mark.parametrize("precision", ["fixed", "fast"])
@pytest.mark.parametrize("kernels", ["plain", "tensor"])
def test_units_that_are_certain(ptx_driver, precision, kernels):
    """Probabilities that round to 1 count as the largest integers that there are."""
    rows = lambda rng: binary_rows(rng, 40, 33)  # noqa: E731
    pair = train(ptx_driver, rows, precision, deviation=4.0, kernels=kernels, batch_size=20)
    p = pair.cpu.mean_hidden(binary_rows(pair.rng, 40, 33), 1)
    assert np.mean(p > 1 - 2.0**-17) > 0.1


@pytest.mark.parametrize("precision", ["fixed", "fast"])
@pytest.mark.parametrize("settings", [{}, {"binarize_sample": True}, {"sample_visibles": False}])
def test_grey_rows(ptx_driver, precision, settings):
    more = {"momentum": 0.5, "sparsity_target": 0.2, "sparsity_cost": 0.1}
    train(
        ptx_driver,
        lambda rng: grey_rows(rng, 40, 33),
        precision,
        batch_size=18,
        **more,
        **settings,
    )


@pytest.mark.parametrize("binary", [True, False])
def test_sparse_rows(ptx_driver, binary):
    def rows(rng):
        values = rng.random((40, 300))
        values[values < 0.97] = 0
        found = sparse.csr_matrix(np.where(values > 0, 1.0, 0.0) if binary else values)
        return _core.Rows.from_csr(found.indptr, found.indices, found.data, 300)

    train(ptx_driver, rows, sizes=(300, 20))


def test_pass_after_pass(ptx_driver):
    """Velocities, running means and chains of one pass are where the next begins."""
    pair = Pair(ptx_driver, 20, 9)
    pair.set_chains(12)
    rows = binary_rows(pair.rng, 30, 20)
    settings = {
        "algorithm": "pcd",
        "momentum": 0.9,
        "sparsity_target": 0.1,
        "sparsity_cost": 0.5,
    }
    step = pair.train(rows, **settings)["step"]
    pair.train(rows, step, **settings)
    pair.assert_same_state()
    pair.train(rows, step, momentum=0.0)  # forgets the velocity of the weights
    pair.assert_same_state()
    assert "weight_velocity" not in pair.device.state()


def test_weights_that_are_no_numbers_end_it(ptx_driver):
    pair = Pair(ptx_driver, 9, 5)
    said = pair.train(binary_rows(pair.rng, 40, 9), learning_rate=1e38, weight_decay=1e38)
    assert not said["finite"]
    assert said["n_updates"] < 3


def test_a_callback_sees_the_model_and_can_stop(ptx_driver):
    pair = Pair(ptx_driver, 100, 60)
    seen = []

    def poll(n_rows):
        seen.append((n_rows, pair.device.mean_hidden(rows, 1)))
        return True

    rows = binary_rows(pair.rng, 90, 100)
    before = pair.device.mean_hidden(rows, 1)
    said = pair.device.train(rows, None, SETTINGS | {"batch_size": 30}, 1, 0, 1, poll)
    assert said["stopped"]
    assert said["n_rows"] == seen[0][0] < 90
    assert not np.array_equal(seen[0][1], before)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"algorithm": "pt", "n_temperatures": 2, "beta_min": 0.5}, "algorithm='pt'"),
        ({"centered": True}, "centred"),
    ],
)
def test_what_a_gpu_does_not_learn(ptx_driver, settings, text):
    pair = Pair(ptx_driver, 5, 4)
    pair.set_chains(4)
    rows = binary_rows(pair.rng, 8, 5)
    with pytest.raises(NotImplementedError, match=f"{text}.*use device='cpu'"):
        pair.device.train(rows, None, SETTINGS | settings, 1, 0, 1)
    pair.assert_same_state()
