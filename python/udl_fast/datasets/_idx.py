"""The idx format of MNIST: big-endian header, then raw values in C order."""

import struct

import numpy as np
from numpy.typing import NDArray

_UNSIGNED_BYTE = 0x08


def parse_idx(content: bytes, n_dimensions: int, *, name: str) -> NDArray[np.uint8]:
    """The array held by an idx file of unsigned bytes.

    Header: two zero bytes, the type, the number of dimensions, one big-endian int32 a dimension.

    Raises
    ------
    ValueError
        If the header is not that of such a file or the length disagrees with it.
    """
    header = 4 + 4 * n_dimensions
    expected_magic = bytes([0, 0, _UNSIGNED_BYTE, n_dimensions])
    if len(content) < header or content[:4] != expected_magic:
        raise ValueError(
            f"{name}: not an idx file of {n_dimensions}-dimensional unsigned bytes "
            f"(starts with {content[:4].hex()}, expected {expected_magic.hex()})"
        )
    shape = struct.unpack(f">{n_dimensions}I", content[4:header])
    size = 1
    for length in shape:
        size *= length
    if len(content) - header != size:
        raise ValueError(
            f"{name}: its header says shape {shape}, {size} values, "
            f"but {len(content) - header} follow: truncated or corrupt"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
