"""Comparisons and choices."""

from collections.abc import Callable

import numpy as np

from .arithmetic import array
from .context import Context, Operation, operation

ORDERED = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "lo": np.less,
    "ls": np.less_equal,
    "hi": np.greater,
    "hs": np.greater_equal,
}
UNORDERED = {f"{name}u": name for name in ("eq", "ne", "lt", "le", "gt", "ge")}
COMBINED = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}
Comparison = Callable[[np.ndarray, np.ndarray], np.ndarray]


def comparison(c: Context, name: str, dtype: np.dtype) -> Comparison:
    """The function of a comparison; of floats the plain ones are false where one is a NaN."""
    if name in ("num", "nan"):
        return lambda a, b: (np.isnan(a) | np.isnan(b)) == (name == "nan")
    if name in UNORDERED and dtype.kind == "f":
        ordered = ORDERED[UNORDERED[name]]
        return lambda a, b: ordered(a, b) | np.isnan(a) | np.isnan(b)
    if name not in ORDERED:
        raise c.unknown(f".{name}")
    if name == "ne" and dtype.kind == "f":
        return lambda a, b: (a != b) & ~(np.isnan(a) | np.isnan(b))
    return ORDERED[name]


@operation("setp")
def set_predicate(c: Context) -> Operation:
    """A comparison, perhaps combined with a predicate, to one or two predicates."""
    compare = comparison(c, c.parts[1], c.type)
    if len(c.parts) not in (3, 4) or (len(c.parts) == 4 and c.parts[2] not in COMBINED):
        raise c.unknown()
    names = [name.strip() for name in c.operands[0].split("|")]
    a, b = c.source(1), c.source(2)
    frame = c.frame
    targets = [c.target(name, np.dtype(bool)) for name in names]
    if len(targets) == 1 and len(c.parts) == 3 and isinstance(compare, np.ufunc):

        def run() -> None:
            compare(a, b, out=targets[0], where=frame.where)

        return run
    combine = COMBINED[c.parts[2]] if len(c.parts) == 4 else None
    other = _predicate(c, c.operands[3]) if combine else None

    def general() -> None:
        found = array(compare(a, b))
        results = [found, ~found]
        if combine is not None and other is not None:
            results = [combine(r, other()) for r in results]
        for target, result in zip(targets, results, strict=False):
            np.copyto(target, result, where=frame.where)

    return general


def _predicate(c: Context, text: str) -> Callable[[], np.ndarray]:
    negated, name = text.startswith("!"), text.lstrip("!").strip()
    p = c.source(name, np.dtype(bool))
    return lambda: ~p if negated else p


@operation("set")
def set_register(c: Context) -> Operation:
    """A comparison to a word of ones or zeros, or to 1.0 or 0.0."""
    if len(c.parts) != 4:
        raise c.unknown()
    compare = comparison(c, c.parts[1], c.type)
    dtype, a, b = c.kind(2), c.source(1), c.source(2)
    yes = dtype.type(1) if dtype.kind == "f" else dtype.type(~dtype.type(0))
    return c.put(c.target(0, dtype), lambda: np.where(array(compare(a, b)), yes, dtype.type(0)))


@operation("selp")
def select(c: Context) -> Operation:
    """One of two operands, as a predicate says."""
    c.only()
    frame, d, a, b = c.frame, c.target(0), c.source(1), c.source(2)
    p = c.source(3, np.dtype(bool))

    def run() -> None:
        np.copyto(d, np.where(p, a, b), where=frame.where)

    return run


@operation("slct")
def select_by_sign(c: Context) -> Operation:
    """One of two operands, as the sign of a third says."""
    dtype = c.kind(1)
    a, b, sign = c.source(1, dtype), c.source(2, dtype), c.source(3)
    return c.put(c.target(0, dtype), lambda: np.where(array(sign) >= 0, a, b))
