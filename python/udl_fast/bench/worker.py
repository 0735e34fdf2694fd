"""The process of one contestant: reads commands from a pipe, answers them, sleeps in between.

Run by path (`python worker.py FILE CLASS N_THREADS`), never imported by a contestant's process
through the package. A contestant is a class with

    __init__(n_threads)         imports the peer and sets its threads
    versions() -> dict          of the libraries that do the work
    check(**arrays) -> dict     a small computation whose answer the harness knows
    prepare(**arrays)           loads what is timed
    ready(n)                    optional: untimed, just before run(n)
    run(n, **part)              n units of work, of the named part where it has several

Messages are a length and a pickle; the two ends are one program, so pickle is no risk here.
"""

import importlib
import os
import pickle
import signal
import struct
import sys
import time
import types
from typing import IO, Any

_LENGTH = struct.Struct("<Q")


def send(stream: IO[bytes], message: Any) -> None:
    """Write one message."""
    content = pickle.dumps(message, protocol=5)
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read one message; EOFError if the other end is gone."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        raise EOFError
    content = stream.read(_LENGTH.unpack(header)[0])
    return pickle.loads(content)


def load_class(path: str, name: str) -> Any:
    """The class `name` of the Python file `path`, which may import files of its folder (`from .`) and of the
    folder above (`from ..`)."""
    folder, file = os.path.split(os.path.abspath(path))
    room = f"contestants.{os.path.basename(folder)}"
    _package("contestants", os.path.dirname(folder))
    _package(room, folder)
    module = importlib.import_module(f"{room}.{os.path.splitext(file)[0]}")
    return getattr(module, name)


def _package(name: str, folder: str) -> None:
    """Make a folder known as a package, whose own code does not run."""
    package = types.ModuleType(name)
    package.__path__ = [folder]
    sys.modules[name] = package


def timed_run(contestant: Any, n: int, **part: str) -> float:
    """Seconds that n units take."""
    if hasattr(contestant, "ready"):
        contestant.ready(n)
    start = time.perf_counter()
    contestant.run(n, **part)
    return time.perf_counter() - start


def serve(contestant: Any, commands: IO[bytes], answers: IO[bytes]) -> None:
    """Answer commands until the pipe closes. A failure is an answer, not the end."""
    while True:
        try:
            name, arguments = receive(commands)
        except EOFError:
            return
        try:
            if name == "run":
                answer = timed_run(contestant, **arguments)
            else:
                answer = getattr(contestant, name)(**arguments)
            send(answers, ("done", answer))
        except Exception as error:
            send(answers, ("failed", f"{type(error).__name__}: {error}"))


def main() -> None:
    """Serve the contestant named on the command line."""
    # Prints of a peer go to stderr: stdout is the pipe of answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.path[0:1] = []  # this folder: its file names would hide modules of the peers
    path, name, n_threads = sys.argv[1:]
    try:
        contestant = load_class(path, name)(int(n_threads))
    except ImportError as error:
        send(answers, ("missing", str(error)))
        return
    except Exception as error:
        send(answers, ("failed", f"{type(error).__name__}: {error}"))
        return
    send(answers, ("done", None))
    serve(contestant, sys.stdin.buffer, answers)


if __name__ == "__main__":
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # Ctrl-C reaches all processes; the harness tells of it
    main()
