"""What a build does while it is compared with another one (`compare_builds.py`).

A file for the build's own process: it imports no other file of the benchmarks.
"""

import hashlib
import json
import sys
import time
from typing import Any

import numpy as np

SEED = 20260101


class Training:
    """CD-1 minibatches, many in a call of the engine."""

    precision = "fixed"

    def __init__(self, size: list[int], n_threads: int) -> None:
        from udl_fast import _core

        self._batch, n_visible, n_hidden = size
        self._n_threads = n_threads
        generator = np.random.RandomState(SEED)
        rows = (generator.random_sample((8 * self._batch, n_visible)) < 0.2).astype(np.uint8)
        self._given, self._core = rows, _core
        self._rows = _core.Rows.from_array(rows)
        self._engine = _core.RbmEngine(n_visible, n_hidden, self.precision)
        self._engine.set_parameters(
            generator.normal(0, 0.05, (n_hidden, n_visible)),
            np.zeros(n_hidden),
            np.full(n_visible, -1.4),
        )
        self._step = 0

    def run(self, n: int) -> None:
        """n minibatches."""
        settings = {
            "batch_size": self._batch,
            "algorithm": "cd",
            "k": 1,
            "statistics": "mean",
            "learning_rate": 0.01,
            "momentum": 0.0,
            "weight_decay": 0.0,
            "l1": 0.0,
            "sparsity_target": None,
            "sparsity_cost": 0.0,
            "sparsity_damping": 0.9,
            "sample_visibles": True,
            "binarize_sample": False,
            "data_step": 0,
        }
        done = self._engine.train(
            self._rows_of(n), None, settings, SEED, self._step, self._n_threads
        )
        self._step = done["step"]

    def _rows_of(self, n: int) -> Any:
        n_rows = n * self._batch
        if self._rows.shape[0] != n_rows:
            rows = np.resize(self._given, (n_rows, self._given.shape[1]))
            self._rows = self._core.Rows.from_array(rows)
        return self._rows

    def ready(self, n: int) -> None:
        """Untimed, before run(n)."""
        self._rows_of(n)

    def result(self) -> bytes:
        """What the work came to."""
        return bytes(self._engine.weights().tobytes())


class FastTraining(Training):
    """The same with `precision="fast"`."""

    precision = "fast"


class HalfStep:
    """A product and its samples: hidden units of visible rows."""

    precision, up = "fixed", True

    def __init__(self, size: list[int], n_threads: int) -> None:
        from udl_fast import _core

        batch, n_visible, n_hidden = size
        self._n_threads = n_threads
        generator = np.random.RandomState(SEED)
        engine = _core.RbmEngine(n_visible, n_hidden, self.precision)
        engine.set_parameters(
            generator.normal(0, 0.05, (n_hidden, n_visible)),
            np.zeros(n_hidden),
            np.zeros(n_visible),
        )
        n_below = n_visible if self.up else n_hidden
        states = (generator.random_sample((batch, n_below)) < 0.5).astype(np.uint8)
        self._rows = _core.Rows.from_array(states)
        self._sample = engine.sample_hidden if self.up else engine.sample_visible
        self._sampled: Any = None

    def run(self, n: int) -> None:
        """n calls."""
        for step in range(n):
            self._sampled = self._sample(self._rows, SEED, "gibbs", step, 0, self._n_threads)

    def result(self) -> bytes:
        """What the work came to."""
        return bytes(self._sampled.to_packed().tobytes())


class FastHalfStep(HalfStep):
    """The same with `precision="fast"`."""

    precision = "fast"


class HalfStepDown(HalfStep):
    """Visible units of hidden rows."""

    up = False


class FastHalfStepDown(HalfStepDown):
    """The same with `precision="fast"`."""

    precision = "fast"


