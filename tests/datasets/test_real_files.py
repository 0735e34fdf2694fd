"""Real files: the facts that their authors publish."""

import os
from pathlib import Path

import numpy as np
import pytest

from udl_fast import datasets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def real_data(monkeypatch):
    folder = Path(os.environ.get("UDL_FAST_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "train-images-idx3-ubyte.gz").is_file():
        pytest.skip("real data not at hand: set UDL_FAST_DATA to the folder that holds MNIST")
    monkeypatch.setenv("UDL_FAST_DATA", str(folder))
    return folder


def test_real_mnist(real_data):
    train = datasets.load_mnist(binary=0.5, dtype=np.uint8)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(train.target).tolist() == counts
    assert train.data.shape == (60000, 784)
    assert train.data.dtype == np.uint8
    grey = datasets.load_mnist(subset="test").data
    assert grey.shape == (10000, 784)
    sampled = datasets.load_mnist(subset="test", binary="sample", random_state=0).data
    assert abs(float(sampled.mean() - grey.mean(dtype=np.float64))) < 1e-3


def test_real_binarized_mnist(real_data):
    means = {"train": 0.130562, "valid": 0.131127, "test": 0.132512}
    for subset, mean in means.items():
        bits = datasets.load_binarized_mnist(subset=subset, dtype=np.uint8).data
        assert bits.shape == (50000 if subset == "train" else 10000, 784)
        assert abs(bits.mean() - mean) < 1e-6


def test_real_cifar10(real_data):
    cifar = datasets.load_cifar10(subset="test1000")
    assert cifar.data.shape == (1000, 3072)
    assert set(cifar.target) == set(range(10))


def test_real_usps(real_data):
    data, target = datasets.load_usps(subset="test", return_X_y=True)
    assert np.bincount(target).tolist() == [359, 264, 198, 166, 200, 160, 170, 147, 166, 177]
    assert data.min() == 0
    assert data.max() == 1


def test_real_newsgroups(real_data):
    counts = datasets.load_20newsgroups_counts(subset="test")
    assert counts.data.shape == (7487, 1994)
    assert counts.data.sum(dtype=np.float64) == 629312
    assert len(counts.feature_names) == 1994
    words = datasets.load_20newsgroups_words()
    assert np.bincount(words.target).tolist() == [4605, 3519, 2657, 5461]
    assert set(np.unique(words.data)) == {0, 1}


def test_real_density_sets(real_data):
    rows = {"nltcs": (3236, 16), "dna": (1186, 180), "nips": (1240, 500)}
    for name, shape in rows.items():
        data = datasets.load_density(name, subset="test", dtype=bool).data
        assert data.shape == shape
        assert 0 < data.mean() < 1
