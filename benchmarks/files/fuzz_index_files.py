"""Load and search mutated index files: each must load or raise ValueError, and none may crash the process.

Files of HammingIndex and of FAISS, of several widths, with ids and without, are damaged: flipped bits,
bytes overwritten, cut off, inserted and repeated stretches, and numbers of the header replaced by zero,
negative ones and ones that overflow; files of other kinds are among them. What loads, also mapped, is
searched in every way, changed, and saved again.

Files are loaded in a second process; one that dies or raises another error is counted, reported with
its number and gone past. The run fails if there was one. File i of a seed is always the same:
`--only I` loads that one alone. For the address sanitizer run it with a module built by
-DUDL_FAST_SANITIZE=address,undefined, as .ci/run does.
"""

import argparse
import itertools
import json
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.support.mutation import mutated
from benchmarks.support.recording import ROOT, finish, output_path, parser
from udl_fast import HammingIndex, _core

SMALL = (0, 1, -1, 2, 7, 8, 63, 64, 65528)
NUMBERS = (*SMALL, 2**31 - 1, -(2**31), 2**32 - 1, 2**60, 2**62, 2**63 - 1, -(2**63))
HEADER = 100  # bytes within which both formats have their numbers
READERS = {
    "own": lambda path: HammingIndex.load(path),
    "own mapped": lambda path: HammingIndex.load(path, mmap=True),
    "faiss": HammingIndex.read_faiss,
}
MOST_BYTES = 4 << 30  # of memory: who believes a damaged count wants more
MOST_CRASHES = 10  # then the run ends


def number_of(n_bytes: int):
    """A mutation that writes a telling integer anywhere in the header."""

    def write(file: bytearray, place: int, generator: random.Random) -> None:
        start = generator.randrange(HEADER)
        if start + n_bytes <= len(file):
            number = generator.choice(NUMBERS) % 2 ** (8 * n_bytes)
            struct.pack_into("<Q" if n_bytes == 8 else "<I", file, start, number)

    return write


SPECIAL = [number_of(4), number_of(8)]


def whole_files(folder: Path) -> dict[str, list[bytes]]:
    """Sound files by format; and a foreign one in each."""
    generator = np.random.default_rng(0)
    found: dict[str, list[bytes]] = {"own": [], "faiss": []}
    path = folder / "whole"
    for n, n_bytes, with_ids in (
        (0, 1, False), (1, 2, True), (40, 3, False), (40, 9, True), (5, 32, True), (300, 8, False),
    ):  # fmt: skip
        index = HammingIndex(8 * n_bytes)
        codes = generator.integers(0, 256, (n, n_bytes), dtype=np.uint8)
        if with_ids:
            index.add_with_ids(codes, generator.permutation(1000)[:n])
        else:
            index.add(codes)
        index.save(path)
        found["own"].append(path.read_bytes())
        index.write_faiss(path)
        found["faiss"].append(path.read_bytes())
    with open(path, "wb") as file:
        np.save(file, codes)
    foreign = path.read_bytes()
    return {
        "own": [*found["own"], found["faiss"][3], foreign],
        "faiss": [*found["faiss"], found["own"][3], foreign],
    }


