"""Learning and sampling on a real device: the bits of the CPU's engine, which no interpreter can vouch for."""

import pytest

from ..support.cuda import ON_A_REAL_GPU
from .rbm import test_tensor_sampling as sampling
from .rbm.test_tensor_passes import CASES, PER_TILES, TILES, Case, check

pytestmark = ON_A_REAL_GPU
LARGE = {
    "785 by 499": Case(785, 499, 100_000, settings={"batch_size": 100, "momentum": 0.5}),
    "784 by 1024, fast": Case(784, 1024, 51_200, "fast", settings={"batch_size": 512}),
    "784 by 500, pcd": Case(
        784, 500, 20_030, n_chains=100, settings={"algorithm": "pcd", "batch_size": 100}
    ),
    "sampled": Case(784, 500, 20_000, settings={"statistics": "sampled", "batch_size": 100}),
    "one row": Case(31, 33, 1000, settings={"batch_size": 1, "learning_rate": 0.5}),
}


@pytest.mark.parametrize("name", CASES)
def test_small_models(name):
    check(CASES[name], None)


@pytest.mark.parametrize("name", PER_TILES)
@pytest.mark.parametrize("tiles", TILES)
def test_small_models_in_every_shape_of_tiles(name, tiles):
    check(CASES[name], None, tiles)


@pytest.mark.parametrize("name", LARGE)
def test_hundreds_of_updates(name):
    """Graphs, all multiprocessors, and changes of scale on the way."""
    check(LARGE[name], None)


SAMPLED = sampling.CASES | {
    "784 by 500": sampling.Case(784, 500, 2048),
    "499 by 785, fast": sampling.Case(499, 785, 2049, "fast"),
}


@pytest.mark.parametrize("name", SAMPLED)
@pytest.mark.parametrize("tiles", [None, *TILES])
def test_samples_and_means(name, tiles):
    sampling.check_half_steps(SAMPLED[name], None, tiles)


@pytest.mark.parametrize("name", SAMPLED)
@pytest.mark.parametrize("n_steps", [1, 3, 100])
def test_chains(name, n_steps):
    """Graphs of steps, with the bits of single ones."""
    sampling.check_chains(SAMPLED[name], None, n_steps=n_steps)
