"""Numbers read from texts, and the wording of errors: what is wrong with an argument, and what was meant."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable

_MOST_BITS_SHOWN = 256  # Python refuses to write integers of some thousand digits


def parsed_integer(text: str, minimum: int, maximum: int | None = None) -> int:
    """The integer a text spells; a ValueError says what was expected."""
    bounds = f">= {minimum}" if maximum is None else f"from {minimum} to {maximum}"
    try:
        value = int(text)
    except ValueError:
        raise ValueError(f"must be an integer {bounds}, got {text!r}") from None
    if value < minimum or (maximum is not None and value > maximum):
        raise ValueError(f"must be {bounds}, got {text}")
    return value


def parsed_number(text: str, minimum: float = -math.inf, maximum: float = math.inf) -> float:
    """The finite number a text spells; a ValueError says what was expected."""
    bounds = "" if minimum == -math.inf else f" >= {minimum:g}"
    if maximum != math.inf:
        bounds = f" from {minimum:g} to {maximum:g}"
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and minimum <= value <= maximum):
        raise ValueError(f"must be a finite number{bounds}, got {text!r}")
    return value


def wrong(owner: str, name: str, expected: str, value: object) -> str:
    """The text of an error about an argument."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS_SHOWN:
        return f"{owner}: {name} {expected}, got an integer of {value.bit_length()} bits"
    return f"{owner}: {name} {expected}, got {value!r}"


def meant(word: object, known: Iterable[str]) -> str:
    """The known word that is most like this one, as a question; nothing if none is."""
    words = {name.lower(): name for name in known}
    found = difflib.get_close_matches(str(word).lower(), words, n=1)
    return f"; did you mean {words[found[0]]}?" if found else ""
