"""Microseconds of a CD-1 step on a GPU's tensor cores, at four sizes, in both precisions.

Before anything is timed a few updates are compared with the CPU's engine: one bit that differs ends
the run. What is written after every line is kept when the run is stopped.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from udl_fast import _core
from udl_fast.bench.record import check_writable, new_record, write_json
from udl_fast.runtime import get_num_threads

ROOT = Path(__file__).resolve().parents[2]
SIZES = [(784, 500, 100), (784, 1024, 512), (784, 4096, 1024), (3072, 8192, 1024)]
TINY = [(20, 9, 4)]
SETTINGS = {
    "algorithm": "cd",
    "k": 1,
    "learning_rate": 0.01,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "l1": 0.0,
    "sparsity_target": None,
    "sparsity_cost": 0.0,
    "sparsity_damping": 0.9,
    "statistics": "mean",
    "sample_visibles": True,
    "binarize_sample": False,
    "data_step": 0,
}
SEED = 1
CHECKED = 3  # minibatches


class Contest:
    """One size and precision on both engines."""

    def __init__(self, size: tuple[int, int, int], precision: str, driver: Any) -> None:
        from udl_fast import _cuda

        self.n_visible, n_hidden, self.batch = size
        self.rng = np.random.default_rng(0)
        weights = self.rng.normal(0, 0.05, (n_hidden, self.n_visible)).astype(np.float32)
        biases = np.zeros(n_hidden, np.float32), np.zeros(self.n_visible, np.float32)
        self.settings = {**SETTINGS, "batch_size": self.batch}
        self.cpu = _core.RbmEngine(self.n_visible, n_hidden, precision)
        self.gpu = _cuda.RbmEngine(self.n_visible, n_hidden, precision, driver=driver)
        self.gpu.set_training("tensor")
        for engine in (self.cpu, self.gpu):
            engine.set_parameters(weights, *biases)

    def rows(self, n_minibatches: int) -> _core.Rows:
        """Random bits."""
        n_bytes = -(-self.n_visible // 8)
        shape = n_minibatches * self.batch, n_bytes
        packed = self.rng.integers(0, 256, shape, dtype=np.uint8)
        packed[:, -1] &= 0xFF >> (-self.n_visible % 8)  # no bit beyond the last unit
        return _core.Rows.from_packed(packed, self.n_visible)

    def train(self, engine: _core.RbmEngine, rows: _core.Rows) -> float:
        """Seconds of a pass."""
        start = time.perf_counter()
        engine.train(rows, None, self.settings, SEED, 0, get_num_threads())
        return time.perf_counter() - start

    def check(self) -> None:
        """The bits of the CPU's engine."""
        rows = self.rows(CHECKED)
        for engine in (self.cpu, self.gpu):
            self.train(engine, rows)
        if not np.array_equal(self.gpu.weights(), self.cpu.weights()):
            raise SystemExit(
                f"weights differ from the CPU's: {self.cpu.n_visible}x{self.cpu.n_hidden}"
            )

    def microseconds(self, short: int, long: int, repeats: int) -> np.ndarray:
        """Of a step: what a long pass takes more than a short one, by the minibatches it has more."""
        rows = self.rows(short), self.rows(long)
        for each in rows:
            self.train(self.gpu, each)
        taken = [
            self.train(self.gpu, rows[1]) - self.train(self.gpu, rows[0]) for _ in range(repeats)
        ]
        return np.array(taken) / (long - short) * 1e6


def main() -> int:
    """Measure, print, record."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--output", type=Path, metavar="FILE", help="JSON file that is written")
    options.add_argument("--seconds", type=float, default=90, help="no line begins after that many")
    options.add_argument("--rehearse", action="store_true", help="without a GPU, interpreted, tiny")
    arguments = options.parse_args()
    if arguments.output is not None:
        check_writable(arguments.output)
    driver, card = None, arguments.rehearse and "interpreted"
    if arguments.rehearse:
        from tests.ptx.compile import compile_ptx, shipped
        from tests.ptx.driver import Interpreter

        driver = Interpreter([compile_ptx(path) for path in shipped()])
    else:
        from udl_fast import _cuda

        card = _cuda.status()
    record = {
        **new_record("gpu_learning", ["python", *sys.argv], ROOT),
        "card": card,
        "results": [],
    }
    start = time.monotonic()
    for size in TINY if arguments.rehearse else SIZES:
        for precision in ("fixed", "fast"):
            if time.monotonic() - start > arguments.seconds:
                return 0
            contest = Contest(size, precision, driver)
            contest.check()
            times = contest.microseconds(*((1, 2, 1) if arguments.rehearse else (16, 528, 7)))
            p10, median, p90 = np.percentile(times, [10, 50, 90]).round(2).tolist()
            name = "cd1_{}x{}_B{}".format(*size)
            line = {"name": name, "precision": precision, "p10": p10, "value": median, "p90": p90}
            print(line, flush=True)
            record["results"].append({**line, "unit": "us"})
            if arguments.output is not None:
                write_json(arguments.output, record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