class FreeEnergies:
    """Of rows of bits."""

    def __init__(self, size: list[int], n_threads: int) -> None:
        from udl_fast import _core

        n_rows, n_visible, n_hidden = size
        self._n_threads = n_threads
        generator = np.random.RandomState(SEED)
        self._engine = _core.RbmEngine(n_visible, n_hidden, "fixed")
        self._engine.set_parameters(
            generator.normal(0, 0.05, (n_hidden, n_visible)),
            np.zeros(n_hidden),
            np.zeros(n_visible),
        )
        states = (generator.random_sample((n_rows, n_visible)) < 0.2).astype(np.uint8)
        self._rows = _core.Rows.from_array(states)
        self._energies: Any = None

    def run(self, n: int) -> None:
        """n calls."""
        for _ in range(n):
            self._energies = self._engine.free_energy(self._rows, self._n_threads)

    def result(self) -> bytes:
        """What the work came to."""
        return bytes(self._energies.tobytes())


class Gibbs:
    """Steps of 2,048 chains."""

    def __init__(self, size: list[int], n_threads: int) -> None:
        import udl_fast

        n_chains, n_visible, n_hidden = size
        generator = np.random.RandomState(SEED)
        states = generator.random_sample((n_chains, n_visible)) < 0.2
        self._model = udl_fast.RBM(n_hidden, n_iter=1, random_state=0, n_jobs=n_threads)
        self._model.fit(states[:100])
        self._states = states

    def run(self, n: int) -> None:
        """n steps in a call."""
        self._states = self._model.gibbs(self._states, n_steps=n)

    def result(self) -> bytes:
        """What the work came to."""
        return bytes(self._states.tobytes())


class Fit:
    """`RBM.fit` of one pass."""

    def __init__(self, size: list[int], n_threads: int) -> None:
        import udl_fast

        n_rows, n_visible, n_hidden = size
        rows = np.random.RandomState(SEED).random_sample((n_rows, n_visible)) < 0.2
        self._rows = rows.astype(np.uint8)
        self._model = udl_fast.RBM(n_hidden, n_iter=1, random_state=0, n_jobs=n_threads)

    def run(self, n: int) -> None:
        """n fits."""
        for _ in range(n):
            self._model.fit(self._rows)

    def result(self) -> bytes:
        """What the work came to."""
        return bytes(self._model.components_.tobytes())


class Queries:
    """`HammingIndex.search` for the ten nearest of 256-bit codes."""

    def __init__(self, size: list[int], n_threads: int) -> None:
        import udl_fast

        n_codes, n_queries = size
        udl_fast.set_num_threads(n_threads)
        generator = np.random.Generator(np.random.PCG64(SEED))
        codes = generator.integers(0, 256, (n_codes, 32), dtype=np.uint8)
        self._index = udl_fast.HammingIndex(256)
        self._index.add(codes)
        self._queries = generator.integers(0, 256, (n_queries, 32), dtype=np.uint8)
        self._found: Any = None

    def run(self, n: int) -> None:
        """n calls."""
        for _ in range(n):
            self._found = self._index.search(self._queries, 10)

    def result(self) -> bytes:
        """What the work came to."""
        return b"".join(np.asarray(part).tobytes() for part in self._found)


WORK = {
    "training": Training,
    "training fast": FastTraining,
    "hidden": HalfStep,
    "hidden fast": FastHalfStep,
    "visible": HalfStepDown,
    "visible fast": FastHalfStepDown,
    "free energies": FreeEnergies,
    "gibbs": Gibbs,
    "fit": Fit,
    "queries": Queries,
}


def serve(n_threads: int) -> None:
    """Answer one JSON command a line until the pipe closes."""
    work: Any = None
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "prepare":
            work = WORK[command["work"]](command["size"], n_threads)
            answer: Any = None
        elif command["do"] == "run":
            getattr(work, "ready", lambda n: None)(command["n"])
            start = time.perf_counter()
            work.run(command["n"])
            answer = time.perf_counter() - start
        else:
            answer = hashlib.sha256(work.result()).hexdigest()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
