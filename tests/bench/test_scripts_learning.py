"""What models learn, by the scripts of benchmarks/ in their quick forms."""

import numpy as np
import pytest

from tests.support.benchmark_scripts import load, run


def test_gaussian_patches(tmp_path):
    results = run("gaussian_patches", tmp_path)["results"]
    assert results["finite"]
    assert 0 < results["sigma"]["least"] < results["deviation_of_data"]
    assert 0 < results["reconstruction_error_share"] < 1
    assert (tmp_path / "result.png").stat().st_size > 0


def test_potts_connect4(tmp_path):
    results = run("potts_connect4", tmp_path)["results"]
    gain = results["softmax"]["log_likelihood"] - results["independent"]["log_likelihood"]
    assert gain > 0.5
    assert results["softmax"]["legal_samples"] == 1
    assert results["bernoulli"]["legal_samples"] < 0.5


def test_replicated_20news(tmp_path):
    results = run("replicated_20news", tmp_path)["results"]
    assert 1 < results["replicated_softmax"] < results["unigram"] < 31


def test_early_stopping(tmp_path):
    """60 epochs of digits end while they still learn: nothing is lost, and nothing stops on the plateau."""
    (case,) = run("early_stopping", tmp_path)["results"]
    (found,) = case["runs"]
    assert found["short_of_best_percent"] <= 1
    assert found["stopped_epoch"] is None
    assert found["best"] - found["first"] > 5


def test_precision_exact16(tmp_path):
    results = run("precision_exact16", tmp_path)["results"]
    assert results["sampled"]["log_likelihoods"] != results["fixed"]["log_likelihoods"]
    for name in ("fast", "sampled"):
        assert abs(results[name]["difference_nats"]) < 2


def test_good_mnist(tmp_path):
    record = run("good_mnist", tmp_path)
    assert record["recipe"]["n_iter"] == 4
    results = record["results"]
    assert "the_recipe" in results
    for found in results.values():
        (only,) = found["runs"]
        assert found["test"] == found["lowest_test"] == only["test"] < 0
        assert found["test"] > -64 * np.log(2)  # of guessing every pixel
    assert len({found["test"] for found in results.values()}) == len(results)


def test_metric_check(tmp_path):
    results = run("metric_check", tmp_path)["results"]
    assert 0 < results["pca10_test_error"] < 5


def test_metric_check_finds_a_wrong_metric(monkeypatch):
    check = load("metric_check", monkeypatch)
    right = {"pca30_test_error": 13.866, "base_rate_fixed": -205.8}
    assert check.deviations(right) == []
    assert len(check.deviations({"pca30_test_error": 13.0, "base_rate_fixed": float("nan")})) == 2


def test_base_rate_by_hand(monkeypatch):
    check = load("metric_check", monkeypatch)
    train = np.array([[0.0, 1], [0, 1], [1, 1]])
    test = np.array([[0.0, 1], [1, 0]])
    p = [2 / 5, 4 / 5]
    by_hand = np.mean([np.log(1 - p[0]) + np.log(p[1]), np.log(p[0]) + np.log(1 - p[1])])
    assert check.base_rate(train, test) == pytest.approx(by_hand)


@pytest.mark.parametrize("options", [[], ["--centered"]])
def test_exact_likelihood(tmp_path, options):
    record = run("rbm_exact16", tmp_path, "--seeds", "5", *options)
    for result in record["results"].values():
        assert [run["seed"] for run in result["runs"]] == [5]
        # Between knowing nothing and the entropy of a uniform pixel distribution.
        assert -64 * np.log(2) < result["mean_log_likelihood"] < 0


def test_ais_small(tmp_path):
    record = run("ais_small", tmp_path, "--seeds", "3")
    found = record["results"]
    assert found["seeds"] == len(record["runs"]) == 3
    assert found["within_3_standard_errors"] >= 2
    assert found["bracketed_within_3_standard_errors"] >= 2
    assert abs(found["mean_ais"] - found["exact"]) < 0.1


def test_pydeep_big500(tmp_path):
    few, many = run("pydeep_big500", tmp_path)["results"]
    for found in (few, many):
        assert -64 * np.log(2) < found["reverse_ais"]["log_likelihood"] < 0
        assert found["mean"] == pytest.approx(
            found["ais"]["log_likelihood"] - found["gap"] / 2, abs=2e-3
        )
    assert few["temperatures"] < many["temperatures"]


@pytest.mark.parametrize("options", [[], ["--long"]])
def test_likelihoods_by_steps(tmp_path, options):
    results = run("sm2008", tmp_path, *options)["results"]
    assert [found["name"] for found in results] == (
        ["CD-25, long"] if options else ["CD-1", "CD-3", "CD-25"]
    )
    for found in results:
        assert -64 * np.log(2) < found["log_likelihood"] < 0
        assert found["log_likelihood"] == pytest.approx((found["ais"] + found["reverse_ais"]) / 2)


