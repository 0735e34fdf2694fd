"""256-bit codes of CIFAR-10's images by a scaled-down encoder, learned without labels.

The 50,000 training images are what everything learns from and what is searched, the first 1,000 test images
are queries. Precision of the first 100 is the share of images of the query's class. Beside the codes stand
ITQ and random projections of the same width, and the Euclidean distance of pixels. Every image has its mean
taken out and its contrast evened for the net, then every pixel its mean and deviation over the training
images; the others are given pixels as they are, and ITQ also what the net is given. With --picture a sheet is
drawn: queries, what is nearest by code and by pixels, and images with their reconstructions from 256 bits.
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.code_baselines import (
    itq,
    measured,
    nearest,
    precision_of,
    random_projections,
)
from benchmarks.support.recording import finish, output_path, parser
from udl_fast import SemanticHasher, datasets, get_num_threads, hamming_knn, presets
from udl_fast.bench.table import markdown_table

NAME = "cifar_codes"
_LEAST_CONTRAST = 0.05  # of pixels in [0, 1], added to the deviation within an image
_WORDS = {
    "semantic_hasher": "SemanticHasher, 256 bits",
    "itq": "ITQ, 256 bits",
    "itq_of_evened": "ITQ of evened images, 256 bits",
    "random_projections": "random projections, 256 bits",
}

Images = NDArray[np.float32]


class Evened:
    """Images without their mean and contrast, then pixels without theirs."""

    def __init__(self, train: Images) -> None:
        even = self._of_image(train)
        self._mean = even.mean(axis=0)
        self._deviation = even.std(axis=0)

    def __call__(self, images: Images) -> Images:
        return (self._of_image(images) - self._mean) / self._deviation

    def back(self, values: Images, images: Images) -> Images:
        """Pixels of reconstructions, with the mean and the contrast of these images."""
        means, spreads = self._statistics(images)
        return np.clip((values * self._deviation + self._mean) * spreads + means, 0, 1)

    def _of_image(self, images: Images) -> Images:
        means, spreads = self._statistics(images)
        return (images - means) / spreads

    @staticmethod
    def _statistics(images: Images) -> tuple[Images, Images]:
        deviations = images.std(axis=1, keepdims=True)
        return images.mean(axis=1, keepdims=True), deviations + np.float32(_LEAST_CONTRAST)


def hasher(options: Any) -> SemanticHasher:
    """The model: one RBM for real values, others for bits, then the net as a whole."""
    pixels = presets.science2006(
        visible="gaussian",
        learn_sigma=False,
        learning_rate=options.pixel_rate,
        weight_decay=options.pixel_decay,
        initial_weights=0.01,
        n_iter=options.pretraining,
    )
    above = presets.science2006(weight_decay=options.weight_decay, n_iter=options.pretraining)
    sizes = [*options.hidden, options.bits]
    return SemanticHasher(
        sizes,
        code=options.code,
        visible="gaussian",
        rbm=[pixels, *(above for _ in sizes[1:])],
        n_iter=options.epochs,
        learning_rate=options.learning_rate,
        random_state=options.seed,
    )


def images(quick: bool) -> dict[str, Any]:
    """Pixels and classes."""
    if quick:
        g = np.random.default_rng(0)
        kinds = g.random((4, 3 * 64))
        y = g.integers(0, 4, 700)
        X = np.clip(0.6 * kinds[y] + 0.4 * g.random((700, 3 * 64)), 0, 1).astype(np.float32)
        return {"train": X[:600], "train_labels": y[:600], "test": X[600:], "test_labels": y[600:],
                "shape": (3, 8, 8)}  # fmt: skip
    train = datasets.load_cifar10()
    test = datasets.load_cifar10(subset="test1000")
    return {"train": train.data, "train_labels": train.target, "test": test.data,
            "test_labels": test.target, "shape": (3, 32, 32)}  # fmt: skip


def draw(path: Path, model: Any, evened: Evened, data: dict[str, Any], codes: Any) -> None:
    """Sheets of retrieval and of reconstructions."""
    from matplotlib.figure import Figure

    from udl_fast.plot import ReconstructionDisplay, RetrievalDisplay

    some = data["test"][:6]
    by_code = hamming_knn(model.encode(evened(some), model.thresholds_), codes, 8)[1]
    found = {
        "code": data["train"][by_code],
        "pixels": data["train"][nearest(some, data["train"], 8)],
    }
    figure = Figure(figsize=(8, 12), dpi=110, layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(12, 4))
    RetrievalDisplay.from_values(some, found, image_shape=data["shape"], ax=upper)
    shown = data["test"][:20]
    back = evened.back(model.reconstruct(evened(shown)), shown)
    title = f"Images, and what the decoder makes of {model.n_bits} bits"
    ReconstructionDisplay.from_values(shown, back, image_shape=data["shape"], ax=lower, title=title)
    figure.savefig(path, metadata={"Software": None})


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    results = record["results"]
    rows = [
        [words, f"{results[name]['precision_at_100']:.4f}", f"{results[name]['map']:.4f}"]
        for name, words in _WORDS.items()
    ]
    rows.append(["pixels, Euclidean distance", f"{results['pixels_precision_at_100']:.4f}", ""])
    return markdown_table(["search by", "same-class precision@100", "mean average precision"], rows)


def main() -> int:
    """Run, print, record."""
    found = parser(__doc__)
    found.add_argument("--bits", type=int, default=256)
    found.add_argument("--hidden", type=int, nargs="*", default=[512], help="layers below the code")
    found.add_argument("--code", choices=("rounding", "noise"), default="rounding")
    found.add_argument("--pretraining", type=int, default=10, help="epochs of each RBM")
    found.add_argument("--pixel-rate", type=float, default=0.003, help="of the first RBM")
    found.add_argument("--pixel-decay", type=float, default=0.002)
    found.add_argument("--weight-decay", type=float, default=0.03, help="of the others")
    found.add_argument("--epochs", type=int, default=3, help="of the net as a whole")
    found.add_argument("--learning-rate", type=float, default=1e-3)
    found.add_argument("--seed", type=int, default=0)
    found.add_argument("--picture", type=Path, metavar="FILE.png")
    options = found.parse_args()
    path = output_path(options, NAME)
    if options.quick:
        options.hidden, options.bits, options.pretraining, options.epochs = [32], 64, 3, 1
    data = images(options.quick)
    labels = (data["test_labels"], data["train_labels"])
    train, test = data["train"], data["test"]
    evened = Evened(train)
    even_train, even_test = evened(train), evened(test)
    begin = time.perf_counter()
    model = hasher(options).fit(even_train)
    seconds = time.perf_counter() - begin
    codes = model.encode(even_train, "median")
    results: dict[str, Any] = {
        "semantic_hasher": measured(model.encode(even_test, model.thresholds_), codes, labels),
        "training_seconds": round(seconds, 1),
        "pixels_precision_at_100": precision_of(nearest(test, train, 100), labels),
    }
    print(results, file=sys.stderr)
    for name, learn, rows, queries in (
        ("itq", itq, train, test),
        ("itq_of_evened", itq, even_train, even_test),
        ("random_projections", random_projections, train, test),
    ):
        encode = learn(rows, options.bits, options.seed)
        results[name] = measured(encode(queries), encode(rows), labels)
    if options.picture is not None:
        draw(options.picture, model, evened, data, codes)
    names = ("bits", "hidden", "code", "pretraining", "pixel_rate", "pixel_decay", "weight_decay")
    settings = {
        name: getattr(options, name) for name in (*names, "epochs", "learning_rate", "seed")
    }
    settings["threads"] = get_num_threads()
    finish(NAME, path, {"settings": settings, "results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
