"""Rates of the product and epilogue kernels on one thread, beside what bounds them, on every CPU target.

Gflop/s are counted as if the bits were floats in a dense product. `udl-fast bench rbm --ceilings`
times the same kernels in turns with whole steps and with PyTorch and NumPy.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import _core
from udl_fast.bench.rbm.ceilings import FLOP_OF_A_ROW, PRODUCTS

SHAPES = [(100, 784, 512), (512, 784, 1024), (1024, 784, 1024), (256, 3072, 1024)]
_BLOCKS = 30  # of a ceiling: about 100,000 rows of sixteen lanes


def best_seconds(run: Callable[[], None], repeats: int) -> float:
    """Shortest of so many runs: other load on the machine only makes a run longer."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def ceilings(repeats: int) -> dict[str, float]:
    """Gflop/s of multiply-adds, and of loads and additions as a product by tables uses them."""
    rows = _BLOCKS * _core.CEILING_BLOCK
    add = best_seconds(lambda: _core.run_multiply_adds(_BLOCKS, 1), repeats)
    load = best_seconds(lambda: _core.run_entry_additions(_BLOCKS, 1), repeats)
    return {
        "multiply_add_gflops": round(rows * FLOP_OF_A_ROW["multiply_adds"] / add * 1e-9, 1),
        "entry_addition_gflops": round(rows * FLOP_OF_A_ROW["entry_additions"] / load * 1e-9, 1),
    }


def shape_rates(rows: int, visible: int, hidden: int, repeats: int) -> dict[str, float]:
    """Products in Gflop/s and epilogues in ns a unit at one shape."""
    generator = np.random.RandomState(0)
    states = [generator.random_sample((rows, n)) < 0.3 for n in (visible, hidden)]
    weights = generator.normal(0, 0.05, (hidden, visible)).astype(np.float32)
    v, h = (_core.Rows.from_array(bits) for bits in states)
    found: dict[str, float] = {"rows": rows, "visible": visible, "hidden": hidden}

    def seconds(rates: _core.KernelRates, kernel: str) -> float:
        return best_seconds(lambda: rates.run(kernel, 1, 1), repeats)

    gigaflop = 2e-9 * rows * visible * hidden
    for mode, narrow in (("", False), ("fast_", True)):
        rates = _core.KernelRates(v, h, weights, narrow)
        for kernel in PRODUCTS:
            found[f"{mode}{kernel}_gflops"] = round(gigaflop / seconds(rates, kernel), 1)
    found["pair_counts_gflops"] = round(gigaflop / seconds(rates, "pair_counts"), 1)
    for kernel in ("sample", "sample_and_mean"):
        found[f"{kernel}_ns"] = round(seconds(rates, kernel) / (rows * hidden) * 1e9, 3)
    return found


def target_rates(target: str, quick: bool) -> dict[str, Any]:
    """Everything on one CPU target."""
    repeats = 2 if quick else 45
    _core.set_target(target)
    shapes = [(64, 64, 32)] if quick else SHAPES
    return {**ceilings(repeats), "shapes": [shape_rates(*shape, repeats) for shape in shapes]}


def main() -> int:
    """Measure, print, record."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "kernel_rates")
    targets: dict[str, Any] = {}
    for target in _core.available_targets():
        targets[target] = target_rates(target, arguments.quick)
        print(
            "{0}: multiply-adds {multiply_add_gflops:.0f}, loads and additions"
            " {entry_addition_gflops:.0f} Gflop/s".format(target, **targets[target])
        )
        for shape in targets[target]["shapes"]:
            print(
                "  {rows:5d} x {visible:4d} x {hidden:4d}: hidden {hidden_gflops:5.0f}, visible"
                " {visible_gflops:5.0f}, gradient {gradient_gflops:5.0f} Gflop/s;"
                " fast {fast_hidden_gflops:5.0f}, {fast_visible_gflops:5.0f},"
                " {fast_gradient_gflops:5.0f}; pairs {pair_counts_gflops:5.0f};"
                " sample {sample_ns:.2f}, with mean {sample_and_mean_ns:.2f} ns a unit".format(
                    **shape
                )
            )
    finish("kernel_rates", path, {"threads": 1, "targets": targets})
    return 0


if __name__ == "__main__":
    sys.exit(main())
