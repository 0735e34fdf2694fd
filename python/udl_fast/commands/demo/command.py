"""`udl-fast demo`: train an RBM on real images, measure it, draw it."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...progress import EpochLines
from ..shared.options import positive_int, seed
from ..shared.outputs import make_folder, print_json, text_stream
from .compare import compare
from .data import SETTINGS, Images, Setting, load_images
from .pictures import draw


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """The options of this command."""
    parser.add_argument(
        "--data", choices=list(SETTINGS), default="digits", help="images to learn (default: digits)"
    )
    parser.add_argument(
        "--data-home", type=Path, metavar="FOLDER", help="folder with MNIST (or set UDL_FAST_DATA)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("demo_output"),
        metavar="FOLDER",
        help="where pictures go (default: demo_output)",
    )
    parser.add_argument(
        "--epochs", type=positive_int, help="training epochs (default: as fits the data)"
    )
    parser.add_argument("--seed", type=seed, default=0, help="seed of everything (default: 0)")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the results as JSON; all else on stderr",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the demonstration; returns the exit code."""
    make_folder(arguments.output)
    words = text_stream(arguments.json)
    setting = SETTINGS[arguments.data]
    n_iter = arguments.epochs or setting.n_iter
    images = load_images(arguments.data, arguments.data_home)
    n_visible = images.train.shape[1]
    print(
        f"{arguments.data}: {len(images.train):,} training and {len(images.test):,} test images of "
        f"{images.shape[0]} x {images.shape[1]} pixels\n"
        f"RBM {n_visible}-{setting.n_components}, PCD-1, batches of {setting.batch_size}, "
        f"{n_iter} epochs",
        file=words,
    )
    model, history, speed = train(images, setting, n_iter, arguments.seed, words)
    result: dict[str, Any] = {
        "data": arguments.data,
        "n_visible": n_visible,
        "n_components": setting.n_components,
        "n_iter": n_iter,
        "before": {name: values[0] for name, values in history.items()},
        "after": {name: values[-1] for name, values in history.items()},
        "training_examples_per_second": round(speed),
    }
    print(_before_and_after(result), file=words)
    result["comparison"] = compare(images.train, setting, arguments.seed, words)
    result["pictures"] = draw(model, images, history, arguments.output, arguments.seed, words)
    if arguments.json:
        print_json(result)
    return 0


def measure(model: Any, images: Images) -> dict[str, float]:
    """Pseudo-likelihood of the thresholded test images and squared error of reconstructing them."""
    states = (images.test > 0.5).astype(np.uint8)
    error = np.square(model.reconstruct(images.test) - images.test).sum(axis=1).mean()
    return {
        "pseudo_likelihood": float(model.score_samples(states).mean()),
        "reconstruction_error": float(error),
    }


def train(
    images: Images, setting: Setting, n_iter: int, seed: int, words: IO[str]
) -> tuple[Any, dict[str, list[float]], float]:
    """Train epoch by epoch; returns the model, measurements after 0, 1, ... epochs, examples/s."""
    from ... import RBM

    model = RBM(
        setting.n_components,
        algorithm="pcd",
        learning_rate=setting.learning_rate,
        l1=setting.l1,
        binarize="sample",
        batch_size=setting.batch_size,
        n_iter=0,
        warm_start=True,
        random_state=seed,
    )
    model.fit(images.train)
    history = {name: [value] for name, value in measure(model, images).items()}
    model.set_params(n_iter=1)  # with warm_start, each fit is one more epoch
    progress = EpochLines(n_iter, len(images.train), words)
    total = 0.0
    for epoch in range(1, n_iter + 1):
        # A falling rate lets weights and chains settle: samples get visibly better.
        model.set_params(learning_rate=setting.learning_rate * (1 - (epoch - 1) / n_iter))
        start = time.perf_counter()
        model.fit(images.train)
        seconds = time.perf_counter() - start
        total += seconds
        for name, value in measure(model, images).items():
            history[name].append(value)
        progress.update(epoch, seconds, history["pseudo_likelihood"][-1])
    return model, history, n_iter * len(images.train) / total


def _before_and_after(result: dict[str, Any]) -> str:
    lines = [f"{'on the test images':<26}{'before':>10}{'after':>10}"]
    for name, before in result["before"].items():
        label = name.replace("_", "-" if name == "pseudo_likelihood" else " ")
        lines.append(f"  {label:<24}{before:>10.2f}{result['after'][name]:>10.2f}")
    lines.append(f"training ran at {result['training_examples_per_second']:,} examples/s")
    return "\n".join(lines)
