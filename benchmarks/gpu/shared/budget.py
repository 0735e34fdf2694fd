"""How long a run may take, and what of it a part may use."""

import time


class Budget:
    """Seconds from now on; nothing is begun after them."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until the end; negative behind it."""
        return self._end - time.monotonic()

    def share(self, seconds: float) -> "Budget":
        """So many of the seconds that are left."""
        return Budget(min(seconds, self.left()))
