"""`udl-fast demo`: train an RBM on real images, measure it, draw it."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...progress import EpochLines, no_progress_bar
from ..shared.options import positive_int, seed
from ..shared.outputs import make_folder, print_json, text_stream
from .compare import compare
from .data import SETTINGS, Images, load_images
from .pictures import draw

_SCORE = "validation_pseudo_likelihood"  # of a sample of the thresholded test images


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
    recipe = setting.arguments | ({"n_iter": arguments.epochs} if arguments.epochs else {})
    images = load_images(arguments.data, arguments.data_home)
    n_visible = images.train.shape[1]
    print(
        f"{arguments.data}: {len(images.train):,} training and {len(images.test):,} test images of "
        f"{images.shape[0]} x {images.shape[1]} pixels\n"
        f"RBM {n_visible}-{recipe['n_components']}: {described(recipe)}",
        file=words,
    )
    before, model, speed = train(images, recipe, arguments.seed, words)
    result: dict[str, Any] = {
        "data": arguments.data,
        "n_visible": n_visible,
        **recipe,
        "before": before,
        "after": pseudo_likelihoods(model, images),
        "training_examples_per_second": round(speed),
    }
    print(_before_and_after(result), file=words)
    result["comparison"] = compare(images.train, setting, arguments.seed, words)
    result["pictures"] = draw(model, images, arguments.output, arguments.seed, words)
    if arguments.json:
        print_json(result)
    return 0


def described(recipe: Mapping[str, Any]) -> str:
    """The arguments of RBM as they are typed."""
    return ", ".join(f"{name}={value!r}" for name, value in recipe.items())


def pseudo_likelihoods(model: Any, images: Images) -> dict[str, float]:
    """Means of the exact pseudo-likelihood of thresholded images, nats: of all test images, and of as many
    training images."""
    found = {}
    for name, grey in {"test": images.test, "training": images.train[: len(images.test)]}.items():
        states = (grey > 0.5).astype(np.uint8)
        found[name] = float(model.pseudo_likelihood(states, exact=True).mean())
    return found


def train(
    images: Images, recipe: Mapping[str, Any], seed: int, words: IO[str]
) -> tuple[dict[str, float], Any, float]:
    """Train; returns the pseudo-likelihoods before, the model, and examples/s."""
    from ... import RBM
    from ...callbacks import History

    untrained = RBM(**{**recipe, "n_iter": 0}, random_state=seed).fit(images.train)
    lines = EpochLines(recipe["n_iter"], len(images.train), words)
    seconds: list[float] = []

    def show(model: Any, info: dict[str, Any]) -> bool:
        if info["epoch"] > len(seconds):
            seconds.append(model.history_["seconds"][-1])
            lines.update(info["epoch"], seconds[-1], model.history_[_SCORE][-1])
        return False

    watched = History(images.test > 0.5, every=1)  # the states that the table is about
    model = RBM(**recipe, random_state=seed, callbacks=[show, watched])
    with no_progress_bar():
        model.fit(images.train)
    speed = len(seconds) * len(images.train) / sum(seconds)
    return pseudo_likelihoods(untrained, images), model, speed


def _before_and_after(result: dict[str, Any]) -> str:
    lines = [f"{'pseudo-likelihood, nats':<26}{'before':>10}{'after':>10}"]
    for name, before in result["before"].items():
        lines.append(f"  {name + ' images':<24}{before:>10.2f}{result['after'][name]:>10.2f}")
    lines.append(f"training ran at {result['training_examples_per_second']:,} examples/s")
    return "\n".join(lines)
