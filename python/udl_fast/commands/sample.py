"""`udl-fast sample`: what a saved model makes up."""

import argparse
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..persistence.replaced_file import replaced_file
from .inputs.models import read_model
from .inputs.rows import HELP, read_npy, square_shape
from .shared.model_input import given_rows
from .shared.options import inverse_temperature, positive_int, seed
from .shared.outputs import check_outputs, print_json, text_stream

_N_SAMPLES = 100
_N_OF_EACH_CLASS = 10  # a row of the picture


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """The options of this command."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="file that `train` wrote")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help=".npy file to write")
    parser.add_argument(
        "-n",
        "--samples",
        type=positive_int,
        help="how many (default as many as --clamp has rows, else 100, or fewer if --start has fewer rows)",
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
        "--start",
        metavar="DATA",
        help="rows where the chains begin, evenly spaced, one for each sample; a model of word counts needs "
        f"them, as its samples have as many words. {HELP[0].upper()}{HELP[1:]}",
    )
    parser.add_argument("--data-home", type=Path, metavar="FOLDER", help="folder of the data sets")
    parser.add_argument(
        "--clamp",
        type=Path,
        metavar="FILE.npy",
        help="values of visible units that are held, NaN for those that are drawn given these: one row "
        "for all samples, or one each",
    )
    parser.add_argument(
        "--labels",
        metavar="CLASS,...",
        help="classes to make up, for a deep belief net that learned them (`train --labels`): as many samples of "
        "each, in this order; ten of each without --samples, a row of the picture",
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
        {"MODEL": arguments.model, "--clamp": arguments.clamp, "--start": arguments.start},
        {("OUTPUT", ".npy"): arguments.output, ("--picture", ".png"): arguments.picture},
    )
    words = text_stream(arguments.json)
    model = read_model(arguments.model, "sample")
    if arguments.picture is not None and square_shape(model.n_features_in_) is None:
        raise ValueError(
            f"--picture needs square images, the model has {model.n_features_in_} visible units"
        )
    n_samples, options = _options(arguments, model)
    samples = model.sample(n_samples, **options)
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


def _options(arguments: argparse.Namespace, model: Any) -> tuple[int, dict[str, Any]]:
    """The number of samples, and what else the method of the model is given.

    Raises
    ------
    ValueError
        If it does not take what the command line has.
    """
    clamp = None if arguments.clamp is None else read_npy(arguments.clamp)
    rows = None if arguments.start is None else given_rows(arguments, model, arguments.start)
    if rows is None and getattr(model, "visible", None) == "replicated_softmax":
        raise ValueError(
            f"{arguments.model} is of word counts: give --start DATA, whose rows say how many words samples have"
        )
    n_samples = _n_samples(arguments, clamp, rows)
    given = {  # value, option, and how a model draws that does not take it
        "n_steps": (arguments.steps, "--steps", "without steps"),
        "random_state": (arguments.seed, "--seed", "by its own seed"),
        "beta": (arguments.beta, "--beta", "at no temperature"),
        "clamp": (clamp, "--clamp", "all units at once"),
        "start": (_spread(rows, n_samples), "--start", "from nothing"),
        "labels": (_classes(arguments.labels, model, n_samples), "--labels", "no chosen classes"),
        "means": (arguments.means or None, "--means", "states alone"),
    }
    known = inspect.signature(model.sample).parameters
    for name, (value, option, words) in given.items():
        if value is not None and name not in known:
            raise ValueError(f"{option}: {type(model).__name__} draws {words}")
    return n_samples, {name: value for name, (value, _, _) in given.items() if value is not None}


def _n_samples(arguments: argparse.Namespace, clamp: Any, start: Any) -> int:
    if arguments.samples is not None:
        return int(arguments.samples)
    if arguments.labels is not None and start is None:
        return _N_OF_EACH_CLASS * len(arguments.labels.split(","))
    if clamp is not None and clamp.ndim == 2:
        return len(clamp)
    return _N_SAMPLES if start is None else min(_N_SAMPLES, start.shape[0])


def _spread(rows: Any, n: int) -> Any:
    """So many of the rows, evenly spaced; some more than once if there are fewer."""
    return None if rows is None else rows[np.arange(n) * rows.shape[0] // n]


def _classes(named: str | None, model: Any, n: int) -> Any:
    """So many of the model's classes, those that are named, one after the other.

    Raises
    ------
    ValueError
        If the model has none, or there is no such class.
    """
    if named is None:
        return None
    classes = getattr(model, "classes_", None)
    if classes is None:
        raise ValueError(f"--labels: this {type(model).__name__} has learned no classes")
    known = {str(label): label for label in classes.tolist()}
    names = named.split(",")
    if wrong := [name for name in names if name not in known]:
        raise ValueError(f"--labels: {wrong[0]!r} is none of the classes {', '.join(known)}"[:300])
    return np.array([known[name] for name in names])[np.arange(n) * len(names) // n]


def _draw(samples: Any, path: Path) -> None:
    from matplotlib.image import imsave

    from ..plot import tile_images

    values = samples.astype(np.float32)
    is_real = values.min() < 0 or values.max() > 1
    imsave(
        path,
        tile_images(
            values,
            image_shape=square_shape(values.shape[1]),
            normalize="all" if is_real else None,
        ),
        cmap="gray_r",
        vmin=0,
        vmax=1,
    )
