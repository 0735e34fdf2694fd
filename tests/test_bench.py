"""The benchmark harness: that a wrong contestant is found, turns are fair, results are whole."""

import json
import os
import socket
import subprocess
import textwrap
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from udl_fast.bench import (
    harness,
    process,
    rbm,
    rbm_cases,
    rbm_ceilings,
    rbm_check,
    rbm_table,
    record,
    table,
)


def cd1(case, *, sample_hidden=True, sample_visible=True, sign=1.0, bias_rate=1.0, offset=0.0):
    """A CD-1 step in NumPy that can be made wrong."""
    generator = np.random.RandomState(case["seed"])
    w, c, b = (case[name].astype(np.float64) for name in ("weights", "hidden_bias", "visible_bias"))
    v0 = case["rows"].astype(np.float64)
    p0 = expit(v0 @ w.T + c)
    h = generator.random_sample(p0.shape) < p0 if sample_hidden else p0
    pv = expit(h @ w + b)
    v1 = generator.random_sample(pv.shape) < pv if sample_visible else pv
    p1 = expit(v1 @ w.T + c)
    n = len(v0)
    return {
        "mean_hidden": p0 + offset,
        "weights": w + sign * (p0.T @ v0 - p1.T @ v1) / n,
        "hidden_bias": c + bias_rate * (p0 - p1).mean(axis=0),
        "visible_bias": b + bias_rate * (v0 - v1).mean(axis=0),
    }


class InProcess:
    """A contestant without a process."""

    name = "numpy"

    def __init__(self, **wrong):
        self.wrong = wrong

    def call(self, method, **case):
        assert method == "check"
        return cd1(case, **self.wrong)


# The check


@pytest.mark.parametrize("seed", range(5))
def test_a_right_contestant_passes(seed):
    found = rbm_check.check_contestant(InProcess(), seed)
    assert found["mean_hidden"] < 1e-7
    assert found["update_sigmas"] < 5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sample_hidden": False}, "a CD-1 step is off by"),
        ({"sign": -1.0}, "a CD-1 step is off by"),
        ({"sign": 0.9}, "a CD-1 step is off by"),
        ({"bias_rate": 0.0}, "a CD-1 step is off by"),
        ({"sign": np.nan}, "a CD-1 step is off by nan"),
        ({"offset": 2e-5}, r"p\(h\|v\) is off by"),
        ({"offset": np.nan}, r"p\(h\|v\) is off by nan"),
    ],
)
def test_a_wrong_contestant_is_found(wrong, message):
    with pytest.raises(process.ContestantError, match=f"numpy: {message}"):
        rbm_check.check_contestant(InProcess(**wrong), 0)


def test_visible_means_instead_of_samples_are_found():
    with pytest.raises(process.ContestantError, match="standard errors"):
        rbm_check.check_contestant(InProcess(sample_visible=False), 0)


def test_expected_change_is_the_mean_of_many_steps():
    case = rbm_check.small_case(3)
    expected = rbm_check.expected_change(case)
    changes = {name: [] for name in expected}
    for seed in range(20):
        after = cd1({**case, "seed": seed})
        for name in expected:
            changes[name].append(after[name] - case[name])
    for name, exact in expected.items():
        error = np.mean(changes[name], axis=0) - exact.mean
        np.testing.assert_array_less(np.abs(error), 5 * exact.standard_error / np.sqrt(20) + 1e-12)
        spread = np.std(changes[name], axis=0).mean() / exact.standard_error.mean()
        assert 0.8 < spread < 1.2


# Turns


class Clockwork:
    """Takes exactly `unit` seconds a unit and writes down when it ran."""

    def __init__(self, name, unit, diary):
        self.name, self.unit, self.diary = name, unit, diary

    def seconds(self, n):
        self.diary.append((self.name, n))
        return n * self.unit


def test_units_fill_the_sample():
    assert harness.units_for(Clockwork("a", 0.001, []), 0.5) == 500
    assert harness.units_for(Clockwork("a", 10.0, []), 0.5) == 1
    assert harness.units_for(Clockwork("a", 1e-7, []), 0.5) == 5_000_000


