"""Wrong usage is answered by the command that was meant, and by the nearest word that is known."""

import subprocess
import sys

import numpy as np
import pytest

import udl_fast
from udl_fast import cli


def refused(capsys, *words):
    with pytest.raises(SystemExit) as caught:
        cli.main(list(words))
    assert caught.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "command", "meant"),
    [
        ("train digits --epoch 3", "train", "--epochs"),
        ("train digits --learning-rates=3", "train", "--learning-rate"),
        ("bench rbm --round 3", "bench rbm", "--rounds"),
        ("datasets list --jsno", "datasets list", "--json"),
        ("train digits --algorithm pdc", "train", "pcd"),
        ("datasets fetch mnits", "datasets fetch", "mnist"),
        ("datasets lits", "datasets", "list"),
    ],
)
def test_a_wrong_option_shows_the_usage_of_its_command(line, command, meant, capsys):
    err = refused(capsys, *line.split())
    assert err.startswith(f"usage: udl-fast {command} [-h]")
    assert err.endswith(f"did you mean {meant}?\n")


def test_a_long_usage_is_not_shown(capsys):
    err = refused(capsys, "train", "digits", "--epoch", "3")
    assert err.count("\n") == 3
    assert err.startswith(
        "usage: udl-fast train [-h] [options] DATA\n  all options: udl-fast train --h"
    )


def test_a_wrong_command_shows_the_nearest(capsys):
    assert "'trian'" in (err := refused(capsys, "trian"))
    assert err.endswith("; did you mean train?\n")


def test_words_that_resemble_nothing_get_no_advice(capsys):
    assert refused(capsys, "info", "--zzz").endswith("unrecognized arguments: --zzz\n")
    assert refused(capsys, "info", "x").endswith("unrecognized arguments: x\n")


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"udl-fast {udl_fast.__version__}\n"


def test_names_of_data_sets_get_advice(capsys, tmp_path):
    assert cli.main(["train", "mnits", "--output", str(tmp_path / "m.safetensors")]) == 1
    assert "mnits is neither a file nor a data set; did you mean mnist?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", ["train digits --epochs 1 --output {}/none/m.safetensors", "demo --output {}/none"]
)
def test_errors_name_the_command_once(line, tmp_path, capsys):
    (tmp_path / "none").touch()
    assert cli.main(line.format(tmp_path).split()) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"udl-fast {line.split()[0]}: error: cannot write to {tmp_path}")


def test_an_index_does_not_replace_an_array(tmp_path, capsys):
    np.save(tmp_path / "codes.npy", np.zeros(3))
    before = (tmp_path / "codes.npy").read_bytes()
    model = tmp_path / "m.safetensors"
    udl_fast.RBM(8, n_iter=0).fit(np.eye(4)).save(model)
    err = refused(capsys, "encode", str(model), "digits", str(tmp_path / "codes.npy"), "--index")
    assert "has the ending of an array" in err
    assert (tmp_path / "codes.npy").read_bytes() == before


def shell(line, **changes):
    import os

    return subprocess.run(
        line.replace("udl-fast", f"{sys.executable} -m udl_fast"),
        shell=True,
        capture_output=True,
        text=True,
        env={**os.environ, **changes},
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's way to close streams")
def test_closed_streams_drop_words():
    for line in ("udl-fast info >&-", "udl-fast info >&- 2>&-"):
        done = shell(line)
        assert (done.returncode, done.stderr) == (0, "")
    done = shell("udl-fast datasets fetch digits 2>&-")
    assert (done.returncode, done.stdout) == (2, "")  # not where results go


def test_a_home_folder_that_is_none_stays_as_it_stands(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("UDL_FAST_DATA", "~nosuchuser/x")
    assert cli.main(["info"]) == 0
    assert "~nosuchuser/x (absent)" in capsys.readouterr().out
    assert cli.main(["train", "plants", "--output", str(tmp_path / "m.safetensors")]) == 1
    assert "UDL_FAST_DATA is '~nosuchuser/x'" in capsys.readouterr().err


def test_ctrl_c_while_a_command_is_loaded_is_no_traceback(monkeypatch, capsys):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", pressed)
    assert cli.main(["train", "digits"]) == 1
    assert "udl-fast: interrupted" in capsys.readouterr().err
