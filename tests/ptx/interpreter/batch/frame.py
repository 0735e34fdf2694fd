"""A batch of blocks of one launch: their registers, special registers and memories, and decoded code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..code.parse import Function, Instruction, Variable
from ..errors import Fault, PtxError, UnknownOperationError
from ..kinds import TYPES, UNITS
from ..memory.device import DeviceMemory
from ..memory.shared import BASE as SHARED
from ..memory.shared import SharedMemory
from .group import WARP, Group

if TYPE_CHECKING:
    from ..operations.asynchronous import Flight
    from .races import Races
    from .spaces import Spaces

PARAMETERS = 0x0100_0000_0000  # addresses of kernel parameters
LOCAL = 0x0200_0000_0000  # generic addresses of a thread's own memory
SHARED_WINDOW = 0x0300_0000_0000  # generic address of shared-space address 0
NOWHERE = DeviceMemory(0)
Dimensions = tuple[int, int, int]


@dataclass(frozen=True)
class Shape:
    """What decoded code depends on."""

    block: Dimensions
    n_blocks: int  # of a batch
    shared_bytes: int  # dynamic


@dataclass(frozen=True)
class Symbols:
    """Variables of a module: addresses of those in device memory, and those in shared memory."""

    addresses: dict[str, int]
    shared: list[Variable]


class Frame:
    """Registers of every thread of a batch as arrays, one element a thread.

    A block has a whole number of warps here; threads that fill its last one have exited before
    they begin. Thread ``t`` of the batch's block ``b`` is lane ``b * lanes_per_block + t``.
    """

    def __init__(
        self, function: Function, shape: Shape, memory: DeviceMemory, symbols: Symbols
    ) -> None:
        self.function, self.shape, self.memory = function, shape, memory
        x, y, z = shape.block
        self.threads = x * y * z
        self.lanes_per_block = -(-self.threads // WARP) * WARP
        self.n_lanes = self.lanes_per_block * shape.n_blocks
        lane = np.arange(self.n_lanes)
        self.thread_of_lane = lane % self.lanes_per_block
        self.block_of_lane = lane // self.lanes_per_block
        self._storage: dict[str, np.ndarray] = {}
        self._special: dict[str, np.ndarray] = self._fixed_registers()
        self.symbols, shared_size, local_size = self._place(symbols)
        self.shared = SharedMemory(
            shape.n_blocks, shared_size, self.block_of_lane, self.thread_of_lane // WARP
        )
        self.local = np.zeros((self.n_lanes, -(-local_size // 16) * 16), np.uint8)
        self.parameters = np.zeros(-(-function.parameter_size // 16) * 16 + 16, np.uint8)
        self.live = np.zeros(self.n_lanes, bool)  # threads that have not exited
        self.n_live = 0
        self.group = Group(self.live)
        self.where: np.ndarray | bool = True
        self.flight: Flight | None = None
        self.races: Races | None = None
        self.spaces: Spaces  # set by who makes the frame
        self.on_start: list[Callable[[], None]] = []

    def _fixed_registers(self) -> dict[str, np.ndarray]:
        x, y, _ = self.shape.block
        t, n = self.thread_of_lane, self.n_lanes
        lane = (t % WARP).astype(np.uint64)
        one = np.uint64(1)
        below = (one << lane) - one
        registers = {
            "%tid.x": t % x,
            "%tid.y": t // x % y,
            "%tid.z": t // (x * y),
            "%laneid": lane,
            "%warpid": t // WARP,
            "%lanemask_lt": below,
            "%lanemask_le": below | one << lane,
            "%lanemask_eq": one << lane,
            "%lanemask_ge": ~below,
            "%lanemask_gt": ~(below | one << lane),
        }
        constant = {f"%ntid.{d}": self.shape.block[i] for i, d in enumerate("xyz")}
        constant |= {"%nwarpid": self.lanes_per_block // WARP, "%smid": 0, "%nsmid": 132}
        constant["%dynamic_smem_size"] = self.shape.shared_bytes
        registers |= {name: np.full(n, value) for name, value in constant.items()}
        arrays = {name: value.astype(np.uint32) for name, value in registers.items()}
        for d in "xyz":  # filled for each batch
            arrays[f"%ctaid.{d}"] = np.zeros(n, np.uint32)
            arrays[f"%nctaid.{d}"] = np.zeros(n, np.uint32)
        return arrays

    def _place(self, symbols: Symbols) -> tuple[dict[str, int], int, int]:
        """Addresses of what the kernel names; dynamic shared memory lies behind the static."""
        placed = {name: PARAMETERS + at for name, (at, _) in self.function.parameters.items()}
        placed |= symbols.addresses
        used = self.function.names
        outside = [v for v in symbols.shared if v.name in used]
        ends = {"shared": SHARED, "local": LOCAL}
        # Of size 0 is what begins where dynamic shared memory does.
        for v in sorted((*self.function.variables.values(), *outside), key=lambda v: v.size == 0):
            at = -(-ends[v.space] // v.align) * v.align
            placed[v.name], ends[v.space] = at, at + v.size
        return placed, ends["shared"] - SHARED + self.shape.shared_bytes, ends["local"] - LOCAL

    # ---- registers ----
    def register(self, name: str, dtype: np.dtype | None = None) -> np.ndarray:
        """A register as ``dtype``, or with its own bits unsigned; a KeyError where there is none."""
        array = self._storage.get(name)
        if array is None:
            kind = TYPES[self.function.registers[name]]
            unit = kind if kind.kind == "b" else UNITS[kind.itemsize]
            array = self._storage[name] = np.zeros(self.n_lanes, unit)
        return array if dtype is None or dtype == array.dtype else array.view(dtype)

    def is_register(self, name: str) -> bool:
        """Whether the kernel declares the register."""
        return name in self.function.registers

    def special(self, name: str) -> np.ndarray | None:
        """A special register as 32 bits, or None."""
        return self._special.get(name)

    def attach(self, memory: DeviceMemory, races: Races | None) -> None:
        """Work on the memory of a device; its variables lie where the frame was made for."""
        self.memory, self.races = memory, races

    def detach(self) -> None:
        """Hold the memory of no device."""
        self.attach(NOWHERE, None)

    def n_bytes(self) -> int:
        """What registers of decoded code take, and shared memory with the notes of each byte."""
        registers = sum(array.nbytes for array in self._storage.values())
        return registers + self.local.nbytes + 12 * self.shared.bytes.nbytes

    # ---- a batch ----
    def start(self, grid: Dimensions, blocks: np.ndarray, arguments: bytes) -> None:
        """Begin with the blocks of these numbers, in the order of x, then y, then z."""
        self.number_of_block = np.zeros(self.shape.n_blocks, np.int64)
        self.number_of_block[: len(blocks)] = blocks
        number = self.number_of_block[self.block_of_lane]
        x, y, _ = grid
        for d, value in zip("xyz", (number % x, number // x % y, number // (x * y)), strict=True):
            self._special[f"%ctaid.{d}"][:] = value
            self._special[f"%nctaid.{d}"][:] = grid["xyz".index(d)]
        self.parameters[: len(arguments)] = np.frombuffer(arguments, np.uint8)
        self.live[:] = (self.thread_of_lane < self.threads) & (self.block_of_lane < len(blocks))
        self.n_live = int(np.count_nonzero(self.live))
        self.shared.reset()
        for action in self.on_start:
            action()

    def enter(self, group: Group) -> None:
        """The threads that run from here on."""
        self.group = group
        # What exited threads hold nobody reads: where all others are here, registers need no mask.
        self.where = True if group.count == self.n_live else group.mask

    def leave(self, group: Group) -> None:
        """Threads exit."""
        self.live &= ~group.mask
        self.n_live -= group.count

    # ---- errors ----
    def error(self, instruction: Instruction, fault: Fault, address: int | None) -> PtxError:
        """A fault with its instruction, thread and address."""
        lane = int(self.group.lanes[fault.position]) if self.group.count else 0
        return self.refusal(fault.kind, instruction, lane, fault.text, address)

    def refusal(
        self,
        kind: type[PtxError],
        instruction: Instruction,
        lane: int,
        text: str,
        address: int | None = None,
    ) -> PtxError:
        """An error that names kernel, instruction, thread and, where there is one, address."""
        t, (x, y, _) = int(self.thread_of_lane[lane]), self.shape.block
        thread = (t % x, t // x % y, t // (x * y))
        block = tuple(int(self._special[f"%ctaid.{d}"][lane]) for d in "xyz")
        where = "" if address is None else f", address {address:#x}"
        return kind(
            f"{self.function.name}, line {instruction.line}: `{instruction.text}`: "
            f"thread {thread} of block {block}{where}: {text}"
        )

    def unknown(self, instruction: Instruction, why: str = "") -> UnknownOperationError:
        """An error that names an instruction which is not known."""
        return UnknownOperationError(
            f"{self.function.name}, line {instruction.line}: `{instruction.text}` is not known"
            f"{': ' + why if why else ''}"
        )
