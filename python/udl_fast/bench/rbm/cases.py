"""What the RBM benchmark times: sizes, workloads, rows, and the work they mean."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...datasets import load_mnist

OURS = "udl_fast"
FAST = "udl_fast fast"
Size = tuple[int, int, int]  # batch, visible, hidden

SIZES: list[Size] = [(100, 784, 500), (512, 784, 1024), (1024, 784, 4096), (256, 3072, 8192)]
QUICK_SIZES: list[Size] = [(20, 64, 32)]
QUICK_IMAGE_SIZES: list[Size] = [(20, 784, 32)]
DATA = ("random", "mnist", "mnist-grey")
# name: (file, class)
CONTESTANTS = {
    OURS: ("rbm/udl_fast.py", "Engine"),
    FAST: ("rbm/udl_fast.py", "FastEngine"),
    "sklearn": ("rbm/sklearn.py", "PartialFit"),
    "sklearn-fit": ("rbm/sklearn.py", "Fit"),
    "torch": ("rbm/torch.py", "Bernoulli"),
    "torch-rand": ("rbm/torch.py", "UniformBelow"),
    "torch-compiled": ("rbm/torch.py", "Compiled"),
    "torch-bfloat16": ("rbm/torch.py", "Bfloat16"),
    "torch-bfloat16-compiled": ("rbm/torch.py", "CompiledBfloat16"),
}
PYTORCH = [name for name in CONTESTANTS if name.startswith("torch")]
SKLEARN_WORKLOADS = ("cd-1", "pcd-1")  # it takes steps of PCD-1, whose products are those of CD-1
LEARNING_RATE = 0.01
SEED = 20260101
_N_BATCHES = 8  # distinct minibatches held by each contestant
_PIXELS = 784


class Workload(NamedTuple):
    """A schedule of half steps."""

    algorithm: str
    k: int

    @property
    def n_products(self) -> int:
        """Products of states (or probabilities) with weights or states in a minibatch.

        CD-k and PCD-k: the hidden side of the data, k times the visible and the hidden side of the
        chains, two gradients. A Gibbs step: both sides once.
        """
        return 2 if self.algorithm == "gibbs" else 2 * self.k + 3


WORKLOADS = {
    "cd-1": Workload("cd", 1),
    "cd-10": Workload("cd", 10),
    "pcd-1": Workload("pcd", 1),
    "gibbs": Workload("gibbs", 1),
}


def flop_per_example(workload: str, size: Size) -> float:
    """Multiplications and additions of one example in dense products; samples and updates aside."""
    _, n_visible, n_hidden = size
    return WORKLOADS[workload].n_products * 2.0 * n_visible * n_hidden


def size_text(size: Sequence[int]) -> str:
    """As on the command line."""
    return ",".join(map(str, size))


def fits(size: Size, data: str) -> bool:
    """Whether there are rows of that width."""
    return data == "random" or size[1] == _PIXELS


def timing_case(batch_size: int, n_visible: int, n_hidden: int, data: str) -> dict[str, Any]:
    """Parameters and rows of a timed size: weights and densities like a model in training.

    A visible unit of random rows is on with a probability of its own, uniform in (0, 1/2).
    """
    generator = np.random.RandomState(SEED)
    if data == "random":
        density = generator.uniform(0, 0.5, n_visible)
        rows = generator.random_sample((batch_size * _N_BATCHES, n_visible)) < density
        rows = rows.astype(np.uint8)
    else:
        rows = _mnist_rows(batch_size * _N_BATCHES, n_visible, binary=data == "mnist")
        density = rows.mean(axis=0).clip(0.01, 0.99)
    return {
        "weights": generator.normal(0, 0.05, (n_hidden, n_visible)).astype(np.float32),
        "hidden_bias": np.zeros(n_hidden, np.float32),
        "visible_bias": np.log(density / (1 - density)).astype(np.float32),
        "rows": rows,
        "batch_size": batch_size,
        "learning_rate": LEARNING_RATE,
        "seed": SEED,
    }


def product_case(case: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """One minibatch of a timing case as binary states of both sides, for single products.

    Grey pixels become drawn ones; a hidden unit is on half of the time.
    """
    generator = np.random.RandomState(SEED + 1)
    values = case["rows"][: case["batch_size"]]
    n_hidden = len(case["hidden_bias"])
    return {
        "visible": (generator.random_sample(values.shape) < values).astype(np.uint8),
        "hidden": generator.randint(0, 2, (len(values), n_hidden)).astype(np.uint8),
        "weights": case["weights"],
    }


def _mnist_rows(n_rows: int, n_visible: int, binary: bool) -> NDArray[Any]:
    """The first training images, 0/1 or grey in [0, 1]."""
    if n_visible != _PIXELS:
        raise ValueError(f"rows of MNIST have 784 visible units, got size with {n_visible}")
    options: dict[str, Any] = {"binary": 0.5, "dtype": np.uint8} if binary else {}
    images: NDArray[Any] = load_mnist(subset="train", **options).data
    return np.resize(images, (n_rows, _PIXELS))
