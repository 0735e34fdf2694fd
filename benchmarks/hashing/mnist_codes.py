"""Codes of MNIST's digits, learned without labels, beside ITQ, random projections and signs of PCA.

The 10,000 test images are queries, the 60,000 training images are what is searched and what everything learns
from; images of the query's digit are relevant. Mean average precision ranks all codes, ties in expectation.
Bits are above their medians over the training images.
"""

import sys
import time
from typing import Any

import numpy as np

from benchmarks.support.code_baselines import itq, measured, pca_signs, random_projections
from benchmarks.support.recording import finish, output_path, parser
from udl_fast import SemanticHasher, datasets, get_num_threads, presets
from udl_fast.bench.table import markdown_table

NAME = "mnist_codes"
_SEEDS = (0, 1, 2)
_BASELINES = {"itq": itq, "random_projections": random_projections, "pca_signs": pca_signs}
_WORDS = {
    "semantic_hasher": "SemanticHasher",
    "itq": "ITQ",
    "random_projections": "random projections",
    "pca_signs": "signs of PCA",
}


def hasher(n_bits: int, seed: int, options: Any) -> SemanticHasher:
    """The model. Strong weight decay keeps what RBMs learn smooth, and strong noise in the code lets it keep only
    what matters most: both rank whole classes, where a code that reconstructs best ranks what is nearest."""
    layer = presets.science2006(n_iter=options.pretraining, weight_decay=options.weight_decay)
    return SemanticHasher(
        [*options.hidden, n_bits],
        code=options.code,
        code_noise=options.code_noise,
        rbm=layer,
        n_iter=options.epochs,
        learning_rate=options.learning_rate,
        weight_decay=options.fine_tuning_decay,
        random_state=seed,
    )


def compare(n_bits: int, seed: int, data: dict[str, Any], options: Any) -> dict[str, Any]:
    """Measures of every kind of code."""
    train, test = data["train"], data["test"]
    labels = (data["test_labels"], data["train_labels"])
    begin = time.perf_counter()
    model = hasher(n_bits, seed, options).fit(train)
    seconds = time.perf_counter() - begin
    codes = model.encode(train, "median")
    found: dict[str, Any] = {
        "semantic_hasher": {
            **measured(model.encode(test, model.thresholds_), codes, labels),
            "training_seconds": round(seconds, 1),
        }
    }
    for name, learn in _BASELINES.items():
        encode = learn(train, n_bits, seed)
        found[name] = measured(encode(test), encode(train), labels)
    return {"n_bits": n_bits, "seed": seed, **found}


def images(quick: bool) -> dict[str, Any]:
    """Pixels and classes."""
    if quick:
        X, y = datasets.load_digits(return_X_y=True)
        parts = {"train": (X[:1400], y[:1400]), "test": (X[1400:], y[1400:])}
    else:
        parts = {s: datasets.load_mnist(subset=s, return_X_y=True) for s in ("train", "test")}
    return {
        name: value
        for subset, (X, y) in parts.items()
        for name, value in ((subset, X.astype(np.float32)), (f"{subset}_labels", y))
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table: means over seeds."""
    rows = []
    for n_bits in sorted({run["n_bits"] for run in record["results"]}):
        runs = [run for run in record["results"] if run["n_bits"] == n_bits]
        for name, words in _WORDS.items():
            means = [
                float(np.mean([run[name][measure] for run in runs]))
                for measure in ("map", "precision_at_100")
            ]
            rows.append([str(n_bits), words, *(f"{mean:.3f}" for mean in means)])
    return markdown_table(["bits", "codes", "mean average precision", "precision@100"], rows)


def main() -> int:
    """Run, print, record."""
    found = parser(__doc__)
    found.add_argument("--bits", type=int, nargs="+", default=[64, 128])
    found.add_argument("--hidden", type=int, nargs="*", default=[500], help="layers below the code")
    found.add_argument("--code", choices=("rounding", "noise"), default="noise")
    found.add_argument("--code-noise", type=float, default=16.0)
    found.add_argument("--pretraining", type=int, default=10, help="epochs of each RBM")
    found.add_argument("--weight-decay", type=float, default=0.03, help="of the RBMs")
    found.add_argument("--epochs", type=int, default=10, help="of the net as a whole")
    found.add_argument("--learning-rate", type=float, default=1e-3)
    found.add_argument("--fine-tuning-decay", type=float, default=0.0)
    found.add_argument("--seeds", type=int, nargs="+", default=list(_SEEDS))
    options = found.parse_args()
    path = output_path(options, NAME)
    if options.quick:
        options.bits, options.seeds, options.hidden = [32], [0], [32]
    data = images(options.quick)
    results = []
    for n_bits in options.bits:
        for seed in options.seeds:
            results.append(compare(n_bits, seed, data, options))
            print(results[-1], file=sys.stderr)
    names = ("hidden", "code", "code_noise", "pretraining", "weight_decay", "epochs")
    names += ("learning_rate", "fine_tuning_decay")
    settings = {name: getattr(options, name) for name in names}
    settings["threads"] = get_num_threads()
    finish(NAME, path, {"settings": settings, "results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
