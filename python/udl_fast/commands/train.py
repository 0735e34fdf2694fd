"""`udl-fast train`: fit a model to rows of numbers, save model, history and pictures."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from .. import registry
from ..estimator.training.loop import left
from ..persistence.replaced_file import replaced_file
from ..progress import EpochLines, no_progress_bar
from .inputs import rows as input_rows
from .inputs.values import check_values
from .shared.interrupts import exit_code
from .shared.model_input import name_left_out
from .shared.model_options import add_model_options, in_options, model_arguments
from .shared.outputs import check_outputs, make_folder, print_json, text_stream
from .shared.pictures import SIZES, new_figures, paint, pictures_of, save
from .shared.training import (
    add_watching_options,
    check_watching_options,
    labels_of,
    number_of_threads,
    resumed_model,
    stop_of,
    watching_callbacks,
    what_goes_on,
    what_is_measured,
    what_stopped,
)

_DEFAULT_MODEL = "rbm"
_DEFAULT_OUTPUT = Path("model.safetensors")
_PANEL_SIZE = (4.2, 3.2)  # of a training curve: width and height in inches
_SEED_OF_PICTURES = 0


def add_arguments(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """What every training has, and the options of the model that the words name."""
    parser.add_argument("data", metavar="DATA", help=input_rows.HELP)
    parser.add_argument(
        "--model",
        default=_DEFAULT_MODEL,
        metavar="NAME",
        help=f"kind of model: {', '.join(registry.commands())} (default {_DEFAULT_MODEL}); with "
        "--help its options are shown",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=f".safetensors file to write (default {_DEFAULT_OUTPUT}); the history goes beside it",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FILE|FOLDER",
        help="go on with a training that was stopped, from its file or the latest checkpoint in a folder, "
        "until it has made all its epochs (--epochs: that many in all, of several stages in the last); "
        "options change its arguments",
    )
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="write pictures there")
    parser.add_argument("--data-home", type=Path, metavar="FOLDER", help="folder of the data sets")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_watching_options(parser)
    named = _named_model(words)
    try:
        entry = registry.of_command(_DEFAULT_MODEL if _is_file(named) else named)
    except ValueError as error:
        parser.error(f"argument --model: {error}")
    model_class = registry.class_of(entry)
    add_model_options(parser, model_class)
    parser.set_defaults(entry=entry, model_class=model_class, in_options=in_options)


def run(arguments: argparse.Namespace) -> int:
    """Train as the command line says; returns the exit code."""
    check_watching_options(arguments)
    output = _output(arguments)
    check_outputs(arguments, {"DATA": arguments.data}, {("--output", ".safetensors"): output})
    if arguments.pictures is not None:
        make_folder(arguments.pictures)
    words = text_stream(arguments.json)
    model = _model(arguments, words)
    rows = input_rows.read_rows(arguments.data, arguments.data_home)
    name_left_out(rows, arguments.data)
    check_values(rows.values, model, arguments.data)
    n_rows, n_visible = rows.values.shape
    history, *others = watching_callbacks(arguments, model)
    watch = _Watch(model, n_rows, words, arguments, history)
    stop = stop_of(others)
    model.set_params(callbacks=[watch, history, *others])
    print(f"{arguments.data}: {n_rows:,} rows of {n_visible} values", file=words)
    with number_of_threads(vars(arguments).get("n_jobs")):
        interrupt = _fit(model, rows, arguments.data, output)
    watch.close()
    if stop is not None and interrupt is None:
        print(what_stopped(stop, model), file=words)
    interrupt = _save(model, output) or interrupt
    print(f"model: {output}", file=words)
    try:
        result = _report(arguments, model, rows, output, words)
    except KeyboardInterrupt:
        print(
            f"\ninterrupted: the model is saved in {output}; what follows it is not",
            file=sys.stderr,
        )
        raise
    if arguments.json:
        print_json(result)
    return 0 if interrupt is None else exit_code(interrupt)


def _report(
    arguments: argparse.Namespace, model: Any, rows: input_rows.Rows, output: Path, words: IO[str]
) -> dict[str, Any]:
    """Write history and pictures; what there is to tell of the training."""
    history = output.with_suffix(".history.json")
    with replaced_file(history) as file:
        file.write((json.dumps(_entries(model.history_), indent=1) + "\n").encode())
    print(f"history: {history}", file=words)
    n_rows, n_visible = rows.values.shape
    return {
        "data": arguments.data,
        "kind": arguments.entry.command,
        "rows": n_rows,
        "n_visible": n_visible,
        **_learned(model),
        "model": str(output),
        "history": str(history),
        "pictures": _draw(model, rows, arguments.pictures, words),
    }


def _named_model(words: Sequence[str]) -> str:
    """What --model says, found before the options that depend on it are known."""
    scan = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    scan.add_argument("--model", nargs="?", default=_DEFAULT_MODEL, const=_DEFAULT_MODEL)
    named: str = scan.parse_known_args(words)[0].model
    return named


def _is_file(named: str) -> bool:
    """Whether --model names a file to write, as it did before models had names."""
    has_folder = os.sep in named or "/" in named
    return named not in registry.commands() and (has_folder or Path(named).suffix != "")


def _output(arguments: argparse.Namespace) -> Path:
    given: Path | None = arguments.output
    if not _is_file(arguments.model):
        return _DEFAULT_OUTPUT if given is None else given
    if given is not None:
        arguments.usage_error(
            f"argument --model: {arguments.model!r} is a file, and so is --output {given}; "
            f"expected one of {', '.join(registry.commands())}"
        )
    print(
        "warning: --model names a kind of model, and the file to write is --output; --model "
        f"{arguments.model} is taken as --output {arguments.model} in this version only",
        file=sys.stderr,
    )
    return Path(arguments.model)


def _model(arguments: argparse.Namespace, words: IO[str]) -> Any:
    """A new one, or the one to go on with."""
    model_class = arguments.model_class
    if arguments.resume is None:
        return model_class(**model_arguments(arguments, model_class))
    if "random_state" in arguments:
        arguments.usage_error("--seed: a training that goes on keeps the seed it began with")
    given = model_arguments(arguments, model_class, defaults=False)
    model, found = resumed_model(arguments.resume, model_class, given)
    print(what_goes_on(arguments, found, model), file=words)
    return model


def _fit(model: Any, rows: Any, source: str, output: Path) -> KeyboardInterrupt | None:
    """Train to the end; what ended it before, after an epoch or more."""
    targets = [labels_of(rows, source, model)] if model._learns_targets else []
    try:
        with no_progress_bar():  # _Watch says more
            learn = model.resume if hasattr(model, "n_iter_") else model.fit
            learn(rows.values, *targets)
    except KeyboardInterrupt as interrupt:
        if getattr(model, "n_iter_", 0) == 0:
            raise
        epochs = "1 epoch" if model.n_iter_ == 1 else f"{model.n_iter_} epochs"
        kind = registry.find(type(model).__name__).command
        way = f"; --model {kind} --resume {output} makes those that are left" if left(model) else ""
        print(f"\ninterrupted: the model has learned {epochs}{way}", file=sys.stderr)
        return interrupt
    return None


def _save(model: Any, output: Path) -> KeyboardInterrupt | None:
    """An interrupt while the file is written does not lose what was learned; a second one does."""
    try:
        model.save(output)
    except KeyboardInterrupt as interrupt:
        model.save(output)
        print(f"\ninterrupted: the model is saved in {output}", file=sys.stderr)
        return interrupt
    return None


class _Watch:
    """Called between minibatches and after each epoch: prints progress."""

    def __init__(
        self,
        model: Any,
        n_rows: int,
        words: IO[str],
        arguments: argparse.Namespace,
        history: Any,
    ) -> None:
        self._words = words
        self._arguments = arguments
        self._history = history
        self._n_rows = n_rows
        self._score = next(iter(_score_names(model)), None)
        self._measured = (self._score or "").replace("_", "-")
        n_before = getattr(model, "n_iter_", 0)  # of a training that goes on
        n_epochs = max(1, sum(stage.n_iter for stage in model._stages()) - n_before)
        self._lines = EpochLines(n_epochs, n_rows, words, n_before=n_before)
        self._n_shown = 0
        self._has_begun = False

    def __call__(self, model: Any, info: dict[str, Any]) -> bool:
        if not self._has_begun:
            self._has_begun = True
            self._begin(model)
        history = model.history_
        epochs = history.get("epoch", ())
        if info["epoch"] == self._n_shown or not epochs or epochs[-1] != model.n_iter_:
            return False
        self._n_shown = info["epoch"]
        name = next(iter(_score_names(model._learner)), None)
        score = None if name is None else history[name][-1]
        measured = (name or "").replace("_", "-")
        stage = history["stage"][-1] if "stage" in history else ""
        self._lines.update(info["epoch"], history["seconds"][-1], score, measured, stage)
        return False

    def _begin(self, model: Any) -> None:
        """Which rows scores are of is known when the fit has begun."""
        if self._score is not None:
            data, validation = self._arguments.data, self._arguments.validation
            text = what_is_measured(
                model, self._history, self._measured, data, self._n_rows, validation
            )
            print(text, file=self._words)

    def close(self) -> None:
        """Behind the last epoch."""
        self._lines.close()


def _learned(model: Any) -> dict[str, Any]:
    """The model in the result: its width if it has one, its epochs and its score after them."""
    width = {"n_components": model.n_components} if hasattr(model, "n_components") else {}
    epochs = model.history_.get("epoch", [])
    # Not the last entry: early stopping goes back to an epoch before it.
    at = epochs.index(model.n_iter_) if model.n_iter_ in epochs else None
    scores = {
        name: None if at is None or name not in model.history_ else model.history_[name][at]
        for name in _score_names(model)
    }
    return {**width, "epochs": model.n_iter_, **scores}


def _score_names(model: Any) -> list[str]:
    """The first measurement a model declares is its score; a model may have none."""
    return [measurement.name for measurement in model.measurements[:1]]


def _entries(history: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """One object for each epoch."""
    return [
        dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)
    ]


def _draw(model: Any, rows: input_rows.Rows, folder: Path | None, words: IO[str]) -> list[str]:
    """The pictures that the model declares, and the training curve; nothing if not asked for."""
    if folder is None:
        return []
    names = pictures_of(model, are_images=rows.image_shape is not None)
    curves = [m.name for m in model.measurements if m.name in model.history_]
    sizes = {name: SIZES[name] for name in names}
    if curves:
        sizes["training_curve"] = (_PANEL_SIZE[0] * len(curves), _PANEL_SIZE[1])
    figures = new_figures(sizes, words)
    if not figures:
        return []
    from ..plot import TrainingCurveDisplay

    paint(names, figures, model, rows.values, rows.image_shape, _SEED_OF_PICTURES)
    if curves:
        axes = figures["training_curve"].subplots(1, len(curves), squeeze=False)[0]
        TrainingCurveDisplay.from_estimator(model, metrics=curves, ax=axes)
    paths = save(figures, folder, bbox_inches="tight")  # images may be wide or high
    for path in paths:
        print(f"picture: {path}", file=words)
    return paths
