"""Models as arguments of models: templates, whose copies a model of several layers is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import registry
from ..persistence.templates import is_template, unfitted
from .parameters import Option, Rule, meant, wrong

_KEYS = {"model", "parameters"}  # of a template in a file
_FLAGS = {"true": True, "false": False}


class Template(Rule):
    """None, a model of one of these classes, fitted or not, or a list of them, one for each layer.

    Only its arguments count. In `GridSearchCV` and `set_params` those of a single one are called by names such
    as ``rbm__learning_rate``.

    Parameters
    ----------
    *models : str
        Names of classes in the registry. Files hold templates of these alone, while a program may use others
        derived from them.
    none_means : callable, default=None
        Makes what None stands for, which a command line begins with. None: a model of the first class.
    """

    def __init__(self, *models: str, none_means: Callable[[], Any] | None = None) -> None:
        self._models = models
        self._none_means = none_means

    def option(self) -> Option:
        """The arguments that are others than those of what None means."""
        return Option(parse=self._parsed, metavar="'NAME=VALUE ...'")

    def _parsed(self, text: str) -> Any:
        first = registry.find(self._models[0])
        template = (self._none_means or registry.class_of(first))()
        for part in text.split():
            name, sign, value = part.partition("=")
            if not sign:
                raise ValueError(f"must be NAME=VALUE, got {part!r}")
            if "=" in value:
                raise ValueError(f"must be NAME=VALUE, with spaces between several, got {part!r}")
            if name not in template.rules:
                owner = type(template).__name__
                known = meant(name, template.rules)
                raise ValueError(f"{owner} has no argument {name!r}, got {part!r}{known}")
            template.set_params(**{name: _value_of(value, template.rules[name], name)})
        return template

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
        if not isinstance(value, classes) or self._is_of_another_name(type(value)):
            expected = f"must be None, {' or '.join(self._models)}, or a list, one for each layer"
            raise TypeError(wrong(owner, name, expected, value)[:300])
        try:
            value._check_parameters()
        except (ValueError, TypeError, NotImplementedError) as error:
            raise type(error)(f"{owner}: {place}: {error}") from None
        return value

    def _is_of_another_name(self, model_class: type[Any]) -> bool:
        """Whether the registry has the class under a name that is not one of these, though it is derived from
        one of them."""
        name = model_class.__name__
        if name in self._models or name not in registry.names():
            return False
        return registry.class_of(registry.find(name)) is model_class

    def check_inner(self, value: Any, name: str, owner: str) -> None:
        """Only a single model has arguments of its own."""
        if is_template(value):
            return
        raise ValueError(
            f"{owner}: names that begin with {name}__ are arguments of a single template, but {name} is "
            f"{'None' if value is None else type(value).__name__}; give one first, such as "
            f"{name}={self._models[0]}(...)"
        )

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


def _value_of(text: str, rule: Rule, name: str) -> Any:
    """The value of an argument as a command line writes it."""
    option = rule.option()
    if option is None:
        raise ValueError(f"{name} cannot be given here")
    if option.flag:
        if text.lower() not in _FLAGS:
            raise ValueError(f"{name} must be true or false, got {text!r}")
        return _FLAGS[text.lower()]
    if option.choices is not None and text not in option.choices:
        raise ValueError(f"{name} must be {' or '.join(option.choices)}, got {text!r}")
    if option.parse is None:
        return text
    try:
        return option.parse(text)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
