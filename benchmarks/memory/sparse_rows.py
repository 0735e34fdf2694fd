"""Memory and time of wide sparse matrices, beside scikit-learn's BernoulliRBM.

Rows of a few stored values among thousands of columns: real values, or ones. What each call adds to the
resident memory of a fresh process, sampled every millisecond, and the least time of several calls, in
which both take turns. 4,000 x 200,000 values would take 3.2 GB as float32, 100 MB as bits. Linux only.
"""

import gc
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.neural_network import BernoulliRBM

from benchmarks.support.recording import finish, output_path, parser
from benchmarks.support.resident import Peak, status_mb
from udl_fast import RBM
from udl_fast.bench.table import markdown_table

BATCH_SIZE = 100


@dataclass(frozen=True)
class Case:
    """A matrix, what is done with it, and the memory it may take; quick forms have fewer columns."""

    work: str
    kind: str
    n_rows: int
    n_features: int
    stored_in_a_row: int
    n_components: int
    limit_mb: float
    repeats: int = 15

    def quick(self) -> "Case":
        """The same of a tenth of the columns."""
        return Case(
            self.work,
            self.kind,
            self.n_rows // 2,
            self.n_features // 10,
            self.stored_in_a_row,
            self.n_components,
            self.limit_mb,
            repeats=2,
        )


CASES = (
    Case("transform", "grey", 4_000, 200_000, 6, 2, 20),
    Case("transform", "bits", 4_000, 200_000, 6, 2, 20),
    Case("transform", "grey", 40_000, 50_000, 20, 2, 40),
    Case("score_samples", "grey", 1_000, 100_000, 50, 2, 20),
    Case("score_samples", "bits", 1_000, 100_000, 50, 2, 20),
    Case("fit", "grey", 1_000, 100_000, 50, 16, 120, repeats=3),
    Case("fit", "bits", 1_000, 100_000, 50, 16, 120, repeats=3),
)

WORK: dict[str, Callable[[Any, Any], Any]] = {
    "transform": lambda model, X: model.transform(X),
    "score_samples": lambda model, X: model.score_samples(X),
    "fit": lambda model, X: model.fit(X),
}


def matrix(case: Case) -> Any:
    """Random places; values in (0, 1], or ones."""
    n_stored = case.n_rows * case.stored_in_a_row
    generator = np.random.default_rng(0)
    columns = generator.integers(0, case.n_features, n_stored).astype(np.int32)
    values = 1 - generator.random(n_stored) if case.kind == "grey" else np.ones(n_stored)
    starts = np.arange(0, n_stored + 1, case.stored_in_a_row, dtype=np.int32)
    rows = sparse.csr_matrix((values, columns, starts), (case.n_rows, case.n_features))
    rows.sum_duplicates()
    np.minimum(rows.data, 1, out=rows.data)
    return rows


def added_mb(do: Callable[[], Any]) -> float:
    """The highest resident memory while a call runs, less that before."""
    gc.collect()
    before = status_mb("VmRSS")
    with Peak() as peak:
        do()
    return round(peak.highest - before, 1)


def seconds(do: Callable[[], Any]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def measure(case: Case) -> dict[str, Any]:
    """Both models at one case. To be called in a fresh process, whose heap holds nothing to use again."""
    X = matrix(case)
    settings = {"batch_size": BATCH_SIZE, "n_iter": 1, "random_state": 0}
    models = {
        "udl_fast": RBM(case.n_components, **settings),
        "sklearn": BernoulliRBM(case.n_components, **settings),
    }
    calls = {}
    for name, model in models.items():
        model.fit(X[:BATCH_SIZE])
        calls[name] = lambda model=model: WORK[case.work](model, X)
    added = {name: added_mb(call) for name, call in calls.items()}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(case.repeats):
        for name, call in calls.items():
            times[name].append(seconds(call))
    least = {name: min(found) for name, found in times.items()}
    return {
        "work": case.work,
        "kind": case.kind,
        "rows": case.n_rows,
        "features": case.n_features,
        "components": case.n_components,
        "stored_mb": round((X.data.nbytes + X.indices.nbytes + X.indptr.nbytes) / 1e6, 2),
        "limit_mb": case.limit_mb,
        "added_mb": added,
        "least_seconds": {name: float(f"{value:.3g}") for name, value in least.items()},
        "time_of_sklearn": round(least["udl_fast"] / least["sklearn"], 2),
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [
            found["work"],
            f"{found['rows']:,} x {found['features']:,} {found['kind']}",
            str(found["components"]),
            f"{found['stored_mb']:.1f} MB",
            f"{found['added_mb']['udl_fast']:.0f} MB",
            f"{found['added_mb']['sklearn']:.0f} MB",
            f"{1e3 * found['least_seconds']['udl_fast']:.3g} ms",
            f"{1e3 * found['least_seconds']['sklearn']:.3g} ms",
        ]
        for found in record["results"]
    ]
    header = ["call", "sparse rows", "hidden units", "stored", "memory added", "scikit-learn's"]
    header += ["time", "scikit-learn's"]
    return markdown_table(header, rows)


def main() -> int:
    """Measure, print, record; 1 if more memory was taken than allowed."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "sparse_rows")
    results = []
    for case in CASES:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
            found = fresh.submit(measure, case.quick() if arguments.quick else case).result()
        results.append(found)
        print(
            f"{found['work']:<13} {found['kind']:<4} {found['rows']:>6} x {found['features']:<6} "
            f"added {found['added_mb']['udl_fast']:6.1f} MB (limit {found['limit_mb']:g}; "
            f"sklearn {found['added_mb']['sklearn']:.1f})   "
            f"{1e3 * found['least_seconds']['udl_fast']:8.2f} ms "
            f"({found['time_of_sklearn']:.2f} x sklearn)",
            flush=True,
        )
    finish("sparse_rows", path, {"settings": {"batch_size": BATCH_SIZE}, "results": results})
    return 0 if all(r["added_mb"]["udl_fast"] <= r["limit_mb"] for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
