"""Gibbs sampling in PyTorch."""

from typing import Any

import numpy as np

from udl_fast import _core
from udl_fast.runtime import get_num_threads

from ..shared.device import Device
from ..shared.models import random_bits, random_parameters
from ..shared.turns import Wrong
from .torch_tools import STEPS, Form, compiled, graph_of, microseconds_of_step, number_type, place


def forms(case: Any) -> list[Form]:
    """The fastest on record."""
    return [Form(Sampler, case, "tf32")]


class Sampler:
    """Chains that one graph after the other moves on."""

    who: str
    fields: dict[str, Any]

    def __init__(self, form: Form, device: Device, torch: Any) -> None:
        self.torch, self.device, self.case = torch, device, form.case
        kind = number_type(torch, form.mode)
        parameters = random_parameters(form.case.n_visible, form.case.n_hidden, 0.1)
        self.parameters = parameters
        # A copy: .T alone would be another layout of memory than the one that products like.
        self.weights, self.hidden_bias, self.visible_bias = (
            torch.from_numpy(np.ascontiguousarray(values)).to(place(device), kind)
            for values in (parameters.weights.T, *parameters[1:])
        )
        start = random_bits(form.case.n_chains, form.case.n_visible)
        self.start = torch.from_numpy(start.to_array("float32")).to(place(device), kind)
        self.states = self.start.clone()
        step = compiled(torch, form, device, self.step)
        self.replay = graph_of(torch, device, lambda: self.steps(step))

    def step(self, visible: Any) -> Any:
        """Hidden units, then visible ones."""
        torch = self.torch
        hidden = self.drawn(
            torch.sigmoid(torch.addmm(self.hidden_bias, visible, self.weights)), visible
        )
        return self.drawn(
            torch.sigmoid(torch.addmm(self.visible_bias, hidden, self.weights.t())), visible
        )

    def drawn(self, p: Any, like: Any) -> Any:
        """Bits that are on with these probabilities."""
        return (self.torch.rand_like(p, dtype=self.torch.float32) < p).to(like.dtype)

    def steps(self, step: Any) -> None:
        """Some, one after the other."""
        with self.torch.no_grad():
            visible = self.states
            for _ in range(STEPS):
                visible = step(visible)
            self.states.copy_(visible)

    def check(self) -> None:
        """Each unit is on as often as in as many chains of our engine of the CPU, within six standard
        deviations of the difference of two shares.
        """
        self.states.copy_(self.start)
        self.replay()
        theirs = self.states.float().mean(0).cpu().numpy()
        engine = _core.RbmEngine(self.case.n_visible, self.case.n_hidden, "fixed")
        engine.set_parameters(*self.parameters)
        rows = random_bits(self.case.n_chains, self.case.n_visible)
        visible, _ = engine.gibbs(rows, STEPS, 1, "gibbs", 0, 0, get_num_threads())
        ours = visible.to_array("float32").mean(0)
        if not bool(((self.states == 0) | (self.states == 1)).all()):
            raise Wrong("states are not 0 or 1")
        allowed = 6 * np.sqrt(0.5 / self.case.n_chains)
        apart = float(np.abs(ours - theirs).max())
        if apart > allowed:
            raise Wrong(
                f"a unit is on {apart:.3f} more or less often than ours, at most {allowed:.3f}"
            )

    def sample(self) -> float:
        """Microseconds of a step."""
        return microseconds_of_step(self.torch, self.device, self.replay)
