"""Load mutated model files: each must load or raise ValueError, and none may crash the process.

Mutations of a small valid file, drawn from a seed: flipped bits, bytes overwritten, cut off, inserted
and repeated stretches, and numbers of the header replaced by ones that overflow. What loads must also
work: its transform gives finite numbers.
"""

import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.support.mutation import mutated
from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, load

_NUMBERS = [
    b"0",
    b"-1",
    b"1e400",
    b"18446744073709551616",
    b"9223372036854775807",
    b"4294967296",
    b"null",
    b'"x"',
]


def valid_file(path: Path) -> bytes:
    """A small model with every kind of array."""
    rows = (np.random.default_rng(0).random((20, 9)) < 0.4).astype(np.uint8)
    model = RBM(
        3,
        algorithm="pcd",
        momentum=0.5,
        sparsity_target=0.1,
        batch_size=4,
        n_iter=1,
        random_state=0,
    )
    model.fit(rows).save(path)
    return path.read_bytes()


def foreign_number(file: bytearray, place: int, generator: random.Random) -> None:
    """A number of the header becomes one that overflows, is negative or is none."""
    header = 8 + int.from_bytes(file[:8], "little")
    numbers = list(re.finditer(rb"\d+", bytes(file[8:header])))
    if numbers:
        start, stop = generator.choice(numbers).span()
        file[8 + start : 8 + stop] = generator.choice(_NUMBERS)


def outcome(path: Path, rows: np.ndarray) -> str:
    """ "loaded" or "refused"; anything else ends the run."""
    try:
        model = load(path)
    except ValueError:
        return "refused"
    if model.n_features_in_ == rows.shape[1] and not np.isfinite(model.transform(rows)).all():
        raise AssertionError("a loaded model gives numbers that are not finite")
    return "loaded"


def main() -> int:
    """Mutate, load, count, record."""
    options = parser(__doc__)
    options.add_argument(
        "--files", type=int, default=100_000, help="mutated files (default 100000)"
    )
    options.add_argument("--seed", type=int, default=0)
    arguments = options.parse_args()
    record = output_path(arguments, "fuzz_model_files")
    n_files = min(arguments.files, 500) if arguments.quick else arguments.files
    generator = random.Random(arguments.seed)
    counts: Counter[str] = Counter()
    start = time.perf_counter()
    rows = np.zeros((2, 9), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        content = valid_file(path)
        header = 8 + int.from_bytes(content[:8], "little")
        for _ in range(n_files):
            path.write_bytes(mutated(content, header, [foreign_number], generator))
            counts[outcome(path, rows)] += 1
    seconds = round(time.perf_counter() - start, 1)
    print(
        f"{n_files} files: {counts['refused']} refused, {counts['loaded']} loaded, no crash ({seconds} s)"
    )
    measured = {
        "files": n_files,
        "seed": arguments.seed,
        "outcomes": dict(counts),
        "seconds": seconds,
    }
    finish("fuzz_model_files", record, measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
