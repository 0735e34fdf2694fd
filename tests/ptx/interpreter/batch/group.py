"""Sets of threads that are at one instruction."""

from functools import cached_property

import numpy as np

WARP = 32


class Group:
    """Threads of a batch that run together.

    Parameters
    ----------
    mask : ndarray of bool
        Which threads.
    """

    def __init__(self, mask: np.ndarray) -> None:
        self.mask = mask
        self.count = int(np.count_nonzero(mask))

    @cached_property
    def index(self) -> np.ndarray | slice:
        """The threads as an index."""
        return slice(None) if self.count == self.mask.size else np.flatnonzero(self.mask)

    @cached_property
    def lanes(self) -> np.ndarray:
        """The threads as numbers, in order."""
        return np.flatnonzero(self.mask)

    @cached_property
    def whole(self) -> bool:
        """Whether all threads of each warp are here that has one here."""
        warps = self.mask.reshape(-1, WARP)
        return bool((warps.any(axis=1) == warps.all(axis=1)).all())

    @cached_property
    def ballot(self) -> np.ndarray:
        """For every thread of the batch, the bits of its warp's threads that are here."""
        bits = np.packbits(self.mask.reshape(-1, WARP), axis=1, bitorder="little").view(np.uint32)
        return np.repeat(bits.reshape(-1), WARP)
