"""scikit-learn's BernoulliRBM, one `partial_fit` a minibatch.

It is PCD-1: the same products and samples in a minibatch as CD-1, started from the chains.
"""

from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.neural_network import BernoulliRBM
from threadpoolctl import threadpool_info


class PartialFit:
    """float32 minibatches prepared beforehand; scikit-learn converts them itself."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads  # set through the environment of this process

    def versions(self) -> dict[str, str]:
        """What computes."""
        found = {"scikit-learn": sklearn.__version__, "numpy": np.__version__}
        for pool in threadpool_info():
            if pool["user_api"] == "blas":
                found[pool["internal_api"]] = f"{pool['version']} {pool.get('architecture', '')}"
        return found

    def check(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
        rows: NDArray[np.uint8],
        seed: int,
    ) -> dict[str, NDArray[Any]]:
        """p(h|v) of the rows, and the parameters after one step whose chains start at the data."""
        self.prepare(weights, hidden_bias, visible_bias, rows, len(rows), 1.0, seed)
        mean_hidden = self.model.transform(self.batches[0])
        uniforms = np.random.RandomState(seed + 1).random_sample(mean_hidden.shape)
        self.model.h_samples_ = (uniforms < mean_hidden).astype(np.float64)
        self.run(1)
        return {
            "mean_hidden": mean_hidden,
            "weights": self.model.components_,
            "hidden_bias": self.model.intercept_hidden_,
            "visible_bias": self.model.intercept_visible_,
        }

    def prepare(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
        rows: NDArray[np.uint8],
        batch_size: int,
        learning_rate: float,
        seed: int,
        algorithm: str = "pcd",
        k: int = 1,
    ) -> None:
        """Load parameters and rows. It knows PCD-1 alone, which has the products of CD-1 as well."""
        if k != 1 or algorithm == "gibbs":
            raise ValueError(f"scikit-learn has no {algorithm}-{k}")
        self.model = BernoulliRBM(
            weights.shape[0],
            learning_rate=learning_rate,
            batch_size=batch_size,
            random_state=np.random.RandomState(seed),
        )
        self.batches = [
            rows[start : start + batch_size].astype(np.float32)
            for start in range(0, len(rows), batch_size)
        ]
        self.model.partial_fit(self.batches[0])
        # The memory order of its own initialisation, which its products are laid out for.
        self.model.components_ = np.asfortranarray(weights.astype(np.float64))
        self.model.intercept_hidden_ = hidden_bias.astype(np.float64)
        self.model.intercept_visible_ = visible_bias.astype(np.float64)

    def run(self, n: int) -> None:
        """n minibatches, a call each."""
        for index in range(n):
            self.model.partial_fit(self.batches[index % len(self.batches)])


class Fit(PartialFit):
    """Whole calls of `fit`, with as many passes over the rows as make n minibatches."""

    def check(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
        rows: NDArray[np.uint8],
        seed: int,
    ) -> dict[str, NDArray[Any]]:
        """That of a single minibatch: `fit` starts from weights of its own."""
        single = PartialFit(self.n_threads)
        return single.check(weights, hidden_bias, visible_bias, rows, seed)

    def run(self, n: int) -> None:
        """n minibatches, rounded up to whole passes."""
        model = BernoulliRBM(**self.model.get_params())
        model.n_iter = -(-n // len(self.batches))
        model.fit(np.concatenate(self.batches))
