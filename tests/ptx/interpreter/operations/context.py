"""What an operation is decoded from: one instruction in one frame, its operands as arrays."""

import re
from collections.abc import Callable

import numpy as np

from ..batch.frame import Frame
from ..code.parse import Instruction
from ..errors import UnknownOperationError
from ..kinds import TYPES, UNITS, bits_of, number

Operation = Callable[[], None]
Decoder = Callable[["Context"], Operation]
DECODERS: dict[str, Decoder] = {}
ADDRESS = re.compile(r"\[\s*([\w$%@~.]+)\s*(?:\+\s*(-?\w+))?\s*\]$")


def operation(*names: str) -> Callable[[Decoder], Decoder]:
    """Register a decoder for instructions of these names."""

    def register(decoder: Decoder) -> Decoder:
        for name in names:
            DECODERS[name] = decoder
        return decoder

    return register


class Context:
    """An instruction and the frame it will run in."""

    def __init__(self, frame: Frame, instruction: Instruction) -> None:
        self.frame, self.instruction = frame, instruction
        self.parts, self.operands = instruction.parts, instruction.operands

    @property
    def type(self) -> np.dtype:
        """Type that the instruction's name ends with."""
        return self.kind(-1)

    def kind(self, i: int) -> np.dtype:
        """Type at a place of the instruction's name."""
        if self.parts[i] not in TYPES:
            raise self.unknown()
        return TYPES[self.parts[i]]

    def unknown(self, why: str = "") -> UnknownOperationError:
        """To raise where the instruction's form is not known."""
        return self.frame.unknown(self.instruction, why)

    def only(self, *allowed: str) -> None:
        """Refuse modifiers other than types and those that are allowed."""
        for part in self.parts[1:]:
            if part not in allowed and part not in TYPES:
                raise self.unknown(f".{part}")

    # ---- operands ----
    def source(self, operand: int | str, dtype: np.dtype | None = None) -> np.ndarray | np.generic:
        """An operand: the array of a register, or a constant."""
        text = self.operands[operand] if isinstance(operand, int) else operand
        dtype = self.type if dtype is None else dtype
        if self.frame.is_register(text):
            array = self.frame.register(text)
            if array.dtype.kind != "b" and array.dtype.itemsize != dtype.itemsize:
                raise self.unknown(f"{text} has {bits_of(array.dtype)} bits")
            return array.view(dtype)
        special = self.frame.special(text)
        if special is not None:
            return special.view(dtype) if dtype.itemsize == 4 else special.astype(dtype)
        if text in self.frame.symbols:
            return dtype.type(self.frame.symbols[text])
        constant = number(text, dtype)
        if constant is None:
            raise self.unknown(f"operand {text}")
        return constant if constant.dtype == dtype else constant.view(dtype)

    def target(self, operand: int | str, dtype: np.dtype | None = None) -> np.ndarray:
        """The array of a register that is written, in the type of the instruction."""
        text = self.operands[operand] if isinstance(operand, int) else operand
        dtype = self.type if dtype is None else dtype
        if text == "_":
            return np.empty(self.frame.n_lanes, dtype)
        if not self.frame.is_register(text):
            raise self.unknown(f"operand {text}")
        array = self.frame.register(text)
        if array.dtype.kind != "b" and array.dtype.itemsize != dtype.itemsize:
            raise self.unknown(f"{text} has {bits_of(array.dtype)} bits")
        return array.view(dtype)

    def raw(self, operand: int | str) -> np.ndarray | np.generic:
        """A register with all its bits, or a constant of 64."""
        text = self.operands[operand] if isinstance(operand, int) else operand
        if self.frame.is_register(text):
            return self.frame.register(text)
        return self.source(text, UNITS[8])

    def vector(self, operand: int | str) -> list[str]:
        """Names inside braces, or the one name."""
        text = self.operands[operand] if isinstance(operand, int) else operand
        return [piece.strip() for piece in text.strip("{}").split(",")]

    def address(self, operand: int) -> tuple[np.ndarray | np.generic, int]:
        """Base and offset of an operand in brackets."""
        match = ADDRESS.match(self.operands[operand])
        if match is None:
            raise self.unknown(f"address {self.operands[operand]}")
        return self.raw(match[1]), int(match[2] or "0", 0)

    # ---- making operations ----
    def put(self, target: np.ndarray, compute: Callable[[], np.ndarray]) -> Operation:
        """Store what is computed, for all lanes, in the lanes of the group."""
        frame = self.frame

        def run() -> None:
            np.copyto(target, compute(), casting="unsafe", where=frame.where)

        return run
