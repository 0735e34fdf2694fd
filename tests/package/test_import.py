"""`import udl_fast` loads little and does nothing."""

import subprocess
import sys

import pytest


def run(code: str) -> str:
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return result.stdout.strip()


def test_import_loads_no_heavy_package() -> None:
    code = (
        "import sys, udl_fast;"
        "heavy = {'scipy', 'sklearn', 'matplotlib', 'torch', 'joblib'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert run(code) == "[]"


@pytest.mark.parametrize("words", ["", "--help", "info", "datasets list"])
def test_the_command_line_loads_what_it_needs(words: str) -> None:
    """The module of one command, if any: neither scikit-learn nor SciPy to print a help or facts."""
    code = (
        "import sys, udl_fast.cli, contextlib, io\n"
        f"words = {words.split()}\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    words and udl_fast.cli.main(words)\n"
        "heavy = {'scipy', 'sklearn', 'matplotlib', 'torch', 'joblib', 'rich', 'tqdm'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert run(code) == "[]"


def test_import_starts_no_thread_and_chooses_no_target() -> None:
    """A bad UDL_FAST_TARGET is an error at first use, so importing cannot have looked at it."""
    code = (
        "import os; os.environ['UDL_FAST_TARGET'] = 'nonsense';"
        "import udl_fast; print(len(os.listdir('/proc/self/task')))"
    )
    if not sys.platform.startswith("linux"):
        pytest.skip("counts threads in /proc")
    with_numpy = run("import os, numpy; print(len(os.listdir('/proc/self/task')))")
    assert int(run(code)) <= int(with_numpy)


def test_every_public_name_resolves() -> None:
    code = "import udl_fast as u; print([n for n in u.__all__ if not hasattr(u, n)])"
    assert run(code) == "[]"


def test_unknown_name_is_an_attribute_error() -> None:
    import udl_fast

    with pytest.raises(AttributeError, match="no attribute 'Rmb'"):
        _ = udl_fast.Rmb


def test_modules_are_there_without_an_import_of_their_own() -> None:
    code = (
        "import udl_fast as u; print(u.exceptions.LearningWarning.__name__, u.evaluation.__name__)"
    )
    assert run(code) == "LearningWarning udl_fast.evaluation"


@pytest.mark.parametrize("module", ["udl_fast", "udl_fast.datasets"])
def test_dir_shows_public_names_alone(module: str) -> None:
    code = (
        f"import {module} as m;"
        "before = dir(m); m.__all__ and [getattr(m, name) for name in m.__all__];"
        "shown = {n for n in dir(m) if not n.startswith('__')};"
        "print(sorted(shown ^ {n for n in m.__all__ if not n.startswith('__')}), set(before) - set(dir(m)))"
    )
    assert run(code) == "[] set()"


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("RBM(2, n_iter=0).fit([[0, 1]]).sample(1, steps=3)", "RBM.sample"),
        ("RBM(2, n_iter=0).fit([[0, 1]]).free_energy()", "RBM.free_energy"),
        ("RBM(2).inverse_transform()", "RBM.inverse_transform"),
        ("RBM(2).partial_fit()", "RBM.partial_fit"),
        ("HammingIndex(8, bits=3)", "HammingIndex.__init__"),
        ("HammingIndex(8).search()", "HammingIndex.search"),
        ("HammingIndex(8).save()", "HammingIndex.save"),
    ],
)
def test_errors_about_arguments_name_public_classes(call: str, name: str) -> None:
    import udl_fast

    with pytest.raises(TypeError) as caught:
        eval(call, vars(udl_fast) | {name: getattr(udl_fast, name) for name in udl_fast.__all__})
    assert str(caught.value).startswith(f"{name}()")
