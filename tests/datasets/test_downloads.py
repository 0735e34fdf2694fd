"""Downloads of data sets, from a server on this machine."""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from udl_fast import cli, datasets
from udl_fast.datasets import _files, _sources, checksums
from udl_fast.datasets._sources import SOURCES, Download, Source

needs_pooch = pytest.mark.skipif(
    find_spec("pooch") is None,
    reason="downloads need pooch: pip install 'udl-fast[data]'",
)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def served(tmp_path):
    """(folder, its address): what is put into the folder can be downloaded."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder that UDL_FAST_DATA names; it does not exist yet, and there is no cache."""
    folder = tmp_path / "home"
    monkeypatch.setenv("UDL_FAST_DATA", str(folder))
    monkeypatch.setattr(_files, "cache_folder", lambda: tmp_path / "cache")
    return folder


@pytest.fixture
def nltcs(served, home, monkeypatch):
    """The three splits of nltcs, small, offered by the server."""
    folder, address = served
    downloads = []
    for split, n_rows in (("train", 5), ("valid", 2), ("test", 3)):
        states = np.random.default_rng(n_rows).integers(0, 2, size=(n_rows, 16))
        content = "".join(",".join(map(str, row)) + "\n" for row in states.tolist()).encode()
        path = f"debd/nltcs.{split}.data"
        (folder / f"{split}.data").write_bytes(content)
        monkeypatch.setitem(checksums.content_sums(), path, sha256(content))
        downloads.append(Download(f"{address}/{split}.data", sha256(content), path))
    source = Source("nltcs", "load_density", "Three text files.", tuple(downloads))
    monkeypatch.setitem(SOURCES, "nltcs", source)
    return folder


