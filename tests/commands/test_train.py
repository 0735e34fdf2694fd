"""`udl-fast train --model NAME`: any registered model, its arguments as options, its own measurements."""

import argparse
import inspect
import json
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator

import udl_fast
from udl_fast import cli, registry
from udl_fast.commands.shared import model_options
from udl_fast.commands.shared.pictures import SIZES
from udl_fast.estimator.declarations import Measurement
from udl_fast.estimator.parameters import COMMON_RULES, Flag, Number


@pytest.fixture(autouse=True)
def rows(tmp_path, monkeypatch):
    """A file rows.npy in the current folder, and what is in it."""
    monkeypatch.chdir(tmp_path)
    values = (np.random.default_rng(0).random((50, 16)) < 0.3).astype(np.float32)
    np.save("rows.npy", values)
    return values


def run(capsys, line):
    """(exit code, stdout, stderr) of a command."""
    code = cli.main(line.split())
    found = capsys.readouterr()
    return code, found.out, found.err


def refused(capsys, line):
    """What stderr says of wrong usage."""
    with pytest.raises(SystemExit) as caught:
        cli.main(line.split())
    assert caught.value.code == 2
    return capsys.readouterr().err


# The model


def test_models_have_names(rows, tmp_path, capsys):
    line = "train rows.npy --epochs 2 --components 4 --json"
    assert json.loads(run(capsys, line)[1])["kind"] == "rbm"
    assert type(udl_fast.load("model.safetensors")) is udl_fast.RBM
    found = json.loads(run(capsys, f"{line} --model bernoulli-rbm --output b.safetensors")[1])
    assert (found["kind"], found["model"]) == ("bernoulli-rbm", "b.safetensors")
    model = udl_fast.load("b.safetensors")
    expected = udl_fast.BernoulliRBM(4, n_iter=2, random_state=0).fit(rows)
    np.testing.assert_array_equal(model.components_, expected.components_)
    assert (tmp_path / "b.history.json").exists()


def test_unknown_models_are_wrong_usage(capsys):
    err = refused(capsys, "train rows.npy --model autoencoder")
    assert "--model: there is no model 'autoencoder', only rbm, bernoulli-rbm" in err
    assert "expected one argument" in refused(capsys, "train rows.npy --model")


def test_a_file_after_model_is_taken_as_output_with_a_warning(tmp_path, capsys):
    code, out, err = run(capsys, "train rows.npy --epochs 1 --model ./m.safetensors")
    assert code == 0
    assert "warning: --model names a kind of model, and the file to write is --output" in err
    assert "model: m.safetensors\n" in out
    assert (tmp_path / "m.safetensors").exists()
    assert not (tmp_path / "model.safetensors").exists()
    err = refused(capsys, "train rows.npy --model m.safetensors --output n.safetensors")
    assert "'m.safetensors' is a file, and so is --output n.safetensors" in err


# Options


def parsed(model_class, line=""):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    model_options.add_model_options(parser, model_class)
    return model_options.model_arguments(parser.parse_args(line.split()), model_class)


def test_only_what_is_given_reaches_the_model():
    assert parsed(udl_fast.RBM) == {"random_state": 0}
    line = "--n-components 7 --epochs 3 --no-shuffle --sparsity-target 0.1 --binarize sample"
    assert parsed(udl_fast.RBM, line) == {
        "n_components": 7,
        "n_iter": 3,
        "shuffle": False,
        "sparsity_target": 0.1,
        "binarize": "sample",
        "random_state": 0,
    }


