"""Deep belief nets on the command line: trained layer by layer, and sampled from."""

import json

import numpy as np

import udl_fast
from udl_fast import cli

ROWS = np.random.default_rng(0).random((60, 16)).astype(np.float32)


def test_a_deep_belief_net_is_trained_and_used(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", ROWS)
    words = "train rows.npy --model dbn --hidden-layer-sizes 6,3 --pass-up sample --rbm"
    assert cli.main([*words.split(), "n_iter=3 batch_size=20", "--pictures", "pictures"]) == 0
    pictures = {path.stem for path in (tmp_path / "pictures").glob("*.png")}
    assert pictures > {"filters", "reconstructions", "samples"}
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert [line.split("   ")[1].strip() for line in lines] == ["layer 1"] * 3 + ["layer 2"] * 3
    model = udl_fast.load("model.safetensors")
    assert (model.pass_up, model.rbm.n_iter) == ("sample", 3)
    words = "sample model.safetensors samples.npy -n 5 --steps 10 --seed 1 --means --picture s.png"
    assert cli.main(words.split()) == 0
    expected = model.sample(5, n_steps=10, random_state=1, means=True)
    np.testing.assert_array_equal(np.load("samples.npy"), expected)
    assert cli.main(["reconstruct", "model.safetensors", "rows.npy", "back.npy"]) == 0
    np.testing.assert_array_equal(np.load("back.npy"), model.reconstruct(ROWS))
    capsys.readouterr()
    assert cli.main(["score", "model.safetensors", "rows.npy", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["reconstruction_likelihood"]["mean"] == model.score(ROWS)
    assert "log_likelihood_bound" not in found
    np.save("states.npy", ROWS > 0.5)
    words = "score model.safetensors states.npy --log-partition exact --json"
    assert cli.main(words.split()) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["log_likelihood_bound"]["mean"] == model.log_likelihood_bound(ROWS > 0.5).mean()


def test_classes_are_learned_and_made_up(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = "train digits --model dbn --labels --hidden-layer-sizes 12,16 --validation digits --rbm"
    assert cli.main([*words.split(), "n_iter=2 batch_size=50", "--pictures", "pictures"]) == 0
    assert (tmp_path / "pictures" / "samples.png").stat().st_size > 0
    model = udl_fast.load("model.safetensors")
    assert model.classes_.tolist() == list(range(10))
    words = "sample model.safetensors samples.npy -n 6 --steps 5 --seed 1 --labels 3,7"
    assert cli.main([*words.split(), "--picture", "s.png"]) == 0
    expected = model.sample(6, n_steps=5, random_state=1, labels=[3, 3, 3, 7, 7, 7])
    np.testing.assert_array_equal(np.load("samples.npy"), expected)
    assert (
        cli.main(["sample", "model.safetensors", "ten.npy", "--steps", "1", "--labels", "3,7"]) == 0
    )
    assert len(np.load("ten.npy")) == 20  # ten of each
    for labels, message in (
        ("3,dog", "'dog' is none of the classes 0, 1, 2"),
        ("", "'' is none of"),
    ):
        words = ["sample", "model.safetensors", "s.npy", "--labels", labels]
        assert cli.main(words) != 0
        assert message in capsys.readouterr().err
    np.save("rows.npy", ROWS)
    assert (
        cli.main(["train", "rows.npy", "--model", "dbn", "--labels", "--hidden-layer-sizes", "6,3"])
        != 0
    )
    assert "rows.npy has no labels, which DBN learns" in capsys.readouterr().err
    words = "train rows.npy --model dbn --hidden-layer-sizes 6,3 --rbm n_iter=1"
    assert cli.main(words.split()) == 0
    assert cli.main(["sample", "model.safetensors", "s.npy", "--labels", "3"]) != 0
    assert "this DBN has learned no classes" in capsys.readouterr().err
