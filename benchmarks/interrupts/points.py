"""Interrupting a call at any of the points where Python raises what a signal's handler raises.

CPython looks for signals where a function begins, behind every call and where a loop jumps back. So a point is
the beginning of a function, the instruction behind a call, or a jump back. Behind calls of functions written
in Python there is a point here that CPython does not have: rather one too many.
"""

import contextlib
import dis
import functools
import inspect
import os
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import udl_fast

# Of which all points count: the library, and what runs its context managers.
_OWN = (os.path.dirname(udl_fast.__file__) + os.sep, contextlib.__file__)
_CALLS = ("CALL", "CALL_KW", "CALL_FUNCTION_EX")


@functools.cache
def _offsets(code: CodeType) -> frozenset[int]:
    """Where the instructions begin before which there is a point.

    A call that ends the body of a `with` or `try` statement by returning has none: what CPython raises behind it
    still belongs to the body, and what is raised here before the next instruction would not.
    """
    bytecode = dis.Bytecode(code)
    found, call = set(), None
    for instruction in bytecode:
        if "JUMP_BACKWARD" in instruction.opname:
            found.add(instruction.offset)
        if call is not None and _handler(bytecode, call) == _handler(bytecode, instruction.offset):
            found.add(instruction.offset)
        call = instruction.offset if instruction.opname in _CALLS else None
    return frozenset(found)


def _handler(bytecode: dis.Bytecode, offset: int) -> int | None:
    """Where an exception of this instruction is handled."""
    for entry in bytecode.exception_entries:
        if entry.start <= offset < entry.end:
            return int(entry.target)
    return None


class Interrupt:
    """Raises KeyboardInterrupt at one point of what runs in this scope.

    Parameters
    ----------
    number : int or None
        Of the point, from 1; None counts only.
    everywhere : bool, default=False
        Whether points in other packages and the standard library count too.
    """

    def __init__(self, number: int | None, *, everywhere: bool = False) -> None:
        self._number = number
        self._everywhere = everywhere
        self._generators: set[FrameType] = set()  # that were entered and have not gone on yet
        self.n_points = 0
        self.place = ""

    def __enter__(self) -> "Interrupt":
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self._before)
        self._generators.clear()

    @property
    def has_come(self) -> bool:
        return self._number is not None and self.n_points >= self._number

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if event == "call":
            if not self._everywhere and not code.co_filename.startswith(_OWN):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            if code.co_flags & inspect.CO_GENERATOR:  # it may go on within a try statement
                self._generators.add(frame)
            else:
                self._reach(frame)
        elif event == "opcode":
            if frame in self._generators:
                self._generators.discard(frame)
                self._reach(frame)
            elif frame.f_lasti in _offsets(code):
                self._reach(frame)
        return self._trace

    def _reach(self, frame: FrameType) -> None:
        self.n_points += 1
        if self.n_points == self._number:
            name = os.path.basename(frame.f_code.co_filename)
            self.place = f"{name}:{frame.f_lineno} {frame.f_code.co_name}"
            raise KeyboardInterrupt


def count_points(call: Callable[[], Any], *, everywhere: bool = False) -> int:
    """The points in a call."""
    with Interrupt(None, everywhere=everywhere) as interrupt:
        call()
    return interrupt.n_points


def interrupted(call: Callable[[], Any], number: int, *, everywhere: bool = False) -> Interrupt:
    """Make the call and interrupt it at a point. An error that the call raises itself is its own matter."""
    interrupt = Interrupt(number, everywhere=everywhere)
    with contextlib.suppress(Exception, KeyboardInterrupt), interrupt:
        call()
    return interrupt
