"""A stream of a device whose work is done as late as it may be: what somebody forgot to wait for is not there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from .driver import Interpreter

_FIRST_HANDLE = 0xA000


class Streams:
    """All streams of one device: their memory is shared, their work is each their own."""

    def __init__(self, device: Interpreter) -> None:
        self.device = device
        self._handles = count(_FIRST_HANDLE)
        self._by_handle: dict[int, LateStream] = {}

    def new(self) -> LateStream:
        """Another one."""
        handle = next(self._handles)
        self._by_handle[handle] = LateStream(self, handle)
        return self._by_handle[handle]

    def of(self, handle: int) -> LateStream | None:
        """The one of this handle; None for those of nobody here."""
        return self._by_handle.get(handle)


class LateStream:
    """What `_cuda` asks of a device, on one stream. Work waits until somebody waits for it, or memory is freed."""

    def __init__(self, streams: Streams, handle: int) -> None:
        self._streams, self._device, self._handle = streams, streams.device, handle
        self._asked: list[Callable[[], object]] = []
        self._n_done = 0
        self._noted: list[Callable[[], object]] | None = None

    def ask(self, work: Callable[[], object]) -> None:
        """Work behind all that was asked for before; of a graph it is noted."""
        (self._asked if self._noted is None else self._noted).append(work)

    def finish(self, n: int | None = None) -> None:
        """Do what was asked for, or the first n parts of it."""
        while self._n_done < (len(self._asked) if n is None else n):
            self._n_done += 1
            self._asked[self._n_done - 1]()

    # ---- what is told at once ----
    def facts(self) -> tuple[str, int, int]:
        return self._device.facts()

    def allocate(self, n_bytes: int) -> int:
        return self._device.allocate(n_bytes)

    def stream(self) -> int:
        return self._handle

    def device_of(self, address: int) -> int:
        return self._device.device_of(address)

    # ---- work ----
    def copy_to_device(self, address: int, data: bytes) -> None:
        self.ask(lambda: self._device.copy_to_device(address, data))

    def copy_on_device(self, to: int, source: int, n_bytes: int) -> None:
        self.ask(lambda: self._device.copy_on_device(to, source, n_bytes))

    def fill(self, address: int, byte: int, n_bytes: int) -> None:
        self.ask(lambda: self._device.fill(address, byte, n_bytes))

    def launch(self, *arguments: object) -> None:
        self.ask(lambda: self._device.launch(*arguments))  # type: ignore[arg-type]

    def wait_for(self, stream: int) -> None:
        other = self._streams.of(stream)
        if other is not None:
            n_asked = len(other._asked)
            self.ask(lambda: other.finish(n_asked))

    # ---- graphs ----
    def begin_capture(self) -> None:
        self._noted = []

    def end_capture(self) -> list[Callable[[], object]]:
        assert self._noted is not None
        graph, self._noted = self._noted, None
        return graph

    def replay(self, graph: list[Callable[[], object]]) -> None:
        for work in graph:
            self.ask(work)

    # ---- where work is waited for ----
    def copy_to_host(self, address: int, n_bytes: int) -> bytes:
        self.finish()
        return self._device.copy_to_host(address, n_bytes)

    def synchronise(self) -> None:
        self.finish()

    def free(self, address: int) -> None:
        self.finish()
        self._device.free(address)
