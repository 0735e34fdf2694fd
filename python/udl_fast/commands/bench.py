"""`udl-fast bench`: time this package against others."""

import argparse

from ..bench.hamming import benchmark as hamming
from ..bench.rbm import benchmark as rbm

HELP = "time this package against others on this machine"
_BENCHMARKS = {
    "rbm": (rbm, "CD-1 training against scikit-learn and PyTorch"),
    "hamming": (hamming, "exact Hamming search against FAISS and usearch"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand for each benchmark."""
    benchmarks = parser.add_subparsers(dest="benchmark", required=True, metavar="BENCHMARK")
    for name, (module, help_text) in _BENCHMARKS.items():
        benchmark = benchmarks.add_parser(name, help=help_text, description=help_text)
        module.add_arguments(benchmark)


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark named on the command line."""
    module, _ = _BENCHMARKS[arguments.benchmark]
    code: int = module.run(arguments)
    return code
