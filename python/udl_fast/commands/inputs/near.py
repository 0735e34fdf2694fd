"""What a misspelled word may have meant."""

import difflib
from collections.abc import Iterable


def near(word: str, known: Iterable[str]) -> str:
    """The known word that is most like it, as a question; nothing if none is."""
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""
