"""A device for ``_cuda`` that is this interpreter: kernels run from their PTX, memory is NumPy's."""

from collections.abc import Callable
from pathlib import Path

from .batch.frame import Dimensions
from .memory.device import DeviceMemory
from .running.launch import Code

STREAM = 0x5EED  # of its work


class Interpreter:
    """What ``_cuda`` asks of a device (``csrc/bindings/cuda/callback_driver.h``).

    Parameters
    ----------
    paths : list of path
        PTX of the kernels.
    capacity : int
        Bytes of device memory.
    capability : int
        10 times the major number of the compute capability plus the minor one.
    order : {"forward", "backward"} or int
        In which order the blocks of a launch run; a number shuffles them.
    races : bool
        Refuse global memory that two blocks of a launch use without anything that orders them.

    Attributes
    ----------
    launches : list of str
        Names of the kernels that ran, in order.
    done : list
        The same, with ``("wait_for", stream)`` and ``"synchronise"`` where they came.
    copied : dict of str to int
        Bytes that were copied ``to_device``, and ``to_host``.
    """

    def __init__(
        self,
        paths: list[Path],
        capacity: int = 1 << 28,
        capability: int = 80,
        order: str | int = "forward",
        races: bool = True,
    ) -> None:
        self.memory = DeviceMemory(capacity)
        self.code = Code(paths, self.memory, order, races)
        self.capability = capability
        self.launches: list[str] = []
        self.copied = {"to_device": 0, "to_host": 0}
        self.done: list[str | tuple[str, int]] = []
        self._captured: list[Callable[[], None]] | None = None

    def facts(self) -> tuple[str, int, int]:
        """Name, compute capability and number of multiprocessors."""
        return "PTX interpreter", self.capability, 132

    # ---- memory ----
    def allocate(self, n_bytes: int) -> int:
        """Address of new memory, all of it unwritten."""
        return self.memory.allocate(n_bytes)

    def free(self, address: int) -> None:
        """Give memory back."""
        self.memory.free(address)

    def copy_to_device(self, address: int, data: bytes) -> None:
        """Write from the host."""
        self.copied["to_device"] += len(data)
        if data:
            self._do(lambda: self.memory.write(address, data))

    def copy_to_host(self, address: int, n_bytes: int) -> bytes:
        """Read to the host; bytes that nobody wrote are 0xA5."""
        self.copied["to_host"] += n_bytes
        return self.memory.read(address, n_bytes).tobytes() if n_bytes else b""

    def copy_on_device(self, to: int, source: int, n_bytes: int) -> None:
        """Copy within the device."""
        if n_bytes:
            self._do(lambda: self.memory.move(to, source, n_bytes))

    def fill(self, address: int, byte: int, n_bytes: int) -> None:
        """Set bytes."""
        if n_bytes:
            self._do(lambda: self.memory.fill(address, byte, n_bytes))

    # ---- work ----
    def launch(
        self,
        name: str,
        blocks: Dimensions,
        threads: Dimensions,
        shared_bytes: int,
        arguments: bytes,
    ) -> None:
        """Run a kernel; ``arguments`` are the bytes of its parameters."""

        def work() -> None:
            self.launches.append(name)
            self.done.append(name)
            self.code.launch(name, tuple(blocks), tuple(threads), shared_bytes, arguments)

        self._do(work)

    def synchronise(self) -> None:
        """Everything is done already."""
        self.done.append("synchronise")

    # ---- work and memory of others ----
    def stream(self) -> int:
        """A handle that is none of those with a meaning."""
        return STREAM

    def wait_for(self, stream: int) -> None:
        """Note whose work is waited for: it is done already."""
        self.done.append(("wait_for", stream))

    def device_of(self, address: int) -> int:
        """0 for its own memory."""
        return 0 if self.memory.holds(address) else -1

    # ---- graphs: a list of what was asked for ----
    def begin_capture(self) -> None:
        """From now on work is noted and not done."""
        self._captured = []

    def end_capture(self) -> list[Callable[[], None]]:
        """What was noted, as a graph."""
        assert self._captured is not None
        graph, self._captured = self._captured, None
        return graph

    def replay(self, graph: list[Callable[[], None]]) -> None:
        """Do what was noted."""
        for work in graph:
            work()

    def _do(self, work: Callable[[], None]) -> None:
        if self._captured is None:
            work()
        else:
            self._captured.append(work)
