"""Which rows a command gives to a model: data sets by name, thresholds, and scores of them."""

import json

import numpy as np
import pytest

import udl_fast as udl
from udl_fast import cli, datasets
from udl_fast.commands.inputs.data_sets import DATA_SETS
from udl_fast.commands.inputs.rows import read_rows
from udl_fast.datasets._sources import SOURCES


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def digits():
    """A model of bits, as README trains it, saved as rbm.safetensors; and the bits."""
    X = datasets.load_digits(binary=0.5).data
    model = udl.RBM(16, learning_rate=0.05, n_iter=2, random_state=0).fit(X)
    model.save("rbm.safetensors")
    return model, X


def run(capsys, line):
    code = cli.main(line.split())
    found = capsys.readouterr()
    assert code == 0, found.err
    return found.out


# ---- data sets ----


def test_every_listed_data_set_has_a_name_for_each_subset():
    assert set(SOURCES) <= set(DATA_SETS)
    for name in ("digits", "mnist-test", "binarized_mnist-valid", "nltcs-test", "cifar10-test"):
        assert name in DATA_SETS
    for name, (found, subset) in DATA_SETS.items():
        assert name in (found, f"{found}-{subset}")
        assert found == "digits" or hasattr(datasets, SOURCES[found].loader)


@pytest.mark.parametrize("name", DATA_SETS)
def test_named_data_sets_are_what_their_loaders_give(name, monkeypatch):
    asked = {}

    def loader(*words, **options):
        asked.update(words=words, **options)
        return datasets.load_digits()

    found, subset = DATA_SETS[name]
    if found != "digits":
        monkeypatch.setitem(datasets.__dict__, SOURCES[found].loader, loader)
        assert read_rows(name).image_shape == (8, 8)
        assert asked.get("subset") == subset
        assert asked["words"] == ((found,) if SOURCES[found].loader == "load_density" else ())


def test_sparse_counts_train_and_encode(monkeypatch, capsys):
    from scipy import sparse
    from sklearn.utils import Bunch

    counts = sparse.csr_array(np.arange(40).reshape(5, 8) % 3, dtype=np.float32)
    loader = "load_20newsgroups_counts"
    monkeypatch.setitem(datasets.__dict__, loader, lambda **_: Bunch(data=counts))
    run(capsys, "train 20newsgroups_counts --binarize 0.5 --components 8 --epochs 1")
    run(capsys, "encode model.safetensors 20newsgroups_counts codes.npy")
    model = udl.load("model.safetensors")
    np.testing.assert_array_equal(
        np.load("codes.npy"), udl.pack_bits(model.transform(counts.toarray()) > 0.5)
    )


# ---- thresholds ----


def test_the_two_forms_of_the_readme_give_the_same_codes(digits, capsys):
    model, X = digits
    codes = udl.pack_bits(model.transform(X) > 0.5)
    run(capsys, "encode rbm.safetensors digits codes.npy --binarize 0.5")
    np.testing.assert_array_equal(np.load("codes.npy"), codes)
    run(capsys, "encode rbm.safetensors digits grey.npy")
    assert (np.load("grey.npy") != codes).any()
    run(capsys, "transform rbm.safetensors digits hidden.npy --binarize 0.5")
    np.testing.assert_array_equal(np.load("hidden.npy"), model.transform(X))


def test_a_threshold_makes_raw_grey_levels_bits(digits, capsys):
    model, X = digits
    np.save("raw.npy", (X * 255).astype(np.uint8))
    run(capsys, "transform rbm.safetensors raw.npy hidden.npy --binarize 127")
    np.testing.assert_array_equal(np.load("hidden.npy"), model.transform(X))
    assert cli.main(["transform", "rbm.safetensors", "raw.npy", "hidden.npy"]) == 1
    assert "or give a threshold (--binarize 127)" in capsys.readouterr().err


def test_rows_of_another_length_are_named(digits, capsys):
    np.save("short.npy", np.zeros((3, 10)))
    assert cli.main(["encode", "rbm.safetensors", "short.npy", "codes.npy"]) == 1
    assert "short.npy has rows of 10 values, the model takes 64" in capsys.readouterr().err


# ---- scores ----


