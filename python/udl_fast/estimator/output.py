"""Output as scikit-learn's `set_output` asks for it, wherever a method was written."""

from __future__ import annotations

from sklearn.base import TransformerMixin

_METHODS = ("transform", "fit_transform")


def own_outputs(model_class: type) -> None:
    """Let a class have its methods itself that give features, before scikit-learn looks at it.

    scikit-learn wraps such a method where it stands in a class that is a transformer, and overlooks one that a
    transformer inherits from a class that is none, such as a mixin.
    """
    for name in _METHODS:
        owner = next((base for base in model_class.__mro__ if name in base.__dict__), None)
        if owner is not None and not issubclass(owner, TransformerMixin):
            setattr(model_class, name, owner.__dict__[name])
