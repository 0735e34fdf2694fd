"""Arguments of RBMs that do nothing without another one, which is still at its default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def without_effect(model: Any) -> Iterator[str]:
    """What was given in vain, and what would give it effect."""
    if model.sparsity_target is not None and model.sparsity_cost == 0:
        yield f"sparsity_target={model.sparsity_target!r} has no effect while sparsity_cost is 0"
    if model.sparsity_target is None and model.sparsity_cost > 0:
        yield f"sparsity_cost={model.sparsity_cost!r} has no effect while sparsity_target is None"
    if model.n_chains is not None and model.algorithm == "cd":
        yield f"n_chains={model.n_chains!r} has no effect with algorithm='cd', which keeps no chains"
