"""Small models and searches on the device, equal to the CPU's: what compute-sanitizer watches.

``python -m benchmarks.gpu.small_cases [--rehearse]``
"""

import sys

import numpy as np

from udl_fast import _core

from . import gibbs, hamming, learning, transform
from .shared.device import Device, first_gpu, interpreter
from .shared.models import random_bits

# Sizes that fill no tile, minibatches with a short last one.
LEARNED = [learning.Case(45, 33, 20, 1, 2), learning.Case(45, 33, 20, 1, 2, n_chains=33, k=2)]
SAMPLED = gibbs.Case(45, 33, 37, 1, 2)
TRANSFORMED = (45, 33, 37)
SEARCHED = [hamming.Case(700, n, 9) for n in (1, 5, 70)]


class ShortLast(learning.Ours):
    """The last of the checked minibatches is short."""

    def rows(self, n_minibatches: int) -> _core.Rows:
        """Of so many minibatches, half of the last missing."""
        return random_bits(n_minibatches * self.case.batch - self.case.batch // 2, 45)


def check_all(device: Device) -> None:
    """Raise `Wrong` at the first bit that differs."""
    for precision in ("fixed", "fast"):
        for case in LEARNED:
            ShortLast(case, precision, device).check()
        for asked in (
            gibbs.Ours(SAMPLED, precision, device),
            transform.Ours(TRANSFORMED, precision, device),
        ):
            for kernels in ("plain", "tensor"):
                asked.engines.gpu.set_sampling(kernels)
                asked.check()
    for case in SEARCHED:
        hamming.Ours(case, device).check()
    draws = _core.draws(1, "gibbs", 0, 3, 4, 5, 20)
    from udl_fast import _cuda

    assert np.array_equal(_cuda.draws(1, "gibbs", 0, 3, 4, 5, 20, driver=device.driver), draws)


if __name__ == "__main__":
    check_all(interpreter() if "--rehearse" in sys.argv[1:] else first_gpu())
    print("small cases are those of the CPU")
