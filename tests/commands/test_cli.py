"""The command line: exit codes, JSON, progress, errors without tracebacks."""

import io
import json
import subprocess
import sys
import warnings

import pytest

from tests.commands.running import run
from udl_fast import cli
from udl_fast import progress as progress_module
from udl_fast.commands import info
from udl_fast.commands.demo import command as demo
from udl_fast.commands.demo import pictures as _demo_pictures

PICTURES = {"filters.png", "reconstructions.png", "samples.png", "training_curve.png"}


@pytest.fixture
def quick_demo(monkeypatch):
    """The demonstration with a short race."""
    short = demo.SETTINGS["digits"]
    monkeypatch.setattr(short, "comparison_epochs", (1, 1))
    monkeypatch.setattr(short, "comparison_rounds", 1)


# Exit codes


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-command"],
        ["bench"],
        ["bench", "rbm", "--sizes", "1,2"],
        ["bench", "rbm", "--sizes", "0,2,3"],
        ["bench", "rbm", "--rounds", "0"],
        ["bench", "rbm", "--seconds", "nan"],
        ["bench", "rbm", "--peers", "nobody"],
        ["demo", "--data", "letters"],
        ["demo", "--epochs", "0"],
        ["datasets"],
        ["datasets", "fetch"],
        ["datasets", "fetch", "mnist", "nosuch"],
    ],
)
def test_wrong_usage_is_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: udl-fast" in capsys.readouterr().err


