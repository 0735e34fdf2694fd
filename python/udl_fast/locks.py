"""Locks that a forked child finds open."""

from __future__ import annotations

import os
import threading


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
