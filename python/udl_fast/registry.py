"""Which models there are: their classes, where these live, and what they are called on a command line.

A table of strings. A class is imported when somebody asks for it, so asking what there is costs nothing.
To add a model, add a line at the end.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["Entry", "class_of", "commands", "find", "names", "of_command", "register"]


class Entry(NamedTuple):
    """A model."""

    name: str  # of its class, which is also what files say
    room: str  # the module to import the class from
    command: str  # after `udl-fast train DATA --model`


_ENTRIES: dict[str, Entry] = {}  # by name


def register(name: str, room: str, command: str) -> Entry:
    """Make a model known to `load`, to the command line and to the tests of what all models can.

    Raises
    ------
    ValueError
        If there is a model of this name or command.
    """
    if name in _ENTRIES:
        raise ValueError(f"register: there is a model {name!r} already, in {_ENTRIES[name].room}")
    for entry in _ENTRIES.values():
        if entry.command == command:
            raise ValueError(f"register: the command {command!r} belongs to {entry.name} already")
    _ENTRIES[name] = Entry(name, room, command)
    return _ENTRIES[name]


def find(name: str) -> Entry:
    """The model whose class has this name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in _ENTRIES:
        raise ValueError(f"there is no model {str(name)[:80]!r}, only {', '.join(names())}")
    return _ENTRIES[name]


def of_command(command: str) -> Entry:
    """The model that a command line calls by this name.

    Raises
    ------
    ValueError
        If there is none.
    """
    for entry in _ENTRIES.values():
        if entry.command == command:
            return entry
    raise ValueError(f"there is no model {str(command)[:80]!r}, only {', '.join(commands())}")


def names() -> tuple[str, ...]:
    """Names of the classes, in the order in which they were registered."""
    return tuple(_ENTRIES)


def commands() -> tuple[str, ...]:
    """Names on a command line, in the same order."""
    return tuple(entry.command for entry in _ENTRIES.values())


def class_of(entry: Entry) -> type[Any]:
    """The class itself; imports its module."""
    found: type[Any] = getattr(import_module(entry.room), entry.name)
    return found


register("RBM", "udl_fast.rbm", "rbm")
register("BernoulliRBM", "udl_fast.rbm.bernoulli", "bernoulli-rbm")
register("Autoencoder", "udl_fast.autoencoder", "autoencoder")
register("SparseAutoencoder", "udl_fast.autoencoder", "sparse-autoencoder")
register("DenoisingAutoencoder", "udl_fast.autoencoder", "denoising-autoencoder")
register("StackedAutoencoder", "udl_fast.autoencoder", "stacked-autoencoder")
register("DeepAutoencoder", "udl_fast.autoencoder", "deep-autoencoder")
register("NetClassifier", "udl_fast.nets.classifier", "net-classifier")
register("DBN", "udl_fast.dbn", "dbn")
register("DBNClassifier", "udl_fast.dbn", "dbn-classifier")
register("SemanticHasher", "udl_fast.hashing", "semantic-hasher")
