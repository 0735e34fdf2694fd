"""`udl-fast sample`: what a saved model makes up."""

import argparse
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..persistence.replaced_file import replaced_file
from .inputs.models import read_model
from .inputs.rows import read_npy, square_shape
from .shared.options import inverse_temperature, positive_int, seed
from .shared.outputs import check_outputs, print_json, text_stream

_N_SAMPLES = 100


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """The options of this command."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="file that `train` wrote")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help=".npy file to write")
    parser.add_argument(
        "-n",
        "--samples",
        type=positive_int,
        help="how many (default 100, or as many as --clamp has rows)",
    )
    parser.add_argument(
        "--steps",
        type=positive_int,
        help="steps of each chain, for a model that draws by chains (default: as its method "
        "`sample`; 1000 Gibbs steps for an RBM)",
    )
    parser.add_argument(
        "--seed",
        type=seed,
        metavar="N",
        help="another seed, other samples; the same, the same (default: what the model draws first)",
    )
    parser.add_argument(
        "--clamp",
        type=Path,
        metavar="FILE.npy",
        help="values of visible units that are held, NaN for those that are drawn given these: one row "
        "for all samples, or one each",
    )
    parser.add_argument(
        "--beta",
        type=inverse_temperature,
        help="inverse temperature from 0 to 1 (default: as the method, 1 for an RBM)",
    )
    parser.add_argument(
        "--means",
        action="store_true",
        help="write the probabilities of the last step instead of states",
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="square images as a .png")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Sample and write; returns the exit code."""
    check_outputs(
        arguments,
        {"MODEL": arguments.model, "--clamp": arguments.clamp},
        {("OUTPUT", ".npy"): arguments.output, ("--picture", ".png"): arguments.picture},
    )
    words = text_stream(arguments.json)
    model = read_model(arguments.model, "sample")
    if arguments.picture is not None and square_shape(model.n_features_in_) is None:
        raise ValueError(
            f"--picture needs square images, the model has {model.n_features_in_} visible units"
        )
    options = _options(arguments, model)
    samples = model.sample(_n_samples(arguments, options), **options)
    with replaced_file(arguments.output) as file:
        np.save(file, samples, allow_pickle=False)
    print(
        f"{arguments.output}: {samples.shape[0]:,} x {samples.shape[1]} {samples.dtype}", file=words
    )
    if arguments.picture is not None:
        _draw(samples, arguments.picture)
        print(f"picture: {arguments.picture}", file=words)
    if arguments.json:
        picture = None if arguments.picture is None else str(arguments.picture)
        print_json(
            {"output": str(arguments.output), "shape": list(samples.shape), "picture": picture}
        )
    return 0


def _options(arguments: argparse.Namespace, model: Any) -> dict[str, Any]:
    """What the method of the model is given beside the number of samples.

    Raises
    ------
    ValueError
        If it does not take what the command line has.
    """
    clamp = None if arguments.clamp is None else read_npy(arguments.clamp)
    given = {  # value, option, and how a model draws that does not take it
        "n_steps": (arguments.steps, "--steps", "without steps"),
        "random_state": (arguments.seed, "--seed", "by its own seed"),
        "beta": (arguments.beta, "--beta", "at no temperature"),
        "clamp": (clamp, "--clamp", "all units at once"),
        "means": (arguments.means or None, "--means", "states alone"),
    }
    known = inspect.signature(model.sample).parameters
    for name, (value, option, words) in given.items():
        if value is not None and name not in known:
            raise ValueError(f"{option}: {type(model).__name__} draws {words}")
    return {name: value for name, (value, _, _) in given.items() if value is not None}


def _n_samples(arguments: argparse.Namespace, options: Mapping[str, Any]) -> int:
    if arguments.samples is not None:
        return int(arguments.samples)
    clamp = options.get("clamp")
    return len(clamp) if clamp is not None and clamp.ndim == 2 else _N_SAMPLES


def _draw(samples: Any, path: Path) -> None:
    from matplotlib.image import imsave

    from ..plot import tile_images

    side = square_shape(samples.shape[1])
    imsave(
        path,
        tile_images(samples.astype(np.float32), image_shape=side),
        cmap="gray_r",
        vmin=0,
        vmax=1,
    )
