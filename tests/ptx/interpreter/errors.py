"""What the interpreter refuses."""

import numpy as np


class PtxError(Exception):
    """Something the PTX does, or the host asks for, that a device would not do or not do rightly."""


class UnknownOperationError(PtxError):
    """An instruction, or a form of one, that the interpreter does not know."""


class AccessError(PtxError):
    """A read or write outside an allocation, misaligned, or of bytes nobody wrote."""


class HazardError(PtxError):
    """Memory that two warps, or two blocks, use without anything that orders them."""


class ConvergenceError(PtxError):
    """A warp instruction executed by part of a warp, or threads that wait for ever."""


class Fault(Exception):
    """Found inside an operation; the machine adds which instruction and thread it was.

    Attributes
    ----------
    kind : type
        The error to raise.
    text : str
        What is wrong.
    position : int
        Which of the addresses that were asked for, counted from 0.
    """

    def __init__(self, kind: type[PtxError], text: str, position: int = 0) -> None:
        super().__init__(text)
        self.kind, self.text, self.position = kind, text, position


def first(wrong: np.ndarray) -> int:
    """The first element of ``wrong`` that is true, rows counted as one."""
    return int(np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))[0])
