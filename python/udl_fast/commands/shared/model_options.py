"""Options of a command line that are the constructor arguments of a model, derived from its rules."""

import argparse
import inspect
import re
from typing import Any

from .options import typed

# Arguments with a short name on the command line, which has the dashed long one too.
_SHORT = {
    "n_components": "--components",
    "n_iter": "--epochs",
    "n_jobs": "--threads",
    "random_state": "--seed",
}
_DEFAULTS = {"random_state": 0}  # the same command gives the same model
_LEFT_OUT = ("warm_start",)  # a command starts afresh, or goes on by --resume
_OF_THE_COMMAND = (
    "n_jobs",
)  # options that say how it runs here, which the model need not remember


def add_model_options(parser: argparse.ArgumentParser, model_class: Any) -> None:
    """An option for each argument of the model whose rule has one; one not given is no attribute."""
    group = parser.add_argument_group(
        f"options of {model_class.__name__}",
        "the arguments of this class; its documentation says more, and what [1] is",
    )
    texts = _descriptions(model_class)
    for name, default in _arguments(model_class).items():
        option = model_class.rules[name].option()
        if option is None or name in _LEFT_OUT:
            continue
        spellings = [f"--{name.replace('_', '-')}", *filter(None, [_SHORT.get(name)])]
        described: dict[str, Any] = {
            "dest": name,
            "default": argparse.SUPPRESS,
            "help": _help(texts.get(name, ""), default),
        }
        if option.flag:
            group.add_argument(*spellings, action=argparse.BooleanOptionalAction, **described)
        elif option.choices is not None:
            group.add_argument(*spellings, choices=option.choices, **described)
        else:
            parse = str if option.parse is None else typed(option.parse)
            group.add_argument(*spellings, type=parse, metavar=option.metavar, **described)


def model_arguments(
    arguments: argparse.Namespace, model_class: Any, *, defaults: bool = True
) -> dict[str, Any]:
    """The constructor's arguments that a command line gives, and where it has defaults of its own these."""
    given = vars(arguments)
    names = [name for name in _arguments(model_class) if name not in _OF_THE_COMMAND]
    own = {name: value for name, value in _DEFAULTS.items() if name in names} if defaults else {}
    return own | {name: given[name] for name in names if name in given}


def in_options(text: str) -> str:
    """A message of a model, with the options that its arguments are where their names are others."""
    named = [name for name in _SHORT if re.search(rf"\b{name}\b", text)]
    here = ", ".join(f"{name} is {_SHORT[name]}" for name in named)
    return f"{text} (here {here})" if named else text


def _arguments(model_class: Any) -> dict[str, Any]:
    """Name and default of each argument, in the order of the signature."""
    found = inspect.signature(model_class).parameters
    return {name: _DEFAULTS.get(name, argument.default) for name, argument in found.items()}


def _help(text: str, default: Any) -> str:
    shown = f"default {'on' if default is True else 'off' if default is False else default}"
    parts = [text, *([] if default is None else [f"({shown})" if text else shown])]
    return " ".join(filter(None, parts)).replace("%", "%%")


def _descriptions(model_class: Any) -> dict[str, str]:
    """The first sentence about each argument, in the docstring of the class or the next above it."""
    found: dict[str, str] = {}
    for owner in model_class.__mro__:
        for name, text in _described_parameters(owner.__doc__ or "").items():
            if text and not text.startswith("As in "):
                found.setdefault(name, _first_sentence(text))
    return found


def _described_parameters(docstring: str) -> dict[str, str]:
    """Names and texts in the section of parameters of a numpydoc docstring."""
    section = re.search(
        r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)",
        inspect.cleandoc(docstring),
        re.DOTALL | re.MULTILINE,
    )
    texts: dict[str, list[str]] = {}
    names: list[str] = []
    for line in section[1].splitlines() if section else ():
        if (
            line and not line[0].isspace()
        ):  # one name or several: "l1 : float", "visible, hidden : str"
            names = line.split(" : ")[0].split(", ")
            texts |= {name: [] for name in names}
        else:
            for name in names:
                texts[name].append(line.strip())
    return {name: " ".join(filter(None, lines)) for name, lines in texts.items()}


def _first_sentence(text: str) -> str:
    """Without its full stop and the marks of reStructuredText; [1] stays a mark of a reference."""
    sentence = re.split(r"\.(?:\s|$)", text)[0]
    sentence = re.sub(r":\w+:`~?([^`]*)`", r"\1", sentence).replace("`", "")
    return re.sub(r"(\[\d+\])_", r"\1", sentence)
