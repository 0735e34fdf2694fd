"""What a training is given beside the arguments of its model: validation rows, checkpoints, when to stop."""

import argparse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..inputs.rows import read_rows
from ..inputs.values import check_values
from .options import positive_int


def add_watching_options(parser: argparse.ArgumentParser) -> None:
    """Options of what is done after epochs."""
    group = parser.add_argument_group("watching")
    group.add_argument(
        "--validation",
        metavar="DATA",
        help="rows that are not learned from, to measure on after each epoch",
    )
    group.add_argument(
        "--patience",
        type=positive_int,
        metavar="N",
        help="stop when N measurements in a row were no better than the best, and keep the best epoch; "
        "measured on --validation if it is given",
    )
    group.add_argument(
        "--checkpoints",
        type=Path,
        metavar="FOLDER",
        help="save the model there while it learns (default with --resume FOLDER: there)",
    )
    group.add_argument(
        "--checkpoint-every", type=positive_int, metavar="N", help="epochs (default 1)"
    )


def check_watching_options(arguments: argparse.Namespace) -> None:
    """Those that need each other, before anything is read. A training that goes on from a folder of
    checkpoints saves there."""
    if arguments.checkpoints is None and arguments.resume is not None and arguments.resume.is_dir():
        arguments.checkpoints = arguments.resume
    if arguments.checkpoint_every is not None and arguments.checkpoints is None:
        arguments.usage_error("--checkpoint-every needs --checkpoints FOLDER")


def watching_callbacks(arguments: argparse.Namespace, model: Any) -> list[Any]:
    """The callbacks that these options ask for."""
    from ...callbacks import Checkpoint, EarlyStopping, History

    validation: Any = None
    if arguments.validation is not None:
        held_out = read_rows(arguments.validation, arguments.data_home)
        check_values(held_out.values, model, arguments.validation)
        validation = held_out.values
        if model._learns_targets:
            validation = (validation, labels_of(held_out, arguments.validation, model))
    found: list[Any] = [History(validation, every=1)]
    if arguments.patience is not None:
        found.append(EarlyStopping(patience=arguments.patience, restore_best=True))
    if arguments.checkpoints is not None:
        found.append(Checkpoint(arguments.checkpoints, every=arguments.checkpoint_every or 1))
    return found


def labels_of(rows: Any, source: str, model: Any) -> Any:
    """The classes of the rows, which the model learns."""
    if rows.labels is None:
        raise ValueError(
            f"{source} has no labels, which {type(model).__name__} learns; data sets such as mnist have some"
        )
    return rows.labels


@contextmanager
def number_of_threads(n: int | None) -> Iterator[None]:
    """So many threads in this scope, for a model that says nothing of them; None changes nothing."""
    from ... import _core
    from ...runtime import get_num_threads, set_num_threads

    if n is None:
        yield
        return
    before = get_num_threads() if _core.num_threads_source() == "set_num_threads" else 0
    set_num_threads(n)
    try:
        yield
    finally:
        set_num_threads(before)


def stop_of(callbacks: Iterable[Any]) -> Any:
    """The EarlyStopping among these callbacks, or None."""
    from ...callbacks import EarlyStopping

    return next((found for found in callbacks if isinstance(found, EarlyStopping)), None)


def what_stopped(stop: Any, model: Any) -> str:
    """When early stopping ended the training, and which epoch the model is of."""
    if stop is None or not hasattr(stop, "best_epoch_"):
        return ""
    kept = f"the model is that of epoch {model.n_iter_}, the best of {stop.monitor_}"
    if stop.stopped_epoch_ is None:
        return kept
    return (
        f"stopped after epoch {stop.stopped_epoch_}, {stop.patience} measurements no better; {kept}"
    )


def what_is_measured(
    model: Any, history: Any, score: str, rows: str, n_rows: int, validation: str
) -> str:
    """Which rows the printed scores are of, and where others are to be had."""
    n = history.n_rows_
    part = "all" if n == n_rows else f"{n:,}"
    also = f", and on {history.n_validation_rows_:,} of {validation}" if validation else ""
    elsewhere = "; the command score takes all" if hasattr(model, "score_samples") else ""
    return f"{score} is measured on {part} of {n_rows:,} rows of {rows}{also}{elsewhere}"


def what_goes_on(arguments: argparse.Namespace, found: Path, model: Any) -> str:
    """Where a resumed training stands, and which options of the first command it lacks: files hold none."""
    options = ("validation", "patience", "checkpoints")
    lacking = [f"--{name}" for name in options if getattr(arguments, name) is None]
    n_in_all = sum(stage.n_iter for stage in model._stages())
    text = f"resumed: {found}, after {model.n_iter_} of {n_in_all} epochs"
    if arguments.checkpoints is not None:
        text += f"; checkpoints go to {arguments.checkpoints}"
    return text + (f"; without {', '.join(lacking)}, unless given again" if lacking else "")


def resumed_model(path: Path, model_class: type[Any], given: dict[str, Any]) -> tuple[Any, Path]:
    """The model of a file, or of the latest checkpoint in a folder, with the arguments that are given anew;
    and that file.

    Raises
    ------
    ValueError
        If the folder has no checkpoint, or the model is of another kind.
    OSError
        If the file cannot be read.
    """
    from ...callbacks import Checkpoint
    from ...persistence.model_file import load
    from ...registry import find

    found = Checkpoint.latest(path) if path.is_dir() else path
    if found is None:
        raise ValueError(f"--resume {path} is a folder without checkpoints")
    model = load(found)
    if type(model) is not model_class:
        command = find(type(model).__name__).command
        raise ValueError(
            f"--resume {found} holds a model of class {type(model).__name__}; give --model {command}"
        )
    model.set_params(**given)
    model.n_jobs = None  # it says how many threads there were where it was trained
    return model, found
