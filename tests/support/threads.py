"""One piece of work by several threads at once."""

import threading
from collections.abc import Callable


def at_once(work: Callable[[], object], n_threads: int) -> None:
    """Returns when all threads have done it."""
    threads = [threading.Thread(target=work) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
