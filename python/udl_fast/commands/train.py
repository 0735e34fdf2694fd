"""`udl-fast train`: fit an RBM to rows of numbers, save model, history and pictures."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ..progress import EpochLines, no_progress_bar
from .demo.pictures import SIZES
from .inputs import rows as input_rows
from .inputs.values import check_unit_interval
from .shared.options import integer, number, positive_int, seed
from .shared.outputs import check_outputs, make_folder, print_json, text_stream

_CURVES = ("pseudo_likelihood", "weight_change", "mean_activation")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command; names and defaults are those of `RBM` where it has them."""
    parser.add_argument("data", metavar="DATA", help=input_rows.HELP)
    parser.add_argument(
        "--model",
        type=Path,
        default=Path("model.safetensors"),
        metavar="FILE",
        help=".safetensors file to write (default model.safetensors); the history goes beside it",
    )
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="write pictures there")
    parser.add_argument("--data-home", type=Path, metavar="FOLDER", help="folder of the data sets")
    parser.add_argument(
        "--components", type=positive_int, default=256, help="hidden units (default 256)"
    )
    parser.add_argument("--algorithm", choices=["cd", "pcd"], default="cd")
    parser.add_argument(
        "--k", type=positive_int, default=1, help="Gibbs steps an update (default 1)"
    )
    parser.add_argument(
        "--epochs", type=integer(0), default=10, help="passes over the data (default 10)"
    )
    parser.add_argument("--batch-size", type=positive_int, default=100)
    parser.add_argument(
        "--learning-rate",
        type=number(0),
        default=0.1,
        help="default 0.1; with pcd choose about a tenth of it, such as 0.01",
    )
    parser.add_argument("--momentum", type=number(0, 1), default=0.0)
    parser.add_argument("--weight-decay", type=number(0), default=0.0)
    parser.add_argument("--l1", type=number(0), default=0.0)
    parser.add_argument(
        "--binarize",
        type=_binarize,
        metavar="THRESHOLD|sample",
        help="1 above a threshold, or drawn anew at every presentation (default: as they are)",
    )
    parser.add_argument("--precision", choices=["fixed", "fast", "float64"], default="fixed")
    parser.add_argument("--statistics", choices=["mean", "sampled"], default="mean")
    parser.add_argument("--seed", type=seed, default=0, help="seed of everything (default 0)")
    parser.add_argument("--threads", type=positive_int, help="default: all usable")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Train as the command line says; returns the exit code."""
    from ..callbacks import History

    check_outputs(
        arguments, {"DATA": arguments.data}, {("--model", ".safetensors"): arguments.model}
    )
    if arguments.pictures is not None:
        make_folder(arguments.pictures, caller="train")
    words = text_stream(arguments.json)
    rows = input_rows.read_rows(arguments.data, arguments.data_home)
    check_unit_interval(rows.values, arguments.binarize, arguments.data)
    n_rows, n_visible = rows.values.shape
    model = _model(arguments, [_Watch(arguments.epochs, n_rows, words), History(every=1)])
    print(f"{arguments.data}: {n_rows:,} rows of {n_visible} values", file=words)
    interrupted = False
    try:
        with no_progress_bar():  # _Watch says more
            model.fit(rows.values)
    except KeyboardInterrupt:
        if getattr(model, "n_iter_", 0) == 0:
            raise
        interrupted = True
        epochs = "1 epoch" if model.n_iter_ == 1 else f"{model.n_iter_} epochs"
        print(f"\ninterrupted: the model has learned {epochs}", file=sys.stderr)
    model.save(arguments.model)
    entries = _entries(model.history_)
    history = arguments.model.with_suffix(".history.json")
    history.write_text(json.dumps(entries, indent=1) + "\n")
    result = {
        "data": arguments.data,
        "rows": n_rows,
        "n_visible": n_visible,
        "n_components": arguments.components,
        "epochs": model.n_iter_,
        "pseudo_likelihood": entries[-1]["pseudo_likelihood"] if entries else None,
        "model": str(arguments.model),
        "history": str(history),
        "pictures": _draw(model, rows, arguments.pictures, words),
    }
    print(f"model: {arguments.model}\nhistory: {history}", file=words)
    if arguments.json:
        print_json(result)
    return 1 if interrupted else 0


def _binarize(text: str) -> float | str:
    if text == "sample":
        return text
    try:
        return number()(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"expected 'sample' or a threshold: {error}") from None


def _model(arguments: argparse.Namespace, callbacks: list[Any]) -> Any:
    from .. import RBM

    return RBM(
        arguments.components,
        algorithm=arguments.algorithm,
        k=arguments.k,
        learning_rate=arguments.learning_rate,
        momentum=arguments.momentum,
        weight_decay=arguments.weight_decay,
        l1=arguments.l1,
        binarize=arguments.binarize,
        statistics=arguments.statistics,
        precision=arguments.precision,
        batch_size=arguments.batch_size,
        n_iter=arguments.epochs,
        n_jobs=arguments.threads,
        random_state=arguments.seed,
        callbacks=callbacks,
    )


class _Watch:
    """Called between minibatches and after each epoch: prints progress."""

    def __init__(self, n_epochs: int, n_rows: int, words: Any) -> None:
        self._progress = EpochLines(n_epochs, n_rows, words)

    def __call__(self, model: Any, info: dict[str, Any]) -> bool:
        history = model.history_
        if info["rows_done"] < info["n_rows"] or info["epoch"] != len(history.get("epoch", ())):
            return False
        self._progress.update(
            info["epoch"], history["seconds"][-1], history["pseudo_likelihood"][-1]
        )
        return False


def _entries(history: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """One object for each epoch."""
    return [
        dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)
    ]


def _draw(model: Any, rows: input_rows.Rows, folder: Path | None, words: Any) -> list[str]:
    """Filters, samples and training curve; nothing if not asked for."""
    if folder is None:
        return []
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("pictures left out: matplotlib is missing; pip install 'udl-fast[plot]'", file=words)
        return []
    from .. import plot

    names = [
        *(["filters", "samples"] if rows.image_shape else []),
        *(["training_curve"] if model.history_ else []),
    ]
    sizes = SIZES | {"training_curve": (4.2 * len(_CURVES), 3.2)}
    figures = {name: Figure(figsize=sizes[name], dpi=150, layout="constrained") for name in names}
    if rows.image_shape:
        plot.WeightsDisplay.from_estimator(
            model, image_shape=rows.image_shape, order="norm", ax=figures["filters"].subplots()
        )
        plot.SamplesDisplay.from_estimator(
            model, image_shape=rows.image_shape, random_state=0, ax=figures["samples"].subplots()
        )
    if model.history_:
        axes = figures["training_curve"].subplots(1, len(_CURVES), squeeze=False)[0]
        plot.TrainingCurveDisplay.from_estimator(model, metrics=_CURVES, ax=axes)
    paths = []
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        figure.savefig(path, bbox_inches="tight")  # images may be wide or high
        paths.append(str(path))
        print(f"picture: {path}", file=words)
    return paths
