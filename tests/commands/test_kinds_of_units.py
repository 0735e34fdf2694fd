"""Every command with models of real values, of word counts and of one-hot groups."""

import json

import numpy as np
import pytest
from scipy import sparse

import udl_fast as udl
from tests.support.models import assert_same
from udl_fast import cli

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(60, 16)) @ RNG.normal(size=(16, 16)) / 4 - 1
WORDS = RNG.poisson(1.5, (60, 16)) + np.eye(60, 16, dtype=np.int64)
GROUPS = np.eye(4)[RNG.integers(0, 4, (60, 4))].reshape(60, 16)
KINDS = {
    "gaussian": (REAL, "--visible gaussian", {}),
    "replicated_softmax": (WORDS, "--visible replicated_softmax", {}),
    "softmax": (
        GROUPS,
        "--visible softmax --visible-groups 4,4,4,4",
        {"visible_groups": [4, 4, 4, 4]},
    ),
}


@pytest.fixture(params=KINDS)
def kind(request, tmp_path, monkeypatch):
    """A kind of visible units, with its rows in rows.npy of the current folder."""
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", KINDS[request.param][0])
    return request.param


def run(capsys, line):
    code = cli.main(line.split())
    found = capsys.readouterr()
    assert code == 0, found.err
    return found.out


def trained(capsys, kind, more=""):
    """By the command, and the same by the class."""
    rows, options, arguments = KINDS[kind]
    run(capsys, f"train rows.npy {options} --components 5 --epochs 3 --batch-size 20 {more}")
    expected = udl.RBM(5, visible=kind, n_iter=3, batch_size=20, random_state=0, **arguments)
    return udl.load("model.safetensors"), expected.fit(rows)


def test_training_is_that_of_the_class(kind, capsys):
    pytest.importorskip("matplotlib")
    model, expected = trained(capsys, kind, "--pictures pictures --validation rows.npy")
    assert_same(model, expected)


def test_a_training_goes_on(kind, capsys):
    _, expected = trained(capsys, kind)
    run(capsys, "train rows.npy --resume model.safetensors --epochs 5 --output more.safetensors")
    assert_same(udl.load("more.safetensors"), expected.set_params(n_iter=5).resume(KINDS[kind][0]))


def test_rows_go_up_and_back(kind, capsys):
    model, _ = trained(capsys, kind)
    for command in ("transform", "reconstruct"):
        run(capsys, f"{command} model.safetensors rows.npy out.npy")
        np.testing.assert_array_equal(np.load("out.npy"), getattr(model, command)(KINDS[kind][0]))


def test_scores_are_those_of_the_methods(kind, capsys):
    model, _ = trained(capsys, kind)
    rows = KINDS[kind][0]
    line = "score model.safetensors rows.npy --training rows.npy --json"
    found = json.loads(run(capsys, line))
    score = "pseudo_likelihood" if kind == "softmax" else "reconstruction_likelihood"
    assert found[score]["mean"] == pytest.approx(model.score(rows))
    assert found["free_energy"]["mean"] == pytest.approx(model.free_energy(rows).mean())
    assert found["log_likelihood"]["mean"] == pytest.approx(model.log_likelihood(rows).mean())
    assert found["free_energy_gap"] == pytest.approx(0)
    if kind == "softmax":  # a missing value has no likelihood, which was not asked for
        np.save("rows.npy", np.where(np.arange(16) < 4, 0, rows))
        assert "log_likelihood" not in json.loads(run(capsys, line))


def test_chains_begin_at_the_rows_given(kind, capsys):
    model, _ = trained(capsys, kind)
    rows = KINDS[kind][0]
    run(capsys, "sample model.safetensors s.npy -n 7 --start rows.npy --steps 3 --seed 1")
    start = rows[np.arange(7) * 60 // 7]
    expected = model.sample(7, 3, start, random_state=1)
    np.testing.assert_array_equal(np.load("s.npy"), expected)
    run(capsys, "sample model.safetensors s.npy --start rows.npy --steps 1 --picture s.png")
    assert np.load("s.npy").shape == (60, 16)


def test_rows_that_are_no_states_are_refused_by_the_model(kind, capsys):
    trained(capsys, kind)
    if kind == "gaussian":  # takes any
        return
    np.save("wrong.npy", KINDS[kind][0] - 0.5)
    for line in (f"train wrong.npy {KINDS[kind][1]}", "score model.safetensors wrong.npy"):
        assert cli.main(line.split()) == 1
        assert "one unit of each group" in (err := capsys.readouterr().err) or "counts" in err


def test_a_threshold_is_of_other_units(kind, capsys):
    trained(capsys, kind)
    assert cli.main(["score", "model.safetensors", "rows.npy", "--binarize", "0.5"]) == 1
    assert f"--binarize: visible='{kind}' takes values as they are" in capsys.readouterr().err


def test_sparse_counts_stay_sparse_and_need_a_start(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    sparse.save_npz("rows.npz", sparse.csr_array(WORDS))
    run(capsys, "train rows.npz --visible replicated_softmax --components 5 --epochs 1")
    run(capsys, "sample model.safetensors s.npy --start rows.npz --steps 2")
    np.testing.assert_array_equal(np.load("s.npy").sum(axis=1), WORDS.sum(axis=1))
    found = json.loads(run(capsys, "score model.safetensors rows.npz --json"))
    model = udl.load("model.safetensors")
    assert found["log_likelihood"]["mean"] == pytest.approx(model.log_likelihood(WORDS).mean())
    assert cli.main(["sample", "model.safetensors", "s.npy"]) == 1
    assert "is of word counts: give --start DATA" in capsys.readouterr().err
