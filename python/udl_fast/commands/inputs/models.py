"""Saved models for a command."""

from pathlib import Path
from typing import Any


def read_model(path: Path, method: str) -> Any:
    """The model of a file; it must have the method that the command calls.

    Raises
    ------
    ValueError
        If the file is damaged, or its model has no such method.
    OSError
        If it cannot be read.
    """
    from ...persistence.model_file import load

    model = load(path)
    if not hasattr(model, method):
        raise ValueError(
            f"{path} holds a model of class {type(model).__name__}, which has no {method}"
        )
    if hasattr(model, "set_output"):  # arrays, whatever scikit-learn is configured to give
        model.set_output(transform="default")
    return model
