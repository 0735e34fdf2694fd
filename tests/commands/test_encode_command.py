"""`udl-fast encode`: rows in, codes or an index out."""

import json

import numpy as np
import pytest

import udl_fast
from tests.commands.running import run
from udl_fast import HammingIndex, cli, pack_bits
from udl_fast.estimator import binary_codes


@pytest.fixture
def rows(tmp_path):
    rows = np.random.default_rng(0).random((70, 16)).astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    return rows


@pytest.fixture(params=[16, 13])
def model(request, tmp_path, rows):
    """13 hidden units leave three bits of the second byte unused."""
    path = tmp_path / "model.safetensors"
    model = udl_fast.RBM(request.param, n_iter=3, learning_rate=0.5, random_state=0).fit(rows)
    model.save(path)
    return model, path


def test_encode_thresholds_at_one_half(model, rows, tmp_path, capsys):
    model, path = model
    output = tmp_path / "codes.npy"
    code, out, _ = run(capsys, "encode", path, tmp_path / "rows.npy", output, "--json")
    assert code == 0
    bits = model.transform(rows) > 0.5
    dead = np.flatnonzero((bits == bits[0]).all(axis=0))  # one of 70 rows is more than a hundredth
    assert json.loads(out) == {
        "output": str(output), "kind": "npy", "n_codes": 70, "n_bits": 16,
        "unused_bits": 16 - model.n_components, "threshold": "0.5",
        "n_distinct": len(np.unique(bits, axis=0)), "dead_bits": dead.tolist(),
    }  # fmt: skip
    np.testing.assert_array_equal(np.load(output), pack_bits(model.transform(rows) > 0.5))


def test_encode_by_integers(rows, tmp_path, capsys):
    path = tmp_path / "hasher"
    hasher = udl_fast.SemanticHasher((20, 16), pretrain=False, n_iter=1, random_state=0).fit(rows)
    hasher.save(path)
    for precision in ("int8", "int16", "model"):
        words = ["--encode-precision", precision]
        code, _, _ = run(capsys, "encode", path, tmp_path / "rows.npy", tmp_path / "c.npy", *words)
        assert code == 0
        codes = hasher.set_params(encode_precision=precision).encode(rows)
        np.testing.assert_array_equal(np.load(tmp_path / "c.npy"), codes)


def test_integers_are_for_models_that_have_them(model, tmp_path, capsys):
    words = ["encode", model[1], tmp_path / "rows.npy", tmp_path / "c.npy"]
    with pytest.raises(SystemExit):
        run(capsys, *words, "--encode-precision", "int8")
    assert "--encode-precision int8 is for models that have one" in capsys.readouterr().err
    assert not (tmp_path / "c.npy").exists()


def test_encode_writes_an_index(model, rows, tmp_path, capsys):
    model, path = model
    output = tmp_path / "codes.udl"
    options = ["--index", "--threshold", 0.25, "--threads", 1]
    code, out, _ = run(capsys, "encode", path, tmp_path / "rows.npy", output, *options)
    assert code == 0
    assert "70 codes of 16 bits" in out
    assert ("the last 3 always 0" in out) == (model.n_components == 13)
    index = HammingIndex.load(output)
    np.testing.assert_array_equal(
        index.reconstruct_n(), pack_bits(model.transform(rows) > np.float32(0.25))
    )


def test_encode_in_blocks_is_encode_at_once(model, rows, tmp_path, capsys, monkeypatch):
    model, path = model
    monkeypatch.setattr(binary_codes, "_BLOCK_VALUES", 16 * 9)
    run(capsys, "encode", path, tmp_path / "rows.npy", tmp_path / "c.npy", "--threshold", "median")
    found = model.transform(rows)
    expected = pack_bits(found > np.median(found, axis=0))
    np.testing.assert_array_equal(np.load(tmp_path / "c.npy"), expected)


def test_medians_are_saved_and_used_again(model, rows, tmp_path, capsys):
    model, path = model
    saved, output = tmp_path / "thresholds.npy", tmp_path / "codes.npy"
    source = tmp_path / "rows.npy"
    options = ["--threshold", "median", "--save-thresholds", saved]
    code, out, _ = run(capsys, "encode", path, source, output, *options)
    assert code == 0
    assert f"thresholds: {saved}" in out
    found = model.transform(rows)
    np.testing.assert_array_equal(np.load(saved), np.median(found, axis=0))
    bits = udl_fast.unpack_bits(np.load(output))[:, : model.n_components]
    np.testing.assert_array_equal(bits.sum(axis=0), 35)
    np.save(tmp_path / "few.npy", rows[:10])
    code, _, _ = run(
        capsys, "encode", path, tmp_path / "few.npy", tmp_path / "q.npy", "--threshold", saved
    )
    assert code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "q.npy"), np.load(output)[:10])


def test_medians_of_many_rows_take_rows_spread_evenly(model, rows, monkeypatch):
    model, _ = model
    monkeypatch.setattr(binary_codes, "_MEDIAN_VALUES", 24 * model.n_components)
    model.encode(rows, "median")
    np.testing.assert_array_equal(model.thresholds_, np.median(model.transform(rows[::3]), axis=0))


@pytest.mark.parametrize("values", [np.zeros(5), np.zeros((16, 1)), np.zeros(16, np.int64)])
def test_thresholds_that_do_not_fit_are_refused(values, model, tmp_path, capsys):
    np.save(tmp_path / "thresholds.npy", values)
    code, _, err = run(
        capsys, "encode", model[1], tmp_path / "rows.npy", tmp_path / "c.npy", "--threshold",
        tmp_path / "thresholds.npy",
    )  # fmt: skip
    assert code == 1
    assert "one for each hidden unit" in err
    assert not (tmp_path / "c.npy").exists()


@pytest.mark.parametrize("threshold", ["half", "1", "-0.1", "nan"])
def test_wrong_usage_of_encode_is_2(threshold, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["encode", "a", "b", "c.npy", "--threshold", threshold])
    assert caught.value.code == 2
    assert "'median' or a .npy file" in capsys.readouterr().err
