"""Hamming search by products of signs in PyTorch, and by population counts in CuPy."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ..shared.device import Device, NotHere
from ..shared.turns import Wrong
from .torch_tools import Form, place

CHUNK = 200_000  # codes that meet all queries in one product
CHECKED = 3  # queries whose distances NumPy counts
KERNEL = r"""
// One code of 256 bits a thread; every query is compared with it.
extern "C" __global__ void distances(const ulonglong2* codes, const ulonglong2* queries, int n,
                                     int n_queries, short* out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  ulonglong2 a = codes[2 * i], b = codes[2 * i + 1];
  for (int q = 0; q < n_queries; ++q) {
    ulonglong2 c = queries[2 * q], d = queries[2 * q + 1];
    out[(size_t)q * n + i] = __popcll(a.x ^ c.x) + __popcll(a.y ^ c.y) + __popcll(b.x ^ d.x) + __popcll(b.y ^ d.y);
  }
}
"""


class Search(Form):
    """A way to search."""

    @property
    def who(self) -> str:
        """As its line names it."""
        return {"bf16": "PyTorch, bf16", "popcount": "CuPy"}[self.mode]


def forms(case: Any) -> list[Search]:
    """Counts are the fastest for one query, products for many; between them both are tried."""
    counts, products = Search(Counts, case, "popcount"), Search(Products, case, "bf16")
    if case.n_queries == 1:
        return [counts]
    return [products] if case.n_queries > 1000 else [counts, products]


class Searcher:
    """Distances and positions of the nearest, from queries of the host to arrays of the host."""

    who: str
    fields: dict[str, Any]

    def __init__(self, form: Form, device: Device, torch: Any) -> None:
        from ..hamming import codes_of

        self.case, self.device, self.torch = form.case, device, torch
        self.codes, self.queries = codes_of(form.case)

    def find(self) -> tuple[Any, Any]:
        """On the device: distances and positions."""
        raise NotImplementedError

    def check(self) -> None:
        """Distances of some queries are those that NumPy counts; ties may be ordered otherwise."""
        distances, ids = (found.cpu().numpy() for found in self.find())
        of = np.arange(CHECKED) * (self.case.n_queries - 1) // max(CHECKED - 1, 1)
        for q in of:
            counted = np.bitwise_count(self.codes ^ self.queries[q]).sum(1, dtype=np.int64)
            if not np.array_equal(np.sort(distances[q]), np.sort(counted)[: self.case.k]):
                raise Wrong(f"distances of query {q} are not those of NumPy")
            if not np.array_equal(counted[ids[q]], distances[q]):
                raise Wrong(f"positions of query {q} do not have its distances")
        if not self.device.rehearsed:
            self.fields["device_ms"] = round(self.device_milliseconds(self.find), 4)

    def device_milliseconds(self, find: Callable[[], Any]) -> float:
        """Of the search alone, by events: without copies and calls where the device is the slower."""
        cuda = self.torch.cuda
        times = []
        for _ in range(5):
            start, stop = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
            start.record()
            find()
            stop.record()
            stop.synchronize()
            times.append(start.elapsed_time(stop))
        return float(np.median(times))

    def sample(self) -> float:
        """Milliseconds of a search."""
        start = time.perf_counter()
        for found in self.find():
            found.cpu()
        return (time.perf_counter() - start) * 1e3


class Products(Searcher):
    """A product of +1 and -1 is 256 less twice the distance, exact in bfloat16's sums of float32."""

    def __init__(self, form: Form, device: Device, torch: Any) -> None:
        super().__init__(form, device, torch)
        self.signs = self.signs_of(self.codes)

    def signs_of(self, packed: np.ndarray) -> Any:
        """+1 and -1, made in pieces to spare memory."""
        torch, pieces = self.torch, []
        for part in np.array_split(packed, max(1, len(packed) // 250_000)):
            on_device = torch.from_numpy(part).to(place(self.device))
            shifts = torch.arange(8, device=on_device.device, dtype=torch.uint8)
            bits = on_device[:, :, None] >> shifts & 1
            pieces.append((bits.reshape(len(part), -1).to(torch.int8) * 2 - 1).to(torch.bfloat16))
        return torch.cat(pieces)

    def find(self) -> tuple[Any, Any]:
        """The best of each chunk of codes, and the best of those."""
        queries, k = self.signs_of(self.queries), self.case.k
        best, at = [], []
        for first in range(0, self.case.n_codes, CHUNK):
            values, ids = (queries @ self.signs[first : first + CHUNK].t()).topk(k, 1)
            best.append(values)
            at.append(ids + first)
        values, which = self.torch.cat(best, 1).topk(k, 1)
        distances = ((8 * self.codes.shape[1] - values.float()) / 2).round().long()
        return distances, self.torch.cat(at, 1).gather(1, which)


class Counts(Searcher):
    """A kernel of CuPy writes all distances, PyTorch selects."""

    def __init__(self, form: Form, device: Device, torch: Any) -> None:
        super().__init__(form, device, torch)
        if device.rehearsed:
            raise NotHere("CuPy needs a GPU")
        try:
            import cupy
        except ImportError as error:
            raise NotHere(f"CuPy cannot be imported: {error}") from error
        self.kernel = cupy.RawKernel(KERNEL, "distances")
        self.on_device = torch.from_numpy(self.codes.view(np.int64)).cuda()
        shape = self.case.n_queries, self.case.n_codes
        self.out = torch.empty(shape, device="cuda", dtype=torch.int16)

    def find(self) -> tuple[Any, Any]:
        """Both libraries use the default stream, so that the order of calls is the order of work."""
        queries = self.torch.from_numpy(self.queries.view(np.int64)).cuda()
        addresses = [np.uint64(t.data_ptr()) for t in (self.on_device, queries, self.out)]
        n, n_queries = np.int32(self.case.n_codes), np.int32(self.case.n_queries)
        blocks = ((self.case.n_codes + 255) // 256,)
        self.kernel(blocks, (256,), (*addresses[:2], n, n_queries, addresses[2]))
        distances, ids = self.out.topk(self.case.k, 1, largest=False)
        return distances.long(), ids
