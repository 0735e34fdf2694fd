"""Notes of 32 bits, one for each byte of a memory: those of all bytes of a unit are read and written at once."""

import numpy as np

from ..kinds import UNITS


def read_notes(notes: np.ndarray, index: np.ndarray, size: int) -> np.ndarray:
    """A row of notes for each unit of ``size`` bytes."""
    if size > 4:
        return notes.view(UNITS[16])[_quarters(index, size)].view(np.int32)
    return notes.view(UNITS[4 * size]).take(index).view(np.int32).reshape(-1, size)


def write_notes(notes: np.ndarray, index: np.ndarray, size: int, values: np.ndarray) -> None:
    """The same rows, changed."""
    values = np.ascontiguousarray(values)
    if size > 4:
        notes.view(UNITS[16])[_quarters(index, size)] = values.view(UNITS[16])
    else:
        notes.view(UNITS[4 * size])[index] = values.view(UNITS[4 * size])[:, 0]


def _quarters(index: np.ndarray, size: int) -> np.ndarray:
    """Places of the notes of four bytes each."""
    return index[:, None] * (size // 4) + np.arange(size // 4)
