"""Decoded code that waits for the next launch of its kernel, by whichever device that is.

A test has a device of its own, so that nothing is left over from another; to decode a kernel takes
longer than most launches do.
"""

from collections import OrderedDict

from ..batch.frame import Shape
from ..code.parse import Function
from .machine import Machine

MAX_BYTES = 1 << 29  # of registers and shared memory
Key = tuple[Function, Shape, tuple[tuple[str, int], ...]]


class Kept:
    """Machines that are not at work: who launches takes one away and gives it back afterwards."""

    def __init__(self) -> None:
        self._machines: OrderedDict[Key, tuple[Machine, int]] = OrderedDict()
        self._bytes = 0

    def take(self, key: Key) -> Machine | None:
        """A machine of this kernel, shape and addresses of variables, or None."""
        machine, n_bytes = self._machines.pop(key, (None, 0))
        self._bytes -= n_bytes
        return machine

    def give(self, key: Key, machine: Machine) -> None:
        """Keep a machine, and forget those that nobody wanted for longest if they take too much."""
        machine.frame.detach()
        n_bytes = machine.frame.n_bytes()
        _, former = self._machines.pop(key, (None, 0))
        self._machines[key] = machine, n_bytes
        self._bytes += n_bytes - former
        while self._bytes > MAX_BYTES:
            _, (_, n_bytes) = self._machines.popitem(last=False)
            self._bytes -= n_bytes


KEPT = Kept()
