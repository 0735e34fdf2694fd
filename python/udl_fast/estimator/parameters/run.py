"""Arguments about how and where a model learns, whatever it learns: device, threads, draws, who is told; and the
rules that all models share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import _devices
from ...runtime import resolve_n_jobs
from .choices import Flag
from .numeric import Integer
from .rule import Option, Rule
from .texts import parsed_integer, wrong

LARGEST_SEED = 2**32 - 1  # of numpy.random.RandomState


class Verbose(Rule):
    """How much is printed: an integer of at least 0, or True or False."""

    def check(self, value: Any, name: str, owner: str) -> Any:
        if isinstance(value, (bool, np.bool_)):
            return int(value)
        return Integer(0).check(value, name, owner)


class Device(Rule):
    """Where a model computes. Whether there is such a place shows where the engine is made: a model that was
    trained elsewhere has to be read."""

    def __init__(self, *, has_gpu: bool = False) -> None:
        self._has_gpu = has_gpu

    def check(self, value: Any, name: str, owner: str) -> str:
        if not _devices.is_device(value):
            raise ValueError(wrong(owner, name, "must be 'cpu' or 'cuda[:n]'", value))
        if value != "cpu" and not self._has_gpu:
            raise NotImplementedError(
                f"{owner}: {name}={value!r} is not available: this model computes on the CPU; use device='cpu'"
            )
        return str(value)

    def option(self) -> Option | None:
        return Option(parse=self._parsed, metavar="cpu|cuda[:N]") if self._has_gpu else None

    def _parsed(self, text: str) -> str:
        if not _devices.is_device(text):
            raise ValueError(f"must be cpu or cuda[:N], got {text!r}")
        return text


class Threads(Rule):
    """A number of threads as joblib counts them; checked, it is the number to use."""

    def check(self, value: Any, name: str, owner: str) -> int:
        return resolve_n_jobs(value)

    def option(self) -> Option:
        return Option(parse=lambda text: parsed_integer(text, 1), metavar="N")


class RandomState(Rule):
    """What scikit-learn takes as a source of randomness."""

    def check(self, value: Any, name: str, owner: str) -> Any:
        from sklearn.utils import check_random_state

        if isinstance(value, np.random.Generator):
            way = "numpy.random.RandomState(generator.bit_generator) is one"
            expected = f"must be None, an integer or a numpy.random.RandomState ({way})"
            raise ValueError(wrong(owner, name, expected, value))
        try:
            check_random_state(value)
        except ValueError as error:
            raise ValueError(f"{owner}: {name}: {error}") from None
        return value

    def option(self) -> Option:
        return Option(parse=lambda text: parsed_integer(text, 0, LARGEST_SEED), metavar="N")


class Callbacks(Rule):
    """None, or a function or object with the hooks of scikit-learn's protocol, or a list of them."""

    _HOOKS = ("setup", "teardown", "on_fit_task_begin", "on_fit_task_end")

    def check(self, value: Any, name: str, owner: str) -> Any:
        if value is None:
            return None
        found = value if isinstance(value, (list, tuple)) else [value]
        if not all(map(self._is_callback, found)):
            raise TypeError(
                f"{owner}: {name} must be None or a list of callables (estimator, info) and of "
                "objects that follow scikit-learn's callback protocol (udl_fast.callbacks), "
                f"got {value!r}"
            )
        if stray := [callback for callback in found if isinstance(callback, type)]:
            of = stray[0].__name__
            raise TypeError(f"{owner}: {name} must hold objects, got the class {of}; write {of}()")
        return value

    def _is_callback(self, value: Any) -> bool:
        return callable(value) or all(hasattr(value, hook) for hook in self._HOOKS)


COMMON_RULES: Mapping[str, Rule] = {
    "batch_size": Integer(1),
    "n_iter": Integer(0),
    "shuffle": Flag(),
    "warm_start": Flag(),
    "device": Device(),
    "n_jobs": Threads(),
    "random_state": RandomState(),
    "callbacks": Callbacks(),
    "verbose": Verbose(),
}
