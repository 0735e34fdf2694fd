"""The command `udl-fast`: a table of commands, exit codes and errors without tracebacks.

Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong usage.
"""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from .commands import bench, datasets, encode, info, sample, search, train, transform
from .commands.demo import command as demo

_COMMANDS = {
    "info": info,
    "datasets": datasets,
    "demo": demo,
    "train": train,
    "transform": transform,
    "sample": sample,
    "encode": encode,
    "search": search,
    "bench": bench,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments; None takes those of the process.

    Returns
    -------
    int
        The exit code, 0 or 1. Wrong usage leaves through SystemExit(2), as argparse does.
    """
    arguments = _parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("\nudl-fast: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader has gone (as with `| head`); keep the interpreter's last flush from failing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if arguments.debug:
            raise
        print(f"udl-fast {arguments.command}: error: {_reason(error)}", file=sys.stderr)
        return 1


class _Parser(argparse.ArgumentParser):
    """Options are written out, so that new ones never change what a command line means."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="udl-fast", description="Fast unsupervised deep learning: RBMs, codes, Hamming search."
    )
    parser.add_argument(
        "--debug", action="store_true", help="show the traceback when something fails"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run, usage_error=command.error)
    return parser


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Without the place in our sources, which tells a user of the command nothing."""
    print(f"warning: {message}", file=sys.stderr)


def _reason(error: Exception) -> str:
    """The message; with the kind of error where the message alone may say little."""
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, ValueError | OSError | ImportError | RuntimeError) and text:
        return text
    kind = type(error).__name__
    return f"{': '.join(filter(None, [kind, text]))} (--debug before the command shows where)"