def files_below(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@needs_pooch
def test_a_loader_downloads_only_when_asked(nltcs, home):
    with pytest.raises(FileNotFoundError):
        datasets.load_density("nltcs", subset="test")
    assert not home.exists()
    data = datasets.load_density("nltcs", subset="test", download=True).data
    assert data.shape == (3, 16)
    assert files_below(home) == ["debd/nltcs.test.data"]
    for path in nltcs.iterdir():  # the second time needs no server
        path.unlink()
    again = datasets.load_density("nltcs", subset="test", download=True).data
    np.testing.assert_array_equal(again, data)


@needs_pooch
def test_the_command_in_the_error_fetches_the_set(nltcs, home, tmp_path, capsys):
    for folder in (None, tmp_path / "a folder"):
        with pytest.raises(FileNotFoundError) as caught:
            datasets.load_density("nltcs", data_home=folder)
        command = str(caught.value).split("To download: udl-fast ")[1].split(" (it needs")[0]
        arguments = [part.strip("'") for part in command.split(" ", 4)]
        assert cli.main(arguments) == 0
        assert datasets.load_density("nltcs", data_home=folder).data.shape == (5, 16)
    assert files_below(home) == files_below(tmp_path / "a folder")
    capsys.readouterr()
    assert cli.main(["datasets", "fetch", "nltcs", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["nltcs"][0] == str(home / "debd" / "nltcs.train.data")


@needs_pooch
def test_wrong_content_is_refused_and_not_kept(nltcs, home):
    (nltcs / "valid.data").write_bytes(b"something else")
    with pytest.raises(ValueError, match="did not send the file that was expected"):
        datasets.fetch("nltcs")
    assert files_below(home) == ["debd/nltcs.train.data"]
    assert [path.name for path in home.iterdir()] == ["debd"]


@needs_pooch
def test_a_missing_page_and_a_dead_server_are_os_errors(nltcs, home, monkeypatch):
    (nltcs / "train.data").unlink()
    with pytest.raises(OSError, match=r"train\.data cannot be downloaded: 404"):
        datasets.fetch("nltcs")
    gone = Download("http://127.0.0.1:9/x", "0" * 64, "debd/nltcs.train.data")
    monkeypatch.setitem(SOURCES, "nltcs", Source("nltcs", "load_density", "", (gone,)))
    with pytest.raises(OSError, match="cannot be downloaded"):
        datasets.fetch("nltcs")
    assert files_below(home) == []


@needs_pooch
def test_corrupt_files_are_fetched_anew(nltcs, home):
    first = datasets.fetch("nltcs")
    good = first[0].read_bytes()
    first[0].write_bytes(good[:-1])
    assert datasets.fetch("nltcs") == first
    assert first[0].read_bytes() == good


@needs_pooch
def test_a_corrupt_file_that_hides_the_download_is_named(nltcs, home):
    hides = home / "debd" / "nltcs.train.data.gz"
    hides.parent.mkdir(parents=True)
    hides.write_bytes(gzip.compress(b"0"))
    with pytest.raises(
        ValueError, match=r"nltcs\.train\.data\.gz holds 1 bytes.*remove or replace"
    ):
        datasets.fetch("nltcs")


@needs_pooch
def test_real_mnist_labels(served, home, monkeypatch, data_dir):
    """A published file: both its sum as served and that of its content are those recorded."""
    name = "t10k-labels-idx1-ubyte.gz"
    if not (data_dir / name).is_file():
        pytest.skip(f"no {name} in {data_dir}")
    folder, address = served
    (folder / name).write_bytes((data_dir / name).read_bytes())
    (offered,) = (d for d in SOURCES["mnist"].downloads if d.path == name)
    local = Download(f"{address}/{name}", offered.sha256, name)
    monkeypatch.setitem(SOURCES, "mnist", Source("mnist", "load_mnist", "", (local,)))
    assert datasets.fetch("mnist") == [home / name]


@needs_pooch
def test_archives_leave_their_members_only(served, home, monkeypatch):
    folder, address = served
    members = {
        f"cifar-10-batches-bin/{name}.bin": bytes([label]) + bytes(3072)
        for label, name in enumerate(["data_batch_1", "test_batch"])
    }
    with tarfile.open(folder / "c.tar.gz", "w:gz") as archive:
        for name, content in {**members, "cifar-10-batches-bin/readme.html": b"x"}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    packed = (folder / "c.tar.gz").read_bytes()
    name = "cifar-10-batches-bin/data_batch_1.bin"
    monkeypatch.setitem(checksums.content_sums(), name, sha256(members[name]))
    offered = Download(f"{address}/c.tar.gz", sha256(packed), "c.tar.gz", tuple(members))
    monkeypatch.setitem(SOURCES, "cifar10", Source("cifar10", "load_cifar10", "", (offered,)))
    assert len(datasets.fetch("cifar10")) == 2
    assert files_below(home) == sorted(members)
    assert datasets.load_cifar10(subset="test").target.tolist() == [1]


def test_without_pooch_the_error_says_what_to_install(nltcs, home, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r"load_density: downloads need pooch: pip install"):
        datasets.load_density("nltcs", download=True)
    assert not home.exists()


@needs_pooch
def test_a_folder_that_cannot_be_written_is_named(nltcs, home):
    home.write_bytes(b"a file where the folder should be")
    with pytest.raises(OSError, match=r"fetch: cannot write to .*home"):
        datasets.fetch("nltcs")


def test_repacked_sets_say_that_there_is_no_download(home):
    with pytest.raises(FileNotFoundError, match="cannot be downloaded"):
        datasets.load_binarized_mnist()
    with pytest.raises(FileNotFoundError, match=r"fetch: binarized_mnist_packed.*cannot be"):
        datasets.fetch("binarized_mnist")


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"name must be one of mnist, cifar10.*got 'mnits'"):
        datasets.fetch("mnits")


def test_every_address_has_a_sum_and_every_file_a_content_sum():
    for source in SOURCES.values():
        for offered in source.downloads:
            assert offered.url.startswith("https://")
            assert len(bytes.fromhex(offered.sha256)) == 32
        unchecked = [name for name in source.files if name not in checksums.content_sums()]
        # The sum of CIFAR-10's archive vouches for its test images.
        assert unchecked in ([], ["cifar-10-batches-bin/test_batch.bin"])


@needs_pooch
def test_pooch_reads_the_sums():
    """So the file can be used without this package."""
    import pooch

    registry = pooch.create(path="unused", base_url="")
    registry.load_registry(Path(checksums.__file__).with_suffix(".txt"))
    assert registry.registry == checksums.content_sums()


def test_sums_are_read_when_they_are_needed():
    code = (
        "from udl_fast import datasets; from udl_fast.datasets import checksums;"
        "print(checksums.content_sums.cache_info().misses)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0"


def test_recorded_files_as_served_have_their_sums(data_dir):
    """Where the real files are at hand in the form in which they are served."""
    offered = [d for s in SOURCES.values() for d in s.downloads if not d.members]
    present = [d for d in offered if (data_dir / d.path).is_file()]
    if not present:
        pytest.skip(f"{data_dir} holds none of the files as they are served")
    for download in present:
        assert sha256((data_dir / download.path).read_bytes()) == download.sha256, download.path


def test_list_counts_files(home, capsys):
    home.mkdir()
    (home / "t10k-labels-idx1-ubyte").write_bytes(b"")
    assert cli.main(["datasets", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["mnist"]["present"] == 1
    assert found["mnist"]["files"] == 4
    assert found["binarized_mnist"]["download"] is False
    assert set(found) == set(_sources.SOURCES)
    assert cli.main(["datasets", "list"]) == 0
    assert "1 of 4 files here" in capsys.readouterr().out
