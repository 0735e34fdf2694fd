"""Make the files of `tests/data/golden`: models, pickles and indexes as they are written today, and hashes.

The files are made once for a version of the file format and kept for ever: users have such files, and
`tests/persistence/test_golden.py` holds that they are read and learned on from bit for bit. New kinds of
files are added beside them: model files whose names begin with `format2_` are those of format 2, the others of
format 1, which nothing writes any more. `hashes.json` changes only in a commit of its own that says why.
Run from the root:

    python -m tests.data.make_golden             # writes what is not there, refuses if anything is
    python -m tests.data.make_golden --add       # writes only files that are not there
    python -m tests.data.make_golden --new-hashes    # writes hashes.json, and what comes of learning on from files

Needs a machine that has all CPU targets. Everything follows from seeds, byte for byte.
"""

import argparse
import copy
import itertools
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from tests.support import golden, golden_files
from tests.support.golden import (
    DOUBLE,
    FAST,
    FOLDER,
    MOMENTUM,
    PCD,
    PENALTIES,
    SAMPLED,
    SPARSITY,
    Training,
    bits,
    codes,
    few_ones,
    few_values,
    grey,
    grey64,
    quietly,
    rng,
)

from udl_fast import RBM, BernoulliRBM, HammingIndex, runtime, set_num_threads
from udl_fast.callbacks import Checkpoint, EarlyStopping, History, MetricsLogger

# ---- models ----

BERNOULLI = {"model": BernoulliRBM}

FITTED = {  # file -> what it is trained on
    "rbm_cd": Training(13, 7),
    "rbm_cd_3": Training(20, 9, {"k": 3, "shuffle": False}),
    "rbm_one_unit": Training(1, 1, n_rows=5),
    "rbm_65x130": Training(65, 130),
    "rbm_130x65_momentum": Training(130, 65, MOMENTUM),
    "rbm_pcd": Training(33, 17, PCD),
    "rbm_pcd_7_chains": Training(33, 17, {**PCD, "k": 2, "n_chains": 7}),
    "rbm_fast": Training(65, 20, FAST),
    "rbm_fast_pcd_momentum": Training(33, 70, {**FAST, **PCD, **MOMENTUM}),
    "rbm_float64": Training(13, 7, DOUBLE),
    "rbm_float64_pcd": Training(13, 7, {**DOUBLE, **PCD, **MOMENTUM, **SPARSITY}),
    "rbm_sampled": Training(33, 20, SAMPLED),
    "rbm_sampled_pcd_fast": Training(33, 20, {**SAMPLED, **PCD, **FAST, "momentum": 0.5}),
    "rbm_mean_reconstruction": Training(33, 20, {"sample_visibles": False}),
    "rbm_momentum_penalties": Training(20, 9, {**MOMENTUM, **PENALTIES, "n_iter": 4}),
    "rbm_sparsity": Training(33, 17, {**SPARSITY, "momentum": 0.5}),
    "rbm_grey": Training(20, 9, data=grey),
    "rbm_grey_float64_data": Training(20, 9, data=grey64),
    "rbm_threshold": Training(20, 9, {"binarize": 0.25}, data=grey),
    "rbm_drawn_pixels": Training(20, 9, {"binarize": "sample"}, data=grey),
    "rbm_sparse": Training(200, 10, PCD, data=few_ones),
    "rbm_sparse_grey": Training(60, 10, data=few_values),
    "rbm_not_trained": Training(13, 7, {**PCD, "n_iter": 0}),
    "rbm_random_state": Training(13, 7, {"random_state": rng(1)}),
    "rbm_not_measured": Training(13, 7, {"callbacks": [History(every=0)]}),
    "rbm_validation": Training(13, 7, {"callbacks": [History(bits(9, 13))]}),
    "rbm_many_options": Training(
        20, 9, {**PCD, **MOMENTUM, **PENALTIES, **SPARSITY, "k": 2, "n_jobs": 2, "warm_start": True}
    ),
    "bernoulli_pcd": Training(33, 17, **BERNOULLI),
    "bernoulli_cd": Training(33, 17, {"algorithm": "cd", "k": 2, "shuffle": True}, **BERNOULLI),
    "bernoulli_fast": Training(33, 17, FAST, **BERNOULLI),
    "bernoulli_float64": Training(13, 7, {**DOUBLE, **MOMENTUM}, **BERNOULLI),
    "bernoulli_sparsity": Training(13, 7, {**SPARSITY, **PENALTIES, **MOMENTUM}, **BERNOULLI),
    "bernoulli_grey": Training(13, 7, data=grey64, **BERNOULLI),
    "bernoulli_threshold": Training(13, 7, {"binarize": 0.5}, data=grey64, **BERNOULLI),
}


