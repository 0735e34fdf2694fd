"""`udl-fast train`: validation rows, early stopping, checkpoints, and trainings that go on."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

import udl_fast as udl
from tests.commands.running import run_line
from tests.support.models import assert_same
from udl_fast import _devices, cli
from udl_fast.callbacks import Checkpoint, EarlyStopping, History
from udl_fast.commands import train
from udl_fast.commands.shared import training

OPTIONS = "--components 5 --epochs 6 --batch-size 10 --learning-rate-schedule linear"
ARGUMENTS = {"n_iter": 6, "batch_size": 10, "learning_rate_schedule": "linear", "random_state": 0}


@pytest.fixture(autouse=True)
def rows(tmp_path, monkeypatch):
    """Files rows.npy and others.npy in the current folder, and what is in the first."""
    monkeypatch.chdir(tmp_path)
    values = (np.random.default_rng(0).random((60, 12)) < 0.3).astype(np.float32)
    np.save("rows.npy", values)
    np.save("others.npy", 1 - values[:20])
    return values


def trained(capsys, line):
    """The model that a command writes."""
    code, _, err = run_line(capsys, f"train rows.npy {line}")
    assert code == 0, err
    return udl.load("model.safetensors")


def refused(capsys, line):
    with pytest.raises(SystemExit) as caught:
        cli.main(line.split())
    assert caught.value.code == 2
    return capsys.readouterr().err


def stopped(rows, n_done, path="half.safetensors"):
    """A training that was stopped, saved."""
    stop = [lambda model, info: info["epoch"] == n_done]
    udl.RBM(5, **ARGUMENTS, callbacks=stop).fit(rows).save(path)


# ---- resume ----


@pytest.mark.parametrize("n_done", [1, 5])
def test_a_stopped_training_is_finished_to_the_bit(rows, capsys, n_done):
    whole = udl.RBM(5, **ARGUMENTS).fit(rows)
    stopped(rows, n_done)
    model = trained(capsys, "--resume half.safetensors")
    assert (model.n_iter, model.n_iter_, model.warm_start) == (6, 6, False)
    assert_same(model, whole)
    assert model.history_["epoch"] == [1, 2, 3, 4, 5, 6]
    entries = json.loads(Path("model.history.json").read_text())
    assert [entry["learning_rate"] for entry in entries] == whole.history_["learning_rate"]


def test_checkpoints_of_a_resumed_training_are_resumed(rows, capsys, monkeypatch):
    whole = udl.RBM(5, **ARGUMENTS).fit(rows)
    stopped(rows, 2)
    saved, n_saved = Checkpoint._save, []

    def killed(self, model):
        saved(self, model)
        n_saved.append(model.n_iter_)
        if len(n_saved) == 2:
            raise RuntimeError("killed")

    monkeypatch.setattr(Checkpoint, "_save", killed)
    line = "train rows.npy --resume half.safetensors --checkpoints kept --checkpoint-every 1"
    code, _, err = run_line(capsys, line)
    assert (code, n_saved) == (1, [3, 4])
    assert "killed" in err
    assert_same(trained(capsys, "--resume kept"), whole)


def test_epochs_are_those_in_all(rows, capsys):
    trained(capsys, OPTIONS)
    model = trained(capsys, "--resume model.safetensors --epochs 8")
    expected = udl.RBM(5, **ARGUMENTS).fit(rows).set_params(n_iter=8).resume(rows)
    assert_same(model, expected)
    assert (model.n_iter, model.n_iter_) == (8, 8)
    code, _, err = run_line(capsys, "train rows.npy --resume model.safetensors")
    assert code == 1
    assert "has made all its 8 epochs" in err
    assert "(here n_iter is --epochs)" in err


def test_arguments_may_change(rows, capsys):
    stopped(rows, 2)
    model = trained(capsys, "--resume half.safetensors --learning-rate 0.05 --k 2")
    assert (model.learning_rate, model.k, model.batch_size) == (0.05, 2, 10)
    code, _, err = run_line(capsys, "train rows.npy --resume half.safetensors --components 6")
    assert code == 1
    assert "n_components is 6, but the fitted model has 5" in err


def test_what_cannot_go_on_is_named(rows, tmp_path, capsys):
    stopped(rows, 2)
    line = "train rows.npy --resume half.safetensors"
    assert "keeps the seed it began with" in refused(capsys, f"{line} --seed 3")
    code, _, err = run_line(capsys, f"{line} --model bernoulli-rbm")
    assert code == 1
    assert "half.safetensors holds a model of class RBM; give --model rbm" in err
    (tmp_path / "empty").mkdir()
    assert (
        "empty is a folder without checkpoints"
        in run_line(capsys, "train rows.npy --resume empty")[2]
    )
    assert "none: No such file" in run_line(capsys, "train rows.npy --resume none")[2]


# ---- watching ----


def test_watching_is_what_the_callbacks_do(rows, capsys):
    line = f"{OPTIONS} --validation others.npy --patience 2 --checkpoints kept --checkpoint-every 2"
    model = trained(capsys, line)
    stop = EarlyStopping(patience=2, restore_best=True)
    callbacks = [History(1 - rows[:20], every=1), stop, Checkpoint("python", every=2)]
    expected = udl.RBM(5, **ARGUMENTS, callbacks=callbacks).fit(rows)
    assert_same(model, expected)
    assert model.n_iter_ == stop.best_epoch_ < 6
    assert {k: v for k, v in model.history_.items() if k != "seconds"} == {
        k: v for k, v in expected.history_.items() if k != "seconds"
    }
    assert Checkpoint.latest("kept").name == Checkpoint.latest("python").name


def test_validation_rows_must_fit(rows, capsys):
    np.save("grey.npy", rows * 255)
    code, _, err = run_line(capsys, "train rows.npy --validation grey.npy")
    assert code == 1
    assert "grey.npy holds values from 0 to 255" in err


def test_options_that_need_others_are_refused_before_data_is_read(capsys):
    assert "--checkpoint-every needs --checkpoints" in refused(
        capsys, "train there-are-no-rows.npy --checkpoint-every 2"
    )
    assert "--epochs: must be <= 9223372036854775807, got 1" in refused(
        capsys, f"train there-are-no-rows.npy --epochs {10**30}"
    )


def test_threads_are_of_the_command(rows, capsys):
    before = udl.get_num_threads()
    for line in (f"{OPTIONS} --threads 1", "--resume model.safetensors --epochs 7 --threads 1"):
        assert trained(capsys, line).n_jobs is None
    assert udl.get_num_threads() == before
    from udl_fast.commands.shared.training import number_of_threads

    with number_of_threads(1):
        assert udl.get_num_threads() == 1
    assert udl.get_num_threads() == before


# ---- what is told ----


def test_devices(rows, capsys, monkeypatch):
    monkeypatch.setattr(_devices, "_load_cuda", lambda: (None, "built without CUDA"))
    assert trained(capsys, f"{OPTIONS} --device cpu").device == "cpu"
    code, _, err = run_line(capsys, f"train rows.npy {OPTIONS} --device cuda:1")
    assert code == 1
    assert "RBM: device='cuda:1' is not available: built without CUDA" in err
    for line in ("--device gpu", "--model autoencoder --device cuda"):
        with pytest.raises(SystemExit) as caught:
            cli.main(f"train rows.npy {line}".split())
        assert caught.value.code == 2
    assert "argument --device: must be cpu or cuda[:N], got 'gpu'" in capsys.readouterr().err


def test_a_resumed_training_says_where_it_is_and_saves_on(rows, capsys):
    assert run_line(capsys, f"train rows.npy {OPTIONS} --epochs 3 --checkpoints kept")[0] == 0
    line = "train rows.npy --resume kept --epochs 5"
    code, out, err = run_line(capsys, line)
    assert code == 0, err
    assert f"resumed: {Path('kept', 'checkpoint-000003.safetensors')}, after 3 of 5 epochs" in out
    assert "checkpoints go to kept; without --validation, --patience, unless given again" in out
    assert Checkpoint.latest("kept").name == "checkpoint-000005.safetensors"
    assert "epoch 4/5" in out
    assert "epoch 5/5" in out
    line = "train rows.npy --resume model.safetensors --epochs 6"
    assert "without --validation, --patience, --checkpoints, unless" in run_line(capsys, line)[1]
    assert Checkpoint.latest("kept").name == "checkpoint-000005.safetensors"


def test_early_stopping_says_which_epoch_is_kept(rows, capsys):
    line = f"train rows.npy {OPTIONS} --epochs 50 --validation others.npy --patience 2 --json"
    line += " --learning-rate 2"
    code, out, err = run_line(capsys, line)
    assert code == 0, err
    model, found = udl.load("model.safetensors"), json.loads(out)
    kept, last = model.n_iter_, model.history_["epoch"][-1]
    assert kept < last
    text = (
        f"stopped after epoch {last}, 2 measurements no better; the model is that of epoch {kept}"
    )
    assert f"{text}, the best of validation_pseudo_likelihood" in err
    score = model.history_["pseudo_likelihood"][model.history_["epoch"].index(kept)]
    assert (found["epochs"], found["pseudo_likelihood"]) == (kept, score)


def test_the_rows_that_scores_are_of_are_told(rows, capsys):
    code, out, _ = run_line(capsys, f"train rows.npy {OPTIONS} --validation others.npy")
    assert code == 0
    said = "pseudo-likelihood is measured on all of 60 rows of rows.npy, and on 20 of others.npy"
    assert out.index(said) < out.index("epoch 1/6")


# ---- interrupts ----


def test_an_interrupt_at_the_end_loses_nothing(rows, capsys, monkeypatch):
    save = udl.RBM.save

    def interrupted(model, path):
        monkeypatch.setattr(udl.RBM, "save", save)
        raise KeyboardInterrupt

    monkeypatch.setattr(udl.RBM, "save", interrupted)
    code, _, err = run_line(capsys, f"train rows.npy {OPTIONS}")
    assert (code, udl.load("model.safetensors").n_iter_) == (1, 6)
    assert "interrupted: the model is saved in model.safetensors" in err

    def interrupted_later(history):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "_entries", interrupted_later)
    code, _, err = run_line(capsys, f"train rows.npy {OPTIONS} --output b.safetensors")
    assert (code, udl.load("b.safetensors").n_iter_) == (1, 6)
    assert "interrupted: the model is saved in b.safetensors" in err


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_sigterm_is_answered_as_ctrl_c_is(rows, capsys, monkeypatch):
    def terminated(model, info):
        if info["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    callbacks = training.watching_callbacks
    monkeypatch.setattr(
        train, "watching_callbacks", lambda *given: [*callbacks(*given), terminated]
    )
    code, _, err = run_line(capsys, f"train rows.npy {OPTIONS}")
    assert (code, udl.load("model.safetensors").n_iter_) == (143, 2)
    assert (
        "interrupted: the model has learned 2 epochs; --model rbm --resume model.safetensors makes"
        in err
    )
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
