"""`udl-fast info`: what this installation is and can use here."""

import argparse
from collections.abc import Sequence
from importlib import metadata
from typing import Any

_OPTIONAL_LIBRARIES = ("matplotlib", "torch")


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """The options of this command."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print what is known."""
    found = collect()
    if arguments.json:
        from .shared.outputs import print_json

        print_json(found)
    else:
        print(as_text(found))
    return 0


def collect() -> dict[str, Any]:
    """Everything `info` tells, as plain values."""
    from ..datasets._files import DATA_VARIABLE, search_folders
    from ..runtime import show_config

    return {
        **(show_config(as_dict=True) or {}),
        **{name: _version(name) for name in _OPTIONAL_LIBRARIES},
        "blas": _blas(),
        "data_variable": DATA_VARIABLE,
        "data_folders": [
            f"{folder} ({'exists' if folder.is_dir() else 'absent'})"
            for folder in search_folders(None)
        ],
    }


def as_text(found: dict[str, Any]) -> str:
    """One line a fact, names aligned."""
    width = max(map(len, found))
    return "\n".join(
        f"{name.replace('_', ' '):<{width}}  {_text(value)}" for name, value in found.items()
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _blas() -> list[str]:
    """The BLAS libraries that come with NumPy; SciPy's own is loaded by whoever computes with it."""
    import numpy  # noqa: F401  loads them
    from threadpoolctl import threadpool_info

    return [
        f"{pool['internal_api']} {pool['version']} ({pool['num_threads']} threads, NumPy's)"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
