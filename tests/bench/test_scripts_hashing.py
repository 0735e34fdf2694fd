"""Scripts about binary codes in their quick forms, and their baselines."""

import numpy as np
import pytest

from tests.support.benchmark_scripts import load, run
from udl_fast import unpack_bits
from udl_fast.datasets import load_digits


def test_mnist_codes(tmp_path):
    (found,) = run("mnist_codes", tmp_path)["results"]
    for name in ("semantic_hasher", "itq", "random_projections", "pca_signs"):
        assert 0.1 < found[name]["map"] < 1
    assert found["itq"]["map"] > found["random_projections"]["map"] > found["pca_signs"]["map"]


def test_cifar_codes(tmp_path):
    results = run("cifar_codes", tmp_path, "--picture", str(tmp_path / "sheet.png"))["results"]
    assert results["semantic_hasher"]["precision_at_100"] > 0.5  # of four kinds of image
    assert 0.25 < results["pixels_precision_at_100"] <= 1
    assert (tmp_path / "sheet.png").stat().st_size > 1000


def test_address_lookup(tmp_path):
    results = run("address_lookup", tmp_path)["results"]
    assert all(row["equal"] for row in results)
    assert all(row["tables"] == 1 for row in results)
    assert len({row["found_per_query"] for row in results}) == 1


def test_esann2011_full(tmp_path):
    results = run("esann2011_full", tmp_path)["results"]
    assert results["weights_of_the_encoder"] == 48 * 64 + 64 * 32 + 32 * 16 + 16 * 8
    assert list(results["seconds_of_a_step"]) == [
        *(f"layer {k}" for k in range(1, 5)),
        "fine-tuning",
    ]


def test_semhash2009_20news(tmp_path):
    results = run("semhash2009_20news", tmp_path)["results"]
    for question, ways in (("words", 3), ("groups", 4)):
        curves = [found for found in results[question].values() if np.shape(found) == (10,)]
        assert len(curves) == ways
        assert all(0 < precision <= 1 for curve in curves for precision in curve)


def test_encode_and_search(tmp_path):
    record = run("encode_and_search", tmp_path, "--peers", "torch")
    for ours, share in (("float32", 1e-3), ("int16", 1e-3), ("int8", 0.02)):
        assert record["checks"][ours] <= share  # of bits that are others than NumPy's
        assert record["results"][ours]["seconds"] > 0
    assert record["results"]["fastest"]["ours"] in record["results"]


def test_what_encode_and_search_is_short_of(monkeypatch):
    script = load("encode_and_search", monkeypatch)
    fastest = {"ours": "int8", "best_peer": "torch-int8", "ratio_to_best": 1.6}
    float32 = {"best_peer": "torch", "ratio_to_best": 1.5}
    checks = {"float32": 0.0, "torch": 0.0, "int8": 0.002, "torch-int8": 0.005}
    record = {"checks": checks, "results": {"float32": float32, "fastest": fastest}}
    assert script.short_of(record) == []
    float32["ratio_to_best"] = 1.49
    assert script.short_of(record) == ["float32: 1.49x, wanted 1.5x"]
    fastest["ratio_to_best"], checks["int8"] = 1.4, 0.006
    assert script.short_of(record)[1:] == [
        "fastest: 1.40x, wanted 1.5x",
        "int8: 0.60% other bits, torch-int8 0.50%",
    ]


def test_precision_at_recalls_by_hand(monkeypatch):
    script = load("semhash2009_20news", monkeypatch)
    relevant = np.array([[True, False, True, False, False, True, False, False]])
    found = script.precision_at_recalls(np.arange(8)[None], relevant)
    assert found == [1.0, 1.0, 1.0] + 3 * [round(2 / 3, 4)] + 4 * [0.5]


@pytest.mark.parametrize("n_bits", [8, 16])
def test_itq_loses_less_by_signs_than_principal_axes(monkeypatch, n_bits):
    baselines = load("code_baselines", monkeypatch)
    X = load_digits().data
    mean, axes = baselines._principal_axes(X, n_bits)
    scores = (X - mean) @ axes

    def loss(encode):
        """Squared distance of the scores from the nearest rotation of their signs."""
        signs = np.where(unpack_bits(encode(X), n_bits), 1.0, -1.0)
        left, _, right = np.linalg.svd(scores.T @ signs)
        return np.square(scores @ (left @ right) - signs).sum()

    assert loss(baselines.itq(X, n_bits, 0)) < loss(baselines.pca_signs(X, n_bits, 0))


def test_nearest_rows_are_those_of_all_distances(monkeypatch):
    baselines = load("code_baselines", monkeypatch)
    monkeypatch.setattr(baselines, "_BLOCK_PAIRS", 40 * 3)
    rng = np.random.default_rng(0)
    queries, rows = rng.random((10, 5)), rng.random((40, 5))
    expected = np.argsort(np.linalg.norm(queries[:, None] - rows, axis=2), axis=1)[:, :7]
    np.testing.assert_array_equal(baselines.nearest(queries, rows, 7), expected)
    labels = (rng.integers(0, 3, 10), rng.integers(0, 3, 40))
    same = labels[1][expected] == labels[0][:, None]
    assert baselines.precision_of(expected, labels) == round(float(same.mean()), 5)
