"""What is asked of `udl-fast bench rbm`, from its command line and back."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from ..record import machine_class
from .cases import (
    CONTESTANTS,
    FAST,
    OURS,
    QUICK_IMAGE_SIZES,
    QUICK_SIZES,
    SIZES,
    SKLEARN_WORKLOADS,
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
