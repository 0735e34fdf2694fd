"""A loaded module: launches of its kernels, in batches of blocks."""

from math import prod
from pathlib import Path

import numpy as np

from ..batch.frame import Dimensions, Frame, Shape, Symbols
from ..batch.races import Races
from ..batch.spaces import Spaces
from ..code.inline import kernel
from ..code.parse import Function, Module, read
from ..errors import PtxError
from ..memory.device import DeviceMemory
from .kept import KEPT
from .machine import Machine

MAX_LANES = 8192  # threads of a batch: enough that NumPy works and not Python
MAX_REGISTER_BYTES = 1 << 26  # of a batch
MAX_SHARED_BYTES = 1 << 23  # of a batch
MAX_BLOCK_SHARED = 227 * 1024  # what the largest device gives a block


class Code:
    """Kernels of one or several files of PTX.

    Parameters
    ----------
    paths : sequence of path
        Files that nvcc made.
    memory : DeviceMemory
        Where their variables go.
    order : {"forward", "backward"} or int
        In which order the blocks of a launch run; a number shuffles them.
    races : bool
        Refuse global memory that two blocks of a launch use without anything that orders them.
    """

    def __init__(
        self,
        paths: list[Path],
        memory: DeviceMemory,
        order: str | int = "forward",
        races: bool = True,
    ) -> None:
        self.memory, self.order = memory, order
        self.modules: dict[str, tuple[Module, Symbols]] = {}
        self.races = Races(memory) if races else None
        for path in paths:
            module = read(Path(path))
            symbols = self._load(module)
            for name in module.kernels:
                if name in self.modules:
                    raise PtxError(f"two kernels are called {name}")
                self.modules[name] = module, symbols

    def _load(self, module: Module) -> Symbols:
        addresses, shared = {}, []
        for variable in module.variables.values():
            if variable.space == "shared":
                shared.append(variable)
                continue
            addresses[variable.name] = self.memory.allocate(max(variable.size, 1))
            if variable.initial:
                self.memory.write(addresses[variable.name], variable.initial)
        return Symbols(addresses, shared)

    def launch(
        self,
        name: str,
        grid: Dimensions,
        block: Dimensions,
        shared_bytes: int,
        arguments: bytes,
    ) -> None:
        """Run all blocks of a launch."""
        if name not in self.modules:
            known = ", ".join(sorted(self.modules))
            raise PtxError(f"no kernel is called {name}; there are {known}")
        module, symbols = self.modules[name]
        function = kernel(module, name)
        self._check(function, grid, block, shared_bytes, arguments)
        n_blocks = prod(grid)
        numbers = self._numbers(n_blocks)
        size = self._batch(function, block, shared_bytes, n_blocks)
        shape = Shape(block, size, shared_bytes)
        key = function, shape, tuple(symbols.addresses.items())
        machine = KEPT.take(key) or self._machine(function, symbols, shape)
        races = self.races if n_blocks > 1 else None  # one block meets no other
        machine.frame.attach(self.memory, races)
        if races is not None:
            races.begin(n_blocks)
        with np.errstate(all="ignore"):
            for start in range(0, n_blocks, size):
                machine.frame.start(grid, numbers[start : start + size], arguments)
                machine.run()
        KEPT.give(key, machine)

    @staticmethod
    def _check(
        function: Function,
        grid: Dimensions,
        block: Dimensions,
        shared_bytes: int,
        arguments: bytes,
    ) -> None:
        """What cudaLaunchKernel would refuse."""
        what = f"{function.name}: grid {grid}, block {block}, {shared_bytes} bytes"
        if min(*grid, *block) < 1 or grid[0] >= 1 << 31 or max(grid[1:]) > 65535:
            raise PtxError(f"{what}: no such grid")
        if prod(block) > function.max_threads or block[2] > 64:
            raise PtxError(f"{what}: at most {function.max_threads} threads a block")
        if shared_bytes > MAX_BLOCK_SHARED:
            raise PtxError(f"{what}: at most {MAX_BLOCK_SHARED} bytes of shared memory")
        if len(arguments) != function.parameter_size:
            raise PtxError(
                f"{what}: {len(arguments)} bytes of arguments, expected {function.parameter_size}"
            )

    def _numbers(self, n_blocks: int) -> np.ndarray:
        numbers = np.arange(n_blocks)
        if self.order == "backward":
            return numbers[::-1]
        if self.order != "forward":
            np.random.default_rng(int(self.order)).shuffle(numbers)
        return numbers

    @staticmethod
    def _batch(function: Function, block: Dimensions, shared_bytes: int, n_blocks: int) -> int:
        """Blocks that run side by side, so many that all batches have about the same number.

        Of the numbers between powers of two only their middle is used, and the rest are blocks that
        have exited: launches of about the same size then share decoded code.
        """
        lanes = -(-prod(block) // 32) * 32
        shared = shared_bytes + sum(v.size for v in function.variables.values())
        most = min(
            MAX_LANES // lanes,
            MAX_REGISTER_BYTES // (lanes * max(function.register_bytes, 1)),
            MAX_SHARED_BYTES // max(shared, 1),
        )
        most = max(most, 1)
        size = -(-n_blocks // -(-n_blocks // most))
        power = 1 << (size - 1).bit_length()
        return min(power * 3 // 4 if size <= power * 3 // 4 else power, most)

    def _machine(self, function: Function, symbols: Symbols, shape: Shape) -> Machine:
        frame = Frame(function, shape, self.memory, symbols)
        frame.spaces = Spaces(frame)
        return Machine(frame)