def test_rounds_rotate_and_pair():
    diary = []
    contestants = [Clockwork("a", 0.001, diary), Clockwork("b", 0.004, diary)]
    timings = harness.interleave(
        contestants, rounds=4, seconds=0.4, units_per_run=10, settle=0, progress=None
    )
    timed = [(name, n) for name, n in diary[-16:] if n in (400, 100)]
    assert [name for name, _ in timed] == ["a", "b", "b", "a"] * 2
    assert timings.median("a") == pytest.approx(10_000)
    assert timings.ratios("a", "b") == pytest.approx([4.0] * 4)
    written = timings.as_record("a")
    assert written["ratios"]["b"] == {"median": 4.0, "smallest": 4.0, "largest": 4.0}
    assert len(written["rates"]["b"]["samples"]) == 4


# Processes


def contestant_file(tmp_path, body):
    path = tmp_path / "contestant.py"
    path.write_text(textwrap.dedent(body))
    return path


def test_a_contestant_answers_from_its_own_process(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    path = contestant_file(
        tmp_path,
        """
        import os, time
        class Echo:
            def __init__(self, n_threads):
                print("a peer that prints at import does not disturb the pipe")
                self.n_threads = n_threads
            def versions(self):
                print("nor later")
                return {"threads": self.n_threads, "pid": os.getpid(), "env": dict(os.environ)}
            def run(self, n):
                time.sleep(0.01 * n)
        """,
    )
    with process.Contestant("echo", path, "Echo", 3) as contestant:
        answer = contestant.call("versions")
        assert answer["threads"] == 3
        assert answer["pid"] != os.getpid()
        assert answer["env"]["OMP_NUM_THREADS"] == answer["env"]["UDL_FAST_NUM_THREADS"] == "3"
        assert "OPENBLAS_CORETYPE" not in answer["env"]
        assert 0.02 <= contestant.seconds(2) < 2


def test_a_failure_is_reported_and_the_process_goes_on(tmp_path):
    path = contestant_file(
        tmp_path,
        """
        class Moody:
            def __init__(self, n_threads): pass
            def run(self, n):
                if n > 1: raise ValueError("too much")
        """,
    )
    with process.Contestant("moody", path, "Moody", 1) as contestant:
        with pytest.raises(process.ContestantError, match="moody: ValueError: too much"):
            contestant.seconds(2)
        assert contestant.seconds(1) >= 0


def test_a_dead_process_is_reported(tmp_path):
    path = contestant_file(
        tmp_path,
        """
        import os
        class Mortal:
            def __init__(self, n_threads): pass
            def run(self, n): os._exit(7)
        """,
    )
    with process.Contestant("mortal", path, "Mortal", 1) as contestant:
        with pytest.raises(process.ContestantError, match="mortal: its process ended with code 7"):
            contestant.seconds(1)
        with pytest.raises(process.ContestantError, match="mortal: its process ended"):
            contestant.seconds(1)


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("import no_such_library", process.ContestantMissing, "no_such_library"),
        ("1 / 0", process.ContestantError, "ZeroDivisionError"),
    ],
)
def test_a_contestant_that_cannot_start(body, kind, message, tmp_path):
    with pytest.raises(kind, match=message):
        process.Contestant("late", contestant_file(tmp_path, body), "Late", 1)


# The benchmark itself


def quick_options(**changes):
    options = rbm.Options(
        workloads=["cd-1"],
        data=["random"],
        sizes=[(10, 20, 12)],
        rounds=2,
        seconds=0.01,
        threads=1,
        peers=["sklearn"],
        output=None,
        as_json=False,
    )
    for name, value in changes.items():
        setattr(options, name, value)
    return options


def test_rbm_benchmark_in_small():
    found = rbm.measure(quick_options())
    assert list(found["contestants"]) == ["udl_fast", "udl_fast fast", "sklearn"]
    (result,) = found["results"]
    assert result["size"] == [10, 20, 12]
    for rates in result["rates"].values():
        assert len(rates["samples"]) == 2
        assert all(sample > 0 for sample in rates["samples"])
    assert result["ratios"]["sklearn"]["median"] > 0
    # Five products of 20 x 12 multiply-adds an example.
    gigaflop = 5 * 2 * 20 * 12 * 1e-9
    for name, gflops in result["gflops"].items():
        assert gflops == pytest.approx(result["rates"][name]["median"] * gigaflop, rel=1e-3)
    text = rbm.as_text(json.loads(json.dumps(found)))
    assert "10 x 20 x 12" in text
    assert "vs sklearn" in text


