"""What the demonstration learns, and with which settings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Setting:
    """What is trained on a data set; chosen by exact pseudo-likelihoods and by looking at filters and samples."""

    arguments: dict[str, Any]  # of RBM
    comparison_rounds: int
    comparison_epochs: tuple[int, int]  # of ours and of scikit-learn's BernoulliRBM


# README, docs/good_mnist.md and benchmarks/rbm/good_mnist.py have these as well.
GOOD_MNIST: dict[str, Any] = {
    "n_components": 500,
    "algorithm": "pcd",
    "learning_rate": 0.1,
    "learning_rate_schedule": "linear",  # to 0: chains and weights settle
    "l1": 2e-5,
    "binarize": 0.5,
    "batch_size": 100,
    "n_iter": 30,
}
SETTINGS = {
    "digits": Setting(
        {
            "n_components": 100,
            "algorithm": "pcd",
            "learning_rate": 0.05,
            "learning_rate_schedule": "linear",
            "l1": 3e-4,
            "binarize": "sample",
            "batch_size": 20,
            "n_iter": 300,
        },
        comparison_rounds=5,
        comparison_epochs=(20, 5),
    ),
    "mnist": Setting(GOOD_MNIST, comparison_rounds=1, comparison_epochs=(2, 1)),
}


@dataclass
class Images:
    """Grey training and test images in [0, 1]."""

    train: NDArray[np.float32]
    test: NDArray[np.float32]
    shape: tuple[int, int]


def load_images(name: str, data_home: Path | None) -> Images:
    """The images, with some kept aside to measure on."""
    from ... import datasets

    if name == "mnist":
        train = datasets.load_mnist(data_home=data_home)
        test = datasets.load_mnist(subset="test", data_home=data_home)
        return Images(train.data, test.data, (28, 28))
    digits = datasets.load_digits()
    return Images(digits.data[:1500], digits.data[1500:], (8, 8))
