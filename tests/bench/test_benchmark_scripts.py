"""The scripts of benchmarks/ in their quick forms."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from udl_fast import _core, registry
from udl_fast.estimator import transaction

ROOT = Path(__file__).resolve().parents[2]


def module_of(name):
    """The script or helper of that name, whatever its room."""
    (path,) = (ROOT / "benchmarks").glob(f"*/{name}.py")
    return f"benchmarks.{path.parent.name}.{name}"


def run(name, tmp_path, *arguments):
    output = tmp_path / "result.json"
    command = [sys.executable, "-m", module_of(name), "--quick", "--output", str(output)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(output.read_text())
    assert record["benchmark"] == name
    assert record["command"].startswith(f"python -m {module_of(name)} --quick")
    assert str(tmp_path) not in output.read_text()
    return record


def load(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module(module_of(name))


def test_import_time(tmp_path):
    record = run("import_time", tmp_path)
    seconds = record["seconds"]
    assert list(seconds) == ["import sklearn.base", "import udl_fast", "from udl_fast import RBM"]
    for statement, added in record["added_seconds"].items():
        assert added == pytest.approx(seconds[statement] - seconds["import sklearn.base"], abs=2e-4)
    assert seconds["import sklearn.base"] > 0.01
    assert list(record["command_seconds"]) == ["udl-fast --help", "udl-fast info"]
    assert min(record["command_seconds"].values()) > 0.01


def test_compare_builds_finds_one_build_equal_to_itself(tmp_path):
    output = tmp_path / "result.json"
    command = [sys.executable, "-m", module_of("compare_builds"), "--quick", "--output", output]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    cases = json.loads(output.read_text())["cases"]
    assert list(cases) == [
        "cd-1 20x64x32",
        "cd-1 fast 20x64x32",
        "hidden 20x64x32",
        "hidden fast 20x64x32",
        "visible 20x64x32",
        "visible fast 20x64x32",
        "one query of 2,000 codes",
    ]
    for case in cases.values():
        assert case["ratio"]["smallest"] <= case["ratio"]["median"] <= case["ratio"]["largest"]


def test_compare_builds_times_nothing_where_results_differ(monkeypatch):
    compare = load("compare_builds", monkeypatch).compare

    class Build:
        def __init__(self, result):
            self.result = result

        def ask(self, do, **_):
            return self.result if do == "result" else 1.0

    with pytest.raises(RuntimeError, match="different results"):
        compare({"before": Build("a"), "after": Build("b")}, 1, 0.1)


def test_gaussian_patches(tmp_path):
    results = run("gaussian_patches", tmp_path)["results"]
    assert results["finite"]
    assert 0 < results["sigma"]["least"] < results["deviation_of_data"]
    assert 0 < results["reconstruction_error_share"] < 1
    assert (tmp_path / "result.png").stat().st_size > 0


def test_replicated_20news(tmp_path):
    results = run("replicated_20news", tmp_path)["results"]
    assert 1 < results["replicated_softmax"] < results["unigram"] < 31


def test_kernel_rates(tmp_path):
    targets = run("kernel_rates", tmp_path)["targets"]
    assert list(targets) == _core.available_targets()
    for found in targets.values():
        assert found["multiply_add_gflops"] > 0
        assert found["entry_addition_gflops"] > 0
        (shape,) = found["shapes"]
        assert all(value > 0 for value in shape.values())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory(tmp_path):
    record = run("memory_mnist", tmp_path)
    assert record["array_mb"] == 47.0
    assert 0 < record["added_mb"] <= record["limit_mb"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_sees_memory_that_is_freed_again(monkeypatch):
    memory = load("memory_mnist", monkeypatch)
    before = memory.status_mb("VmRSS")
    with memory.Peak() as peak:
        block = np.ones(60_000_000, np.uint8)
        del block
    assert peak.highest - before > 50


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_mapped_files(tmp_path):
    record = run("memory_memmap", tmp_path)
    assert [found["way"] for found in record["results"]] == ["states", "grey", "chunks"]
    for found in record["results"]:
        assert found["file_mb"] > 2.5 * record["limit_mb"]
        assert 0 < found["added_mb"] <= record["limit_mb"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_sparse_rows(tmp_path):
    results = run("sparse_rows", tmp_path)["results"]
    assert {found["work"] for found in results} == {"transform", "score_samples", "fit"}
    for found in results:
        assert found["added_mb"]["udl_fast"] <= found["limit_mb"]
        assert min(found["least_seconds"].values()) > 0


def test_history_overhead(tmp_path):
    record = run("history_overhead", tmp_path)
    assert record["same_bits"]
    assert record["epochs_measured"] == 3
    assert 0 < record["measuring_percent"] <= record["measuring_percent_highest"] < 100
    assert record["ratios"] == [
        pytest.approx(a / b, rel=0.05)
        for a, b in zip(record["seconds_with"], record["seconds_without"], strict=True)
    ]


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


def test_fuzz_model_files(tmp_path):
    record = run("fuzz_model_files", tmp_path)
    assert sum(record["outcomes"].values()) == record["files"] == 500
    assert list(record["outcomes_by_kind"]) == ["format 2", "format 1", "models inside"]
    assert record["outcomes"]["loaded"] > 0  # of one kind in some hundred files there may be none
    for found in record["outcomes_by_kind"].values():
        assert found["refused"] > 0


def test_fuzz_index_files(tmp_path):
    record = run("fuzz_index_files", tmp_path)
    assert record["crashed_files"] == []
    assert record["refused"] + record["loaded_and_searched"] == record["files"] == 1000
    for found in record["by_reader"].values():
        assert min(found["refused"], found["loaded"]) > 0


def test_fuzzing_of_index_files_goes_past_a_crash(tmp_path, monkeypatch, capsys):
    """The second process dies at the first file that loads."""
    patch = "import os\nfrom udl_fast import HammingIndex\n"
    patch += "HammingIndex.pairs_within = lambda *_: os.abort()\n"
    (tmp_path / "sitecustomize.py").write_text(patch)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    fuzz = load("fuzz_index_files", monkeypatch)
    monkeypatch.setattr(fuzz, "MOST_CRASHES", 2)
    monkeypatch.setattr(sys, "argv", ["fuzz_index_files", "--quick"])
    assert fuzz.main() == 1
    first, second = re.findall(r"file (\d+) crashed", capsys.readouterr().out)
    assert int(first) < int(second)


@pytest.mark.skipif(sys.platform != "linux", reason="kills a process")
def test_killed_save(tmp_path):
    record = run("killed_save", tmp_path)
    assert record["damaged_files"] == 0
    assert record["kills"] == len(record["moments"]) == 6
    assert {moment["file"] for moment in record["moments"]} <= {"old", "new"}
    assert record["leftovers_at_the_end"] == 0


def test_calls_interrupted_at_every_point(tmp_path):
    record = run("every_point", tmp_path, "--only", "RBM: refit")
    assert {call["points_in"] for call in record["calls"]} == {"the library", "everywhere"}
    assert record["interrupts"] == sum(call["interrupts"] for call in record["calls"]) >= 30
    assert record["torn"] == 0


def test_torn_states_are_found(monkeypatch):
    """Training that is not undone, and a merge of indexes in two steps."""
    campaign = load("every_point", monkeypatch)
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))  # the campaign has its own
    monkeypatch.setattr(transaction.Turn, "undo_pass", lambda turn: None)
    (goes_on,) = (o for o in campaign.models.operations() if o.name == "RBM: fit that goes on")
    assert campaign.campaign(goes_on, 200, everywhere=False)["torn"]

    def merge(index, other):
        index.add(other.reconstruct_batch(other.ids))
        other.reset()

    monkeypatch.setattr(campaign.indexes.HammingIndex, "merge_from", merge)
    (merging,) = (o for o in campaign.indexes.operations() if o.name == "HammingIndex: merge_from")
    assert campaign.campaign(merging, 200, everywhere=False)["torn"]


def test_rbm_scaling(tmp_path):
    record = run("rbm_scaling", tmp_path)
    assert all(found["ratio"] > 0 for found in record["thread_scaling"])
    assert [row["rows"] for row in record["rows"]] == [224, 449, 898, 1797]
    assert all(row["overhead_percent"] > 0 for row in record["rows"])


def test_gaussian_speed(tmp_path):
    """Without PyTorch there is no peer; what is timed is checked all the same."""
    record = run("gaussian_speed", tmp_path)
    assert list(record["results"]) == ["sigma learned", "sigma stays"]
    for found in record["results"].values():
        assert found["rates"]["udl_fast"]["median"] > 0
        assert 0 < found["check_sigmas"]["udl_fast"] < 5


def test_gaussian_speed_finds_a_wrong_step(monkeypatch):
    script = load("gaussian_speed", monkeypatch)

    class Contestant:
        """Moves nothing."""

        name = "still"

        def call(self, method, parameters, rows, **_):
            p = script.derivatives(parameters, rows.astype(np.float64))["hidden_bias"]
            return {"mean_hidden": p, **parameters}

    with pytest.raises(script.ContestantError, match="a step is off by"):
        script.check(Contestant(), learn_sigma=True)


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


def test_first_steps(tmp_path):
    record = run("first_steps", tmp_path)
    assert record["settings"]["calls"] == 5
    assert [found["size"] for found in record["sizes"]] == [[10, 64, 32], [30, 70, 130]]
    for found in record["sizes"]:
        assert list(found["precisions"]) == ["fixed", "fast"]
        assert all(times["longest_over_median"] >= 1 for times in found["precisions"].values())
        assert found["fast_speed"] > 0


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


def test_ais_speed(tmp_path):
    record = run("ais_speed", tmp_path, "--peers", "numpy")
    assert list(record["rates"]) == ["udl_fast", "udl_fast fast", "numpy"]
    assert list(record["results"]) == ["numpy"]
    for found in record["contestants"].values():
        assert abs(found["error_nats"]) < 0.1


def test_ais_speed_times_no_wrong_contestant(monkeypatch):
    speed = load("ais_speed", monkeypatch)

    class Wrong:
        name = "wrong"

        def call(self, method, n_temperatures, **model):
            return np.full(model["n_runs"], speed.exact_log_ratio(model) + 0.1)

    with pytest.raises(RuntimeError, match=r"wrong: log Z is off by 0\.1"):
        speed.check(Wrong())


def test_pydeep_big500(tmp_path):
    few, many = run("pydeep_big500", tmp_path)["results"]
    for found in (few, many):
        assert -64 * np.log(2) < found["reverse_ais"]["log_likelihood"] < 0
        assert found["mean"] == pytest.approx(
            found["ais"]["log_likelihood"] - found["gap"] / 2, abs=2e-3
        )
    assert few["temperatures"] < many["temperatures"]


def test_a_quick_run_records_nothing_by_itself(monkeypatch):
    recording = load("recording", monkeypatch)
    assert recording.output_path(recording.parser("x").parse_args(["--quick"]), "x") is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_hamming_growth(tmp_path):
    record = run("hamming_growth", tmp_path)
    assert [row["codes"] for row in record["results"]] == [1000, 20_000]
    assert all(row["scan_seconds"] > 0 < row["tables_seconds"] for row in record["results"])


def test_memory_read(tmp_path):
    record = run("memory_read", tmp_path)
    assert 0 < record["gb_per_second"] <= record["highest_gb_per_second"]
    assert record["milliseconds"] * record["gb_per_second"] == pytest.approx(64, rel=0.1)


def test_speed_of_tempering(tmp_path):
    record = run("pt_speed", tmp_path)
    assert record["ratio"] > 0
    assert record["settings"]["models"]["pcd"]["n_chains"] == 200


@pytest.mark.parametrize("options", [[], ["--long"]])
def test_likelihoods_by_steps(tmp_path, options):
    results = run("sm2008", tmp_path, *options)["results"]
    assert [found["name"] for found in results] == (
        ["CD-25, long"] if options else ["CD-1", "CD-3", "CD-25"]
    )
    for found in results:
        assert -64 * np.log(2) < found["log_likelihood"] < 0
        assert found["log_likelihood"] == pytest.approx((found["ais"] + found["reverse_ais"]) / 2)
