"""The scripts of benchmarks/ that time something, in their quick forms."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.support.benchmark_scripts import ROOT, load, module_of, run
from udl_fast import _core


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
        "free energies 20x64x32",
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


def test_kernel_rates(tmp_path):
    targets = run("kernel_rates", tmp_path)["targets"]
    assert list(targets) == _core.available_targets()
    for found in targets.values():
        assert found["multiply_add_gflops"] > 0
        assert found["entry_addition_gflops"] > 0
        (shape,) = found["shapes"]
        assert all(value > 0 for value in shape.values())


def test_history_overhead(tmp_path):
    record = run("history_overhead", tmp_path)
    assert record["same_bits"]
    assert record["epochs_measured"] == 3
    assert 0 < record["measuring_percent"] <= record["measuring_percent_highest"] < 100
    assert record["ratios"] == [
        pytest.approx(a / b, rel=2e-3)  # all are rounded to four digits
        for a, b in zip(record["seconds_with"], record["seconds_without"], strict=True)
    ]


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
        for ours in found["rates"]:  # fast where the processor has its products
            assert 0 < found["check_sigmas"][ours] < 5
            assert ours.startswith("torch") or "ratios" in found[ours]


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


def test_net_speed(tmp_path):
    record = run("net_speed", tmp_path, "--peers", "fast")
    assert record["checks"]["float32"]["two steps"] < 1e-5
    (found,) = record["results"].values()
    for ours in found["rates"]:
        assert found["rates"][ours]["median"] > 0
        shares = found[ours]["share_of_peak"]
        assert list(shares) == ["forward", "input_gradient", "update"]
        assert all(share >= 0 for share in shares.values())


def test_net_speed_finds_a_wrong_step(monkeypatch):
    script = load("net_speed", monkeypatch)

    class Contestant:
        """Knows the gradient and forgets its momentum."""

        name = "float32"

        def call(self, method, layers, code, rows, learning_rate):
            x = rows.astype(np.float64)
            gradient = script.gradient_of(layers, code, x)
            moved = [(w - 2 * learning_rate * g, b) for (w, b), (g, _) in zip(layers, gradient)]  # noqa: B905
            return {"gradient": gradient, "layers": moved}

    with pytest.raises(script.ContestantError, match="the two steps is off by"):
        script.check(Contestant())


def test_encode_speed(tmp_path):
    record = run("encode_speed", tmp_path, "--peers", "fast")
    assert record["checks"]["float32"] < 1e-5
    for name, found in record["results"].items():
        rates = {part: r["median"] for part, r in record["rates"].items() if f"{name}: " in part}
        assert set(rates) == {f"{name}: whole", f"{name}: 100 rows", f"{name}: 10 rows"}
        assert rates[f"{name}: {found['way']}"] == max(rates.values())
        assert found["seconds"] == pytest.approx(1 / max(rates.values()), rel=1e-3)


def test_encode_speed_finds_wrong_codes(monkeypatch):
    script = load("encode_speed", monkeypatch)

    class Contestant:
        """Its code is logistic."""

        name = "float32"

        def call(self, method, layers, rows, chunk_size):
            return script.expit(script.codes_of(layers, rows))

    with pytest.raises(script.ContestantError, match="codes are off by"):
        script.check(Contestant(), script.random_layers([64, 40, 12]))


def test_lbfgs_speed(tmp_path):
    record = run("lbfgs_speed", tmp_path, "--peers", "udl_fast")
    found = record["checks"]["udl_fast"]
    assert found["value"] < 1e-6
    assert found["gradient"] < 1e-5
    assert found["reached"] < record["start"]
    assert all(result["seconds"]["udl_fast"] > 0 for result in record["results"].values())


def test_lbfgs_speed_finds_a_wrong_gradient(monkeypatch):
    script = load("lbfgs_speed", monkeypatch)
    value, gradient = script.objective(script.random_layers([64, 20, 64]), script.pixels(50, 64))

    class Contestant:
        """Forgets the output biases."""

        name = "udl_fast"

        def call(self, method):
            found = gradient.copy()
            found[-64:] = 0
            return {"value": value, "gradient": found, "reached": value - 1}

    with pytest.raises(script.ContestantError, match="the gradient is off by"):
        script.check(Contestant(), value, gradient)


def test_fit_overhead(tmp_path):
    for found in run("fit_overhead", tmp_path)["results"].values():
        assert found["same_bits"]
        ((whole,), (inside,)) = found["seconds_fit"], found["seconds_inside"]
        assert 0 < inside < whole
        assert found["overhead_percent"] == pytest.approx(100 * (whole / inside - 1), abs=0.5)


def test_first_steps(tmp_path):
    record = run("first_steps", tmp_path)
    assert record["settings"]["calls"] == 5
    assert [found["size"] for found in record["sizes"]] == [[10, 64, 32], [30, 70, 130]]
    for found in record["sizes"]:
        assert list(found["precisions"]) == ["fixed", "fast"]
        assert all(times["longest_over_median"] >= 1 for times in found["precisions"].values())
        assert found["fast_speed"] > 0


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


def test_updown_speed(tmp_path):
    record = run("updown_speed", tmp_path)
    assert max(record["checks"].values()) < 5
    assert record["rates"]["udl_fast"]["median"] > 0
    assert set(record["results"]) == {"udl_fast", "udl_fast fast"}


def test_layer_speed(tmp_path):
    record = run("layer_speed", tmp_path)
    for found in record["results"].values():
        assert max(found["checks"].values()) < 5
        assert list(found["layers"]) == ["784-40", "40-30", "30-50"]
        rates = [each["udl_fast"]["median"] for each in found["layers"].values()]
        seconds = sum(60_000 / rate for rate in rates)
        assert found["seconds_of_an_epoch"]["udl_fast"] == pytest.approx(
            seconds, rel=1e-2, abs=1e-3
        )


class Still:
    """A contestant that moves nothing."""

    name = "still"

    def call(self, method, rows, layers=None, weights=None, biases=None, **_):
        if layers is None:
            return np.concatenate([weights.ravel(), biases])
        answer = {"top": np.column_stack(layers[-1][:2])}
        for n, (w, c, b) in enumerate(layers[:-1]):
            answer |= {f"up.{n}": np.column_stack([w, c]), f"down.{n}": np.column_stack([w.T, b])}
        return answer


@pytest.mark.parametrize(
    ("name", "arguments"), [("updown_speed", (2000,)), ("layer_speed", (True, 2000))]
)
def test_speed_of_belief_nets_finds_a_wrong_step(monkeypatch, name, arguments):
    script = load(name, monkeypatch)
    with pytest.raises(script.ContestantError, match="a step is off by"):
        script.check(Still(), *arguments)
