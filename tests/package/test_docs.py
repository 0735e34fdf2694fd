"""README and docs: their Python examples run as a reader would type them, and every public name has a page."""

import importlib.util
import inspect
import re
from pathlib import Path

import pytest

import udl_fast

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def examples(path):
    """Python examples of a page; those that need a network or a GPU are marked `py` and are no such."""
    return EXAMPLE.findall(path.read_text())


def run(path, folder, monkeypatch):
    """Names that the examples leave behind."""
    monkeypatch.chdir(folder)
    names = {}
    for example in examples(path):
        exec(compile(example, path.name, "exec"), names)
    return names


def test_readme_examples_run(tmp_path, monkeypatch, capsys):
    assert len(examples(README)) >= 3
    names = run(README, tmp_path, monkeypatch)
    assert (tmp_path / "rbm.safetensors").exists()
    assert names["neighbours"].shape == (5, 10)
    assert "log" in capsys.readouterr().out


PAGES = [path for path in sorted((ROOT / "docs").glob("*.md")) if examples(path)]


def test_pages_have_examples():
    names = {path.stem for path in PAGES}
    assert {"quickstart", "hamming", "reproducibility", "datasets", "index"} <= names


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_page_examples_run(page, tmp_path, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    try:
        run(page, tmp_path, monkeypatch)
    finally:
        pyplot.close("all")


def test_every_public_name_is_in_the_reference():
    place = ROOT / "docs" / "_extensions" / "public_names.py"
    spec = importlib.util.spec_from_file_location("public_names", place)
    public_names = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(public_names)
    text = public_names.index_text()
    for module in public_names.public_modules():
        assert f"\n{module}\n---" in text
    listed = set(re.findall(r"^   (\w+)$", text, re.MULTILINE))
    submodules = {name for name in udl_fast.__all__ if inspect.ismodule(getattr(udl_fast, name))}
    assert set(udl_fast.__all__) - submodules - {"__version__"} <= listed
    assert set(udl_fast.datasets.__all__) | set(udl_fast.plot.__all__) <= listed
    methods = public_names.own_methods("udl_fast.RBM")
    assert {"fit", "transform", "sample", "save", "log_partition"} <= set(methods)
    assert "set_output" not in methods  # scikit-learn's own
    assert "load" in public_names.own_methods("udl_fast.HammingIndex")
    assert public_names.own_methods("udl_fast.LogPartition") == []


def test_every_page_is_in_the_table_of_contents():
    index = (ROOT / "docs" / "index.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.stem == "index" or f"\n{page.stem}\n" in index, page.name
