"""Kill a process while it saves an index: the file of before must be there, whole, or the new one.

A second process saves one index over the file of another, and is killed (SIGKILL, which no program can
handle) at moments spread over the time that a save takes. Whatever is found then must be one of the two
files byte for byte, and load. What a killed save leaves beside it must not disturb, and is gone after the
next save. The system stays up, so this says nothing about power cuts; tests see that the disk has the file
before its name.
"""

import argparse
import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import HammingIndex

N_BITS = 256
LONGEST = 1.1  # latest kill, in parts of a save's time: some saves end before

CHILD = """
import sys
from udl_fast import HammingIndex

index = HammingIndex.load(sys.argv[1], mmap=True)
print("saving", flush=True)
index.save(sys.argv[2])
print("saved", flush=True)
sys.stdin.read()
"""


def main() -> int:
    """Measure as the command line says."""
    options = parser(__doc__)
    options.add_argument("--codes", type=int, default=10_000_000, help="default 10,000,000")
    options.add_argument("--kills", type=int, default=40, help="default 40")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--folder", type=Path, help="where to save (default: temporary files)")
    arguments = options.parse_args()
    path = output_path(arguments, "killed_save")
    if arguments.quick:
        arguments.codes, arguments.kills = 400_000, 6
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        measured = measure(arguments, Path(folder))
    settings = {"codes": arguments.codes, "bits": N_BITS, "seed": arguments.seed}
    finish("killed_save", path, {"settings": settings, **measured})
    print(
        f"{measured['kills']} kills, {measured['kills_with_a_part_written']} of them with a part "
        f"written: {measured['old_files']} old files, {measured['new_files']} new, "
        f"{measured['damaged_files']} damaged"
    )
    return 1 if measured["damaged_files"] or measured["leftovers_at_the_end"] else 0


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All kills, and one save at the end that nobody kills."""
    generator = random.Random(arguments.seed)
    old, new, path = folder / "old.udl", folder / "new.udl", folder / "codes.udl"
    make_files(old, new, arguments.codes)
    digests = {digest(old): "old", digest(new): "new"}
    seconds = min(save_seconds(old, new, path) for _ in range(5))
    moments = []
    for i in range(arguments.kills):
        restore(old, path)
        share = LONGEST * (i + generator.random()) / arguments.kills
        saved = kill_while_saving(new, path, share * seconds)
        parts = [left.stat().st_size for left in leftovers(path)]
        moments.append(
            {
                "share_of_a_save": round(share, 3),
                "save_ended": saved,
                "left_bytes": max(parts, default=0),
                "leftovers": len(parts),
                "file": state(path, digests),
            }
        )
    save_seconds(old, new, path)
    states = [moment["file"] for moment in moments]
    return {
        "bytes": new.stat().st_size,
        "save_seconds": round(seconds, 3),
        "kills": len(moments),
        "kills_before_the_end": sum(not moment["save_ended"] for moment in moments),
        "kills_with_a_part_written": sum(
            0 < moment["left_bytes"] < new.stat().st_size for moment in moments
        ),
        "old_files": states.count("old"),
        "new_files": states.count("new"),
        "damaged_files": states.count("damaged"),
        "most_leftovers": max(moment["leftovers"] for moment in moments),
        "leftovers_at_the_end": len(leftovers(path)),
        "moments": moments,
    }


def make_files(old: Path, new: Path, n_codes: int) -> None:
    """Two indexes of n_codes and n_codes + 1 codes."""
    index = HammingIndex(N_BITS)
    shape = (n_codes, index.code_size)
    index.add(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
    index.save(old)
    index.add(np.zeros((1, index.code_size), np.uint8))
    index.save(new)


def restore(old: Path, path: Path) -> None:
    """`path` is the old file again; a save gives it another inode, so `old` stays as it is."""
    path.unlink(missing_ok=True)
    os.link(old, path)


@contextlib.contextmanager
def saving(source: Path, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process whose save has just begun; it is ended with the block."""
    command = [sys.executable, "-c", CHILD, str(source), str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        if child.stdout.readline() != "saving\n":
            raise SystemExit("the second process failed")
        yield child
        child.kill()


def save_seconds(old: Path, source: Path, path: Path) -> float:
    """Of a save that nobody kills."""
    restore(old, path)
    with saving(source, path) as child:
        start = time.perf_counter()
        assert child.stdout is not None
        assert child.stdout.readline() == "saved\n"
        return time.perf_counter() - start


def kill_while_saving(source: Path, path: Path, delay: float) -> bool:
    """True if the save had ended before the kill."""
    with saving(source, path) as child:
        time.sleep(delay)
        os.kill(child.pid, signal.SIGKILL)
        assert child.stdout is not None
        return child.stdout.read() == "saved\n"


def leftovers(path: Path) -> list[Path]:
    return [entry for entry in path.parent.iterdir() if entry.name.startswith(f".{path.name}.")]


def state(path: Path, digests: dict[str, str]) -> str:
    """ "old", "new" or "damaged"; a file that does not load ends the run."""
    found = digests.get(digest(path), "damaged")
    if found != "damaged":
        index = HammingIndex.load(path)
        query = index.reconstruct(0)[None]
        assert index.search(query, 1)[0][0, 0] == 0
    return found


def digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
