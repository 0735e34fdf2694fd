"""What the Hamming benchmark times."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import data

SCAN, AUTO, TABLES = "udl_fast", "udl_fast-auto", "udl_fast-mih"
FLAT, HASH, MULTI_HASH, USEARCH = "faiss", "faiss-hash", "faiss-multihash", "usearch"
EXACT = (SCAN, FLAT, USEARCH)
EVERY_WAY = (SCAN, AUTO, TABLES, FLAT)
BY_RADIUS = (SCAN, TABLES, FLAT, HASH, MULTI_HASH)


@dataclass(frozen=True)
class Case:
    """One kind of search over one set of codes."""

    name: str
    codes: str  # uniform, clustered or rbm
    n_codes: int
    n_bits: int
    n_queries: int
    per_call: int  # queries in one call
    k: int | None = None
    radius: int | None = None  # found: distance < radius
    per_cluster: int = 0
    contestants: tuple[str, ...] = EXACT
    ours: str = SCAN  # the contestant whose ratios are reported

    def make(self) -> tuple[NDArray[np.uint8], ...]:
        """(codes, queries)."""
        if self.codes == "uniform":
            return data.uniform(self.n_codes, self.n_bits, self.n_queries)
        if self.codes == "clustered":
            return data.clustered(self.n_codes, self.n_bits, self.n_queries, self.per_cluster)
        return data.of_rbm(self.n_bits, self.n_queries)


def _batch(n_codes: int, n_bits: int) -> Case:
    return Case(f"batch-{n_bits}", "uniform", n_codes, n_bits, 1000, 1000, k=100)


def _near(n_codes: int, per_cluster: int, largest: int) -> Case:
    """All codes at a distance <= largest, one query at a time."""
    return Case(
        f"near-{largest}-of-{per_cluster}",
        "clustered",
        n_codes,
        256,
        200,
        1,
        radius=largest + 1,
        per_cluster=per_cluster,
        contestants=BY_RADIUS,
        ours=TABLES,
    )


def _alone(codes: str, n_codes: int, n_bits: int, k: int, per_cluster: int = 0) -> Case:
    """The k nearest codes of one query at a time, in every way in which the index may find them."""
    kind = f"of-{per_cluster}" if per_cluster else codes
    return Case(
        f"alone-{n_bits}-{kind}-{n_codes // 1000}k",
        codes,
        n_codes,
        n_bits,
        200,
        1,
        k=k,
        per_cluster=per_cluster,
        contestants=EVERY_WAY,
        ours=AUTO,
    )


_N = 2_000_000
_PER_CLUSTER = 10  # near duplicates of one thing
_HALF = 50  # of 100 neighbours
_DENSE = 1000
CASES = [
    _batch(_N, 256),
    Case("one-256", "uniform", _N, 256, 100, 1, k=100),
    *(_batch(_N, n_bits) for n_bits in (64, 128, 160, 512, 1024)),
    Case("range-40", "clustered", _N, 256, 1000, 1000, radius=40, per_cluster=_DENSE),
    Case("range-40-of-10", "clustered", _N, 256, 1000, 1000, radius=40, per_cluster=_PER_CLUSTER),
    *(_near(_N, _PER_CLUSTER, largest) for largest in (16, 20, 24)),
    _near(_N, _DENSE, 24),
    # Tables answer where a cluster holds all neighbours that are asked for, and not where it holds half of them.
    _alone("uniform", 60_000, 64, 10),
    *(
        _alone("clustered", n_codes, 256, k, per_cluster)
        for n_codes in (60_000, 500_000)
        for per_cluster, k in ((_PER_CLUSTER, 5), (_HALF, 100))
    ),
    Case("rbm-batch", "rbm", 60_000, 256, 1000, 1000, k=100),
    Case("rbm-one", "rbm", 60_000, 256, 100, 1, k=10),
]
QUICK_CASES = [
    Case("batch-256", "uniform", 3000, 256, 40, 40, k=10),
    Case("one-40", "uniform", 3000, 40, 10, 1, k=10),
    Case("range-40", "clustered", 3000, 256, 40, 40, radius=40, per_cluster=100),
    _alone("clustered", 3000, 256, 20, _PER_CLUSTER),
    _near(3000, _PER_CLUSTER, 24),
]
