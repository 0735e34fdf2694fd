"""Locks that a forked child finds open, of two kinds.

`lock_for_moments` makes fork() wait until nobody holds it: for work of microseconds. `open_in_children` lets
fork() happen meanwhile and gives the child another lock: for long work whose result is there at one stroke.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


def lock_for_moments() -> threading.RLock:
    """A lock for work of microseconds that neither waits nor calls foreign code.

    A thread that holds a lock does not exist in a forked child, which would wait for ever: so fork() waits
    until nobody holds this one.
    """
    lock = threading.RLock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )
    return lock


class LockHolder(Protocol):
    """Who keeps a lock in the attribute `lock`.

    The attribute is replaced in a child: a `with` statement must name it and not a copy. The lock is used
    as it is: a class around it would leave it locked where a signal comes between taking it and returning.
    """

    lock: threading.RLock


_holders: weakref.WeakSet[LockHolder] = weakref.WeakSet()


def open_in_children(holder: LockHolder) -> None:
    """Give the holder a lock, and another one in every child of fork().

    A thread that holds the lock at the fork does not exist in the child and would never release it. What
    the lock guards is whole nevertheless, since holders change it in one assignment.
    """
    holder.lock = threading.RLock()
    _holders.add(holder)


def _renew() -> None:
    for holder in list(_holders):
        holder.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