def test_science2006_mnist(tmp_path):
    results = run("science2006_mnist", tmp_path)["results"]
    assert results["test_error"] < results["pca_test_error"]
    assert results["test_error"] < results["pretrained_test_error"]
    assert (tmp_path / "result.png").stat().st_size > 0


def test_stacked_sae(tmp_path):
    results = run("stacked_sae", tmp_path)["results"]
    assert 40 < results["before"] < results["after"]


def test_sda_tutorial(tmp_path):
    results = run("sda_tutorial", tmp_path)["results"]
    assert 0 < results["validation"] < 40
    assert 0 < results["test"] < 40


def test_untuned_defaults(tmp_path):
    (found,) = run("untuned_defaults", tmp_path)["results"]
    assert found["share_of_pca"] < 1.5  # of few epochs


def test_rbm_features1024(tmp_path):
    record = run("rbm_features1024", tmp_path, "--seeds", "3", "4")
    (only,) = record["results"]
    assert only["seed"] == 3
    assert only["accuracy"] == record["mean_accuracy"] > 0.3  # 0.1 by chance
    assert record["pixels"]["accuracy"] > 0.8


# ---- deep belief nets ----


def test_science2006_classifier(tmp_path):
    (found,) = run("science2006_classifier", tmp_path, "--random")["results"]
    assert 0 < found["pretrained"] < 20
    assert 0 < found["random"] < 20


def test_rbm_finetuned1024(tmp_path):
    record = run("rbm_finetuned1024", tmp_path)
    (found,) = record["results"]
    assert record["settings"]["dropout"] > 0
    assert 80 < found["accuracy"] <= 100
    assert found["seed"] == 0


def test_few_labels(tmp_path):
    record = run("few_labels", tmp_path)
    assert [found["labels"] for found in record["summary"]] == [100, 1000]
    assert all(found["pretrained"] > 60 for found in record["summary"])
    assert (tmp_path / "result.png").stat().st_size > 0


def test_labels_are_chosen_evenly(monkeypatch):
    script = load("few_labels", monkeypatch)
    y = np.repeat(np.arange(10), [3, *[50] * 9])
    chosen = script.balanced(y, 100, seed=0)
    assert sorted(np.bincount(y[chosen])) == [3, 10, 10, 11, 11, 11, 11, 11, 11, 11]
    assert len(np.unique(chosen)) == 100


def test_dbn_density(tmp_path):
    results = run("dbn_density", tmp_path)["results"]
    for found in results.values():
        assert -64 * np.log(2) < found["bound"] < 0


def test_hot2006_updown(tmp_path):
    (found,) = run("hot2006_updown", tmp_path, "--threads", "1")["results"]
    assert 0 < found["greedy_error"] < 60  # 90 by chance
    assert len(found["up_down_errors"]) == len(found["up_down_parts"]) == 2
    assert max(found["up_down_errors"]) < 60


def test_minibatches_hold_every_class_in_its_share(monkeypatch):
    script = load("hot2006_updown", monkeypatch)
    y = np.repeat(np.arange(4), [100, 200, 300, 400])
    order = script.balanced(y, 1000, seed=0)
    assert sorted(order) == list(range(1000))
    for first in range(0, 1000, 50):
        of_batch = np.bincount(y[order[first : first + 50]], minlength=4)
        assert (np.abs(of_batch - [5, 10, 15, 20]) <= 1).all()


# ---- autoencoders ----


def test_linear_autoencoder(tmp_path):
    record = run("linear_autoencoder", tmp_path)
    assert record["results"].keys() == {"adam", "lbfgs"}
    assert all(found["error"] > 0.9 * record["pca"] for found in record["results"].values())


def test_sae_selftaught(tmp_path):
    results = run("sae_selftaught", tmp_path)["results"]
    assert 60 < results["codes"] <= 100
    assert 60 < results["pixels"] <= 100


def test_sae_patches(tmp_path):
    results = run("sae_patches", tmp_path)["results"]
    assert results["edges"] <= len(results["fits"]) == 4
    assert (tmp_path / "result.png").stat().st_size > 0


def test_gabor_fits_tell_waves_from_noise(monkeypatch):
    script = load("sae_patches", monkeypatch)
    wave = script.gabor(np.array([3.2, 4.1, 0.6, 0.2, 0.4, 2.5, 1.5, 1.0, 0.1]))
    assert script.gabor_fit(wave) > 0.99
    assert script.gabor_fit(np.random.default_rng(0).normal(size=(8, 8))) < 0.8


def test_autoencoder_neighbours(tmp_path):
    results = run("autoencoder_neighbours", tmp_path)["results"]
    assert 80 < results["codes"] <= 100
    assert 80 < results["directions"] <= 100
