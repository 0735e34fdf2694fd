"""Results that must stay as they are: small configurations, and one hash of each part of what they give.

`tests/data/golden/hashes.json` keeps the hashes: one of each part, for all CPU targets and any number of threads.
"""

import hashlib
import json
import math
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

import udl_fast as udl
from udl_fast import RBM, BernoulliRBM, HammingIndex
from udl_fast.callbacks import EarlyStopping, History
from udl_fast.exceptions import LearningWarning

FOLDER = Path(__file__).resolve().parents[1] / "data" / "golden"
TARGETS = ("baseline", "avx2", "avx512")

Parts = dict[str, Any]  # by name: an array, or a list or tuple of them

# ---- hashes ----


def sha256(values: Any) -> str:
    """Of types, shapes and bytes of an array, or of a list or tuple of them."""
    found = hashlib.sha256()
    for array in values if isinstance(values, list | tuple) else [values]:
        array = np.ascontiguousarray(array)
        found.update(f"{array.dtype.str} {array.shape};".encode() + array.tobytes())
    return found.hexdigest()


def digests(name: str) -> dict[str, str]:
    """The hash of each part of a configuration, computed now."""
    return {part: sha256(values) for part, values in RESULTS[name]().items()}


def read_json(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def c_library() -> str:
    """Hash of functions of the C library and of NumPy that may differ in the last bit from machine to
    machine. Parts that use them (`uses_c_library`) are compared where it is that of the table."""
    x = (np.arange(4001) - 2000) / 97
    values = [[f(v) for v in x.tolist()] for f in (math.exp, lambda v: math.log1p(math.exp(-v)))]
    normal = np.random.RandomState(0).normal(0, 0.01, 4000)
    sums = [x.mean(), x.astype(np.float32).mean(dtype=np.float64), np.exp(x).sum()]
    return sha256([*values, np.exp(x), np.log(np.exp(x) + 1), normal, sums])


def uses_c_library(name: str, part: str) -> bool:
    """Energies and likelihoods, and everything of the engine in double."""
    return "float64 engine" in name or part in ("history", "energies")


# ---- data: streams of RandomState are frozen ----


def rng(*key: int) -> np.random.RandomState:
    return np.random.RandomState(list(key))


def bits(n_rows: int, n_units: int, density: float = 0.3) -> np.ndarray:
    return (rng(n_rows, n_units).random_sample((n_rows, n_units)) < density).astype(np.uint8)


def grey(n_rows: int, n_units: int, dtype: Any = np.float32) -> np.ndarray:
    """Values in [0, 1]; those of float64 are no float32."""
    values = rng(n_rows, n_units, 1).random_sample((n_rows, n_units))
    return (np.floor(values * 257) / 256).astype(dtype) if dtype == np.float32 else values


def few_ones(n_rows: int, n_units: int) -> sparse.csr_array:
    return sparse.csr_array(bits(n_rows, n_units, 0.02))


def few_values(n_rows: int, n_units: int) -> sparse.csr_array:
    return sparse.csr_array(bits(n_rows, n_units, 0.05) * grey(n_rows, n_units))


def grey64(n_rows: int, n_units: int) -> np.ndarray:
    return grey(n_rows, n_units, np.float64)


def codes(n: int, n_bytes: int, values: int = 256) -> np.ndarray:
    """Packed codes; few values make many distances equal."""
    return rng(n, n_bytes, values).randint(0, values, (n, n_bytes)).astype(np.uint8)


# ---- training ----


class Training(NamedTuple):
    """One model and the data it learns from."""

    n_visible: int
    n_hidden: int
    options: dict[str, Any] = {}  # noqa: RUF012  never changed
    n_rows: int = 45
    data: Callable[[int, int], Any] = bits
    model: type = RBM

    def rows(self) -> Any:
        return self.data(self.n_rows, self.n_visible)

    def new(self, **more: Any) -> Any:
        options = {"n_iter": 2, "batch_size": 10, "random_state": 5, **self.options, **more}
        return self.model(self.n_hidden, **options)


MOMENTUM = {"momentum": 0.5, "final_momentum": 0.9, "momentum_switch_epoch": 1}
SPARSITY = {"sparsity_target": 0.1, "sparsity_cost": 0.3, "sparsity_damping": 0.8}
PENALTIES = {"weight_decay": 1e-3, "l1": 1e-3}
PCD = {"algorithm": "pcd"}
SAMPLED = {"statistics": "sampled"}
FAST, DOUBLE = {"precision": "fast"}, {"precision": "float64"}

TRAININGS = {
    "1x1": Training(1, 1),
    "13x7": Training(13, 7),
    "64x64": Training(64, 64),
    "64x64, one batch": Training(64, 64, {"batch_size": 100}),
    "65x130, batch 100": Training(65, 130, {"batch_size": 100}, n_rows=130),
    "130x65, batch 1": Training(130, 65, {"batch_size": 1}, n_rows=20),
    "784x256": Training(784, 256, {"batch_size": 100, "n_iter": 1}, n_rows=150),
    "100x10": Training(100, 10),
    "16x320, batch 2": Training(16, 320, {"batch_size": 2, "n_iter": 1}),
    "300x300, growing weights": Training(300, 300, {"learning_rate": 3.0}),
    "5x3, 17,000 rows a batch": Training(5, 3, {"batch_size": 17000}, n_rows=17001),
    "not shuffled": Training(33, 20, {"shuffle": False}),
    "bool": Training(33, 20, data=lambda n, v: bits(n, v).astype(bool)),
    "cd-3": Training(65, 20, {"k": 3}),
    "cd-10": Training(30, 17, {"k": 10}),
    "mean reconstruction": Training(65, 130, {"sample_visibles": False}),
    "cd-2, mean reconstruction": Training(65, 20, {"sample_visibles": False, "k": 2}),
    "pcd": Training(65, 130, PCD),
    "pcd-3, 7 chains": Training(65, 20, {**PCD, "k": 3, "n_chains": 7}),
    "pcd, 67 chains": Training(33, 70, {**PCD, "n_chains": 67}),
    "pcd, mean reconstruction": Training(65, 20, {**PCD, "sample_visibles": False}),
    "sampled": Training(65, 130, SAMPLED),
    "cd-2, sampled, momentum": Training(65, 20, {**SAMPLED, **MOMENTUM, "k": 2}),
    "pcd-2, sampled, 67 chains": Training(65, 20, {**SAMPLED, **PCD, "k": 2, "n_chains": 67}),
    "momentum": Training(65, 130, {**MOMENTUM, "n_iter": 3}),
    "penalties": Training(65, 20, {**PENALTIES, "n_iter": 3}),
    "sparsity": Training(65, 20, {**SPARSITY, "n_iter": 3}),
    "everything": Training(70, 40, {**PCD, **MOMENTUM, **PENALTIES, **SPARSITY, "k": 2}),
    "fast": Training(65, 130, FAST),
    "fast, 784x256": Training(784, 256, {**FAST, "batch_size": 100, "n_iter": 1}, n_rows=150),
    "fast, pcd": Training(65, 130, {**FAST, **PCD, **MOMENTUM}),
    "fast, sampled": Training(65, 130, {**FAST, **SAMPLED}),
    "fast, mean reconstruction": Training(65, 20, {**FAST, "sample_visibles": False}),
    "float64 engine": Training(13, 7, {**DOUBLE, **MOMENTUM, **PENALTIES}),
    "float64 engine, pcd-2": Training(20, 9, {**DOUBLE, **PCD, **SPARSITY, "k": 2}),
    "float64 engine, sampled": Training(13, 7, {**DOUBLE, **SAMPLED}),
    "float64 engine, grey": Training(13, 7, DOUBLE, data=grey64),
    "sparse": Training(784, 100, {"batch_size": 50}, data=few_ones, n_rows=100),
    "sparse, fast": Training(784, 100, FAST, data=few_ones),
    "threshold": Training(65, 20, {"binarize": 0.5}, data=grey),
    "drawn pixels": Training(65, 130, {"binarize": "sample"}, data=grey),
    "drawn pixels, sampled, pcd": Training(
        65, 20, {"binarize": "sample", **SAMPLED, **PCD}, data=grey64
    ),
    "grey": Training(65, 130, {"batch_size": 20}, data=grey),
    "grey, float64 data": Training(65, 20, data=grey64),
    "grey, pcd-2": Training(65, 20, {**PCD, **MOMENTUM, "k": 2}, data=grey),
    "grey, fast": Training(65, 130, {**FAST, "sample_visibles": False}, data=grey),
    "grey, sparse": Training(200, 30, data=few_values),
    "BernoulliRBM": Training(65, 130, model=BernoulliRBM),
    "BernoulliRBM, grey": Training(65, 20, model=BernoulliRBM, data=grey64),
    "BernoulliRBM, cd-3": Training(
        65, 20, {"algorithm": "cd", "k": 3, "shuffle": True}, model=BernoulliRBM
    ),
}


def quietly(learn: Callable[[Any], Any], X: Any) -> Any:
    """These models need not be good."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LearningWarning)
        return learn(X)


def state(model: Any) -> list[np.ndarray]:
    """What training changes, as far as it can be seen."""
    counts = np.array([model.n_iter_, model.n_updates_], np.int64)
    parameters = [model.components_, model.intercept_hidden_, model.intercept_visible_]
    return [*parameters, model.h_samples_, counts]


def measurements(model: Any) -> list[np.ndarray]:
    """`history_` but for the time it took."""
    kept = sorted(set(model.history_) - {"seconds"})
    return [np.array(model.history_[name], np.float64) for name in kept]


def trained(training: Training) -> Parts:
    X = training.rows()
    model = quietly(training.new().fit, X)
    return {
        "trained": state(model),
        "history": measurements(model),
        "features": model.transform(X[:20]),
        "chains": model.gibbs(X[:20], 3),
    }


def warm_started() -> Parts:
    """Momentum, chains and steps go on, also where options change between the fits."""
    training = Training(65, 20, {**PCD, **MOMENTUM, "warm_start": True, "n_iter": 1})
    model, X = training.new(), training.rows()
    for options in ({}, {"k": 2, "n_iter": 2}, {"algorithm": "cd", "momentum": 0.0}):
        quietly(model.set_params(**options).fit, X)
    return {"trained": state(model), "history": measurements(model)}


def partially_fitted(chunks: Callable[[np.ndarray], Any]) -> Parts:
    model = Training(33, 20, {**PCD, **SPARSITY, "momentum": 0.5}).new()
    return {"trained": state(model.partial_fit(chunks(bits(47, 33))).partial_fit(bits(12, 33)))}


def best_epoch() -> Parts:
    """Validation, and back to the best epoch."""
    X, stop = bits(60, 30), EarlyStopping(patience=2, restore_best=True)
    callbacks = [History(validation=X[40:], n_rows=15), stop]
    model = Training(30, 20, {"n_iter": 30, "learning_rate": 0.5, "callbacks": callbacks}).new()
    quietly(model.fit, X[:40])
    epochs = np.array([stop.best_epoch_, stop.stopped_epoch_], np.int64)
    return {"trained": [*state(model), epochs], "history": measurements(model)}


# ---- inference ----


def known_model(n_visible: int, n_hidden: int, precision: str = "fixed", model: type = RBM) -> Any:
    """A model of given weights."""
    found = model(n_hidden, n_iter=0, random_state=3, precision=precision)
    found.fit(bits(4, n_visible))
    found.components_ = (rng(n_visible, n_hidden).random_sample((n_hidden, n_visible)) - 0.5) * 1.2
    found.intercept_hidden_ = rng(n_hidden).random_sample(n_hidden) - 0.5
    found.intercept_visible_ = rng(n_visible).random_sample(n_visible) - 0.5
    return found


def inferred(model: Any, n_rows: int, enumerable: bool) -> Parts:
    v = bits(n_rows, model.n_features_in_)
    h = bits(n_rows, model.n_components)
    parts: Parts = {
        "means": [model.transform(v), model.mean_hidden(v), model.mean_visible(h)],
        "of one row": [model.mean_hidden(v[0]), model.mean_visible(h[0])],
        "draws": [model.sample_hidden(v), model.sample_visible(h), model.sample_hidden(v)],
        "gibbs": [model.gibbs(v, 1), model.gibbs(v[:7], 40)],
        "samples": [model.sample(5, n_steps=60), model.sample(3, n_steps=5, start=v[:3])],
        "energies": [model.free_energy(v), model.score_samples(v)],
    }
    if enumerable:
        scores = model.pseudo_likelihood(v[:9], exact=True)
        log_z = model.log_partition().log_z
        parts["energies"] += [scores, np.float64(log_z), model.log_likelihood(v)]
    return parts


def inferred_from_grey() -> Parts:
    """Sums of real values with weights."""
    model = known_model(65, 130)
    v, h = grey(30, 65), grey(30, 130)
    return {
        "means": [model.transform(v), model.inverse_transform(h), model.reconstruct(v)],
        "reconstruction of bits": model.reconstruct(bits(30, 65)),
        "draws": [model.sample_hidden(v), model.gibbs(v, 3)],
        "energies": [model.free_energy(v), model.score_samples(v)],
    }


# ---- search ----


def index_of(rows: np.ndarray, index_type: str, ids: Any = None) -> HammingIndex:
    index = HammingIndex(8 * rows.shape[1], index_type=index_type)
    if ids is None:
        index.add(rows)
    else:
        index.add_with_ids(rows, ids)
    if index_type == "mih":
        index.build_tables()
    return index


def near(rows: np.ndarray, n: int) -> np.ndarray:
    """Queries: stored codes, most of them with a bit or two changed."""
    queries = np.resize(rows, (n, rows.shape[1])).copy()
    queries[1::3, 0] ^= 4
    queries[2::3, -1] ^= 129
    return queries


def searched(n_bytes: int, index_type: str, n: int = 2100, values: int = 256) -> Parts:
    rows = codes(n, n_bytes, values)
    index, few, many = index_of(rows, index_type), near(rows, 3), near(rows[::-1], 40)
    return {
        "nearest": [*index.search(few, 1), *index.search(many, 1), *index.search(many, 10)],
        "of few queries": [*index.search(few, 300), *index.range_search(few, 3, inclusive=True)],
        "more than there are": index.search(few, n + 5),
        "within": [*index.range_search(many, 2), *index.range_search(few, 4 * n_bytes)],
        "pairs": index.pairs_within(2, inclusive=True),
        "histogram": index.distance_histogram(few),
    }


def of_chosen(index_type: str) -> Parts:
    """Ids without order, masks, removals, and codes added behind the tables."""
    rows = codes(1500, 8, 5)
    index = index_of(rows, index_type, rng(1500).permutation(4000)[:1500])
    mask, queries = rng(3).random_sample(1500) < 0.4, near(rows, 20)
    chosen = {"ids": range(100, 3000, 3), "mask": mask}
    parts: Parts = {
        "chosen": [*index.search(queries, 7, **chosen), *index.range_search(queries, 9, **chosen)],
        "histogram of chosen": index.distance_histogram(queries, **chosen),
    }
    removed = index.remove_ids(range(0, 4000, 7))
    index.add(codes(100, 8, 6))
    parts["after changes"] = [np.int64(removed), index.ids, *index.search(queries, 7)]
    index.merge_from(index_of(codes(50, 8, 7), index_type, np.arange(5000, 5050)))
    parts["merged"] = [*index.search(queries, 7), *index.pairs_within(3), index.reconstruct(5007)]
    return parts


def without_index(n_bytes: int) -> Parts:
    a, b = codes(70, n_bytes, 9), codes(600, n_bytes, 9)
    return {
        "distances": udl.hamming_distances(a, b),
        "nearest": [*udl.hamming_knn(a, b, 1), *udl.hamming_knn(a[:3], b, 20)],
        "histogram": udl.hamming_histogram(a, b),
    }


def packed() -> Parts:
    X, values = bits(30, 77), grey(30, 77)
    rows = udl.pack_bits(X)
    return {
        "bits": [rows, udl.pack_bits(X.astype(bool)), udl.pack_bits(values, threshold=0.5)],
        "unpacked": [udl.unpack_bits(rows, 77), udl.unpack_bits(rows)],
    }


# ---- the table ----


def _results() -> Iterable[tuple[str, Callable[[], Parts]]]:
    for name, training in TRAININGS.items():
        yield f"train: {name}", lambda training=training: trained(training)
    yield "train: warm start", warm_started
    yield "train: partial_fit", lambda: partially_fitted(lambda X: X)
    yield "train: iterator", lambda: partially_fitted(lambda X: iter([X[:15], X[15:16], X[16:]]))
    yield "train: best epoch", best_epoch
    for n_visible, n_hidden, n_rows in ((1, 1, 9), (13, 7, 2100), (65, 130, 40), (784, 256, 20)):
        for precision in ("fixed", "fast"):
            yield (
                f"infer: {precision}, {n_visible}x{n_hidden}",
                lambda shape=(n_visible, n_hidden), precision=precision, n_rows=n_rows: inferred(
                    known_model(*shape, precision), n_rows, min(shape) < 14
                ),
            )
    yield "infer: float64 engine", lambda: inferred(known_model(13, 7, "float64"), 20, True)
    yield (
        "infer: BernoulliRBM",
        lambda: inferred(known_model(65, 12, model=BernoulliRBM), 20, True),
    )
    yield "infer: grey", inferred_from_grey
    for index_type in ("scan", "mih"):
        for n_bytes in (1, 2, 3, 4, 8, 13, 16, 32, 100):
            yield (
                f"search: {index_type}, {8 * n_bytes} bits",
                lambda n_bytes=n_bytes, index_type=index_type: searched(n_bytes, index_type),
            )
        yield (
            f"search: {index_type}, 64 bits, equal distances",
            lambda index_type=index_type: searched(8, index_type, values=3),
        )
        yield (
            f"search: {index_type}, 8072 bits",
            lambda index_type=index_type: searched(1009, index_type, 70),
        )
        yield f"search: {index_type}, chosen", lambda index_type=index_type: of_chosen(index_type)
    yield "search: auto, 64 bits", lambda: searched(8, "auto")
    for n_bytes in (1, 8, 37):
        yield f"search: arrays, {8 * n_bytes} bits", lambda n_bytes=n_bytes: without_index(n_bytes)
    yield "pack_bits", packed


RESULTS: dict[str, Callable[[], Parts]] = dict(_results())
