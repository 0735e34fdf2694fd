"""Records and tables of benchmarks: whole, and of a known program."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from udl_fast.bench import record, table


def test_records_tell_the_kind_of_machine_not_which(tmp_path):
    head = record.new_record(
        "rbm", ["udl-fast", "--output", "/some/where/result.json", "--data=/x/y"]
    )
    assert head["command"] == "udl-fast --output result.json --data=y"
    assert head["machine"]["cores"] >= 1
    text = json.dumps(head)
    assert str(Path.home()) not in text
    assert socket.gethostname() not in text
    assert len(head["date"]) == 10


def test_commit_counts_only_where_git_tracks_the_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(record, "_PACKAGE", tmp_path)
    assert record.commit() is None
    assert record.commit(tmp_path) is None


def test_only_changed_sources_mark_the_commit(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True
        )

    (tmp_path / "benchmarks/results").mkdir(parents=True)
    for name in ("source.py", "README.md", "benchmarks/results/a.json"):
        (tmp_path / name).write_text("old")
    git("init")
    git("add", ".")
    git("commit", "-m", "start")
    clean = record.commit(tmp_path)
    assert len(clean) == 12
    for name in ("README.md", "benchmarks/results/a.json"):
        (tmp_path / name).write_text("new")
    assert record.commit(tmp_path) == clean
    (tmp_path / "source.py").write_text("new")
    assert record.commit(tmp_path) == clean + "+changes"


def test_json_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    record.write_json(path, {"a": 1})
    assert json.loads(path.read_text()) == {"a": 1}
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        record.write_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1}
    assert os.listdir(tmp_path) == ["result.json"]


def test_unwritable_output_is_found_before_the_work(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"^cannot write .*no folder"):
        record.check_writable(tmp_path / "none" / "a.json")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        record.check_writable(tmp_path)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(FileNotFoundError):
        record.check_writable(file / "a.json")
    record.check_writable(tmp_path / "a.json")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_read_only_folder_is_found(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="cannot write"):
        record.check_writable(tmp_path / "a.json")


def test_tables():
    header, rows = ["size", "a"], [["1", "10,000"], ["22222", "5"]]
    assert table.text_table(header, rows).splitlines() == [
        "size        a",
        "-----  ------",
        "1      10,000",
        "22222       5",
    ]
    assert table.markdown_table(header, rows).splitlines()[:3] == [
        "| size | a |",
        "| :-- | --: |",
        "| 1 | 10,000 |",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1_234_567.0, "1,230,000"), (45_678.0, "45,700"), (1000.4, "1,000"), (7.891, "7.89")],
)
def test_rates_have_three_digits(value, text):
    assert table.rate(value) == text


def test_ratios():
    assert table.ratio(5.256) == "5.26x"
    assert table.ratio(12.34) == "12.3x"
