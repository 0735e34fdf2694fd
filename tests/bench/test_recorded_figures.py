"""README and docs quote only what benchmarks/results holds."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location(
        "make_tables", ROOT / "benchmarks/support/make_tables.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_texts_and_records_agree(tables):
    assert tables.documents()
    assert tables.outdated(tables.documents()) == [], (
        "run: python -m benchmarks.support.make_tables"
    )


def test_texts_claim_nothing_unrecorded(tables):
    claims = {path.name: tables.unrecorded_claims(path.read_text()) for path in tables.documents()}
    assert {name: found for name, found in claims.items() if found} == {}


def test_every_record_is_complete():
    for path in (ROOT / "benchmarks/results").glob("*.json"):
        record = json.loads(path.read_text())
        assert record["commit"], path.name
        assert not record["commit"].endswith("+changes"), f"{path.name}: changed files"
        for key in ("benchmark", "command", "date", "machine", "versions"):
            assert record[key], f"{path.name}: {key}"
        assert "--quick" not in record["command"], path.name


def test_figures_are_filled_from_the_record(tables, tmp_path):
    (tmp_path / "a.json").write_text('{"results": [{"mean": -148.26}], "n": 3}')
    text = "at <!-- figure: a results.0.mean .1f -->old<!-- end figure --> nats"
    filled = tables.filled(text, tmp_path)
    assert filled == "at <!-- figure: a results.0.mean .1f -->-148.3<!-- end figure --> nats"
    assert tables.filled(filled, tmp_path) == filled
    assert tables.unrecorded_claims(filled) == []


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        ("a results.1.mean .1f", "a.json has no results.1.mean"),
        ("a result .1f", "a.json has no result"),
        ("b n d", "no record b.json"),
    ],
)
def test_figures_without_a_record_are_refused(tables, tmp_path, figure, message):
    (tmp_path / "a.json").write_text('{"results": [{"mean": -148.26}], "n": 3}')
    with pytest.raises(ValueError, match=message):
        tables.filled(f"<!-- figure: {figure} -->x<!-- end figure -->", tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "<!-- table: a -->\nno end",
        "<!-- table a -->\n<!-- end table -->",
        "<!-- figure: a n -->3<!-- end figure -->",
        "<!-- end figure -->",
    ],
)
def test_broken_markers_are_refused(tables, text):
    with pytest.raises(ValueError, match="is no marker, or has no partner"):
        tables.filled(text)


RECORD = {
    "benchmark": "rbm",
    "command": "udl-fast bench rbm",
    "date": "2026-01-02",
    "commit": "abc",
    "machine": {"cpu": "some CPU", "cores": 2, "system": "Linux x86_64"},
    "settings": {"threads": 2},
    "contestants": {"udl_fast": {}, "torch": {}},
    "results": [
        {
            "size": [100, 784, 500],
            "rates": {"udl_fast": {"median": 123456.0}, "torch": {"median": 30000.0}},
            "ratios": {"torch": {"median": 4.115}},
            "fast_ratios": {"torch": {"median": 5.5}},
        }
    ],
}


def test_tables_show_the_record_and_its_machine(tables, tmp_path):
    (tmp_path / "rbm.json").write_text(json.dumps(RECORD))
    text = tables.filled("<!-- table: rbm -->\nold\n<!-- end table -->\nafter", tmp_path)
    assert "| 100 x 784 x 500 | 123,000 | 30,000 | float32, torch.bernoulli | 4.12x |" in text
    for fact in ("some CPU, 2 cores", "2 threads", "2026-01-02", "abc", "`udl-fast bench rbm`"):
        assert fact in text
    assert "old" not in text
    assert text.endswith("<!-- end table -->\nafter")


def test_the_work_of_a_record_is_a_table_of_its_own(tables, tmp_path):
    result = {**RECORD["results"][0], "gflops": {"udl_fast": 471.2, "torch": 101.0}}
    (tmp_path / "rbm.json").write_text(json.dumps({**RECORD, "results": [result]}))
    text = tables.filled("<!-- table: rbm work -->\n<!-- end table -->", tmp_path)
    assert "| 100 x 784 x 500 | 471 | 101 |" in text


def test_a_table_without_a_record_says_so(tables, tmp_path):
    text = tables.filled("<!-- table: none -->\n<!-- end table -->", tmp_path)
    assert "_Not recorded yet._" in text


@pytest.mark.parametrize(
    "text",
    ["it is 5x faster", "5.2 times faster", "runs at 410,000 examples/s", "reaches -148.2 nats"],
)
def test_claims_outside_the_markers_are_found(tables, text):
    assert tables.unrecorded_claims(text)


@pytest.mark.parametrize(
    "text",
    ["images of 28 x 28 pixels", "Python 3.11", "`5x faster`", "```\n5x faster\n```", "2 cores"],
)
def test_other_numbers_are_no_claims(tables, text):
    assert tables.unrecorded_claims(text) == []
