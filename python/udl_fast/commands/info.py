"""`udl-fast info`: what this installation is and can use here."""

import argparse
from typing import Any

HELP = "show version, CPU kernels, threads, CUDA status, libraries and data folders"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print what is known."""
    found = collect()
    if arguments.json:
        from ._output import print_json

        print_json(found)
    else:
        print(as_text(found))
    return 0


def collect() -> dict[str, Any]:
    """Everything `info` tells, as plain values."""
    from threadpoolctl import threadpool_info

    import udl_fast

    from ..bench.record import machine_class, versions
    from ..datasets._files import DATA_VARIABLE, search_folders

    # NumPy's BLAS is what scikit-learn would compute with here.
    blas = [
        f"{pool['internal_api']} {pool['version']}, {pool['num_threads']} threads"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]
    return {
        **udl_fast.show_config(),
        "machine": machine_class(),
        "libraries": versions(),
        "blas": blas,
        "data_folders": [
            f"{folder} ({'exists' if folder.is_dir() else 'absent'})"
            for folder in search_folders(None)
        ],
        "data_variable": DATA_VARIABLE,
    }


def as_text(found: dict[str, Any]) -> str:
    """One line a fact, names aligned."""
    width = max(map(len, found))
    return "\n".join(
        f"{name.replace('_', ' '):<{width}}  {_value(value)}" for name, value in found.items()
    )


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)
