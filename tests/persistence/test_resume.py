"""Train 2n epochs == train n, save, load in a new process, train n: every array, counter and measurement."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import udl_fast
from tests.support.models import assert_same_state
from udl_fast import RBM, cli

ROOT = Path(__file__).resolve().parents[2]

# ---- what is trained: algorithms, rows, and everything that has a memory ----

LEARNING = {
    "cd": {"momentum": 0.5, "final_momentum": 0.9, "momentum_switch_epoch": 3},
    "cd-3, scheduled": {"k": 3, "learning_rate_schedule": "linear", "l1": 1e-3},
    "pcd": {"algorithm": "pcd", "momentum": 0.5},
    "pcd-2, scheduled": {
        "algorithm": "pcd",
        "k": 2,
        "n_chains": 13,
        "learning_rate_schedule": "cosine",
    },
    "cd, sampled": {"statistics": "sampled", "momentum": 0.5},
    "pcd, fast": {"algorithm": "pcd", "statistics": "sampled", "precision": "fast"},
    "pcd, float64": {"algorithm": "pcd", "momentum": 0.5, "precision": "float64"},
    "sparsity": {"sparsity_target": 0.1, "sparsity_cost": 0.3, "momentum": 0.5},
    "drawn pixels": {"binarize": "sample", "algorithm": "pcd", "momentum": 0.5},
}
N_EPOCHS = 4  # and one more of `partial_fit` at the end, which draws as well


def rows_of(learning, form):
    """Binary rows, or probabilities where pixels are drawn; the last minibatch is a short one."""
    g = np.random.default_rng(4)
    values = (g.random((57, 21)) < 0.2).astype(np.float32)
    if LEARNING[learning].get("binarize") == "sample":
        values *= g.random(values.shape, dtype=np.float32)
    return sparse.csr_array(values) if form == "csr" else values


def new_model(learning, n_jobs, **options):
    arguments = {"n_components": 9, "batch_size": 10, "random_state": 3, "n_iter": N_EPOCHS}
    return RBM(**arguments, **LEARNING[learning], n_jobs=n_jobs, **options)


CASES = list(itertools.product(LEARNING, ("dense", "csr"), (1, 2)))


def name_of(case):
    return f"{CASES.index(case)}.safetensors"


FINISH = """
import sys
from tests.persistence.test_resume import CASES, finished, name_of
import udl_fast
for case in CASES:
    model = udl_fast.load(f"half/{name_of(case)}")
    finished(case, model).save(f"whole/{name_of(case)}")
"""


def finished(case, model):
    """The epochs that are left, on other threads, and then draws, whose numbers are counted as well."""
    learning, form, n_jobs = case
    rows = rows_of(learning, form)
    model.set_params(n_jobs=3 - n_jobs).resume(rows).partial_fit(rows[:33])
    model.sample(3, 5)
    return model


def run_python(*words, cwd):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    subprocess.run(
        [sys.executable, *words], cwd=cwd, env=environment, check=True, capture_output=True
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models that a process of their own has taken from the middle of their training to its end."""
    path = tmp_path_factory.mktemp("resume")
    for name in ("half", "whole"):
        (path / name).mkdir()
    for case in CASES:
        learning, form, n_jobs = case
        stop = [lambda model, info: info["epoch"] == N_EPOCHS // 2]
        model = new_model(learning, n_jobs, callbacks=stop).fit(rows_of(learning, form))
        assert model.n_iter_ == N_EPOCHS // 2
        model.save(path / "half" / name_of(case))
    run_python("-c", FINISH, cwd=path)
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(map(str, case)))
def test_another_process_goes_on_bit_for_bit(folder, case):
    learning, form, n_jobs = case
    rows = rows_of(learning, form)
    whole = new_model(learning, n_jobs).fit(rows).partial_fit(rows[:33])
    whole.sample(3, 5)
    found = udl_fast.load(folder / "whole" / name_of(case))
    assert_same_state(found, whole)
    np.testing.assert_array_equal(found.sample(4, 3), whole.sample(4, 3))


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_the_command_goes_on_bit_for_bit(tmp_path, algorithm, monkeypatch):
    """`udl-fast train --resume`, in a process of its own and on another number of threads."""
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", rows_of("cd", "dense"))
    line = f"train rows.npy --components 9 --algorithm {algorithm} --momentum 0.5 --batch-size 10"
    for name, options in {
        "whole": "--epochs 4 --threads 1",
        "half": "--epochs 2 --threads 2",
    }.items():
        assert cli.main(f"{line} --seed 3 {options} --output {name}.safetensors".split()) == 0
    line = (
        "train rows.npy --resume half.safetensors --epochs 4 --output found.safetensors --threads 1"
    )
    run_python("-m", "udl_fast", *line.split(), cwd=tmp_path)
    assert_same_state(udl_fast.load("found.safetensors"), udl_fast.load("whole.safetensors"))
