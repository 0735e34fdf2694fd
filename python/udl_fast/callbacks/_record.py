"""`history_` as a value: a longer or shorter one is a new one, so that its lists are of one length at any time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Record = dict[str, list[Any]]


def appended(history: Mapping[str, list[Any]], entry: Mapping[str, Any]) -> Record:
    """With one more value in every list. Measurements that come or go between fits are None meanwhile."""
    n_before = max(map(len, history.values()), default=0)
    names = [*history, *(name for name in entry if name not in history)]
    return {name: [*history.get(name, [None] * n_before), entry.get(name)] for name in names}


def up_to(epoch: int, history: Record) -> Record:
    """Without later epochs: a model that went back to its best epoch learns on from there."""
    epochs = history.get("epoch", ())
    if not epochs or epochs[-1] <= epoch:
        return history
    n_kept = sum(found <= epoch for found in epochs)
    return {name: values[:n_kept] for name, values in history.items()}
