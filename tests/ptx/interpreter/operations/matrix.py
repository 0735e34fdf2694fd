"""Matrices spread over a warp: loads, and integer products.

Thread 4 g + t holds four bytes 4 t.. of row g. Registers of A hold rows g, rows g + 8, then the same
with the second half of K; those of B columns g with the first and second half of K; those of C and D
rows g (columns 2 t, 2 t + 1), then rows g + 8.
"""

import numpy as np

from ..batch.group import WARP
from ..errors import Fault
from ..kinds import TYPES
from .bits import bit_count
from .context import Context, Operation, operation
from .loads import addresses

SIGNS = {"s8": np.int8, "u8": np.uint8}
LAYOUT = ("sync", "aligned", "row", "col", "satfinite")


def rows_of(registers: list[np.ndarray], dtype: type) -> np.ndarray:
    """(warps, 8, elements) of registers, one half of K after another."""
    halves = [np.ascontiguousarray(r).view(np.uint8).reshape(-1, 8, 16) for r in registers]
    return np.concatenate(halves, axis=2).view(dtype)


def factor_a(registers: list[np.ndarray], dtype: type) -> np.ndarray:
    """(warps, 16, K): even registers hold rows 0 to 7, odd ones rows 8 to 15."""
    return np.concatenate(
        [rows_of(registers[0::2], dtype), rows_of(registers[1::2], dtype)], axis=1
    )


@operation("mma")
def product(c: Context) -> Operation:
    """D = A B + C with integers of 8 bits, or by counting bits of A and B or A xor B."""
    shape = next((p for p in c.parts if p[:3] == "m16"), "")
    kinds = [p for p in c.parts if p in ("s8", "u8", "b1")]
    known = {"m16n8k32": 4, "m16n8k16": 2, "m16n8k256": 4, "m16n8k128": 2}
    one_bit = kinds == ["b1", "b1"]
    right = ("popc" in c.parts) == one_bit and shape in (
        ("m16n8k256", "m16n8k128") if one_bit else ("m16n8k32", "m16n8k16")
    )
    if not right or len(kinds) != 2 or c.parts.count("s32") != 2 or "satfinite" in c.parts:
        raise c.unknown()
    d, a, b, addend = (c.vector(i) for i in range(4))
    word, signed = np.dtype(np.uint32), np.dtype(np.int32)
    if (len(a), len(b)) != (known[shape], known[shape] // 2):
        raise c.unknown("registers")
    n = c.frame.n_lanes
    registers_a, registers_b = ([_full(c.source(x, word), n) for x in names] for names in (a, b))
    addends = [c.source(x, signed) for x in addend]
    targets = [c.target(x, signed) for x in d]
    frame = c.frame

    def bytes_product() -> np.ndarray:
        # At most 32 products of 255 * 255: exact in float32, whose products are the fast ones.
        x = factor_a(registers_a, SIGNS[kinds[0]]).astype(np.float32)
        y = rows_of(registers_b, SIGNS[kinds[1]]).astype(np.float32)
        return np.matmul(x, y.transpose(0, 2, 1)).astype(np.int32)

    def bits_product() -> np.ndarray:
        x = factor_a(registers_a, np.uint64)[:, :, None, :]
        y = rows_of(registers_b, np.uint64)[:, None, :, :]
        both = x & y if "and" in c.parts else x ^ y
        return bit_count(both).sum(axis=3, dtype=np.int32)

    compute = bits_product if one_bit else bytes_product

    def run() -> None:
        # warps, half of the rows, row g, thread t, which of its two columns
        found = compute().reshape(-1, 2, 8, 4, 2)
        results = [found[:, i // 2, :, :, i % 2].reshape(-1) + addends[i] for i in range(4)]
        for target, result in zip(targets, results, strict=True):
            np.copyto(target, result, where=frame.where)

    return run


def _full(x: np.ndarray | np.generic, n: int) -> np.ndarray:
    return x if x.ndim else np.full(n, x)


@operation("ldmatrix")
def load_matrices(c: Context) -> Operation:
    """One, two or four matrices of 8 rows of 16 bytes; thread 8 i + r has the address of row r of matrix i."""
    allowed = ("sync", "aligned", "m8n8", "x1", "x2", "x4", "shared", "shared::cta", "b16")
    if any(p not in allowed for p in c.parts[1:]):
        raise c.unknown()
    names, where, frame = c.vector(0), addresses(c, 1), c.frame
    targets = [c.target(name, TYPES["b32"]) for name in names]
    count = len(names)

    def run() -> None:
        lanes = frame.group.lanes.reshape(-1, WARP)[:, : 8 * count].reshape(-1)
        address = where(lanes)
        try:
            units = frame.shared.load(lanes, address, 16)
        except Fault as fault:
            lane = int(lanes[fault.position])
            at = int(address[fault.position])
            raise frame.refusal(fault.kind, c.instruction, lane, fault.text, at) from None
        matrices = units.view(np.uint32).reshape(-1, count, WARP)
        for i, target in enumerate(targets):
            target[frame.group.index] = matrices[:, i].reshape(-1)

    return run
