"""What bounds the machine and what single kernels reach, taking turns with whole steps.

The bound of a dense product is the multiply-add peak. A product of bits by tables loads and adds one
entry where the dense one multiplies and adds four times, and cores load as many vectors a clock as
they multiply and add: its bound is four times that peak (docs/kernels.md).
"""

import contextlib
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import suite
from ..harness import Timings, rounded
from ..process import Contestant, ContestantError, Part
from .cases import FAST, OURS, SEED, Size, product_case

Parts = dict[tuple[str, str], Part]  # by contestant and kernel
TIMES_THE_PEAK = 4  # the load-bound limit
PRODUCTS = ("hidden", "visible", "gradient")
# name: (file, class, kernels beside the products)
CONTESTANTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    OURS: ("products/udl_fast.py", "Products", ("sample", "sample_and_mean")),
    FAST: ("products/udl_fast.py", "FastProducts", ()),
    "torch": ("products/torch.py", "Products", ("bernoulli", "rand")),
    "numpy": ("products/numpy.py", "Products", ()),
}
_DENSE = ("dense_hidden", "dense_gradient")  # of ours, where the rows are grey
_LANES = 16
# What a row of sixteen lanes of a ceiling stands for.
FLOP_OF_A_ROW = {"multiply_adds": 2 * _LANES, "entry_additions": TIMES_THE_PEAK * 2 * _LANES}
_TOLERANCE = 1e-3  # of the sum of a product, relative to the sum of its terms' sizes


def start(threads: int, peers: Sequence[str], stack: contextlib.ExitStack) -> dict[str, Contestant]:
    """Processes for single kernels: ours, NumPy, and PyTorch where it is among the peers.

    Raises
    ------
    ContestantError
        If one fails, or multiplies wrongly.
    """
    found = {}
    for name, (file, class_name, _) in CONTESTANTS.items():
        if name == "torch" and not any(peer.startswith("torch") for peer in peers):
            continue
        contestant = Contestant(f"{name} products", suite.FOLDER / file, class_name, threads)
        found[name] = stack.enter_context(contestant)
        _check(contestant)
    return found


def prepared(contestants: Mapping[str, Contestant], case: dict[str, Any], data: str) -> Parts:
    """What takes turns, by contestant and kernel, for one timing case."""
    parts: Parts = {}
    states = product_case(case)
    for name, contestant in contestants.items():
        contestant.call("prepare", **states)
        kernels = [*PRODUCTS, *CONTESTANTS[name][2]]
        if name == OURS:
            kernels += [*FLOP_OF_A_ROW, *(_DENSE if data == "mnist-grey" else ())]
        for kernel in kernels:
            parts[name, kernel] = Part(f"{name}: {kernel}", contestant, {"part": kernel})
    return parts


def as_record(parts: Parts, timings: Timings, size: Size, data: str) -> dict[str, Any]:
    """Medians: Gflop/s of ceilings and products, ns a unit of epilogues, all threads together."""
    n_rows, n_visible, n_hidden = size
    record: dict[str, Any] = {"size": list(size), "data": data, "products": {}, "epilogues": {}}
    for kernel in FLOP_OF_A_ROW:
        record[f"{kernel}_gflops"] = rounded(statistics.median(_ceiling(parts, timings, kernel)))
    for (name, kernel), part in parts.items():
        if kernel in (*PRODUCTS, *_DENSE):
            gflops = timings.median(part.name) * 2e-9 * n_rows * n_visible * n_hidden
            record["products"].setdefault(name, {})[kernel] = rounded(gflops)
        elif kernel not in FLOP_OF_A_ROW:
            nanoseconds = 1e9 / (timings.median(part.name) * n_rows * n_hidden)
            record["epilogues"].setdefault(name, {})[kernel] = rounded(nanoseconds)
    return record


def share_of_limit(parts: Parts, timings: Timings, gflops: Sequence[float]) -> float:
    """Median over the rounds of a rate divided by the load-bound limit of the same round."""
    peaks = _ceiling(parts, timings, "multiply_adds")
    shares = [g / (TIMES_THE_PEAK * peak) for g, peak in zip(gflops, peaks, strict=True)]
    return rounded(statistics.median(shares))


def _ceiling(parts: Parts, timings: Timings, kernel: str) -> list[float]:
    """Gflop/s of each round."""
    part = parts[OURS, kernel]
    rows = part.contestant.call("rows_of_a_ceiling")
    return [rate * rows * FLOP_OF_A_ROW[kernel] * 1e-9 for rate in timings.rates[part.name]]


def _check(contestant: Contestant) -> None:
    """Compare the sums of products with NumPy's in float64."""
    generator = np.random.RandomState(SEED)
    v, h = (generator.randint(0, 2, (50, n)).astype(np.uint8) for n in (70, 48))
    w = generator.normal(0.1, 0.05, (48, 70)).astype(np.float32)
    expected = {"hidden": _sum(v, w.T), "visible": _sum(h, w), "gradient": _sum(h.T, v)}
    found = contestant.call("check", visible=v, hidden=h, weights=w)
    for kernel, value in found.items():
        if not abs(value - expected[kernel]) <= _TOLERANCE * abs(expected[kernel]):
            raise ContestantError(
                f"{contestant.name}: {kernel} adds up to {value:g}, expected {expected[kernel]:g}"
            )


def _sum(left: NDArray[Any], right: NDArray[Any]) -> float:
    return float((left.astype(np.float64) @ right.astype(np.float64)).sum())
