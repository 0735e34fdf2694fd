"""`udl-fast train --model NAME`: any registered model, its arguments as options, its own measurements."""

import argparse
import inspect
import json
import re

import numpy as np
import pytest

import udl_fast
from tests.commands.running import run_line
from udl_fast import cli, registry
from udl_fast.callbacks import History
from udl_fast.commands.shared import model_options
from udl_fast.commands.shared.pictures import SIZES


@pytest.fixture(autouse=True)
def rows(tmp_path, monkeypatch):
    """A file rows.npy in the current folder, and what is in it."""
    monkeypatch.chdir(tmp_path)
    values = (np.random.default_rng(0).random((50, 16)) < 0.3).astype(np.float32)
    np.save("rows.npy", values)
    return values


def refused(capsys, line):
    """What stderr says of wrong usage."""
    with pytest.raises(SystemExit) as caught:
        cli.main(line.split())
    assert caught.value.code == 2
    return capsys.readouterr().err


# The model


def test_models_have_names(rows, tmp_path, capsys):
    line = "train rows.npy --epochs 2 --components 4 --json"
    assert json.loads(run_line(capsys, line)[1])["kind"] == "rbm"
    assert type(udl_fast.load("model.safetensors")) is udl_fast.RBM
    found = json.loads(run_line(capsys, f"{line} --model bernoulli-rbm --output b.safetensors")[1])
    assert (found["kind"], found["model"]) == ("bernoulli-rbm", "b.safetensors")
    model = udl_fast.load("b.safetensors")
    expected = udl_fast.BernoulliRBM(4, n_iter=2, random_state=0).fit(rows)
    np.testing.assert_array_equal(model.components_, expected.components_)
    assert (tmp_path / "b.history.json").exists()


def test_unknown_models_are_wrong_usage(capsys):
    err = refused(capsys, "train rows.npy --model perceptron")
    assert "--model: there is no model 'perceptron', only rbm, bernoulli-rbm, " in err
    assert "expected one argument" in refused(capsys, "train rows.npy --model")


def test_a_file_after_model_is_taken_as_output_with_a_warning(tmp_path, capsys):
    code, out, err = run_line(capsys, "train rows.npy --epochs 1 --model ./m.safetensors")
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
    if "n_components" in model_class.rules:
        default = inspect.signature(model_class).parameters["n_components"].default
        assert re.search(
            rf"--components N (Hidden units|Units of the code).*? \(default {default}\)", text
        )


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


@pytest.fixture(params=["bernoulli-mixture", "staged-mixture"])
def mixture(request, monkeypatch):
    """A model that lives in the tests, known for the time of one: its entry."""
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    name = "".join(part.capitalize() for part in request.param.split("-"))
    return registry.register(name, "tests.support.bernoulli_mixture", request.param)


def test_a_model_that_is_no_rbm(mixture, rows, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    options = "--components 3 --smoothing 0.25 --epochs 4 --no-shuffle --seed 5"
    line = f"train rows.npy --model {mixture.command} {options} --output m.safetensors --json"
    code, out, err = run_line(capsys, f"{line} --pictures pictures")
    assert code == 0, err
    found = json.loads(out)
    expected = registry.class_of(mixture)(
        3, smoothing=0.25, n_iter=4, shuffle=False, random_state=5, callbacks=[History(every=1)]
    ).fit(rows)
    n_epochs = expected.n_iter_
    assert found["log_likelihood"] == expected.history_["log_likelihood"][-1]
    assert (found["kind"], found["epochs"]) == (mixture.command, n_epochs)
    assert "pseudo" not in out + err
    assert f"epoch {n_epochs}/{n_epochs}" in err
    assert "log-likelihood" in err
    pictures = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert pictures == {"filters.png", "training_curve.png"}
    entries = json.loads((tmp_path / "m.history.json").read_text())
    assert [entry["change"] for entry in entries] == expected.history_["change"]
    saved = udl_fast.load("m.safetensors")
    np.testing.assert_array_equal(saved.components_, expected.components_)


def test_its_options_are_its_own(mixture, capsys):
    model_class = registry.class_of(mixture)
    assert parsed(model_class, "--smoothing 2") == {"smoothing": 2.0, "random_state": 0}
    line = f"train rows.npy --model {mixture.command}"
    assert "--smoothing: must be a finite number >= 0" in refused(capsys, f"{line} --smoothing -1")
    assert "unrecognized arguments: --k 3" in refused(capsys, f"{line} --k 3")
    assert "unrecognized arguments: --smoothing 1" in refused(
        capsys, "train rows.npy --smoothing 1"
    )


def test_commands_ask_a_model_for_what_it_can_do(mixture, rows, capsys):
    line = f"train rows.npy --model {mixture.command} --components 3 --epochs 2"
    assert run_line(capsys, line)[0] == 0
    model = udl_fast.load("model.safetensors")
    assert run_line(capsys, "transform model.safetensors rows.npy hidden.npy")[0] == 0
    np.testing.assert_array_equal(np.load("hidden.npy"), model.transform(rows))
    for command in (
        "sample model.safetensors out.npy",
        "encode model.safetensors rows.npy out.npy",
    ):
        code, _, err = run_line(capsys, command)
        assert code == 1
        lacks = f"a model of class {mixture.name}, which has no {command.split()[0]}"
        assert f"model.safetensors holds {lacks}" in err


def test_steps_are_for_models_that_take_them(mixture, capsys, monkeypatch):
    def sample(self, n_samples):
        return np.zeros((n_samples, 16), bool)

    monkeypatch.setattr(registry.class_of(mixture), "sample", sample, raising=False)
    line = f"train rows.npy --model {mixture.command} --epochs 1"
    assert run_line(capsys, line)[0] == 0
    assert run_line(capsys, "sample model.safetensors samples.npy -n 7")[0] == 0
    assert np.load("samples.npy").shape == (7, 16)
    code, _, err = run_line(capsys, "sample model.safetensors samples.npy --steps 5")
    assert code == 1
    assert f"--steps: {mixture.name} draws without steps" in err


@pytest.mark.parametrize("name", registry.names())
def test_declared_pictures_can_be_drawn(name):
    assert set(registry.class_of(registry.find(name)).pictures) <= set(SIZES)
