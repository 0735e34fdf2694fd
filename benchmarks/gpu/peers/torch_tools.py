"""PyTorch: what forms of peers have in common."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from ..shared.device import Device, NotHere

STEPS = 20  # of a graph
GRAPHS = 10  # that are timed at once


def torch_on(device: Device) -> Any:
    """The module, where it can compute on the device."""
    try:
        import torch
    except ImportError as error:
        raise NotHere(f"PyTorch cannot be imported: {error}") from error
    if not device.rehearsed and not torch.cuda.is_available():
        raise NotHere("PyTorch has no CUDA device")
    return torch


def place(device: Device) -> str:
    """Where tensors are."""
    return "cpu" if device.rehearsed else "cuda"


class Form(NamedTuple):
    """One way to do a task: numbers by `mode`, products tuned or not."""

    make: Callable[..., Any]
    case: Any
    mode: str  # "bf16" or "tf32"
    tuned: bool = False

    @property
    def who(self) -> str:
        """As its line names it."""
        return f"PyTorch, {self.mode}, {'tuned' if self.tuned else 'compiled'}, in a graph"

    def on(self, device: Device) -> "Maker":
        """There."""
        return Maker(self, device)


class Maker(NamedTuple):
    """Makes a contestant, and knows its name where that fails."""

    form: Form
    device: Device

    @property
    def who(self) -> str:
        """Of the contestant."""
        return self.form.who

    def __call__(self) -> Any:
        """The contestant, not yet checked."""
        made = self.form.make(self.form, self.device, torch_on(self.device))
        made.who, made.fields = self.who, {"mode": self.form.mode}
        return made


def number_type(torch: Any, mode: str) -> Any:
    """Of products, and sets how those of float32 are made."""
    torch.set_float32_matmul_precision("high" if mode == "tf32" else "highest")
    return torch.bfloat16 if mode == "bf16" else torch.float32


def compiled(torch: Any, form: Form, device: Device, step: Any) -> Any:
    """A step by torch.compile. In a rehearsal it is traced and not compiled."""
    torch._dynamo.reset()
    if device.rehearsed:
        return torch.compile(step, backend="aot_eager", fullgraph=True)
    mode = "max-autotune-no-cudagraphs" if form.tuned else "default"
    return torch.compile(step, mode=mode, fullgraph=True, dynamic=False)


def graph_of(torch: Any, device: Device, run: Callable[[], None]) -> Callable[[], None]:
    """What replays the work of `run`, captured once; without a GPU `run` itself."""
    if device.rehearsed:
        run()
        return run
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(2):
            run()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    torch.cuda.synchronize()
    return graph.replay


def microseconds_of_step(torch: Any, device: Device, replay: Callable[[], None]) -> float:
    """Of graphs of `STEPS` steps, one after the other, until all are done."""
    graphs = 1 if device.rehearsed else GRAPHS
    start = time.perf_counter()
    for _ in range(graphs):
        replay()
    if not device.rehearsed:
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / (graphs * STEPS) * 1e6
