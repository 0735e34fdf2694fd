"""CD-1 in PyTorch, written for speed: weights stay float32, products run in another type, the statistics
of both phases are one product.
"""

from typing import Any

import numpy as np

from udl_fast import _core
from udl_fast.runtime import get_num_threads

from ..shared.device import Device
from ..shared.models import Parameters, random_parameters, structured_bits
from ..shared.turns import Wrong
from .torch_tools import STEPS, Form, compiled, graph_of, microseconds_of_step, number_type, place


def forms(case: Any) -> list[Form]:
    """The fastest on record; of the largest model that of float32's grade as well."""
    bf16 = Form(Learner, case, "bf16", tuned=case.n_hidden <= 500)
    return [bf16, Form(Learner, case, "tf32")] if case.n_hidden > 4096 else [bf16]


def rate_of(case: Any) -> float:
    """A rate at which a model of that size learns something in a few minibatches."""
    return min(0.05, 5 / case.n_hidden)


def reconstruction_error(parameters: Parameters, rows: np.ndarray) -> float:
    """Mean distance of P(v | P(h | v)) from v."""

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 0.5 * (1 + np.tanh(0.5 * x))

    hidden = sigmoid(rows @ parameters.weights.T + parameters.hidden_bias)
    return float(
        np.abs(sigmoid(hidden @ parameters.weights + parameters.visible_bias) - rows).mean()
    )


def learned_by_cpu(case: Any, start: Parameters, rows: np.ndarray) -> Parameters:
    """What our engine of the CPU learns from these minibatches in their order."""
    from ..learning import BASE

    engine = _core.RbmEngine(case.n_visible, case.n_hidden, "fixed")
    engine.set_parameters(*start)
    settings = {**BASE, "batch_size": case.batch, "learning_rate": rate_of(case)}
    engine.train(_core.Rows.from_array(rows), None, settings, 1, 0, get_num_threads())
    return Parameters(engine.weights(), engine.hidden_bias(), engine.visible_bias())


class Learner:
    """One graph of minibatches, the next one the same again."""

    who: str
    fields: dict[str, Any]

    def __init__(self, form: Form, device: Device, torch: Any) -> None:
        self.torch, self.device, self.case = torch, device, form.case
        self.type = number_type(torch, form.mode)
        # bfloat16 products of bfloat16 matrices can give float32 on a GPU alone.
        self.is_wide = form.mode == "bf16" and not device.rehearsed
        self.start = random_parameters(form.case.n_visible, form.case.n_hidden, 0.01)
        self.rows = structured_bits(STEPS * form.case.batch, form.case.n_visible)
        self.bits = self.tensor(self.rows).to(self.type)
        step = compiled(torch, form, device, self.step)
        self.set_start()
        self.replay = graph_of(torch, device, lambda: self.steps(step))

    def tensor(self, array: np.ndarray) -> Any:
        """A copy on the device."""
        return self.torch.from_numpy(array.copy(order="C")).to(place(self.device))

    def set_start(self) -> None:
        """The parameters that learning begins with, in place once they are there."""
        values = {
            "weights": self.tensor(self.start.weights.T),
            "hidden": self.tensor(self.start.hidden_bias),
            "visible": self.tensor(self.start.visible_bias),
        }
        if not hasattr(self, "parameters"):
            # Of one type both are the same tensors.
            self.parameters = values
            self.low = {name: value.to(self.type) for name, value in values.items()}
        for name, value in values.items():
            self.parameters[name].copy_(value)
            self.low[name].copy_(value)

    def steps(self, step: Any) -> None:
        """A minibatch after the other."""
        with self.torch.no_grad():
            for rows in self.bits.split(self.case.batch):
                step(rows)

    def step(self, data: Any) -> None:
        """CD-1 of a minibatch."""
        torch, low, full = self.torch, self.low, self.parameters
        given_data = torch.sigmoid(torch.addmm(low["hidden"], data, low["weights"]))
        hidden = self.drawn(given_data)
        chain = self.drawn(torch.sigmoid(torch.addmm(low["visible"], hidden, low["weights"].t())))
        given_chain = torch.sigmoid(torch.addmm(low["hidden"], chain, low["weights"]))
        both = torch.cat((data, -chain)).t(), torch.cat((given_data, given_chain))
        wide = {"out_dtype": torch.float32} if self.is_wide else {}
        gradient = torch.mm(*both, **wide).float()
        rate = rate_of(self.case) / self.case.batch
        # Not add_ with alpha: compiled, PyTorch 2.13 drops the factor of a product on a CPU.
        full["weights"].add_(gradient * rate)
        full["visible"].add_((data.float() - chain.float()).sum(0), alpha=rate)
        full["hidden"].add_((given_data.float() - given_chain.float()).sum(0), alpha=rate)
        if self.type != torch.float32:
            for name, value in full.items():
                low[name].copy_(value)

    def drawn(self, p: Any) -> Any:
        """Bits that are on with these probabilities."""
        return (self.torch.rand_like(p, dtype=self.torch.float32) < p).to(self.type)

    def learned(self) -> Parameters:
        """Parameters as they are."""
        return Parameters(
            self.parameters["weights"].t().cpu().numpy(),
            self.parameters["hidden"].cpu().numpy(),
            self.parameters["visible"].cpu().numpy(),
        )

    def check(self) -> None:
        """A pass makes the reconstruction error fall as far as it does for our engine of the CPU."""
        self.set_start()
        self.replay()
        some = self.rows[:256].astype(np.float32)
        before, ours, theirs = (
            reconstruction_error(parameters, some)
            for parameters in (
                self.start,
                learned_by_cpu(self.case, self.start, self.rows),
                self.learned(),
            )
        )
        share = (before - theirs) / (before - ours)
        low, high = (0.2, 5) if self.device.rehearsed else (0.8, 1.25)
        if not (before > ours and low < share < high):
            raise Wrong(
                f"reconstruction error {before:.4f} fell to {theirs:.4f}, ours to {ours:.4f}"
            )

    def sample(self) -> float:
        """Microseconds of a minibatch."""
        return microseconds_of_step(self.torch, self.device, self.replay)
