"""Load mutated model files: each must load or raise ValueError, and none may crash the process.

Mutations of small valid files (format 2, format 1, and models inside a model), drawn from a seed: flipped
bits, bytes overwritten, cut off, inserted and repeated stretches, and numbers of the header replaced by ones
that overflow. What loads must also work: its transform gives finite numbers.
"""

import itertools
import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from tests.support import pair

from benchmarks.support.mutation import mutated
from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, load
from udl_fast.persistence.model_file import save_model

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


_FORMAT_1 = "tests/data/golden/models/rbm_many_options.safetensors"  # nothing writes this any more


def valid_files(folder: Path) -> dict[str, bytes]:
    """Small models with every kind of array, by what is special about their files."""
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
    model.fit(rows).save(folder / "model")
    save_model(pair.Pair(random_state=0).fit(rows), folder / "pair")
    return {
        "format 2": (folder / "model").read_bytes(),
        "format 1": (Path(__file__).parents[2] / _FORMAT_1).read_bytes(),
        "models inside": (folder / "pair").read_bytes(),
    }


def foreign_number(file: bytearray, place: int, generator: random.Random) -> None:
    """A number of the header becomes one that overflows, is negative or is none."""
    header = 8 + int.from_bytes(file[:8], "little")
    numbers = list(re.finditer(rb"\d+", bytes(file[8:header])))
    if numbers:
        start, stop = generator.choice(numbers).span()
        file[8 + start : 8 + stop] = generator.choice(_NUMBERS)


def outcome(path: Path) -> str:
    """ "loaded" or "refused"; anything else ends the run."""
    try:
        model = load(path)
    except ValueError:
        return "refused"
    for each in model.layers_ if isinstance(model, pair.Pair) else [model]:
        rows = np.zeros((2, each.n_features_in_), np.uint8)
        if not np.isfinite(each.transform(rows)).all():
            raise AssertionError("a loaded model gives numbers that are not finite")
    return "loaded"


def _both(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in ("refused", "loaded")}


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
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, pair.registered():
        contents = valid_files(Path(folder))
        counts = {kind: Counter[str]() for kind in contents}
        path = Path(folder) / "mutated.safetensors"
        for kind, _ in zip(itertools.cycle(contents), range(n_files), strict=False):
            content = contents[kind]
            header = 8 + int.from_bytes(content[:8], "little")
            path.write_bytes(mutated(content, header, [foreign_number], generator))
            counts[kind][outcome(path)] += 1
    seconds = round(time.perf_counter() - start, 1)
    total = sum(counts.values(), Counter[str]())
    print(
        f"{n_files} files: {total['refused']} refused, {total['loaded']} loaded, no crash ({seconds} s)"
    )
    measured = {
        "files": n_files,
        "seed": arguments.seed,
        "outcomes": _both(total),
        "outcomes_by_kind": {kind: _both(found) for kind, found in counts.items()},
        "seconds": seconds,
    }
    finish("fuzz_model_files", record, measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
