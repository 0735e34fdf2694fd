"""Memory of this process as Linux counts it, for the scripts that measure it."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

_STATUS = Path("/proc/self/status")


def status_mb(key: str) -> float:
    """A size of /proc/self/status in MB (10^6 bytes)."""
    for line in _STATUS.read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"/proc/self/status has no {key}")


class Peak(threading.Thread):
    """The highest size while a block runs, sampled every millisecond.

    Parameters
    ----------
    key : str
        "VmRSS", of which Linux keeps the peak itself, or "RssAnon": without pages of mapped files.
    """

    def __init__(self, key: str = "VmRSS") -> None:
        super().__init__(daemon=True)
        self._key = key
        self._done = threading.Event()
        self.highest = 0.0

    def run(self) -> None:
        """Sample until told to stop."""
        while not self._done.wait(0.001):
            self.highest = max(self.highest, status_mb(self._key))

    def __enter__(self) -> Self:
        # Linux: 5 resets the peak (VmHWM) to the present size.
        Path("/proc/self/clear_refs").write_text("5")
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.highest = max(self.highest, status_mb(self._key))
        if self._key == "VmRSS":
            self.highest = max(self.highest, status_mb("VmHWM"))
        self._done.set()
        self.join()