def fitted(training: Training) -> Any:
    return quietly(training.new().fit, training.rows())


def with_feature_names(model: Any) -> Any:
    names = [f"pixel {i}" for i in range(model.n_features_in_ - 1)] + ["größe"]
    model.feature_names_in_ = np.array(names, dtype=object)
    return model


def partially_fitted(training: Training) -> Any:
    X = training.rows()
    return training.new().partial_fit(X).partial_fit(iter([X[:3], X[3:20]]))


def warm_started() -> Any:
    """Measured with validation data, then without, then by other means."""
    training = Training(20, 9, {**MOMENTUM, "warm_start": True})
    model, X = training.new(callbacks=[History(bits(10, 20))]), training.rows()
    quietly(model.fit, X)
    quietly(model.set_params(callbacks=None, k=2).fit, X)
    return quietly(model.set_params(algorithm="pcd", n_iter=1).partial_fit, X)


def interrupted() -> Any:
    """Ctrl-C after the second epoch, where a callback looks."""

    def ctrl_c(model: Any, info: dict[str, Any]) -> None:
        if info["epoch"] == 2:
            raise KeyboardInterrupt

    training = Training(20, 9, {**PCD, **MOMENTUM, "n_iter": 5, "callbacks": [ctrl_c]})
    model = training.new()
    try:
        quietly(model.fit, training.rows())
    except KeyboardInterrupt:
        return model
    raise AssertionError("it was not interrupted")


def stopped_early() -> Any:
    """As every model stopped when the files were made: before patience waited for learning."""
    stop = EarlyStopping(patience=2, restore_best=True, wait_for_learning=False)
    options = {**PCD, "n_iter": 30, "learning_rate": 0.5, "callbacks": [stop]}
    model = fitted(Training(20, 9, options))
    assert stop.stopped_epoch_ is not None
    return model


def after_sampling() -> Any:
    """Draws go on behind those that were made."""
    model = fitted(Training(20, 9))
    model.sample(4, n_steps=11)
    return model


def assigned() -> Any:
    """Weights and chains of the caller's."""
    model = fitted(Training(20, 9, {**PCD, **MOMENTUM}))
    model.components_ = rng(20).random_sample((9, 20)) - 0.5
    model.h_samples_ = bits(4, 9)
    return model


MODELS: dict[str, Callable[[], Any]] = {
    **{
        name: lambda training=training: fitted(training)  # type: ignore[misc]
        for name, training in FITTED.items()
    },
    "rbm_feature_names": lambda: with_feature_names(fitted(Training(13, 7))),
    "rbm_partial_fit": lambda: partially_fitted(Training(13, 7, {**PCD, "momentum": 0.5})),
    "rbm_warm_started": warm_started,
    "rbm_interrupted": interrupted,
    "rbm_stopped_early": stopped_early,
    "rbm_after_sampling": after_sampling,
    "rbm_assigned": assigned,
    "bernoulli_feature_names": lambda: with_feature_names(fitted(Training(13, 7, **BERNOULLI))),
    "bernoulli_partial_fit": lambda: partially_fitted(Training(13, 7, **BERNOULLI)),
}


def model_files() -> Iterator[tuple[str, bytes]]:
    for name, make in MODELS.items():
        with tempfile.TemporaryDirectory() as folder:
            make().save(path := Path(folder) / "model")
            yield f"models/format2_{name}.safetensors", path.read_bytes()
    yield "models/format2_rbm_checkpoint.safetensors", checkpoint()


def checkpoint() -> bytes:
    """Of epoch 2 of 5."""
    with tempfile.TemporaryDirectory() as folder:
        callbacks = [Checkpoint(folder, keep=None)]
        fitted(Training(20, 9, {**PCD, **MOMENTUM, "n_iter": 5, "callbacks": callbacks}))
        return (Path(folder) / "checkpoint-000002.safetensors").read_bytes()


# ---- pickles ----

WATCHED = Training(golden_files.CALLBACK_FEATURES, 6, {"n_iter": 4})


