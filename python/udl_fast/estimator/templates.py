"""Models as arguments of models: templates, whose copies a model of several layers is made of."""

from __future__ import annotations

from typing import Any

from .. import registry
from ..persistence.templates import is_template, unfitted
from .parameters import Rule, wrong

_KEYS = {"model", "parameters"}  # of a template in a file


class Template(Rule):
    """None, a model of one of these classes, fitted or not, or a list of them, one for each layer.

    Only its arguments count. In `GridSearchCV` and `set_params` those of a single one are called by names such
    as ``rbm__learning_rate``.

    Parameters
    ----------
    *models : str
        Names of classes in the registry. Files hold templates of these alone, while a program may use others
        derived from them.
    """

    def __init__(self, *models: str) -> None:
        self._models = models

    def check(self, value: Any, name: str, owner: str) -> Any:
        """The template, or a tuple of them; each is checked as its own `fit` would."""
        if value is None:
            return None
        if isinstance(value, list | tuple) and value:
            return tuple(
                self._checked(one, f"{name}[{k}]", name, owner) for k, one in enumerate(value)
            )
        return self._checked(value, name, name, owner)

    def _checked(self, value: Any, place: str, name: str, owner: str) -> Any:
        classes = tuple(registry.class_of(registry.find(model)) for model in self._models)
        if isinstance(value, type) and issubclass(value, classes):
            made = f"; write {value.__name__}()"
            raise TypeError(f"{owner}: {place} must be an object, got the class{made}")
        if not isinstance(value, classes):
            expected = f"must be None, {' or '.join(self._models)}, or a list, one for each layer"
            raise TypeError(wrong(owner, name, expected, value)[:300])
        try:
            value._check_parameters()
        except (ValueError, TypeError, NotImplementedError) as error:
            raise type(error)(f"{owner}: {place}: {error}") from None
        return value

    def restored(self, value: Any, name: str, owner: str) -> Any:
        """Templates of the form that files have; models as they are."""
        if isinstance(value, list):
            return [self._restored(one, name, owner) for one in value]
        return self._restored(value, name, owner)

    def _restored(self, value: Any, name: str, owner: str) -> Any:
        if value is None or is_template(value):
            return value
        if not isinstance(value, dict) or value.keys() != _KEYS:
            raise ValueError(wrong(owner, name, "must have model and parameters", value)[:300])
        model, parameters = value["model"], value["parameters"]
        if model not in self._models or not isinstance(parameters, dict):
            expected = " or ".join(self._models)
            raise ValueError(wrong(owner, name, f"must be of {expected}", model)[:300])
        model_class = registry.class_of(registry.find(model))
        if unknown := parameters.keys() - set(model_class._get_param_names()):
            raise ValueError(f"{owner}: {name}: {model} has no {', '.join(sorted(unknown))}"[:300])
        try:
            return unfitted(model_class, parameters)
        except (ValueError, TypeError, NotImplementedError) as error:
            raise type(error)(f"{owner}: {name}: {error}") from None
