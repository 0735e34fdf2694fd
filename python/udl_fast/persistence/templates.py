"""Models that are not fitted, as values: the arguments that a state keeps of a model, and templates among them.

A template is a model that another one takes as an argument, such as the RBM whose copies become its layers. In
files it is an object of `model`, the name of its class, and `parameters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import registry

__all__ = [
    "OMITTED",
    "check_class",
    "is_template",
    "later_parameters",
    "saved_parameters",
    "unfitted",
]

OMITTED = ("callbacks",)  # parameters that are objects of the caller


def check_class(model_class: type[Any]) -> None:
    """An error unless `load` finds this very class by its name."""
    name = model_class.__name__
    if name not in registry.names():
        raise ValueError(
            f"load knows no model {name!r}, only {', '.join(registry.names())}; make the class known by "
            f"udl_fast.registry.register({name!r}, {model_class.__module__!r}, {name.lower()!r}) "
            "here and where it is to be loaded, or pickle the model"
        )
    if registry.class_of(registry.find(name)) is not model_class:
        raise ValueError(
            f"load would make a model of {registry.find(name).room}, not of "
            f"{model_class.__module__}; give the class a name of its own"
        )


def is_template(value: Any) -> bool:
    """Whether a value of a parameter is a model."""
    return hasattr(value, "get_params") and not isinstance(value, type)


def saved_parameters(model: Any) -> dict[str, Any]:
    """Parameters but objects of the caller, and but those that came later and have the values that files
    without them mean: so an older version reads them, too."""
    later = model._later_parameters
    return {
        name: value
        for name, value in model.get_params(deep=False).items()
        if name not in OMITTED and not (name in later and _is_that(value, later[name]))
    }


def _is_that(given: Any, value: Any) -> bool:
    """Whether a parameter has a value, which is None or a single one; an array never has."""
    return not isinstance(given, np.ndarray) and bool(given == value)


def later_parameters(model_class: type[Any]) -> dict[str, Any]:
    """Those that came later, as far as the constructor takes them: a derived class may have fewer."""
    taken = model_class._get_param_names()
    return {n: value for n, value in model_class._later_parameters.items() if n in taken}


def unfitted(model_class: type[Any], parameters: Mapping[str, Any]) -> Any:
    """A model of these parameters, as a state has them, each checked as `fit` checks them.

    Raises
    ------
    ValueError, TypeError or NotImplementedError
        Naming the parameter that is wrong.
    """
    rules, owner = model_class.rules, model_class.__name__
    given = {
        name: rules[name].restored(value, name, owner) if name in rules else value
        for name, value in parameters.items()
    }
    model = model_class(**{**later_parameters(model_class), **given})
    model._check_parameters()
    return model