@pytest.mark.parametrize("name", registry.names())
def test_arguments_are_options_with_their_defaults(name, capsys):
    model_class = registry.class_of(registry.find(name))
    with pytest.raises(SystemExit):
        cli.main(["train", "--model", registry.find(name).command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for argument, parameter in inspect.signature(model_class).parameters.items():
        option = model_class.rules[argument].option()
        spelling = f" --{argument.replace('_', '-')}"
        is_left_out = option is None or argument == "warm_start"
        assert (spelling in text) == (not is_left_out), argument
        if not is_left_out and isinstance(parameter.default, int | str) and not option.flag:
            shown = text[text.index(f"{spelling} ", text.index(f"options of {name}")) :]
            assert f"default {parameter.default}" in shown, argument
    assert "--components N Hidden units (default 256)" in text


def test_helps_are_first_sentences_of_the_docstring():
    class Above:
        """One.

        Parameters
        ----------
        rate, decay : float, default=0.1 and 0.2
            Of ``learning``, see :func:`udl_fast.load` and [2]_; 0.5 is usual. More is not shown.
        order : int
            Which comes
            first.
        quiet : bool

        Attributes
        ----------
        found_ : int
            Not an argument.
        """

    class Below(Above):
        """Two.

        Parameters
        ----------
        rate, quiet
            As in :class:`Above`.
        order : int
            Another.
        """

    assert model_options._descriptions(Below) == {
        "rate": "Of learning, see udl_fast.load and [2]; 0.5 is usual",
        "decay": "Of learning, see udl_fast.load and [2]; 0.5 is usual",
        "order": "Another",
    }
    assert model_options._help("", None) == ""
    assert model_options._help("A share of 5 %", True) == "A share of 5 %% (default on)"


# A model that is no RBM


class Means(BaseEstimator):
    """The mean of every column, approached step by step.

    Parameters
    ----------
    speed : float, default=0.5
        Share of the way that an epoch goes.
    backwards : bool, default=False
    n_iter : int, default=3
    random_state : int, default=None
    callbacks : list, default=None
    """

    rules: ClassVar = {
        "speed": Number(0, 1),
        "backwards": Flag(),
        **{name: COMMON_RULES[name] for name in ("n_iter", "random_state", "callbacks")},
    }
    measurements = (Measurement("squared_error", "min", "mean over rows and columns"),)
    pictures = ()

    def __init__(self, speed=0.5, backwards=False, n_iter=3, random_state=None, callbacks=None):
        self.speed = speed
        self.backwards = backwards
        self.n_iter = n_iter
        self.random_state = random_state
        self.callbacks = callbacks

    def fit(self, X):
        self.means_ = np.zeros(X.shape[1])
        self.n_iter_ = 0
        self.history_ = {"epoch": [], "seconds": [], "squared_error": []}
        for epoch in range(1, self.n_iter + 1):
            self.means_ += self.speed * (X.mean(axis=0) - self.means_)
            self.n_iter_ = epoch
            error = float(np.square(X - self.means_).mean())
            for name, value in {"epoch": epoch, "seconds": 0.01, "squared_error": error}.items():
                self.history_[name].append(value)
            info = {"epoch": epoch, "rows_done": len(X), "n_rows": len(X)}
            for callback in self.callbacks:
                if callable(callback):
                    callback(self, info)
        return self

    def save(self, path):
        with open(path, "wb") as file:
            np.savez(file, means=self.means_)


@pytest.fixture
def means(monkeypatch):
    """The model `means`, known for the time of a test."""
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    return registry.register("Means", __name__, "means")


def test_a_model_that_is_no_rbm(means, rows, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    line = "train rows.npy --model means --speed 0.25 --epochs 4 --output m.safetensors --json"
    code, out, err = run(capsys, f"{line} --pictures pictures")
    assert code == 0, err
    found = json.loads(out)
    expected = Means(0.25, n_iter=4, callbacks=[]).fit(rows)
    assert found["squared_error"] == expected.history_["squared_error"][-1]
    assert (found["kind"], found["epochs"]) == ("means", 4)
    assert "n_components" not in found
    assert "pseudo" not in out + err
    assert "squared-error" in err
    assert [p.name for p in (tmp_path / "pictures").iterdir()] == ["training_curve.png"]
    entries = json.loads((tmp_path / "m.history.json").read_text())
    assert [entry["squared_error"] for entry in entries] == expected.history_["squared_error"]
    with np.load(tmp_path / "m.safetensors") as file:
        np.testing.assert_array_equal(file["means"], expected.means_)


def test_its_options_are_its_own(means, capsys):
    assert parsed(Means, "--backwards") == {"backwards": True, "random_state": 0}
    assert "--speed: must be a finite number from 0 to 1" in refused(
        capsys, "train rows.npy --model means --speed 3"
    )
    assert "unrecognized arguments: --k 3" in refused(capsys, "train rows.npy --model means --k 3")
    assert "unrecognized arguments: --speed 1" in refused(capsys, "train rows.npy --speed 1")


@pytest.mark.parametrize("name", registry.names())
def test_declared_pictures_can_be_drawn(name):
    assert set(registry.class_of(registry.find(name)).pictures) <= set(SIZES)