def use(index: HammingIndex, path: Path) -> None:
    """What a reader of a file does next."""
    codes = np.zeros((20, index.code_size), np.uint8)
    codes[::2] = 255
    for queries in (codes[:1], codes):  # the scan by rows, and the one by tiles
        distances, ids = index.search(queries, 3, n_jobs=2)
        counted = min(index.ntotal, 3)
        assert (ids[:, :counted] >= 0).all()
        assert (ids[:, counted:] == -1).all()
        assert (distances[:, :counted] <= index.n_bits).all()
    limits, _, ids = index.range_search(codes[:2], index.n_bits // 2)
    assert limits[-1] == len(ids)
    assert index.distance_histogram(codes[:1]).sum() == index.ntotal
    index.pairs_within(3)
    hashed = HammingIndex._of(index._store.contents(), "mih")
    assert_same(hashed.range_search(codes[:2], 9), index.range_search(codes[:2], 9))
    if index.ntotal:
        first = int(index.ids[0])
        index.reconstruct(first)
        assert index.remove_ids([first]) == 1
    try:
        index.add(codes)
    except ValueError as error:
        if "exceed 2^63 - 1" not in str(error):  # few files have so large an id
            raise
    index.save(path)
    assert_same(HammingIndex.load(path).search(codes, 3), index.search(codes, 3))


def assert_same(found, expected) -> None:
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def case(whole: dict[str, list[bytes]], seed: int, number: int) -> tuple[str, bytes]:
    """How to read file `number` of a seed, and what it holds."""
    generator = random.Random(f"{seed}/{number}")
    reader = generator.choice(list(READERS))
    content = generator.choice(whole[reader.split()[0]])
    return reader, mutated(content, HEADER, SPECIAL, generator)


def outcome(reader: str, content: bytes, folder: Path) -> str:
    path = folder / "index"
    path.unlink(missing_ok=True)  # a mapped file must not be written in place
    path.write_bytes(content)
    try:
        index = READERS[reader](path)
    except ValueError:
        return "refused"
    use(index, folder / "again")
    return "loaded"


def work(arguments: argparse.Namespace, folder: Path) -> None:
    """The second process: one line of JSON before and after each file."""
    if not sanitized():  # which needs terabytes of addresses and has a limit of its own
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    whole = whole_files(folder)
    numbers = [arguments.only] if arguments.only is not None else itertools.count(arguments.work)
    for number in numbers:
        reader, content = case(whole, arguments.seed, number)
        print(json.dumps(reader), flush=True)
        print(json.dumps(outcome(reader, content, folder)), flush=True)


def watched(
    arguments: argparse.Namespace, first: int, stop: int, end: float
) -> Iterator[tuple[int, str, str]]:
    """(number, reader, outcome) of files `first` to `stop` - 1, until the time is over or after a crash."""
    command = [sys.executable, "-m", "benchmarks.files.fuzz_index_files"]
    command += ["--seed", str(arguments.seed), "--work", str(first)]
    with (
        tempfile.TemporaryDirectory() as folder,  # a process that dies cleans up nothing
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": folder},
        ) as child,
    ):
        assert child.stdout is not None
        try:
            for number in range(first, stop):
                announced = child.stdout.readline()
                if not announced:
                    raise SystemExit("the second process did not start")
                answer = child.stdout.readline()
                yield number, json.loads(announced), json.loads(answer) if answer else "crashed"
                if not answer or time.monotonic() > end:
                    return
        finally:
            child.kill()


def sanitized() -> bool:
    """Whether the compiled module reports to the address sanitizer."""
    return b"__asan_report" in Path(_core.__file__).read_bytes()


def main() -> int:
    """Mutate, load, search, count, record."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=300, help="how long (default 300)")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", type=int, metavar="I", help="load file I alone, in this process")
    options.add_argument("--work", type=int, metavar="FIRST", help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.work is not None or arguments.only is not None:
        with tempfile.TemporaryDirectory() as folder:
            work(arguments, Path(folder))
        return 0
    record = output_path(arguments, "fuzz_index_files")
    most_files = 1000 if arguments.quick else sys.maxsize
    counts: dict[str, Counter[str]] = {reader: Counter() for reader in READERS}
    crashes: list[int] = []
    start = time.monotonic()
    next_file = 0
    end = start + arguments.seconds
    while next_file < most_files and time.monotonic() < end and len(crashes) < MOST_CRASHES:
        for number, reader, found in watched(arguments, next_file, most_files, end):
            counts[reader][found] += 1
            next_file = number + 1
            if found == "crashed":
                crashes.append(number)
                print(f"file {number} crashed: --seed {arguments.seed} --only {number}")
    total = sum(counts.values(), Counter())
    measured = {
        "files": next_file,
        "refused": total["refused"],
        "loaded_and_searched": total["loaded"],
        "crashes": len(crashes),
        "crashed_files": crashes,
        "by_reader": {reader: dict(found) for reader, found in counts.items()},
        "address_sanitizer": sanitized(),
        "target": os.environ.get("UDL_FAST_TARGET") or "default",
        "seed": arguments.seed,
        "seconds": round(time.monotonic() - start, 1),
    }
    print(
        f"{next_file:,} files: {total['refused']:,} refused, {total['loaded']:,} loaded and searched, "
        f"{len(crashes)} crashes ({measured['seconds']} s, address sanitizer: {sanitized()})"
    )
    finish("fuzz_index_files", record, measured)
    return 1 if crashes else 0


if __name__ == "__main__":
    sys.exit(main())
