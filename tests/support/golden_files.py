"""What files of old versions hold, and what their models and indexes do when they go on.

`tests/data/golden/learned_on.json` keeps the hashes of `described` for every file. They are equal on every CPU
target.
"""

import io
import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import udl_fast as udl
from tests.support.golden import FOLDER, bits, codes, grey, quietly, sha256, state
from udl_fast import RBM, HammingIndex, LogPartition

FOLDERS = ("models", "pickles", "indexes")
CALLBACK_FEATURES = 8  # of the data that the callbacks' validation rows belong to


def paths() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (FOLDER / folder).iterdir())


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def is_format_1(name: str) -> bool:
    """Of model files: the others hold the format that is written today."""
    return name.startswith("models/") and not name.startswith("models/format2_")


def in_format_2(name: str) -> str:
    """The file of the same model in the format that is written today."""
    return name.replace("models/", "models/format2_") if is_format_1(name) else name


def load(path: Path) -> Any:
    readers = {
        ".safetensors": udl.load,
        ".udl": HammingIndex.load,
        ".faiss": HammingIndex.read_faiss,
        ".pkl": lambda path: pickle.loads(path.read_bytes()),
    }
    return readers[path.suffix](path)


def save(found: Any, path: Path) -> None:
    """As the file at `path` was written, for models and indexes."""
    if path.suffix == ".faiss":
        found.write_faiss(path)
    else:
        found.save(path)


def modules_named(content: bytes) -> list[str]:
    """The classes of this package that a pickle imports, by the names it has for them."""
    found = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if module.startswith("udl_fast"):
                found.add(f"{module}.{name}")
            return super().find_class(module, name)

    Recorder(io.BytesIO(content)).load()
    return sorted(found)


def described(path: Path) -> dict[str, Any]:
    """Hashes of what a file holds and of what comes of it; the names of modules in a pickle."""
    found = load(path)
    about: dict[str, Any] = {"class": type(found).__name__}
    if path.suffix == ".pkl":
        about["modules"] = modules_named(path.read_bytes())
    if isinstance(found, HammingIndex):
        return about | _index(found)
    if isinstance(found, LogPartition):
        return about | {"held": sha256(np.array(found))}
    if isinstance(found, RBM):
        return about | (_fitted(found) if hasattr(found, "components_") else _unfitted(found))
    return about | _callback(found)


def uses_c_library(name: str) -> bool:
    """Models of the engine in double."""
    return "float64" in name and "float64_data" not in name


def was_learned_otherwise(name: str) -> bool:
    """Models of a kind of training that has given other bits since: gradients of "fast" were rounded
    at offsets that began at 0 and few rows were learned in its narrow tables, and real values were
    multiplied on the baseline target, which writes these files, with a rounding in between."""
    real = "mean_reconstruction" in name or ("grey" in name and "drawn" not in name)
    return "fast" in name or real


def compared(name: str, content: bytes) -> Any:
    """A file's content, but of a model what `history_` measures otherwise since: the score was an estimate
    from one unit a row, there was no spread, and free energies were added up in another order."""
    if not name.startswith("models/"):
        return content
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    description = json.loads(header.pop("__metadata__")["udl_fast"])
    history = description["values"]["history"]
    for measured in (
        "pseudo_likelihood",
        "validation_pseudo_likelihood",
        "activation_spread",
        "free_energy_gap",
    ):
        history.pop(measured, None)
    return header, description, content[end:]


# ---- models ----


def _rows(model: Any, n_features: int) -> np.ndarray:
    """Bits, also where pixels are thresholded or drawn."""
    return bits(25, n_features) if model.binarize is None else grey(25, n_features)


def _learn(learn: Any, X: np.ndarray) -> Any:
    with warnings.catch_warnings():  # a model with names of features learns from an array
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        return quietly(learn, X)


def _fitted(model: Any) -> dict[str, Any]:
    """As loaded; the next samples; after a call of partial_fit; and after two epochs more."""
    names = getattr(model, "feature_names_in_", None)
    about: dict[str, Any] = {} if names is None else {"feature_names": names.tolist()}
    about["parameters"] = {
        name: value for name, value in model.get_params().items() if name != "callbacks"
    }
    X = _rows(model, model.n_features_in_)
    history = [np.array(values, np.float64) for _, values in sorted(model.history_.items())]
    about["held"] = sha256([*state(model), *history])
    about["drawn"] = sha256([model.sample(3, n_steps=5), model.sample_hidden(bits(4, X.shape[1]))])
    about["after partial_fit"] = sha256(state(_learn(model.partial_fit, X)))
    model.set_params(warm_start=True, n_iter=2)
    about["after fit"] = sha256(state(_learn(model.fit, X)))
    return about


def _unfitted(model: Any) -> dict[str, Any]:
    return {"after fit": sha256(state(_learn(model.fit, _rows(model, CALLBACK_FEATURES))))}


def _callback(callback: Any) -> dict[str, Any]:
    """A new model that it watches."""
    attributes = {
        name: value
        for name, value in vars(callback).items()
        if isinstance(value, int | float | str | None) and not name.startswith("_")
    }
    model = RBM(6, n_iter=6, batch_size=10, random_state=1, callbacks=[callback])
    _learn(model.fit, bits(30, CALLBACK_FEATURES))
    return {"attributes": attributes, "after fit": sha256(state(model))}


# ---- indexes ----


def _index(index: HammingIndex) -> dict[str, Any]:
    found = {"index_type": index.index_type, "held": _found(index)}
    _add(index)
    return {**found, "after adding": _found(index)}


def _add(index: HammingIndex) -> None:
    rows = codes(30, index.code_size)
    try:
        index.add(rows)
    except ValueError:  # behind the largest possible id there is none to give
        index.add_with_ids(rows, np.arange(30) + 1000)


def _found(index: HammingIndex) -> str:
    """Hash of all codes, and of answers."""
    queries = codes(5, index.code_size)
    stored = [index.ids, index.reconstruct_batch(index.ids)]
    within = index.range_search(queries, index.n_bits // 2, inclusive=True)
    return sha256([*stored, *index.search(queries, 7), *within, *index.pairs_within(3)])
