"""What is asked of `udl-fast bench rbm`, from its command line and back."""

import argparse
from dataclasses import dataclass

from .. import suite
from .cases import (
    CONTESTANTS,
    FAST,
    OURS,
    PYTORCH,
    QUICK_IMAGE_SIZES,
    QUICK_SIZES,
    SIZES,
    SKLEARN_WORKLOADS,
    Size,
    size_text,
)

PEERS = [name for name in CONTESTANTS if name not in (OURS, FAST)]
ROUNDS = 9


@dataclass
class Options(suite.Options):
    """What the command line says."""

    workloads: list[str]
    data: list[str]
    sizes: list[Size]
    ceilings: bool = False

    def words(self) -> list[str]:
        """The command line that asks for these options."""
        return [
            *(["--ceilings"] if self.ceilings else []),
            "--workload",
            *self.workloads,
            "--data",
            *self.data,
            "--sizes",
            *map(size_text, self.sizes),
            *super().words(),
        ]


def chosen(arguments: argparse.Namespace) -> Options:
    """What a parsed command line asks for."""
    return Options(
        workloads=arguments.workload,
        data=arguments.data,
        sizes=arguments.sizes or _default_sizes(arguments.data, arguments.quick),
        ceilings=arguments.ceilings,
        **suite.chosen(arguments, rounds=ROUNDS, peers=_default_peers(arguments.workload)),
    )


def _default_sizes(data: list[str], quick: bool) -> list[Size]:
    """Images need a size with their pixels; the others take any."""
    if not quick:
        return SIZES
    return QUICK_SIZES if data == ["random"] else QUICK_IMAGE_SIZES


def _default_peers(workloads: list[str]) -> list[str]:
    """Those that can do the work; whole calls of `fit` are timed only if named."""
    return ["sklearn", *PYTORCH] if set(workloads) & set(SKLEARN_WORKLOADS) else list(PYTORCH)