def callbacks() -> dict[str, Any]:
    validation = bits(12, WATCHED.n_visible)
    return {
        "history": History(),
        "history_validation": History(validation, n_rows=10, every=1),
        "early_stopping": EarlyStopping(),
        "early_stopping_restore": EarlyStopping("weight_change", patience=1, restore_best=True),
        "checkpoint": Checkpoint("checkpoints", every=2, keep=1, prefix="saved"),
        "metrics_logger": MetricsLogger(dict, prefix="rbm/"),
    }


def early_stopping_at_work() -> EarlyStopping:
    """In the middle of a fit, with the best state so far."""
    stop, seen = EarlyStopping(patience=9, restore_best=True), []

    def look(model: Any, info: dict[str, Any]) -> None:
        if info["epoch"] == 3:
            (run,) = stop._runs.values()
            seen.append(copy.copy(stop))
            seen[0]._runs = {0: copy.deepcopy(run)}  # the key is an address: another each time

    quietly(WATCHED.new(callbacks=[stop, look]).fit, WATCHED.rows())
    return seen[0]


def indexes_to_pickle() -> dict[str, HammingIndex]:
    tables = HammingIndex(32, index_type="mih")
    tables.add(codes(200, 4))
    tables.build_tables()
    scan = HammingIndex(24, index_type="scan")
    scan.add(codes(30, 3))
    return {
        "index_empty": HammingIndex(64),
        "index_flat": filled(64),
        "index_scan": scan,
        "index_tables": tables,
        "index_ids": with_ids(64),
        "index_removed": removed(64),
    }


def objects_to_pickle() -> Iterator[tuple[str, Any]]:
    yield "rbm_unfitted", RBM(6, n_iter=2, random_state=2)
    yield "rbm_unfitted_options", RBM(6, **PCD, **MOMENTUM, **SPARSITY, k=2, random_state=2)
    yield "bernoulli_unfitted", BernoulliRBM(6, n_iter=2, random_state=2)
    for name in ("rbm_cd", "rbm_pcd", "rbm_fast_pcd_momentum", "rbm_float64_pcd", "rbm_sparsity"):
        yield name, MODELS[name]()
    for name in ("rbm_one_unit", "rbm_drawn_pixels", "rbm_feature_names", "rbm_partial_fit"):
        yield name, MODELS[name]()
    for name in ("bernoulli_pcd", "bernoulli_float64", "bernoulli_grey", "bernoulli_feature_names"):
        yield name, MODELS[name]()
    for name, callback in callbacks().items():
        yield name, callback
        model = quietly(WATCHED.new(callbacks=[callback]).fit, WATCHED.rows())
        yield f"rbm_with_{name}", model
        yield f"{name}_after_fit", callback
        if name in ("history", "early_stopping"):
            model = WATCHED._replace(model=BernoulliRBM).new().set_callbacks(callback)
            yield f"bernoulli_set_callbacks_{name}", quietly(model.fit, WATCHED.rows())
    yield "early_stopping_at_work", early_stopping_at_work()
    yield from indexes_to_pickle().items()
    yield "log_partition", MODELS["rbm_cd"]().log_partition()


def pickle_files() -> Iterator[tuple[str, bytes]]:
    """Protocol 4, the default of Python up to 3.13; some with the next, the default after it."""
    for name, found in objects_to_pickle():
        yield f"pickles/{name}.pkl", pickle.dumps(found, protocol=4)
        if name in ("rbm_pcd", "bernoulli_pcd", "index_flat", "rbm_with_history"):
            yield f"pickles/{name}_protocol_5.pkl", pickle.dumps(found, protocol=5)


# ---- indexes ----


