"""Types of PTX as those of NumPy."""

import numpy as np

TYPES: dict[str, np.dtype] = {
    "pred": np.dtype(np.bool_),
    **{f"{kind}8": np.dtype(np.uint8) for kind in "bu"},
    **{f"{kind}16": np.dtype(np.uint16) for kind in "bu"},
    **{f"{kind}32": np.dtype(np.uint32) for kind in "bu"},
    **{f"{kind}64": np.dtype(np.uint64) for kind in "bu"},
    **{f"s{bits}": np.dtype(f"int{bits}") for bits in (8, 16, 32, 64)},
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
}
# Bits of a size in bytes. Sixteen bytes move as a complex number, which nothing ever computes with.
UNITS: dict[int, np.dtype] = {
    1: np.dtype(np.uint8),
    2: np.dtype(np.uint16),
    4: np.dtype(np.uint32),
    8: np.dtype(np.uint64),
    16: np.dtype(np.complex128),
}


def wider(dtype: np.dtype) -> np.dtype:
    """The integer type of twice the bits."""
    return np.dtype(f"{'int' if dtype.kind == 'i' else 'uint'}{16 * dtype.itemsize}")


def bits_of(dtype: np.dtype) -> int:
    """Bits of a type."""
    return 8 * dtype.itemsize


def number(text: str, dtype: np.dtype) -> np.generic | None:
    """The constant that PTX writes as ``text``, or None where it is no constant."""
    if text[:2] in ("0f", "0F", "0d", "0D"):
        value = np.array(int(text[2:], 16), np.uint32 if text[1] in "fF" else np.uint64)
        return value.view(np.float32 if text[1] in "fF" else np.float64)[()]
    try:
        value = int(text.rstrip("U"), 0) if not _octal(text) else int(text, 8)
    except ValueError:
        return None
    if dtype.kind == "b":
        return np.bool_(value)
    if dtype.kind == "f":
        return dtype.type(value)
    bits = UNITS[dtype.itemsize].type(value & ((1 << bits_of(dtype)) - 1))
    return bits.view(dtype)


def _octal(text: str) -> bool:
    return len(text) > 1 and text[0] == "0" and text[1:].isdigit()
