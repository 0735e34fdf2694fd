"""Public docstrings: their examples run, and they describe the arguments that exist."""

import doctest
import inspect
import re

import pytest

import udl_fast
from udl_fast import runtime


def public_objects():
    """Public names of the package, and the public methods of its classes."""
    found = {name: getattr(udl_fast, name) for name in udl_fast.__all__}
    found |= {f"runtime.{name}": getattr(runtime, name) for name in runtime.__all__}
    for name, value in list(found.items()):
        if inspect.ismodule(value):
            members = {n: getattr(value, n) for n in getattr(value, "__all__", ())}
            found |= {f"{name}.{n}": v for n, v in members.items()}
    for name, value in list(found.items()):
        if inspect.isclass(value):
            methods = inspect.getmembers(value, inspect.isfunction)
            found |= {
                f"{name}.{n}": m
                for n, m in methods
                if not n.startswith("_") and m.__module__.startswith("udl_fast")
            }
    return {name: value for name, value in found.items() if callable(value)}


OBJECTS = public_objects()
DOCUMENTED = {name: value for name, value in OBJECTS.items() if not inspect.ismodule(value)}


def documented_parameters(text):
    """Names of the numpydoc section "Parameters"; None without the section."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-{3,}\n|\Z)", text, re.M | re.S)
    if section is None:
        return None
    heads = re.findall(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: : .*)?$", section[1], re.M)
    return [name.strip("* ") for head in heads for name in head.split(",")]


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_has_a_docstring(name):
    assert inspect.getdoc(DOCUMENTED[name])


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_documented_parameters_are_the_arguments(name):
    listed = documented_parameters(inspect.getdoc(DOCUMENTED[name]) or "")
    if listed is None:
        return  # short docstrings name their arguments in a sentence
    arguments = set(inspect.signature(DOCUMENTED[name]).parameters) - {"self"}
    ignored = {"y"}  # scikit-learn's, present for its sake
    assert set(listed) - ignored == arguments - ignored


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_examples_run(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    value = DOCUMENTED[name]
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    output: list[str] = []
    for test in finder.find(value, name, globs={}):
        runner.run(test, out=output.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(output)


def needs_example(name):
    """Classes and functions, but not their methods; a named tuple is shown where it is returned."""
    value = DOCUMENTED[name]
    is_record = inspect.isclass(value) and issubclass(value, tuple)
    return not is_record and ("." not in name or name.startswith(("datasets.", "runtime.")))


@pytest.mark.parametrize("name", sorted(filter(needs_example, DOCUMENTED)))
def test_classes_and_functions_have_an_example(name):
    assert ">>> " in (inspect.getdoc(DOCUMENTED[name]) or "")
