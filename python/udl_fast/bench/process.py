"""The harness's end of a contestant's process."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import worker

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "UDL_FAST_NUM_THREADS",
)
# A kernel forced on a peer's BLAS would handicap it; its results are checked before timing.
_DROPPED_VARIABLES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class ContestantError(RuntimeError):
    """A contestant failed or gave a wrong answer."""


class ContestantMissing(ContestantError):
    """The peer's library is not installed, or has no such form on this processor."""


class Contestant:
    """One implementation in a process of its own.

    Parameters
    ----------
    name : str
        As shown in tables.
    path : path-like
        Python file with the class.
    class_name : str
        The class, see `worker.py`.
    n_threads : int
        Threads it may use.

    Raises
    ------
    ContestantMissing
        If its library cannot be imported.
    ContestantError
        If it fails to start.
    """

    def __init__(self, name: str, path: str | Path, class_name: str, n_threads: int) -> None:
        self.name = name
        environment = {k: v for k, v in os.environ.items() if k not in _DROPPED_VARIABLES}
        environment.update(dict.fromkeys(_THREAD_VARIABLES, str(n_threads)))
        command = [sys.executable, worker.__file__, str(path), class_name, str(n_threads)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        try:
            self._answer()
        except ContestantError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def call(self, method: str, **arguments: Any) -> Any:
        """The contestant's answer to one command.

        Raises
        ------
        ContestantError
            If it raised or its process ended.
        """
        assert self._process.stdin is not None
        try:
            worker.send(self._process.stdin, (method, arguments))
        except BrokenPipeError:
            raise ContestantError(f"{self.name}: its process ended early") from None
        return self._answer()

    def seconds(self, n: int) -> float:
        """Wall-clock seconds that n units of work took, measured in the process itself."""
        return float(self.call("run", n=n))

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            # Closing flushes; there is nobody to read if the process is gone.
            with contextlib.suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        try:
            status, answer = worker.receive(self._process.stdout)
        except EOFError:
            code = self._process.wait()
            raise ContestantError(f"{self.name}: its process ended with code {code}") from None
        if status == "missing":
            raise ContestantMissing(f"{self.name}: {answer}")
        if status == "failed":
            raise ContestantError(f"{self.name}: {answer}")
        return answer


@dataclass
class Part:
    """One kind of work of a contestant, under a name of its own among all that take turns."""

    name: str
    contestant: Contestant
    arguments: Mapping[str, Any] = field(default_factory=dict)  # of its run()

    def seconds(self, n: int) -> float:
        """Wall-clock seconds that n units of this work took."""
        return float(self.contestant.call("run", n=n, **self.arguments))
