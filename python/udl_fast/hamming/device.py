"""The codes of an index in the memory of a GPU, which scans them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._devices import check_device, check_process, cuda_number, is_device, note_use, place
from ..locks import open_in_children
from ..progress import progress_of_share
from .device_codes import CodesOnDevice
from .index_file import IndexType
from .store import Snapshot

if TYPE_CHECKING:
    from .. import _cuda

Queries = NDArray[np.uint8] | CodesOnDevice
_GATHERED = 1 << 20  # codes that are put in order before they are copied to the device


def present_device(device: str) -> str:
    """The name of a device that is there; RuntimeError with the reason if there is no GPU."""
    if not is_device(device):
        raise ValueError(f"HammingIndex: device must be 'cpu' or 'cuda[:n]', got {device!r}")
    check_device(device, "HammingIndex")
    return device


class _Copy(NamedTuple):
    """Codes on the device by ascending ids: kernels break ties by position.

    `order` tells where in the index each of them is stored, and `ids` what their ids are; None: they are
    stored in this order, with the ids of the snapshot.
    """

    codes: _cuda.HammingCodes
    generation: int
    order: NDArray[np.int64] | None
    ids: NDArray[np.int64] | None


class DevicePlan:
    """What `HashPlan` is for the CPU. A copy of the codes is made for the first search; what is added goes
    behind it before the next one. Where codes were removed, or got ids below earlier ones, it is made anew.

    Searches wait for each other. Answers are those of the CPU.
    """

    lock: threading.RLock

    def __init__(self, device: str, index_type: IndexType, n_bits: int, driver: Any = None) -> None:
        """`driver`, for tests, stands in for the device."""
        open_in_children(self)
        self.device = device
        self.index_type = index_type  # of a GPU's index it is kept, for a life elsewhere
        self._n_bits = n_bits
        self._driver = driver
        self.drop()

    def set_index_type(self, index_type: IndexType) -> None:
        self.index_type = index_type

    def drop(self) -> None:
        self._copy: _Copy | None = None

    @property
    def nbytes(self) -> int:
        return 0  # of tables

    @property
    def device_nbytes(self) -> int:
        copy = self._copy
        return 0 if copy is None else copy.codes.nbytes

    def build(self, codes: Snapshot, n_threads: int) -> None:
        raise ValueError(
            f"HammingIndex.build_tables: an index on device {self.device!r} keeps no tables"
        )

    def given(self, array: Any, name: str) -> CodesOnDevice:
        """Packed codes of a caller on this device, checked."""
        return CodesOnDevice(array, self._n_bits, name, self._place())

    def append(self, codes: Snapshot, rows: CodesOnDevice) -> None:
        """Codes that were just added as the last of these go behind the copy, if it has all before: then they
        need not come from the host. Otherwise the next search brings it up to date."""
        n_before = len(codes.rows) - len(rows)
        with self.lock:
            copy = self._copy
            if copy is None and n_before == 0 and codes.ascending:
                copy = _Copy(self._empty(), codes.generation, None, None)
            is_behind = (
                copy is not None
                and copy.generation == codes.generation
                and copy.order is None
                and codes.ascending
                and copy.codes.n_codes == n_before
            )
            if not is_behind or copy is None:
                return
            copy.codes.append_given(rows.codes)
            self._copy = copy

    def nearest_on_device(self, codes: Snapshot, queries: CodesOnDevice, k: int) -> tuple[Any, Any]:
        """As `nearest`, of queries on the device, where the answer stays."""
        with self.lock:
            copy = self._copy_of(codes)
            ids = codes.ids if copy.ids is None else copy.ids
            ids = None if ids is None or not len(ids) else ids
            found = copy.codes.search_given(
                queries.codes, k, len(codes.rows), _allowed(codes, copy), ids=ids
            )
        return queries.answer(found[0]), queries.answer(found[1])

    def nearest(
        self, codes: Snapshot, queries: NDArray[np.uint8], k: int, n_threads: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Distances and ids of the k nearest codes of each query."""
        with self.lock:
            copy = self._copy_of(codes)
            distances, found = copy.codes.search(queries, k, len(codes.rows), _allowed(codes, copy))
        return distances, _ids_at(found, codes, copy)

    def within(
        self, codes: Snapshot, queries: Queries, largest: int, n_threads: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """Limits, distances and ids of all codes at a distance <= largest of each query."""
        with self.lock:
            copy = self._copy_of(codes)
            searched = len(codes.rows), _allowed(codes, copy)
            if isinstance(queries, CodesOnDevice):
                limits, distances, found = copy.codes.range_given(queries.codes, largest, *searched)
            else:
                limits, distances, found = copy.codes.range(queries, largest, *searched)
        return limits, distances, _ids_at(found, codes, copy)

    def pairs(
        self, codes: Snapshot, largest: int, n_threads: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        """Ids and distances of all pairs of codes at a distance <= largest."""
        with self.lock, progress_of_share("pairs_within") as watch:
            copy = self._copy_of(codes)
            first, second, distances = copy.codes.pairs(largest, len(codes.rows), watch)
        return _ids_at(first, codes, copy), _ids_at(second, codes, copy), distances

    def histogram(self, codes: Snapshot, queries: Queries, n_threads: int) -> NDArray[np.int64]:
        """Numbers of codes at each distance of each query."""
        with self.lock:
            copy = self._copy_of(codes)
            searched = len(codes.rows), _allowed(codes, copy)
            if isinstance(queries, CodesOnDevice):
                return copy.codes.histogram_given(queries.codes, *searched)
            return copy.codes.histogram(queries, *searched)

    def _copy_of(self, codes: Snapshot) -> _Copy:
        """With the lock: these codes on the device, the first ones there at least."""
        check_process(self.device, "HammingIndex")
        copy = self._copy
        extended = None if copy is None else _extended(copy, codes)
        if extended is None:
            copy = None
            self.drop()  # let go first: both need not fit
            fresh = _Copy(self._empty(), codes.generation, *_no_order(codes))
            extended = _extended(fresh, codes)
            assert extended is not None
        self._copy = extended
        return extended

    def _place(self) -> _cuda.Device:
        if self._driver is None:
            return place(self.device, "HammingIndex")
        from .. import _cuda

        return _cuda.Device(0, self._driver)

    def _empty(self) -> _cuda.HammingCodes:
        number = 0
        if self._driver is None:
            check_device(self.device, "HammingIndex")
            number = cuda_number(self.device) or 0
        from .. import _cuda  # loaded for those alone who ask for a GPU

        note_use()
        return _cuda.HammingCodes(self._n_bits, number, self._driver)


def _no_order(codes: Snapshot) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
    return (None, None) if codes.ascending else (np.empty(0, np.int64), np.empty(0, np.int64))


def _extended(copy: _Copy, codes: Snapshot) -> _Copy | None:
    """A copy with what was added since; None if it is of other codes or another order."""
    n_held, n = copy.codes.n_codes, len(codes.rows)
    if copy.generation != codes.generation:
        return None
    if copy.order is None or copy.ids is None:
        if not codes.ascending:
            return None
        if n > n_held:
            copy.codes.reserve(n)
            copy.codes.append(codes.rows[n_held:])
        return copy
    if codes.ids is None or len(copy.order) != n_held or n < n_held:
        return None
    if n == n_held:
        return copy
    new = np.argsort(codes.ids[n_held:]) + n_held
    ids = codes.ids[new]
    if n_held and ids[0] < copy.ids[-1]:
        return None
    copy.codes.reserve(n)
    for first in range(0, len(new), _GATHERED):
        copy.codes.append(np.take(codes.rows, new[first : first + _GATHERED], axis=0))
    return copy._replace(
        order=np.concatenate([copy.order, new]), ids=np.concatenate([copy.ids, ids])
    )


def _allowed(codes: Snapshot, copy: _Copy) -> NDArray[np.uint64] | None:
    """The bitmap over positions on the device."""
    if codes.allowed is None or copy.order is None:
        return codes.allowed
    bits = np.unpackbits(codes.allowed.view(np.uint8), bitorder="little")[copy.order]
    words = np.zeros(codes.allowed.nbytes, np.uint8)
    packed = np.packbits(bits, bitorder="little")
    words[: len(packed)] = packed
    return words.view("<u8")


def _ids_at(positions: NDArray[np.int64], codes: Snapshot, copy: _Copy) -> NDArray[np.int64]:
    """Ids of positions on the device; -1 stays."""
    ids = codes.ids if copy.ids is None else copy.ids
    if ids is None or not len(ids):
        return positions
    return np.where(positions < 0, -1, ids.take(positions, mode="clip"))