def filled(n_bits: int, n: int = 40) -> HammingIndex:
    index = HammingIndex(n_bits)
    index.add(codes(n, n_bits // 8))
    return index


def with_ids(n_bits: int) -> HammingIndex:
    index = HammingIndex(n_bits)
    index.add_with_ids(codes(40, n_bits // 8), rng(n_bits).permutation(500)[:40])
    return index


def removed(n_bits: int) -> HammingIndex:
    """The next id is not that of the last code."""
    index = filled(n_bits)
    index.remove_ids(range(1, 40, 3))
    index.remove_ids([39])
    return index


def emptied() -> HammingIndex:
    """Ids go on behind those that were removed."""
    index = filled(64)
    index.remove_ids(range(40))
    return index


def reset() -> HammingIndex:
    index = with_ids(64)
    index.reset()
    return index


def merged() -> HammingIndex:
    index = removed(64)
    index.merge_from(with_ids_from(64, 100))
    return index


def with_ids_from(n_bits: int, first: int) -> HammingIndex:
    index = HammingIndex(n_bits)
    index.add_with_ids(codes(20, n_bits // 8), first + np.arange(20))
    return index


INDEXES: dict[str, Callable[[], HammingIndex]] = {
    **{f"flat_{n}": lambda n=n: filled(n) for n in (8, 16, 24, 64, 104, 256, 512)},  # type: ignore[misc]
    "flat_65528": lambda: filled(65528, 2),
    "ids_8": lambda: with_ids(8),
    "ids_64": lambda: with_ids(64),
    "ids_104": lambda: with_ids(104),
    "largest_id": lambda: with_ids_from(64, 2**63 - 20),
    "removed_64": lambda: removed(64),
    "removed_24": lambda: removed(24),
    "emptied": emptied,
    "reset": reset,
    "never_filled": lambda: HammingIndex(128),
    "merged": merged,
    "tables": lambda: indexes_to_pickle()["index_tables"],
}


def index_files() -> Iterator[tuple[str, bytes]]:
    for name, make in INDEXES.items():
        with tempfile.TemporaryDirectory() as folder:
            own, faiss = Path(folder) / "own", Path(folder) / "faiss"
            index = make()
            index.index_type = "auto"  # files of that time did not tell it
            index.save(own)
            index.write_faiss(faiss)
            yield f"indexes/{name}.udl", own.read_bytes()
            if not name.startswith("flat_65528"):
                yield f"indexes/{name}.faiss", faiss.read_bytes()


# ---- writing ----


@contextmanager
def steady() -> Iterator[None]:
    """One target, and a clock that counts its readings: measurements hold the time an epoch took."""
    readings = (count / 4 for count in itertools.count())
    clock = mock.patch("time.perf_counter", side_effect=readings)
    with runtime.forced_target("baseline"), clock, in_a_new_folder():
        yield


@contextmanager
def in_a_new_folder() -> Iterator[None]:
    """Checkpoints are written where the process is."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def write_files(only_missing: bool) -> None:
    with steady():
        files = dict(itertools.chain(model_files(), pickle_files(), index_files()))
    there = sorted(name for name in files if (FOLDER / name).exists())
    if there and not only_missing:
        sys.exit(f"make_golden: {len(there)} files are there and are kept for ever: {there[0]} ...")
    for name in sorted(set(files) - set(there)):
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])


def write_learned_on(renew: bool = False) -> None:
    """Of files that have no entry; those that have one keep it, or what they hold is kept and what
    comes of learning on is renewed."""
    path = FOLDER / "learned_on.json"
    kept = golden.read_json(path.name)["files"] if path.exists() else {}
    with steady():
        for file in golden_files.paths():
            name = golden_files.name_of(file)
            if name not in kept:
                kept[name] = golden_files.described(file)
            elif renew:
                found = golden_files.described(file)
                kept[name] |= {key: found[key] for key in kept[name] if key.startswith("after")}
    write_json(path, {"c_library": golden.c_library(), "files": dict(sorted(kept.items()))})


def write_hashes() -> None:
    by_target = {target: hashes_of(target) for target in golden.TARGETS}
    results: dict[str, dict[str, Any]] = {}
    for name in golden.RESULTS:
        results[name] = {}
        for part in by_target[golden.TARGETS[0]][name]:
            found = {hashes[name][part] for hashes in by_target.values()}
            if len(found) > 1:
                sys.exit(f"make_golden: {name}, {part}: targets differ")
            (results[name][part],) = found
    write_json(FOLDER / "hashes.json", {"c_library": golden.c_library(), "results": results})


def hashes_of(target: str) -> dict[str, dict[str, str]]:
    """The same for any number of threads."""
    found = []
    with runtime.forced_target(target):
        for n_threads in (1, 2, 3):
            set_num_threads(n_threads)
            found.append({name: golden.digests(name) for name in golden.RESULTS})
    set_num_threads(0)
    for name in golden.RESULTS:
        if not found[0][name] == found[1][name] == found[2][name]:
            sys.exit(f"make_golden: {name} on {target} depends on the number of threads")
    return found[0]


def write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--add", action="store_true", help="write only files that are not there")
    choice.add_argument("--new-hashes", action="store_true", help="write hashes only")
    options = parser.parse_args()
    if not options.new_hashes:
        write_files(only_missing=options.add)
    write_learned_on(renew=options.new_hashes)
    if not options.add:
        write_hashes()


if __name__ == "__main__":
    main()
