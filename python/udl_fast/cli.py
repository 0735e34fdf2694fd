"""The command `udl-fast`: a table of commands, exit codes and errors without tracebacks.

Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong usage, 143 ended by SIGTERM.
"""

import argparse
import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from .commands.shared.interrupts import exit_code, sigterm_interrupts
from .commands.shared.parser import Parser


class _Command(NamedTuple):
    module: str  # below `commands`, with `add_arguments` and `run`; imported if it is chosen
    help: str


_COMMANDS = {
    "info": _Command(
        "info", "show version, CPU kernels, threads, CUDA status, libraries and data folders"
    ),
    "datasets": _Command("datasets", "list the data sets, or download one"),
    "demo": _Command(
        "demo.command", "train an RBM on digits or MNIST, compare with scikit-learn, write pictures"
    ),
    "train": _Command(
        "train", "train a model on a data set or file; save it, its history and pictures"
    ),
    "transform": _Command(
        "transform", "write hidden values of a data set or file under a saved model"
    ),
    "reconstruct": _Command(
        "reconstruct", "write what a saved model makes of a data set or file: to its code and back"
    ),
    "score": _Command("score", "print how likely a data set or file is under a saved model"),
    "sample": _Command("sample", "draw samples from a saved model"),
    "encode": _Command(
        "encode",
        "write binary codes of a data set or file under a saved model, packed or as an index",
    ),
    "search": _Command(
        "search", "exact Hamming search of queries among the codes of an index or file"
    ),
    "bench": _Command("bench", "time this package against others on this machine"),
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
        The exit code: 0, 1 or, after SIGTERM, 143. Wrong usage leaves through SystemExit(2), as argparse does.
    """
    words = sys.argv[1:] if argv is None else argv
    with _open_streams():
        try:
            with sigterm_interrupts():
                return _run(words)
        except KeyboardInterrupt as interrupt:
            print("\nudl-fast: interrupted", file=sys.stderr)
            return exit_code(interrupt)


def _run(words: Sequence[str]) -> int:
    arguments = _parser(words).parse_args(words)
    in_options = getattr(arguments, "in_options", str)

    def show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
        """Without the place in our sources, which tells a user of the command nothing."""
        print(f"warning: {in_options(str(message))}", file=sys.stderr)

    try:
        with warnings.catch_warnings():
            warnings.showwarning = show_warning
            code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader has gone (as with `| head`); keep the interpreter's last flush from failing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if arguments.debug:
            raise
        print(f"udl-fast {arguments.command}: error: {in_options(_reason(error))}", file=sys.stderr)
        return 1


@contextlib.contextmanager
def _open_streams() -> Iterator[None]:
    """A stream that the caller has closed (`>&-`) takes words and drops them; Python has None for it, and
    what is printed to None goes to the other one."""
    with contextlib.ExitStack() as replaced:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:
                nowhere = replaced.enter_context(open(os.devnull, "w"))
                setattr(sys, name, nowhere)
                replaced.callback(setattr, sys, name, None)
        yield


class _ShowVersion(argparse.Action):
    """As argparse's own, but the version is looked up only here."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from . import __version__

        print(f"udl-fast {__version__}")
        parser.exit()


def _chosen(words: Sequence[str]) -> str | None:
    """The command: the first word that is no option, as no option before it takes a value."""
    return next((word for word in words if not word.startswith("-")), None)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Names and helps of all commands, and the options of the one that the words choose."""
    chosen = _chosen(words)
    parser = Parser(
        prog="udl-fast", description="Fast unsupervised deep learning: RBMs, codes, Hamming search."
    )
    parser.add_argument(
        "--debug", action="store_true", help="show the traceback when something fails"
    )
    parser.add_argument(
        "--version",
        action=_ShowVersion,
        nargs=0,
        default=argparse.SUPPRESS,
        help="show the version",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, help_text) in _COMMANDS.items():
        command = commands.add_parser(name, help=help_text, description=help_text)
        if name == chosen:
            found = import_module(f".commands.{module}", __package__)
            found.add_arguments(command, words)
            command.set_defaults(run=found.run, usage_error=command.error)
    return parser


def _reason(error: Exception) -> str:
    """The message; with the kind of error where the message alone may say little."""
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, ValueError | OSError | ImportError | RuntimeError) and text:
        return text
    kind = type(error).__name__
    return f"{': '.join(filter(None, [kind, text]))} (--debug before the command shows where)"
