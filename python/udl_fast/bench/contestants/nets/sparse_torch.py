"""The same objective in PyTorch for the CPU, minimised by its own L-BFGS or by SciPy's; eager, or with
objective and gradient compiled."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from .._torch import OnTorch
from ._sparse import COST, N_PAIRS, TARGET, WEIGHT_DECAY, SparseFits


class Eager(OnTorch, SparseFits):
    """`torch.optim.LBFGS` with its line search for the strong Wolfe conditions."""

    compiled: ClassVar[bool] = False

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        torch.set_grad_enabled(True)

    def load(self) -> None:
        self.x = torch.from_numpy(self.rows)
        self.parameters = [
            torch.nn.Parameter(torch.tensor(array)) for layer in self.layers for array in layer
        ]
        self.objective: Callable[..., torch.Tensor] = _objective
        if self.compiled:
            torch.compiler.reset()
            self.objective = torch.compile(_objective, dynamic=False)

    def evaluate(self) -> tuple[float, NDArray[Any]]:
        self._set_start()
        value = float(self._backward())
        return value, self._flat_gradient()

    def _set_start(self) -> None:
        arrays = [array for layer in self.layers for array in layer]
        for parameter, array in zip(self.parameters, arrays, strict=True):
            parameter.data.copy_(torch.from_numpy(array))

    def _backward(self) -> torch.Tensor:
        for parameter in self.parameters:
            parameter.grad = None
        value = self.objective(self.x, *self.parameters)
        value.backward()
        return value.detach()

    def _flat_gradient(self) -> NDArray[np.float32]:
        found = [p.grad.reshape(-1) for p in self.parameters if p.grad is not None]
        flat: NDArray[np.float32] = torch.cat(found).numpy()
        return flat

    def fit(self) -> None:
        self._set_start()
        # No limit but that of iterations.
        optimizer = torch.optim.LBFGS(
            self.parameters,
            max_iter=self.n_iter,
            max_eval=100 * self.n_iter,
            tolerance_grad=0,
            tolerance_change=0,
            history_size=N_PAIRS,
            line_search_fn="strong_wolfe",
        )
        optimizer.step(self._backward)
        self._check_number(optimizer.state[self.parameters[0]]["n_iter"])

    def _check_number(self, n_iter: int) -> None:
        if n_iter != self.n_iter:
            raise RuntimeError(f"{n_iter} of {self.n_iter} iterations")

    def reached(self) -> float:
        with torch.no_grad():
            return float(_objective(self.x, *self.parameters))


def _objective(
    x: torch.Tensor, w: torch.Tensor, b: torch.Tensor, v: torch.Tensor, c: torch.Tensor
) -> torch.Tensor:
    h = torch.sigmoid(torch.nn.functional.linear(x, w, b))
    y = torch.sigmoid(torch.nn.functional.linear(h, v, c))
    loss = 0.5 * (y - x).square().sum() / x.shape[0]
    decay = 0.5 * WEIGHT_DECAY * (w.square().sum() + v.square().sum())
    m = h.mean(0)
    kl = TARGET * torch.log(TARGET / m) + (1 - TARGET) * torch.log((1 - TARGET) / (1 - m))
    return loss + decay + COST * kl.sum()


class Compiled(Eager):
    """The same, compiled."""

    compiled = True


class Scipy(Eager):
    """SciPy's L-BFGS-B, which works in double on all parameters in a row."""

    def fit(self) -> None:
        from scipy.optimize import minimize

        start = np.concatenate([array.ravel() for layer in self.layers for array in layer])
        options = {"maxiter": self.n_iter, "maxcor": N_PAIRS, "ftol": 0, "gtol": 0}
        found = minimize(
            self._at, start.astype(np.float64), jac=True, method="L-BFGS-B", options=options
        )
        self._set(found.x)
        self._check_number(found.nit)

    def _at(self, flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        self._set(flat)
        value = float(self._backward())
        return value, self._flat_gradient().astype(np.float64)

    def _set(self, flat: NDArray[np.float64]) -> None:
        parts = torch.from_numpy(flat).split([p.numel() for p in self.parameters])
        for parameter, part in zip(self.parameters, parts, strict=True):
            parameter.data.copy_(part.view_as(parameter))


class CompiledScipy(Scipy):
    """The same, compiled."""

    compiled = True
