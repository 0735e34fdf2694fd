"""Descriptions of older formats, lifted to the present one.

Format 1 (until 0.1.0) knew one model without models inside. Its arrays have the names of today.
"""

from __future__ import annotations

from typing import Any

__all__ = ["lifted"]


def lifted(description: dict[str, Any]) -> dict[str, Any]:
    """A description of format 1 as format 2 has it, to be checked like one.

    Raises
    ------
    ValueError
        If it lacks a part.
    """
    for name, kind in (("parameters", dict), ("counts", dict), ("feature_names", list)):
        if not isinstance(description.get(name), kind):
            raise ValueError(f"{name} is {str(description.get(name))[:80]!r}")
    values = {
        "engine_precision": description.get("engine_precision"),
        "dtype": description.get("dtype"),
        **description["counts"],
        "history": description.get("history", {}),  # the first files had none
    }
    if description["feature_names"]:
        values["feature_names"] = description["feature_names"]
    return {
        "model": description.get("model"),
        "parameters": description["parameters"],
        "values": values,
    }
