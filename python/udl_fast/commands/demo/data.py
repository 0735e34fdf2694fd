"""What the demonstration learns, and with which settings."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass
class Setting:
    """What is trained on a data set; chosen by looking at filters and samples."""

    n_components: int
    batch_size: int
    learning_rate: float
    l1: float
    n_iter: int
    comparison_rounds: int
    comparison_epochs: tuple[int, int]  # of ours and of scikit-learn's BernoulliRBM


SETTINGS = {
    "digits": Setting(100, 20, 0.05, 3e-4, 300, 5, (20, 5)),
    "mnist": Setting(500, 100, 0.1, 2e-5, 20, 1, (2, 1)),
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
