"""Milliseconds of P(h | v) of 60,000 rows, from rows of the host to an array of the host."""

import time
from collections.abc import Iterator

import numpy as np

from udl_fast.runtime import get_num_threads

from .shared import floors
from .shared.device import Device
from .shared.models import Engines, random_bits, random_parameters
from .shared.turns import Task, Wrong

SIZE = (784, 500, 60_000)
TINY = (20, 9, 17)


class Ours:
    """Both engines, the device's timed."""

    who = "udl_fast"

    def __init__(self, size: tuple[int, int, int], precision: str, device: Device) -> None:
        n_visible, n_hidden, n_rows = size
        self.fields = {}
        self.engines = Engines.of(random_parameters(n_visible, n_hidden, 0.1), precision, device)
        self.rows = random_bits(n_rows, n_visible)

    def means(self, engine):
        """Of all rows, and the seconds that they took."""
        start = time.perf_counter()
        found = engine.mean_hidden(self.rows, get_num_threads())
        return found, time.perf_counter() - start

    def check(self) -> None:
        """Every mean has the bits of the CPU's."""
        (here, _), (there, _) = (
            self.means(engine) for engine in (self.engines.cpu, self.engines.gpu)
        )
        if not np.array_equal(here, there):
            raise Wrong("means differ from the CPU's")

    def sample(self) -> float:
        """Milliseconds of a call."""
        return self.means(self.engines.gpu)[1] * 1e3


def tasks(device: Device) -> Iterator[Task]:
    """No peer: how rows come and go decides."""
    size = TINY if device.rehearsed else SIZE
    for precision in ("fixed", "fast"):
        yield Task(
            "transform_{}x{}_{}rows".format(*size),
            "ms",
            lambda precision=precision: Ours(size, precision, device),
            fields={
                "precision": precision,
                **floors.of_half_steps(device, float(np.prod(size)), precision),
            },
        )
