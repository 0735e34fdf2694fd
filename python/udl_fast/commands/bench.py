"""`udl-fast bench`: time this package against others."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..bench.hamming import benchmark as hamming
from ..bench.hamming.benchmark import PEERS as HAMMING_PEERS
from ..bench.hamming.benchmark import ROUNDS as HAMMING_ROUNDS
from ..bench.hamming.cases import CASES
from ..bench.rbm import benchmark as rbm
from ..bench.rbm.cases import DATA, SIZES, WORKLOADS, size_text
from ..bench.rbm.options import PEERS as RBM_PEERS
from ..bench.rbm.options import ROUNDS as RBM_ROUNDS
from .shared.options import positive_float, positive_int


def add_rbm_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `udl-fast bench rbm`."""
    parser.add_argument(
        "--workload",
        choices=list(WORKLOADS),
        nargs="+",
        default=["cd-1"],
        help="what is timed; several take turns (default cd-1)",
    )
    parser.add_argument(
        "--data",
        choices=DATA,
        nargs="+",
        default=["random"],
        help="rows: random bits, or MNIST, thresholded or grey, whose 784 pixels set the size",
    )
    parser.add_argument(
        "--ceilings",
        action="store_true",
        help="time the multiply-add peak, the load bound, single products (of PyTorch and NumPy, "
        "too) and epilogues in the same turns",
    )
    parser.add_argument(
        "--sizes",
        type=_size,
        nargs="+",
        metavar="B,V,H",
        help=f"batch, visible and hidden sizes (default: {' '.join(map(size_text, SIZES))})",
    )
    _add_common(
        parser, RBM_PEERS, rounds=RBM_ROUNDS, default_peers="those installed, one call a minibatch"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one tiny size and short samples: a trial of the tool, whose figures mean nothing",
    )


def add_hamming_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `udl-fast bench hamming`."""
    names = [case.name for case in CASES]
    parser.add_argument(
        "--cases",
        nargs="+",
        choices=names,
        metavar="NAME",
        help=f"which of: {', '.join(names)} (default: all)",
    )
    _add_common(parser, HAMMING_PEERS, rounds=HAMMING_ROUNDS, default_peers="those installed")
    parser.add_argument(
        "--quick", action="store_true", help="few codes and short samples: a trial of the tool"
    )


def _add_common(
    parser: argparse.ArgumentParser, peers: Sequence[str], *, rounds: int, default_peers: str
) -> None:
    parser.add_argument(
        "--rounds", type=positive_int, help=f"samples of each contestant (default {rounds})"
    )
    parser.add_argument(
        "--seconds", type=positive_float, help="aimed length of a sample (default 1)"
    )
    parser.add_argument(
        "--threads", type=positive_int, help="threads of each contestant (default: usable cores)"
    )
    parser.add_argument(
        "--peers",
        nargs="*",
        choices=peers,
        metavar="NAME",
        help=f"which of: {', '.join(peers)} (default: {default_peers})",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result as JSON")
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON instead of a table"
    )


def _size(text: str) -> tuple[int, int, int]:
    try:
        batch_size, n_visible, n_hidden = map(int, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected B,V,H such as 100,784,500, got {text!r}"
        ) from None
    if min(batch_size, n_visible, n_hidden) < 1:
        raise argparse.ArgumentTypeError(f"sizes must be >= 1, got {text!r}")
    return batch_size, n_visible, n_hidden


_BENCHMARKS = {
    "rbm": (rbm, add_rbm_arguments, "CD-1 training against scikit-learn and PyTorch"),
    "hamming": (hamming, add_hamming_arguments, "exact Hamming search against FAISS and usearch"),
}


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """One subcommand for each benchmark."""
    benchmarks = parser.add_subparsers(dest="benchmark", required=True, metavar="BENCHMARK")
    for name, (_module, add, help_text) in _BENCHMARKS.items():
        benchmark = benchmarks.add_parser(name, help=help_text, description=help_text)
        add(benchmark)


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark named on the command line."""
    module, _, _ = _BENCHMARKS[arguments.benchmark]
    code: int = module.run(arguments)
    return code
