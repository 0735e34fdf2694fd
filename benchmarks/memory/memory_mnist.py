"""Resident memory that training an RBM on 60,000 x 784 0/1 bytes adds.

Measured against this process after it has imported the package and loaded the array: the highest
resident size during training, sampled every millisecond and as kept by Linux itself, less the size
before. Linux only.
"""

import gc
import sys
from typing import Any

import numpy as np

from benchmarks.support.recording import finish, output_path, parser
from benchmarks.support.resident import Peak, status_mb
from udl_fast import RBM
from udl_fast.bench.table import markdown_table
from udl_fast.datasets import load_mnist

LIMIT_MB = 120


def training_rows(quick: bool) -> tuple[np.ndarray, str]:
    """The array and what it is; random bits of the same size where MNIST is not needed."""
    if quick:
        generator = np.random.default_rng(0)
        return (generator.random((60000, 784), np.float32) < 0.13).astype(np.uint8), "random bits"
    return load_mnist(binary=0.5, dtype=np.uint8).data, "MNIST, thresholded at 0.5"


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        ["before training", f"{record['before_mb']:.0f} MB"],
        ["highest while training", f"{record['highest_mb']:.0f} MB"],
        ["added by training", f"{record['added_mb']:.0f} MB"],
    ]
    return markdown_table([record["data"], "resident memory"], rows)


def main() -> int:
    """Measure, print, record; 1 if the limit is passed."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "memory_mnist")
    rows, data = training_rows(arguments.quick)
    n_components, n_iter = (32, 1) if arguments.quick else (500, 3)
    model = RBM(n_components, n_iter=n_iter, batch_size=100, random_state=0)
    gc.collect()
    before = status_mb("VmRSS")
    with Peak() as peak:
        model.fit(rows)
    added = peak.highest - before
    print(f"before training   {before:8.1f} MB (array {rows.nbytes / 1e6:.1f} MB: {data})")
    print(f"highest           {peak.highest:8.1f} MB")
    print(f"added by training {added:8.1f} MB (limit {LIMIT_MB} MB)")
    measured = {
        "data": data,
        "n_components": n_components,
        "n_iter": n_iter,
        "array_mb": round(rows.nbytes / 1e6, 1),
        "before_mb": round(before, 1),
        "highest_mb": round(peak.highest, 1),
        "added_mb": round(added, 1),
        "limit_mb": LIMIT_MB,
    }
    finish("memory_mnist", path, measured)
    return 0 if added <= LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