@pytest.mark.parametrize(
    ("workload", "n_products"), [("cd-1", 5), ("pcd-1", 5), ("cd-10", 23), ("gibbs", 2)]
)
def test_work_is_counted_in_dense_products(workload, n_products):
    assert rbm_cases.flop_per_example(workload, (7, 30, 20)) == n_products * 2 * 30 * 20


def test_ceilings_and_single_products_take_turns_with_the_steps():
    found = rbm.measure(quick_options(workloads=["cd-1", "gibbs"], ceilings=True))
    (ceilings,) = found["ceilings"]
    assert ceilings["multiply_adds_gflops"] > 0
    assert ceilings["entry_additions_gflops"] > 0
    assert list(ceilings["products"]) == ["udl_fast", "udl_fast fast", "numpy"]
    for gflops in ceilings["products"].values():
        assert all(gflops[product] > 0 for product in rbm_ceilings.PRODUCTS)
    assert list(ceilings["epilogues"]["udl_fast"]) == ["sample", "sample_and_mean"]
    cd, gibbs = found["results"]
    assert list(cd["rates"]) == ["udl_fast", "udl_fast fast", "sklearn"]
    assert list(gibbs["rates"]) == ["udl_fast", "udl_fast fast"]
    assert 0 < cd["of_limit"]["udl_fast"] < 2
    lines = rbm.as_text(json.loads(json.dumps(found))).splitlines()
    assert any("multiply-adds" in line and "udl_fast of the limit" in line for line in lines)
    assert any("NumPy (matmul)" in line for line in lines)
    assert sum("gibbs" in line for line in lines[1:]) == 2  # speeds and Gflop/s


def test_the_share_of_the_limit_pairs_rounds():
    class Ceiling:
        def call(self, method):
            return 10**9 // 32  # a run is a Gflop

    part = process.Part("peak", Ceiling())
    timings = harness.Timings({"peak": [100.0, 50.0, 80.0]})
    parts = {("udl_fast", "multiply_adds"): part}
    # Of 400, 200 and 320 Gflop/s.
    assert rbm_ceilings.share_of_limit(parts, timings, [200.0, 200.0, 32.0]) == 0.5


def test_grey_rows_have_dense_products(data_dir, monkeypatch):
    monkeypatch.setenv("UDL_FAST_DATA", str(data_dir))
    options = quick_options(data=["mnist-grey"], sizes=[(10, 784, 8)], peers=[], ceilings=True)
    (ceilings,) = rbm.measure(options)["ceilings"]
    assert ceilings["products"]["udl_fast"]["dense_hidden"] > 0


def test_a_wrong_product_stops_the_benchmark(tmp_path, monkeypatch):
    right = (rbm_ceilings._FOLDER / "products_numpy.py").read_text()
    path = tmp_path / "products_wrong.py"
    path.write_text(right.replace('"visible": (h, weights,', '"visible": (h, 1.01 * weights,'))
    monkeypatch.setitem(rbm_ceilings.CONTESTANTS, "numpy", (path, "Products", ()))
    with pytest.raises(process.ContestantError, match="numpy products: visible adds up to"):
        rbm.measure(quick_options(ceilings=True))


def test_sizes_without_rows_are_left_out_where_others_have_them():
    options = quick_options(data=["random", "mnist"], sizes=[(10, 784, 8), (10, 20, 8)])
    assert rbm._sizes_for("random", options) == options.sizes
    assert rbm._sizes_for("mnist", options) == [(10, 784, 8)]


def test_both_pytorch_baselines_say_how_they_draw():
    result = {"size": [1, 2, 3], "rates": {}, "ratios": {}, "fast_ratios": {}}
    record = {"contestants": {"torch": {}, "torch-rand": {}}, "results": [result]}
    header, rows = rbm_table.speed_table(record)
    assert "PyTorch (torch.bernoulli), examples/s" in header
    assert "vs PyTorch (rand < p)" in header
    assert rows == [["1 x 2 x 3", *[""] * (len(header) - 1)]]


@pytest.mark.parametrize("workload", ["cd-10", "pcd-1", "gibbs"])
def test_every_workload_runs(workload):
    found = rbm.measure(quick_options(workloads=[workload], peers=[]))
    (result,) = found["results"]
    assert result["workload"] == workload
    assert result["rates"]["udl_fast fast"]["median"] > 0


