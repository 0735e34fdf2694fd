"""Rates of the product and activation kernels on one thread, beside what multiply-adds could reach.

Compiles kernel_rates.cpp with the kernel file of each CPU target this machine runs (the compiler is
$CXX or c++) and records Gflop/s counted as if the bits were floats in a dense product.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from recording import FOLDER, finish, output_path, parser
from udl_fast import _core

CSRC = FOLDER.parent / "csrc"
_AVX2 = ["-mavx2", "-mfma", "-mbmi", "-mbmi2", "-mpopcnt", "-mlzcnt"]
_AVX512 = [f"-mavx512{part}" for part in ("f", "bw", "dq", "vl", "vbmi", "vpopcntdq")]
_AVX512 += ["-mprefer-vector-width=512"]
FLAGS = {"baseline": [], "avx2": _AVX2, "avx512": [*_AVX2, *_AVX512]}


def rates(target: str, folder: Path, quick: bool) -> dict[str, Any]:
    """Compile and run the program for one target."""
    program = folder / target
    compiler = os.environ.get("CXX", "c++")
    options = ["-std=c++17", "-O3", "-ffp-contract=off", "-w", f"-I{CSRC}", *FLAGS[target]]
    macros = [f"-DUDL_TARGET={target}", f"-DUDL_TARGET_{target.upper()}=1"]
    sources = [FOLDER / "kernel_rates.cpp", CSRC / "kernels/cpu/rbm.cpp"]
    subprocess.run([compiler, *options, *macros, *sources, "-o", program], check=True)
    arguments = ["quick"] if quick else []
    output = subprocess.run([program, *arguments], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(output.stdout)
    return found


def main() -> int:
    """Measure, print, record."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "kernel_rates")
    targets: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for target in _core.available_targets():
            targets[target] = rates(target, Path(folder), arguments.quick)
            print(f"{target}: multiply-adds {targets[target]['multiply_add_gflops']:.0f} Gflop/s")
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
