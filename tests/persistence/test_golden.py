"""Results are the bits they were: configurations by their hashes, files of old versions by what comes of them.

How the files came about, and when hashes may change, is told in `tests/data/make_golden.py`.
"""

import pickle

import numpy as np
import pytest
from safetensors.numpy import load_file

import udl_fast as udl
from tests.data import make_golden
from tests.support import golden, golden_files
from udl_fast import runtime

HASHES = golden.read_json("hashes.json")
LEARNED_ON = golden.read_json("learned_on.json")
PATHS = {golden_files.name_of(path): path for path in golden_files.paths()}
SAVED = sorted(name for name in PATHS if not name.endswith(".pkl"))
PICKLES = sorted(set(PATHS) - set(SAVED))
AVAILABLE = runtime.show_config(as_dict=True)["available_targets"]

OTHER_C_LIBRARY = "exp, log or sums of this machine differ in the last bit from those of the table"

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.InconsistentVersionWarning"
)  # of pickles


@pytest.fixture(params=golden.TARGETS)
def target(request):
    if request.param not in AVAILABLE:
        pytest.skip(f"this CPU or build lacks the target {request.param}")
    with runtime.forced_target(request.param):
        yield request.param


@pytest.fixture
def threads(n_threads):
    udl.set_num_threads(n_threads)
    yield n_threads
    udl.set_num_threads(0)


# ---- configurations ----


def expected(name):
    """The hash of each part, but of those that this machine cannot give."""
    other = golden.c_library() != HASHES["c_library"]
    return {
        part: kept
        for part, kept in HASHES["results"][name].items()
        if not (other and golden.uses_c_library(name, part))
    }


@pytest.mark.parametrize("name", golden.RESULTS)
def test_results_are_what_they_were(name, target, threads):
    kept = expected(name)
    if not kept:
        pytest.skip(OTHER_C_LIBRARY)
    found = golden.digests(name)
    changed = [part for part in kept if found[part] != kept[part]]
    assert not changed, f"{name}, {target}, {threads} threads: other bits in {changed}"


def test_every_configuration_has_hashes():
    assert list(HASHES["results"]) == list(golden.RESULTS)


# ---- files ----


def test_every_file_is_there():
    assert sorted(LEARNED_ON["files"]) == sorted(PATHS)


@pytest.mark.parametrize("name", SAVED + PICKLES)
def test_old_files_load_and_learn_on(name, target, tmp_path, monkeypatch):
    if golden_files.uses_c_library(name) and golden.c_library() != LEARNED_ON["c_library"]:
        pytest.skip(OTHER_C_LIBRARY)
    monkeypatch.chdir(tmp_path)  # a Checkpoint writes
    kept, found = LEARNED_ON["files"][name], golden_files.described(PATHS[name])
    if "parameters" in kept:  # models may have new ones
        found["parameters"] = {key: found["parameters"][key] for key in kept["parameters"]}
    assert found == kept


@pytest.mark.parametrize("name", [name for name in SAVED if "before_history" not in name])
def test_old_files_are_saved_as_they_were(name, tmp_path):
    """In the format of today: what a model file of format 1 holds is what the same model's of format 2 does."""
    path = tmp_path / PATHS[name].name
    golden_files.save(golden_files.load(PATHS[name]), path)
    assert path.read_bytes() == PATHS[golden_files.in_format_2(name)].read_bytes()


@pytest.mark.parametrize("name", [name for name in SAVED if golden_files.is_format_1(name)])
def test_arrays_of_old_model_files_are_saved_as_they_were(name, tmp_path):
    golden_files.load(PATHS[name]).save(path := tmp_path / "again.safetensors")
    before, after = load_file(PATHS[name]), load_file(path)
    assert before.keys() == after.keys()
    for key in before:
        assert before[key].dtype == after[key].dtype
        np.testing.assert_array_equal(before[key], after[key])


def test_new_files_are_those_of_old():
    """The same training and filling gives the same files. Holds for the formats that are written today."""
    same_library = golden.c_library() == LEARNED_ON["c_library"]
    with make_golden.steady():
        made = {**dict(make_golden.model_files()), **dict(make_golden.index_files())}
    written = [name for name in SAVED if not golden_files.is_format_1(name)]
    assert sorted(made) == written
    comparable = [
        name
        for name in written
        if not golden_files.was_learned_otherwise(name)
        and (same_library or not name.startswith("models/"))  # likelihoods
    ]
    changed = [
        name
        for name in comparable
        if golden_files.compared(name, made[name])
        != golden_files.compared(name, PATHS[name].read_bytes())
    ]
    assert changed == []


# ---- doors ----


def test_pickles_name_the_modules_of_their_time():
    """So a module that moves leaves a door where it was."""
    named = {module for name in PICKLES for module in LEARNED_ON["files"][name]["modules"]}
    assert named == {
        "udl_fast.bernoulli.BernoulliRBM",
        "udl_fast.callbacks._checkpoint.Checkpoint",
        "udl_fast.callbacks._early_stopping.EarlyStopping",
        "udl_fast.callbacks._early_stopping._Run",
        "udl_fast.callbacks._history.History",
        "udl_fast.callbacks._metrics_logger.MetricsLogger",
        "udl_fast.evaluation.log_partition.LogPartition",
        "udl_fast.index.HammingIndex",
        "udl_fast.rbm.RBM",
    }


@pytest.mark.parametrize("name", PICKLES)
def test_pickled_anew_they_are_the_same(name, tmp_path, monkeypatch):
    path = tmp_path / "again.pkl"
    path.write_bytes(pickle.dumps(golden_files.load(PATHS[name])))

    def described(path, folder):
        """In a folder of its own, for checkpoints."""
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        return golden_files.described(path)

    again, first = described(path, "again"), described(PATHS[name], "first")
    again.pop("modules"), first.pop("modules")
    assert again == first
