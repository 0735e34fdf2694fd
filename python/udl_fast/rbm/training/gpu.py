"""What an RBM may be where it computes on a GPU."""

from typing import Any

_ONLY = {
    "visible": "bernoulli",
    "hidden": "bernoulli",
    "centered": False,
}
_NOT = {"precision": "float64", "algorithm": "pt"}


def check_gpu(model: Any) -> None:
    """Raise for what a GPU does not do.

    Raises
    ------
    NotImplementedError
        Naming the parameter.
    """
    if model.device == "cpu":
        return
    for name in (*_ONLY, *_NOT):
        value = getattr(model, name)
        if value != _ONLY.get(name, value) or value == _NOT.get(name):
            raise NotImplementedError(
                f"{type(model).__name__}: {name}={value!r} is not available with device={model.device!r}; "
                "use device='cpu'"
            )
