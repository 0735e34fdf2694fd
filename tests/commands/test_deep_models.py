"""Models of layers on the command line: their stages are told, and templates are written as NAME=VALUE."""

import json

import numpy as np
import pytest

import udl_fast
from udl_fast import cli

ROWS = np.random.default_rng(0).random((60, 12)).astype(np.float32)


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", ROWS)


TRAIN = (
    "train rows.npy --model deep-autoencoder --hidden-layer-sizes 6,3 --epochs 2 --batch-size 20 "
    "--rbm "
)


def test_a_deep_model_is_trained_and_used(capsys):
    assert cli.main([*TRAIN.split(), "n_iter=3 batch_size=20", "--checkpoints", "kept"]) == 0
    out = capsys.readouterr().out
    lines = [line for line in out.splitlines() if line.startswith("epoch")]
    assert [line.split("   ")[1].strip() for line in lines] == (
        ["layer 1"] * 3 + ["layer 2"] * 3 + ["fine-tuning"] * 2
    )
    assert "pseudo-likelihood" in lines[0]
    assert "reconstruction-score" in lines[-1]
    assert "the command score" not in out  # it takes models that have score_samples
    model = udl_fast.load("model.safetensors")
    assert (
        model.rbm.get_params() == udl_fast.presets.science2006(n_iter=3, batch_size=20).get_params()
    )
    assert cli.main(["reconstruct", "model.safetensors", "rows.npy", "back.npy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shape"] == [60, 12]
    np.testing.assert_array_equal(np.load("back.npy"), model.reconstruct(ROWS))
    assert cli.main(["transform", "model.safetensors", "rows.npy", "code.npy"]) == 0
    np.testing.assert_array_equal(np.load("code.npy"), model.transform(ROWS))


def test_binary_codes_are_trained_and_searched(capsys):
    options = ["n_iter=1", "--code-activation", "binary", "--code-noise", "1.5"]
    assert cli.main([*TRAIN.split(), *options]) == 0
    model = udl_fast.load("model.safetensors")
    assert (model.code_activation, model.code_noise) == ("binary", 1.5)
    assert cli.main(["encode", "model.safetensors", "rows.npy", "codes.npy"]) == 0
    np.testing.assert_array_equal(np.load("codes.npy"), model.encode(ROWS))
    assert cli.main(["search", "codes.npy", "codes.npy", "found.npz", "-k", "1"]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n_iter", "must be NAME=VALUE, got 'n_iter'\n"),
        ("n_iter=3,batch_size=9", "with spaces between several, got 'n_iter=3,batch_size=9'"),
        ("n_itr=3", "RBM has no argument 'n_itr', got 'n_itr=3'; did you mean n_iter?"),
        ("n_iter=few", "n_iter must be an integer >= 0, got 'few'"),
        ("centered=yes", "centered must be true or false, got 'yes'"),
        ("algorithm=sgd", "algorithm must be cd or pcd or pt, got 'sgd'"),
    ],
)
def test_wrong_templates_are_wrong_usage(capsys, text, message):
    with pytest.raises(SystemExit) as caught:
        cli.main([*TRAIN.split(), text])
    assert caught.value.code == 2
    assert message.replace("\n", " ") in capsys.readouterr().err.replace("\n", " ")


def test_a_training_that_never_reached_the_net_is_reported(capsys):
    words = [*TRAIN.split(), "n_iter=2 batch_size=20", "--epochs", "0", "--json"]
    assert cli.main([*words, "--pictures", "pictures"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["epochs"], found["reconstruction_score"]) == (4, None)
    assert found["pictures"]
