"""`udl-fast score`: how likely rows are under a saved model."""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

from .inputs.rows import HELP
from .inputs.values import check_states
from .shared.model_input import add_data, add_model, given_model, given_rows
from .shared.outputs import print_json, text_stream

# The exact likelihood sums over all states of the smaller layer: 2^20 of them take seconds.
_MOST_UNITS_SUMMED = 20


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
    parser.add_argument(
        "--log-likelihood",
        action=argparse.BooleanOptionalAction,
        help="the exact log-likelihood, whose time doubles with each unit of the smaller layer, up to 30 "
        f"(default: up to {_MOST_UNITS_SUMMED})",
    )
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Score and print; returns the exit code."""
    model = given_model(arguments, "score_samples")
    result = {"data": arguments.data, **scores(arguments, model, arguments.data)}
    if arguments.training is not None:
        training = scores(arguments, model, arguments.training)
        result["training"] = {"data": arguments.training, **training}
        if "free_energy" in result:
            gap = result["free_energy"]["mean"] - training["free_energy"]["mean"]
            result["free_energy_gap"] = gap
    print(_as_text(result), file=text_stream(arguments.json))
    if arguments.json:
        print_json(result)
    return 0


def scores(arguments: argparse.Namespace, model: Any, source: str) -> dict[str, Any]:
    """What the model can tell of these rows: mean and standard error of each, in nats."""
    rows = given_rows(arguments, model, source)
    check_states(rows, model, source)
    found: dict[str, Any] = {"rows": rows.shape[0]}
    name = model.measurements[0].name
    if hasattr(model, "pseudo_likelihood"):
        found[name] = _summary(model.pseudo_likelihood(rows, exact=True))
    else:
        found[name] = _summary(model.score_samples(rows))
    if hasattr(model, "free_energy"):
        found["free_energy"] = _summary(model.free_energy(rows))
    if _sums_exactly(arguments, model):
        found["log_likelihood"] = _summary(model.log_likelihood(rows))
    return found


def _sums_exactly(arguments: argparse.Namespace, model: Any) -> bool:
    if not hasattr(model, "log_likelihood") or arguments.log_likelihood is False:
        return False
    smaller: int = min(model.components_.shape)
    return bool(arguments.log_likelihood) or smaller <= _MOST_UNITS_SUMMED


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
        lines.append(f"  {'free energy gap':<20}{gap:>12.2f}  growing with epochs is overfitting")
    return "\n".join(lines)


def _is_summary(found: Any) -> bool:
    return isinstance(found, dict) and "mean" in found


def _line(name: str, found: dict[str, float]) -> str:
    words = name.replace("pseudo_", "pseudo-").replace("log_", "log-").replace("_", " ")
    error = f"{found['standard_error']:>10.2f}" if "standard_error" in found else ""
    return f"  {words:<20}{found['mean']:>12.2f}{error}"
