"""The parts of an RBM in the arrays of a PyTorch state_dict: by their names, and either way round."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

# What PyTorch users call the parts of an RBM: last components of the names, in lower case.
_WEIGHT_NAMES = ("w", "weight", "weights")
_VISIBLE_NAMES = ("v_bias", "vbias", "visible_bias", "bias_v", "bias_visible", "bv", "b_v", "v")
_HIDDEN_NAMES = ("h_bias", "hbias", "hidden_bias", "bias_h", "bias_hidden", "bh", "b_h", "h")
_ROLES: Mapping[str, tuple[str, ...]] = {
    "weights": _WEIGHT_NAMES,
    "visible bias": _VISIBLE_NAMES,
    "hidden bias": _HIDDEN_NAMES,
}


# What they call the standard deviations of Gaussian visible units, and how these follow.
_DEVIATIONS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("sigma", "std"), lambda sigma: sigma),
    **dict.fromkeys(("log_sigma", "logsigma", "log_std"), np.exp),
    **dict.fromkeys(("var", "variance"), np.sqrt),
    **dict.fromkeys(("log_var", "logvar", "log_variance"), lambda log_var: np.exp(log_var / 2)),
}


def _last_of(name: str) -> str:
    """The last component, in lower case."""
    return name.rpartition(".")[2].lower()


def parts_of(arrays: Arrays) -> list[NDArray[Any]]:
    """Weights, visible and hidden bias."""
    found = []
    for role, known in _ROLES.items():
        names = [name for name in arrays if _last_of(name) in known]
        if len(names) != 1:
            listed = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            raise ValueError(
                f"from_state_dict: {'no' if not names else len(names)} {role} among [{listed}]; "
                f"expected one named {', '.join(known)}; or pick arrays and call from_parameters"
            )
        found.append(arrays[names[0]])
    weights, *biases = found
    for name, bias in zip(("visible bias", "hidden bias"), biases, strict=True):
        if bias.size != max(bias.shape, default=0):
            raise ValueError(f"from_state_dict: {name} has shape {bias.shape}, expected one row")
    return [weights, *(bias.reshape(-1) for bias in biases)]


def sigma_of(arrays: Arrays, n_visible: int, visible: str | None) -> NDArray[Any] | float | None:
    """Standard deviations of the visible units, if the state has some."""
    names = [name for name in arrays if _last_of(name) in _DEVIATIONS]
    if not names:
        return None
    if visible != "gaussian" or len(names) > 1:
        wanted = "one of them" if visible == "gaussian" else "visible='gaussian', which has them"
        raise ValueError(
            f"from_state_dict: the state has standard deviations ({', '.join(names)}): give {wanted}; or pick "
            "arrays and call from_parameters"
        )
    values = arrays[names[0]].astype(np.float64)
    if values.size not in (1, n_visible):
        raise ValueError(
            f"from_state_dict: {names[0]} has shape {values.shape}, expected a number or one for each of "
            f"{n_visible} visible units"
        )
    sigma: NDArray[Any] = _DEVIATIONS[_last_of(names[0])](values)
    return float(sigma.reshape(-1)[0]) if values.size == 1 else sigma.reshape(-1)


def hidden_rows(
    weights: NDArray[Any], n_visible: int, n_hidden: int, transpose: bool | None
) -> NDArray[Any]:
    """The weights with a row for each hidden unit."""
    shapes = {False: (n_hidden, n_visible), True: (n_visible, n_hidden)}
    fitting = [turned for turned, shape in shapes.items() if weights.shape == shape]
    if transpose is not None and transpose in fitting:
        fitting = [transpose]
    elif transpose is not None or not fitting:
        expected = shapes.values() if transpose is None else [shapes[transpose]]
        raise ValueError(
            f"from_state_dict: weights have shape {weights.shape}, expected "
            f"{' or '.join(map(str, expected))} with {n_visible} visible and {n_hidden} hidden biases"
        )
    if len(fitting) > 1:
        raise ValueError(
            f"from_state_dict: weights of shape {weights.shape} do not tell which side is hidden; give "
            "transpose=False if rows are hidden units, True if columns are"
        )
    return np.ascontiguousarray(weights.T) if fitting[0] else weights
