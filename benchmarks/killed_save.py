"""Kill a process while it saves an index: the file of before must be there, whole.

A child process loads an index, adds codes and saves it again and again. It is killed (SIGKILL, which no
program can handle) after a random part of the time that a save takes. The file must then be one of the
states that were ever saved completely, and load.
"""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from recording import finish, output_path, parser
from udl_fast import HammingIndex

_N_BITS = 256

_CHILD = """
import sys
import numpy as np
from udl_fast import HammingIndex

path = sys.argv[1]
index = HammingIndex.load(path)
index.add(np.full((1, index.code_size), 7, np.uint8))
print("saving", flush=True)
index.save(path)
print("saved", flush=True)
"""


def main() -> None:
    """Measure as the command line says."""
    options = parser(__doc__)
    options.add_argument("--codes", type=int, default=10_000_000)
    options.add_argument("--kills", type=int, default=20)
    arguments = options.parse_args()
    path = output_path(arguments, "killed_save")
    n_codes, n_kills = (50_000, 3) if arguments.quick else (arguments.codes, arguments.kills)
    settings = {"codes": n_codes, "bits": _N_BITS, "seed": 0}
    finish("killed_save", path, {"settings": settings, **_measure(n_codes, n_kills)})


def _measure(n_codes: int, n_kills: int) -> dict[str, float]:
    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "codes.udl")
        index = HammingIndex(_N_BITS)
        index.add(generator.integers(0, 256, (n_codes, _N_BITS // 8), dtype=np.uint8))
        start = time.perf_counter()
        index.save(path)
        seconds = time.perf_counter() - start
        n_bytes, before = path.stat().st_size, _digest(path)
        n_killed = n_partial = 0
        for _ in range(n_kills):
            killed = _save_and_kill(path, seconds * generator.random())
            after = _digest(path)
            if killed and after != before:
                raise SystemExit("the file changed although the save did not end")
            before = after
            HammingIndex.load(path)
            n_killed += killed
            for left in Path(folder).glob(".codes.udl.*"):  # what a killed save leaves behind
                n_partial += 0 < left.stat().st_size < n_bytes
                left.unlink()
    return {
        "bytes": n_bytes,
        "save_seconds": round(seconds, 3),
        "kills": n_killed,
        "kills_with_a_part_written": n_partial,
        "damaged_files": 0,
    }


def _save_and_kill(path: Path, delay: float) -> bool:
    """True if the child was killed before its save had ended."""
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    if child.stdout.readline() != "saving\n":
        raise SystemExit("the child failed")
    time.sleep(delay)
    os.kill(child.pid, signal.SIGKILL)
    saved = "saved" in child.stdout.read()
    child.wait()
    return not saved


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


if __name__ == "__main__":
    main()
