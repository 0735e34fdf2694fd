"""The demonstration's race against scikit-learn."""

import statistics
import time
from typing import IO

import numpy as np
from numpy.typing import NDArray

from .data import Setting

_SETTLE_SECONDS = 0.1  # the thread pool of scikit-learn's BLAS spins for a while

_SMALL_WEIGHTS = 784 * 500  # of the smallest model in the table of README


def compare(
    grey: NDArray[np.float32], setting: Setting, seed: int, words: IO[str]
) -> dict[str, float]:
    """Examples per second of our and of scikit-learn's BernoulliRBM, same arguments, in turns."""
    from sklearn.neural_network import BernoulliRBM as SklearnBernoulliRBM

    from ... import BernoulliRBM

    states = (grey > 0.5).astype(np.float64)  # the dtype scikit-learn computes in
    rates: dict[str, list[float]] = {"udl_fast": [], "sklearn": []}
    kinds = {"udl_fast": BernoulliRBM, "sklearn": SklearnBernoulliRBM}
    names = ("n_components", "learning_rate", "batch_size")
    n_components, learning_rate, batch_size = (setting.arguments[name] for name in names)
    for _ in range(setting.comparison_rounds):
        for (name, kind), epochs in zip(kinds.items(), setting.comparison_epochs, strict=True):
            model = kind(
                n_components,
                learning_rate=learning_rate,
                batch_size=batch_size,
                n_iter=epochs,
                random_state=seed,
            )
            time.sleep(_SETTLE_SECONDS)
            start = time.perf_counter()
            model.fit(states)
            rates[name].append(epochs * len(states) / (time.perf_counter() - start))
    small = states.shape[1] * n_components < _SMALL_WEIGHTS
    hint = f"  (a small model, {states.shape[1]} x {n_components}; see Speed in README)"
    ours, theirs = (statistics.median(rates[name]) for name in kinds)
    print(
        f"BernoulliRBM({n_components}, batch_size={batch_size}) on the same "
        f"{len(states):,} images, PCD-1, examples/s:\n"
        f"  udl_fast      {ours:>11,.0f}\n"
        f"  scikit-learn  {theirs:>11,.0f}\n"
        f"  ratio         {ours / theirs:>11.1f}{hint if small else ''}",
        file=words,
    )
    return {
        "udl_fast_examples_per_second": round(ours),
        "sklearn_examples_per_second": round(theirs),
        "ratio": round(ours / theirs, 2),
    }