def test_scores_are_those_of_the_methods(digits, capsys):
    model, X = digits
    np.save("rest.npy", X[1500:])
    np.save("first.npy", X[:1500])
    found = json.loads(run(capsys, "score rbm.safetensors rest.npy --training first.npy --json"))
    exact = model.pseudo_likelihood(X[1500:], exact=True)
    assert found["rows"] == 297
    assert found["pseudo_likelihood"]["mean"] == pytest.approx(exact.mean())
    error = exact.std(ddof=1) / np.sqrt(297)
    assert found["pseudo_likelihood"]["standard_error"] == pytest.approx(error)
    assert found["log_likelihood"]["mean"] == pytest.approx(model.log_likelihood(X[1500:]).mean())
    gap = model.free_energy(X[1500:]).mean() - model.free_energy(X[:1500]).mean()
    assert found["free_energy_gap"] == pytest.approx(gap)
    out = run(capsys, "score rbm.safetensors rest.npy")
    assert f"{exact.mean():12.2f}" in out
    assert "297 rows" in out


def test_the_log_likelihood_is_summed_only_where_that_is_quick(digits, capsys):
    _, X = digits
    udl.RBM(25, n_iter=0, random_state=0).fit(X).save("large.safetensors")
    line = "score large.safetensors digits --binarize 0.5 --json"
    assert "log_likelihood" not in json.loads(run(capsys, line))
    line = "score rbm.safetensors digits --binarize 0.5 --no-log-likelihood --json"
    assert "log_likelihood" not in json.loads(run(capsys, line))


def test_log_likelihoods_by_annealing(digits, capsys):
    """In both directions, with log Z found once for all rows."""
    model, X = digits
    np.save("rest.npy", X[1500:])
    np.save("first.npy", X[:1500])
    line = (
        "score rbm.safetensors rest.npy --training first.npy --log-partition both "
        "--temperatures 50 --runs 20 --burn-in 30 --seed 4"
    )
    found = json.loads(run(capsys, f"{line} --json"))
    assert "log_likelihood" not in found
    options = {"betas": 50, "n_runs": 20, "random_state": 4}
    start = X[np.arange(20) * 75]
    expected = {
        "ais": model.log_partition("ais", **options),
        "reverse_ais": model.log_partition("reverse_ais", start=start, burn_in=30, **options),
    }
    for method, log_z in expected.items():
        assert found["log_partition"][method]["log_z"] == pytest.approx(log_z.log_z)
        assert found["log_partition"][method]["standard_error"] == pytest.approx(log_z.std_error)
        for rows, part in ((X[1500:], found), (X[:1500], found["training"])):
            mean = part[f"log_likelihood_{method}"]["mean"]
            assert mean == pytest.approx(model.log_likelihood(rows, log_z).mean())
    out = run(capsys, line)
    assert "log-likelihood reverse ais" in out
    gap = expected["reverse_ais"].log_z - expected["ais"].log_z
    assert f"gap{gap:37.2f}" in out


def test_one_direction_is_not_shown_without_a_word(digits, capsys):
    np.save("rest.npy", digits[1][1500:])
    for method in ("ais", "reverse-ais"):
        out = run(
            capsys,
            f"score rbm.safetensors rest.npy --log-partition {method} --temperatures 10 --runs 2",
        )
        assert "one direction alone can err by many nats: --log-partition both" in out
    out = run(capsys, "score rbm.safetensors rest.npy --log-partition exact")
    assert "log Z" not in out
    assert "log-likelihood" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--log-partition ais --temperatures 0", "a number of steps or salakhutdinov2008, got '0'"),
        ("--log-partition ais --temperatures neal", "salakhutdinov2008, got 'neal'"),
        ("--log-partition ais --runs 1", "argument --runs: must be >= 2, got 1"),
        ("--log-partition ais --no-log-likelihood", "not allowed with"),
        ("--log-partition sums", "invalid choice"),
    ],
)
def test_wrong_usage_of_annealing(digits, capsys, options, message):
    with pytest.raises(SystemExit) as stopped:
        cli.main(f"score rbm.safetensors digits {options}".split())
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_one_row_has_no_standard_error(digits, capsys):
    np.save("one.npy", digits[1][:1])
    found = json.loads(run(capsys, "score rbm.safetensors one.npy --json"))
    assert list(found["pseudo_likelihood"]) == ["mean"]


def test_grey_rows_have_no_scores(digits, capsys):
    assert cli.main(["score", "rbm.safetensors", "digits"]) == 1
    assert "digits holds values between 0 and 1, but scores are of states: give a threshold" in (
        capsys.readouterr().err
    )
