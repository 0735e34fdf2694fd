"""The command line of `udl-fast bench rbm`."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from ...commands.shared.options import positive_float, positive_int
from ..record import machine_class
from .cases import (
    CONTESTANTS,
    DATA,
    FAST,
    OURS,
    QUICK_IMAGE_SIZES,
    QUICK_SIZES,
    SIZES,
    SKLEARN_WORKLOADS,
    WORKLOADS,
    Size,
    size_text,
)

PEERS = [name for name in CONTESTANTS if name not in (OURS, FAST)]


@dataclass
class Options:
    """What the command line says."""

    workloads: list[str]
    data: list[str]
    sizes: list[Size]
    rounds: int
    seconds: float
    threads: int
    peers: list[str]
    output: Path | None
    as_json: bool
    ceilings: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
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
    parser.add_argument(
        "--rounds", type=positive_int, help="samples of each contestant (default 9)"
    )
    parser.add_argument(
        "--seconds", type=positive_float, help="aimed length of a sample (default 1)"
    )
    parser.add_argument(
        "--threads",
        type=positive_int,
        help="threads of each contestant (default: usable cores)",
    )
    parser.add_argument(
        "--peers",
        nargs="*",
        choices=PEERS,
        metavar="NAME",
        help=f"which of: {', '.join(PEERS)} (default: those installed, one call a minibatch)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result as JSON")
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON instead of a table"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one tiny size and short samples: a trial of the tool, whose figures mean nothing",
    )


def chosen(arguments: argparse.Namespace) -> Options:
    """What a parsed command line asks for."""
    quick = arguments.quick
    return Options(
        workloads=arguments.workload,
        data=arguments.data,
        sizes=arguments.sizes or _default_sizes(arguments.data, quick),
        rounds=arguments.rounds or (2 if quick else 9),
        seconds=arguments.seconds or (0.02 if quick else 1.0),
        threads=arguments.threads or machine_class()["cores"],
        peers=(_default_peers(arguments.workload) if arguments.peers is None else arguments.peers),
        output=arguments.output,
        as_json=arguments.json,
        ceilings=arguments.ceilings,
    )


def _default_sizes(data: list[str], quick: bool) -> list[Size]:
    """Images need a size with their pixels; the others take any."""
    if not quick:
        return SIZES
    return QUICK_SIZES if data == ["random"] else QUICK_IMAGE_SIZES


def _default_peers(workloads: list[str]) -> list[str]:
    """Those that can do the work; whole calls of `fit` are timed only if named."""
    can = ["torch", "torch-rand"]
    return ["sklearn", *can] if set(workloads) & set(SKLEARN_WORKLOADS) else can


def command(options: Options) -> list[str]:
    """The command line that asks for these options."""
    return [
        *(["--ceilings"] if options.ceilings else []),
        "--workload",
        *options.workloads,
        "--data",
        *options.data,
        "--sizes",
        *map(size_text, options.sizes),
        "--rounds",
        str(options.rounds),
        "--seconds",
        f"{options.seconds:g}",
        "--threads",
        str(options.threads),
        "--peers",
        *options.peers,
    ]


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
