"""Files replaced in one step: what a failure, a kill, a link or a second writer leaves."""

import hashlib
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from udl_fast.persistence.replaced_file import replaced_file

posix = pytest.mark.skipif(os.name != "posix", reason="locks, links and signals of POSIX")

KILLED = """
import sys
from udl_fast.persistence.replaced_file import replaced_file

with replaced_file(sys.argv[1]) as file:
    file.write(b"part")
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file [1]"  # brackets mean something to patterns
    path.write_bytes(b"old")
    return path


def write(path, content):
    with replaced_file(path) as file:
        file.write(content)


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_the_new_file_appears_at_the_end(path):
    with replaced_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        assert len(names(path.parent)) == 2
    assert path.read_bytes() == b"new"
    assert names(path.parent) == [path.name]


def test_a_failure_leaves_the_old_file_alone(path):
    with pytest.raises(TypeError):
        write(path, "text is no bytes")
    assert path.read_bytes() == b"old"
    assert names(path.parent) == [path.name]


@posix
def test_what_a_killed_writer_leaves_is_removed_by_the_next(path):
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout.readline() == b"writing\n"
        write(path, b"while the other lives")
        assert len(names(path.parent)) == 2
        os.kill(child.pid, signal.SIGKILL)
    assert path.read_bytes() == b"while the other lives"
    assert len(names(path.parent)) == 2
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(path.parent) == [path.name]


@posix
def test_two_writers_do_not_disturb_each_other(path):
    with replaced_file(path) as first:
        first.write(b"first")
        write(path, b"second")
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert names(path.parent) == [path.name]


def test_files_that_only_look_alike_stay(path):
    others = [
        f".{path.name}.0123",
        f".{path.name}.0123456789abcdeg",
        f"{path.name}.0123456789abcdef",
    ]
    for name in others:
        path.with_name(name).touch()
    write(path, b"new")
    assert names(path.parent) == sorted([path.name, *others])


@posix
def test_a_link_is_followed(path, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "link"
    link.symlink_to(path)
    write(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert names(folder) == ["link"]


@posix
def test_only_regular_files_are_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (pipe, tmp_path):
        with pytest.raises(OSError, match="is no regular file"):
            write(target, b"new")
    assert names(tmp_path) == ["pipe"]


@posix
def test_the_disk_has_it_before_the_name_does(path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *given, name=name, real=real: (calls.append(name), real(*given))
        )
    write(path, b"new")
    assert calls == ["fsync", "replace", "fsync"]  # file, name, folder


@pytest.mark.parametrize("length", [237, 238, 255])
def test_names_may_be_as_long_as_the_file_system_takes(tmp_path, length):
    path = tmp_path / ("m" * length)
    for content in (b"old", b"new"):
        with replaced_file(path) as file:
            file.write(content)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_of_long_names_are_removed(tmp_path):
    path = tmp_path / ("m" * 250)
    left = tmp_path / f".{hashlib.sha256(path.name.encode()).hexdigest()}.0123456789abcdef"
    left.touch()
    with replaced_file(path) as file:
        file.write(b"new")
    assert not left.exists()


@pytest.mark.parametrize("name", ["none/model", "m" * 300])
def test_errors_name_the_file_that_was_asked_for(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(OSError) as caught, replaced_file(path) as file:
        file.write(b"new")
    assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["/", "/.", "//"])
def test_names_of_folders_make_no_file(tmp_path, ending):
    with pytest.raises(IsADirectoryError):
        write(f"{tmp_path}/new{ending}", b"new")
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(OSError):
        write(f"{tmp_path}/file{ending}", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


WRITES = {
    "bytes": lambda file: file.write(bytes(100_000)),
    "buffered": lambda file: [file.write(bytes(100)) for _ in range(100)],
    "array": lambda file: np.save(file, np.zeros(10_000)),
}


@posix
@pytest.mark.parametrize("kind", WRITES)
def test_a_disk_that_is_full_is_named(path, kind):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match=re.escape(str(path))), replaced_file(path) as file:
            WRITES[kind](file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"old"
    assert names(path.parent) == [path.name]


def test_errors_of_other_files_stay(path, tmp_path):
    with pytest.raises(FileNotFoundError, match="other"), replaced_file(path):
        (tmp_path / "other").read_bytes()
