"""`udl-fast datasets`: which data sets are at hand, and downloads of those that are not."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..estimator.parameters import meant
from .shared.outputs import print_json, text_stream


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """One subcommand to list, one to fetch."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, action, help_text in (
        ("list", _list, "show every data set and whether its files are at hand"),
        ("fetch", _fetch, "download a data set's files; each is checked by its sha256"),
    ):
        command = actions.add_parser(name, help=help_text, description=help_text)
        if action is _fetch:
            command.add_argument(
                "names", nargs="+", type=_name, metavar="NAME", help="as `list` shows it"
            )
        command.add_argument(
            "--data-home",
            type=Path,
            metavar="FOLDER",
            help="folder of the data sets (default: UDL_FAST_DATA, else the user's cache folder)",
        )
        command.add_argument("--json", action="store_true", help="print JSON")
        command.set_defaults(action=action)


def run(arguments: argparse.Namespace) -> int:
    """List or fetch; returns the exit code."""
    code: int = arguments.action(arguments)
    return code


def _name(text: str) -> str:
    from ..datasets._sources import SOURCES

    if text not in SOURCES:
        raise argparse.ArgumentTypeError(
            f"must be one of {', '.join(SOURCES)}, got {text!r}{meant(text, SOURCES)}"
        )
    return text


def _list(arguments: argparse.Namespace) -> int:
    from ..datasets._files import find_file
    from ..datasets._sources import SOURCES

    sets: dict[str, Any] = {}
    for name, source in SOURCES.items():
        present = sum(find_file(file, arguments.data_home) is not None for file in source.files)
        sets[name] = {
            "loader": source.loader,
            "subsets": list(source.subsets),
            "files": len(source.files),
            "present": present,
            "download": bool(source.downloads),
        }
    if arguments.json:
        print_json(sets)
    else:
        print("\n".join(_line(name, found) for name, found in sets.items()))
    return 0


def _line(name: str, found: dict[str, Any]) -> str:
    here = f"{found['present']} of {found['files']} files here"
    download = "" if found["download"] else "no download"
    return f"{name:<20} {here:<22}{download:<13}{', '.join(found['subsets'])}".rstrip()


def _fetch(arguments: argparse.Namespace) -> int:
    from ..datasets import fetch

    words = text_stream(arguments.json)
    files: dict[str, list[str]] = {}
    for name in arguments.names:
        files[name] = [str(path) for path in fetch(name, data_home=arguments.data_home)]
        print(f"{name}: " + "\n  ".join(["at hand and checked", *files[name]]), file=words)
    if arguments.json:
        print_json(files)
    return 0