def test_whole_calls_of_fit_are_timed_on_grey_images(data_dir, monkeypatch):
    monkeypatch.setenv("UDL_FAST_DATA", str(data_dir))
    options = quick_options(data=["mnist-grey"], sizes=[(10, 784, 8)], peers=["sklearn-fit"])
    (result,) = rbm.measure(options)["results"]
    assert result["ratios"]["sklearn-fit"]["median"] > 0


def test_mnist_has_784_pixels(data_dir):
    with pytest.raises(ValueError, match="784 visible units, got size with 20"):
        rbm.measure(quick_options(data=["mnist"]))


def test_a_wrong_peer_stops_the_benchmark_before_timing(tmp_path, monkeypatch):
    right = (rbm._FOLDER / "rbm_sklearn.py").read_text()
    wrong = right + (
        "\n\nclass Doubled(PartialFit):\n    def run(self, n):\n        super().run(2 * n)\n"
    )
    path = tmp_path / "rbm_wrong.py"
    path.write_text(wrong)
    monkeypatch.setitem(rbm.CONTESTANTS, "sklearn", (path, "Doubled"))
    monkeypatch.setattr(rbm, "_time", lambda *_: pytest.fail("timed a wrong contestant"))
    with pytest.raises(process.ContestantError, match="sklearn: a CD-1 step is off by"):
        rbm.measure(quick_options())


def test_a_missing_peer_is_left_out_with_a_word(tmp_path, monkeypatch, capsys):
    path = contestant_file(tmp_path, "import no_such_library")
    monkeypatch.setitem(rbm.CONTESTANTS, "torch", (path, "Bernoulli"))
    found = rbm.measure(quick_options(peers=["torch"]))
    assert list(found["contestants"]) == ["udl_fast", "udl_fast fast"]
    assert "left out, not installed: torch" in capsys.readouterr().err


# Records and tables


def test_records_tell_the_kind_of_machine_not_which(tmp_path):
    head = record.new_record(
        "rbm", ["udl-fast", "--output", "/some/where/result.json", "--data=/x/y"]
    )
    assert head["command"] == "udl-fast --output result.json --data=y"
    assert head["machine"]["cores"] >= 1
    text = json.dumps(head)
    assert str(Path.home()) not in text
    assert socket.gethostname() not in text
    assert len(head["date"]) == 10


def test_commit_counts_only_where_git_tracks_the_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(record, "_PACKAGE", tmp_path)
    assert record.commit() is None
    assert record.commit(tmp_path) is None


def test_json_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    record.write_json(path, {"a": 1})
    assert json.loads(path.read_text()) == {"a": 1}
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        record.write_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1}
    assert os.listdir(tmp_path) == ["result.json"]


def test_unwritable_output_is_found_before_the_work(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"bench: cannot write .*no folder"):
        record.check_writable(tmp_path / "none" / "a.json", caller="bench")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        record.check_writable(tmp_path, caller="bench")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(FileNotFoundError):
        record.check_writable(file / "a.json", caller="bench")
    record.check_writable(tmp_path / "a.json", caller="bench")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_read_only_folder_is_found(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="cannot write"):
        record.check_writable(tmp_path / "a.json", caller="bench")


def test_tables():
    header, rows = ["size", "a"], [["1", "10,000"], ["22222", "5"]]
    assert table.text_table(header, rows).splitlines() == [
        "size        a",
        "-----  ------",
        "1      10,000",
        "22222       5",
    ]
    assert table.markdown_table(header, rows).splitlines()[:3] == [
        "| size | a |",
        "| :-- | --: |",
        "| 1 | 10,000 |",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1_234_567.0, "1,230,000"), (45_678.0, "45,700"), (1000.4, "1,000"), (7.891, "7.89")],
)
def test_rates_have_three_digits(value, text):
    assert table.rate(value) == text


def test_ratios():
    assert table.ratio(5.256) == "5.26x"
    assert table.ratio(12.34) == "12.3x"


def test_only_changed_sources_mark_the_commit(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True
        )

    (tmp_path / "benchmarks/results").mkdir(parents=True)
    for name in ("source.py", "README.md", "benchmarks/results/a.json"):
        (tmp_path / name).write_text("old")
    git("init")
    git("add", ".")
    git("commit", "-m", "start")
    clean = record.commit(tmp_path)
    assert len(clean) == 12
    for name in ("README.md", "benchmarks/results/a.json"):
        (tmp_path / name).write_text("new")
    assert record.commit(tmp_path) == clean
    (tmp_path / "source.py").write_text("new")
    assert record.commit(tmp_path) == clean + "+changes"
