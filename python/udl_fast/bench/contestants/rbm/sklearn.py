"""scikit-learn's BernoulliRBM, one `partial_fit` a minibatch.

It is PCD-1: the same products and samples in a minibatch as CD-1, started from the chains.
"""

from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.neural_network import BernoulliRBM
from threadpoolctl import threadpool_info

from ._steps import Steps


class PartialFit(Steps):
    """float32 minibatches prepared beforehand; scikit-learn converts them itself.

    Its threads are set through the environment of this process.
    """

    def versions(self) -> dict[str, str]:
        """What computes."""
        found = {"scikit-learn": sklearn.__version__, "numpy": np.__version__}
        for pool in threadpool_info():
            if pool["user_api"] == "blas":
                found[pool["internal_api"]] = f"{pool['version']} {pool.get('architecture', '')}"
        return found

    def load(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
    ) -> None:
        # It knows PCD-1 alone, which has the products of CD-1 as well.
        if self.k != 1 or self.algorithm == "gibbs":
            raise ValueError(f"scikit-learn has no {self.algorithm}-{self.k}")
        self.model = BernoulliRBM(
            weights.shape[0],
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            random_state=np.random.RandomState(self.seed),
        )
        self.batches = [
            self.rows[start : start + self.batch_size].astype(np.float32)
            for start in range(0, len(self.rows), self.batch_size)
        ]
        self.model.partial_fit(self.batches[0])
        # The memory order of its own initialisation, which its products are laid out for.
        self.model.components_ = np.asfortranarray(weights.astype(np.float64))
        self.model.intercept_hidden_ = hidden_bias.astype(np.float64)
        self.model.intercept_visible_ = visible_bias.astype(np.float64)

    def mean_hidden(self) -> NDArray[Any]:
        """Also starts the chains at the data, so that the next step is one of CD-1."""
        found: NDArray[Any] = self.model.transform(self.batches[0])
        uniforms = np.random.RandomState(self.seed + 1).random_sample(found.shape)
        self.model.h_samples_ = (uniforms < found).astype(np.float64)
        return found

    def parameters(self) -> dict[str, NDArray[Any]]:
        return {
            "weights": self.model.components_,
            "hidden_bias": self.model.intercept_hidden_,
            "visible_bias": self.model.intercept_visible_,
        }

    def run(self, n: int) -> None:
        """n minibatches, a call each."""
        for index in range(n):
            self.model.partial_fit(self.batches[index % len(self.batches)])


class Fit(PartialFit):
    """Whole calls of `fit`, with as many passes over the rows as make n minibatches."""

    def check(self, *case: Any, **named: Any) -> dict[str, NDArray[Any]]:
        """That of a single minibatch: `fit` starts from weights of its own."""
        return PartialFit(self.n_threads).check(*case, **named)

    def run(self, n: int) -> None:
        """n minibatches, rounded up to whole passes."""
        model = BernoulliRBM(**self.model.get_params())
        model.n_iter = -(-n // len(self.batches))
        model.fit(np.concatenate(self.batches))
