"""`udl-fast score`: how likely rows are under a saved model."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..evaluation import ais_betas
from .inputs.rows import HELP
from .inputs.values import check_states
from .shared.model_input import add_data, add_model, given_model, given_rows
from .shared.options import integer, seed, typed
from .shared.outputs import print_json, text_stream

# The exact likelihood sums over all states of the smaller layer: 2^20 of them take seconds.
_MOST_UNITS_SUMMED = 20
# By the word on the command line.
_METHODS = {
    "exact": ("exact",),
    "ais": ("ais",),
    "reverse-ais": ("reverse_ais",),
    "both": ("ais", "reverse_ais"),
}


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """The options of this command."""
    add_model(parser)
    add_data(parser)
    parser.add_argument(
        "--training",
        metavar="DATA",
        help="rows that the model has learned from, to tell what it has learned by heart: the free energy "
        f"gap between DATA and them, and their scores. {HELP[0].upper()}{HELP[1:]}",
    )
    likelihood = parser.add_mutually_exclusive_group()
    likelihood.add_argument(
        "--log-likelihood",
        action=argparse.BooleanOptionalAction,
        help="the exact log-likelihood, whose time doubles with each unit of the smaller layer, up to 30 "
        f"(default: up to {_MOST_UNITS_SUMMED})",
    )
    likelihood.add_argument(
        "--log-partition",
        choices=_METHODS,
        metavar="METHOD",
        help="how the partition function of the log-likelihood is found: exact, ais, reverse-ais or both. "
        "ais alone can make a model look better by many nats; both shows how far apart the two are",
    )
    _add_annealing(parser.add_argument_group("annealed importance sampling"))
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")


def _add_annealing(parser: argparse._ArgumentGroup) -> None:
    parser.add_argument("--runs", type=integer(2), default=100, help="default 100")
    parser.add_argument(
        "--temperatures",
        type=typed(_parsed_betas),
        metavar="N|salakhutdinov2008",
        help="equal steps from the base model to the model, or the published schedule (default 10000)",
    )
    parser.add_argument(
        "--burn-in",
        type=integer(0),
        default=1000,
        metavar="N",
        help="Gibbs steps from the rows where reverse-ais starts, those of --training if given (default 1000)",
    )
    parser.add_argument("--seed", type=seed, default=0, help="of annealing, default 0")


def _parsed_betas(text: str) -> Any:
    schedule: Any = int(text) if text.isdecimal() else text
    try:
        ais_betas(schedule)
    except ValueError:
        raise ValueError(f"must be a number of steps or salakhutdinov2008, got {text!r}") from None
    return schedule


def run(arguments: argparse.Namespace) -> int:
    """Score and print; returns the exit code."""
    model = given_model(arguments, "score_samples")
    rows = _states(arguments, model, arguments.data)
    training = None if arguments.training is None else _states(arguments, model, arguments.training)
    log_z = _log_partitions(arguments, model, rows, training)
    result = {"data": arguments.data, **scores(model, rows, log_z)}
    if arguments.training is not None:
        result["training"] = {"data": arguments.training, **scores(model, training, log_z)}
        if "free_energy" in result:
            of_training = result["training"]["free_energy"]["mean"]
            result["free_energy_gap"] = result["free_energy"]["mean"] - of_training
    if any(method != "exact" for method in log_z):
        result["log_partition"] = {
            method: {"log_z": found.log_z, "standard_error": found.std_error}
            for method, found in log_z.items()
        }
    print(_as_text(result), file=text_stream(arguments.json))
    if arguments.json:
        print_json(result)
    return 0


def _states(arguments: argparse.Namespace, model: Any, source: str) -> Any:
    rows = given_rows(arguments, model, source)
    check_states(rows, model, source)
    return rows


def scores(model: Any, rows: Any, log_z: Mapping[str, Any]) -> dict[str, Any]:
    """What the model can tell of these rows: mean and standard error of each, in nats; the
    log-likelihood by each log Z, exact ones under that name alone."""
    found: dict[str, Any] = {"rows": rows.shape[0]}
    name = model.measurements[0].name
    if name == "pseudo_likelihood" and hasattr(model, name):
        found[name] = _summary(model.pseudo_likelihood(rows, exact=True))
    else:
        found[name] = _summary(model.score_samples(rows))
    if hasattr(model, "free_energy"):
        found["free_energy"] = _summary(model.free_energy(rows))
    for method, value in log_z.items():
        suffix = "" if method == "exact" else f"_{method}"
        name = "log_likelihood" if hasattr(model, "log_likelihood") else "log_likelihood_bound"
        found[f"{name}{suffix}"] = _summary(getattr(model, name)(rows, value))
    return found


def _log_partitions(
    arguments: argparse.Namespace, model: Any, rows: Any, training: Any
) -> dict[str, Any]:
    """log Z by each method that is wanted."""
    if not hasattr(model, "log_partition"):
        if arguments.log_partition is not None:
            raise ValueError(f"--log-partition: {type(model).__name__} has no partition function")
        return {}
    methods = _methods(arguments, model, [rows] if training is None else [rows, training])
    starts = rows if training is None else training
    return {method: _log_partition(arguments, model, method, starts) for method in methods}


def _log_partition(arguments: argparse.Namespace, model: Any, method: str, starts: Any) -> Any:
    """None where rows of each length have another one; reverse runs start at some of the rows `starts`."""
    if method == "exact":
        counts_words = getattr(model, "visible", None) == "replicated_softmax"
        return None if counts_words else model.log_partition("exact")
    options: dict[str, Any] = {
        "n_runs": arguments.runs,
        "betas": arguments.temperatures,
        "random_state": arguments.seed,
    }
    if method == "reverse_ais":
        some = np.arange(arguments.runs) * starts.shape[0] // arguments.runs
        options |= {"start": starts[some], "burn_in": arguments.burn_in}
    return model.log_partition(method, **options)


def _methods(arguments: argparse.Namespace, model: Any, scored: Sequence[Any]) -> tuple[str, ...]:
    if arguments.log_partition is not None:
        return _METHODS[arguments.log_partition]
    if arguments.log_likelihood is None:
        return ("exact",) if _is_summed_unasked(model, scored) else ()
    return ("exact",) if arguments.log_likelihood else ()


def _is_summed_unasked(model: Any, scored: Sequence[Any]) -> bool:
    """Where log Z takes seconds and all that is scored are states."""
    if not hasattr(model, "log_likelihood"):
        return False
    n_units = model._n_enumerated()
    if n_units is None or n_units > _MOST_UNITS_SUMMED:
        return False
    return all(model._are_complete(rows) for rows in scored)


def _summary(values: Any) -> dict[str, float]:
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    known = {} if np.isnan(error) else {"standard_error": float(error)}
    return {"mean": float(np.mean(values)), **known}


def _as_text(result: dict[str, Any]) -> str:
    lines = [f"{result['data']}: {result['rows']:,} rows, nats (mean, standard error)"]
    lines += [_line(name, found) for name, found in result.items() if _is_summary(found)]
    if "training" in result:
        training = result["training"]
        lines.append(f"{training['data']}: {training['rows']:,} rows the model has learned from")
        lines += [_line(name, found) for name, found in training.items() if _is_summary(found)]
    if "free_energy_gap" in result:
        gap = result["free_energy_gap"]
        lines.append(f"  {'free energy gap':<28}{gap:>12.2f}  growing with epochs is overfitting")
    if "log_partition" in result:
        what = "bound" if "log_likelihood_bound" in result else "log-likelihood"
        lines += _partition_lines(result["log_partition"], what)
    return "\n".join(lines)


def _partition_lines(log_z: Mapping[str, Mapping[str, float]], what: str) -> list[str]:
    """log Z by each method, and what that means for the log-likelihood or a bound of it."""
    lines = ["log Z (estimate, standard error)"]
    for method, found in log_z.items():
        words = method.replace("_", " ")
        lines.append(f"  {words:<28}{found['log_z']:>12.2f}{found['standard_error']:>10.2f}")
    if len(log_z) > 1:
        gap = log_z["reverse_ais"]["log_z"] - log_z["ais"]["log_z"]
        lines.append(f"  {'gap':<28}{gap:>12.2f}  the {what} lies between the two")
    else:
        lines.append("  one direction alone can err by many nats: --log-partition both shows it")
    return lines


def _is_summary(found: Any) -> bool:
    return isinstance(found, dict) and "mean" in found


def _line(name: str, found: dict[str, float]) -> str:
    words = name.replace("pseudo_", "pseudo-").replace("log_", "log-").replace("_", " ")
    error = f"{found['standard_error']:>10.2f}" if "standard_error" in found else ""
    return f"  {words:<28}{found['mean']:>12.2f}{error}"