def test_help_is_0(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    assert "demo" in capsys.readouterr().out


def test_every_command_has_its_help(capsys):
    """The table of commands names modules that are there; one help says what each is for."""
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    overview = " ".join(capsys.readouterr().out.split())
    for name, (_, help_text) in cli._COMMANDS.items():
        assert help_text in overview
        with pytest.raises(SystemExit) as caught:
            cli.main([name, "--help"])
        assert caught.value.code == 0
        out = capsys.readouterr().out
        assert out.startswith(f"usage: udl-fast {name}")
        assert help_text in " ".join(out.split())


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("x must be y"), "error: x must be y\n"),
        (TypeError("odd"), "error: TypeError: odd (--debug before the command shows where)\n"),
        (OSError(), "error: OSError (--debug"),
        (KeyboardInterrupt(), "udl-fast: interrupted\n"),
    ],
)
def test_failures_are_1_and_one_line(error, message, capsys, monkeypatch):
    def fail(*_):
        raise error

    monkeypatch.setattr(demo, "load_images", fail)
    code, out, err = run(capsys, "demo", "--output", "unused")
    assert code == 1
    assert out == ""
    assert message in err
    assert "Traceback" not in err


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_warnings_are_plain_lines(capsys, monkeypatch):
    def warn(*_):
        warnings.warn("mind this", UserWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(info, "run", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        code, _, err = run(capsys, "info")
    assert (code, err) == (0, "warning: mind this\n")


def test_debug_shows_the_traceback(monkeypatch):
    monkeypatch.setattr(demo, "load_images", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["--debug", "demo"])


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "udl_fast", "info", "--json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_threads"] >= 1


# info


def test_info_as_text_and_json(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("UDL_FAST_DATA", str(tmp_path / "data"))
    code, out, _ = run(capsys, "info")
    assert code == 0
    for line in ("compiled targets", "n threads", "cuda", "scikit learn", "blas"):
        assert f"\n{line} " in out
    assert f"{tmp_path / 'data'} (absent)" in out
    code, out, _ = run(capsys, "info", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["target"] in found["available_targets"]


def test_info_without_optional_libraries(capsys, monkeypatch):
    monkeypatch.setattr(info, "_OPTIONAL_LIBRARIES", ("no-such-library",))
    _, out, _ = run(capsys, "info", "--json")
    assert json.loads(out)["no-such-library"] == "not installed"


# demo


def test_demo_draws_and_measures(capsys, tmp_path, quick_demo):
    code, out, err = run(capsys, "demo", "--epochs", "3", "--output", "pictures")
    assert code == 0, err
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == PICTURES
    for path in (tmp_path / "pictures").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
        assert str(path.relative_to(tmp_path)) in out
    for word in (
        "pseudo-likelihood",
        "before",
        "after",
        "examples/s",
        "scikit-learn",
        "epoch 3/3",
        "64 x 100",
    ):
        assert word in out


def test_demo_learns_and_reports_json_alone_on_stdout(capsys, quick_demo):
    code, out, err = run(capsys, "demo", "--epochs", "60", "--json")
    assert code == 0, err
    found = json.loads(out)
    before, after = found["before"], found["after"]
    assert before.keys() == after.keys() == {"test", "training"}
    assert after["test"] > before["test"] + 5
    comparison = found["comparison"]
    assert comparison["ratio"] == pytest.approx(
        comparison["udl_fast_examples_per_second"] / comparison["sklearn_examples_per_second"],
        rel=0.01,
    )
    assert len(found["pictures"]) == 4
    assert "epoch" in err


def test_demo_finds_an_unwritable_folder_before_training(capsys, tmp_path, monkeypatch):
    (tmp_path / "taken").touch()
    monkeypatch.setattr(demo, "train", lambda *_: pytest.fail("trained before checking the output"))
    code, _, err = run(capsys, "demo", "--output", "taken")
    assert code == 1
    assert "error: cannot write to taken" in err
    code, _, err = run(capsys, "demo", "--output", "taken/below")
    assert code == 1
    assert "error: cannot write to" in err


def test_demo_without_mnist_says_what_is_missing(capsys, tmp_path):
    code, _, err = run(capsys, "demo", "--data", "mnist", "--data-home", str(tmp_path))
    assert code == 1
    assert "train-images-idx3-ubyte" in err
    assert "UDL_FAST_DATA" in err


def test_pictures_are_left_out_without_matplotlib(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    words = io.StringIO()
    assert _demo_pictures.draw(None, None, tmp_path, 0, words) == []
    assert "udl-fast[plot]" in words.getvalue()


# Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_rewrites_one_line_on_a_terminal():
    stream = Terminal()
    progress = progress_module.EpochLines(100, 1000, stream)
    for epoch in range(1, 101):
        progress.update(epoch, 0.01, -1000.0 / epoch)
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    lines = text.strip().split("\r")[0:]
    assert len(lines) >= 100
    assert "100,000 examples/s" in lines[-1]
    assert "ETA" in lines[1]
    assert "took" in lines[-1]
    assert len({len(line) for line in lines[1:]}) <= 3


def test_progress_is_at_most_some_lines_elsewhere():
    stream = io.StringIO()
    progress = progress_module.EpochLines(1000, 10, stream)
    for epoch in range(1, 1001):
        progress.update(epoch, 0.01, -1.0)
    lines = stream.getvalue().splitlines()
    assert 10 <= len(lines) <= 22
    assert lines[0].startswith("epoch    1/1000")
    assert lines[-1].startswith("epoch 1000/1000")


# bench


def test_bench_quick_as_json_and_file(capsys, tmp_path):
    code, out, err = run(
        capsys,
        "bench",
        "rbm",
        "--quick",
        "--peers",
        "--threads",
        "1",
        "--json",
        "--output",
        "r.json",
    )
    assert code == 0, err
    assert json.loads(out) == json.loads((tmp_path / "r.json").read_text())
    assert list(json.loads(out)["contestants"]) == ["udl_fast", "udl_fast fast"]


def test_bench_finds_an_unwritable_output_before_it_starts(capsys, monkeypatch):
    from udl_fast.bench.rbm import benchmark as rbm

    monkeypatch.setattr(rbm, "measure", lambda *_: pytest.fail("measured before checking"))
    code, _, err = run(capsys, "bench", "rbm", "--quick", "--output", "none/r.json")
    assert code == 1
    assert "cannot write" in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_while_the_command_is_imported_shows_no_traceback():
    code = (
        "import sys, os, signal\n"
        "class Press:\n"  # in place of the command's module
        "    def find_spec(self, name, *_):\n"
        "        if name == 'udl_fast.cli':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.meta_path.insert(0, Press())\n"
        "from udl_fast.__main__ import main\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "\nudl-fast: interrupted\n")
