"""The RBM benchmark in small."""

import json

import pytest

from tests.support.contestants import contestant_file
from udl_fast.bench import harness, process, suite
from udl_fast.bench.rbm import benchmark as rbm
from udl_fast.bench.rbm import cases as rbm_cases
from udl_fast.bench.rbm import ceilings as rbm_ceilings
from udl_fast.bench.rbm import tables as rbm_table


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
    right = (suite.FOLDER / "products/numpy.py").read_text()
    path = tmp_path / "products_wrong.py"
    path.write_text(right.replace('"visible": (h, weights,', '"visible": (h, 1.01 * weights,'))
    monkeypatch.setitem(rbm_ceilings.CONTESTANTS, "numpy", (path, "Products", ()))
    with pytest.raises(process.ContestantError, match="numpy products: visible adds up to"):
        rbm.measure(quick_options(ceilings=True))


def test_sizes_without_rows_are_left_out_where_others_have_them():
    options = quick_options(data=["random", "mnist"], sizes=[(10, 784, 8), (10, 20, 8)])
    assert rbm._sizes_for("random", options) == options.sizes
    assert rbm._sizes_for("mnist", options) == [(10, 784, 8)]


def record_of(rates, ratios):
    """A record of two sizes: rates and ratios of each contestant at both."""
    results = [
        {
            "size": [size, 2, 3],
            "rates": {name: {"median": values[size]} for name, values in rates.items()},
            "ratios": {name: {"median": values[size]} for name, values in ratios.items()},
            "fast_ratios": {name: {"median": 2 * values[size]} for name, values in ratios.items()},
        }
        for size in (0, 1)
    ]
    return {"contestants": dict.fromkeys(rates), "results": results}


def test_the_table_names_the_best_form_of_pytorch_in_each_row():
    record = record_of(
        {
            "udl_fast": (60, 60),
            "sklearn": (6, 5),
            "torch-rand": (20, 10),
            "torch-bfloat16": (15, 30),
        },
        {"sklearn": (10, 12), "torch-rand": (3, 6), "torch-bfloat16": (4, 2)},
    )
    header, rows = rbm_table.speed_table(record)
    first, second = (dict(zip(header, row, strict=True)) for row in rows)
    assert first["its form"] == "float32, rand < p"
    assert (first["best PyTorch, examples/s"], first["vs best PyTorch"]) == ("20", "3.00x")
    assert first["fast vs best PyTorch"] == "6.00x"
    assert second["its form"] == "bfloat16 products"
    assert (second["best PyTorch, examples/s"], second["vs best PyTorch"]) == ("30", "2.00x")
    assert second["vs sklearn (partial_fit)"] == "12.0x"


def test_every_form_of_pytorch_has_a_column_and_a_name():
    forms = [name for name in rbm_cases.CONTESTANTS if name.startswith("torch")]
    assert set(forms) == set(rbm_table.FORMS)
    record = record_of(dict.fromkeys(forms, (1, 2)), dict.fromkeys(forms, (3, 4)))
    header, rows = rbm_table.forms_table(record)
    assert "PyTorch (float32, torch.bernoulli), examples/s" in header
    assert "udl_fast vs bfloat16 products, compiled" in header
    assert len(header) == len(rows[0]) == 1 + 2 * len(forms)


def test_a_record_without_pytorch_has_no_column_of_it():
    header, rows = rbm_table.speed_table(
        record_of({"udl_fast": (1, 2), "sklearn": (3, 4)}, {"sklearn": (5, 6)})
    )
    assert not any("PyTorch" in name or name == "its form" for name in header)
    assert len(header) == len(rows[0])


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
    path = contestant_file(
        tmp_path,
        """
        from udl_fast.bench.contestants.rbm.sklearn import PartialFit
        class Doubled(PartialFit):
            def run(self, n):
                super().run(2 * n)
        """,
    )
    monkeypatch.setitem(rbm.CONTESTANTS, "sklearn", (path, "Doubled"))
    monkeypatch.setattr(suite, "interleave", lambda *_, **__: pytest.fail("timed a wrong one"))
    with pytest.raises(process.ContestantError, match="sklearn: a CD-1 step is off by"):
        rbm.measure(quick_options())


def test_a_missing_peer_is_left_out_with_a_word(tmp_path, monkeypatch, capsys):
    path = contestant_file(tmp_path, "import no_such_library")
    monkeypatch.setitem(rbm.CONTESTANTS, "torch", (path, "Bernoulli"))
    found = rbm.measure(quick_options(peers=["torch"]))
    assert list(found["contestants"]) == ["udl_fast", "udl_fast fast"]
    assert "left out, cannot run here: torch" in capsys.readouterr().err
