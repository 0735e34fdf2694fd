"""The sparse autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..estimator.parameters import Number, Rule
from ..exceptions import name_methods_of
from .coding import Coding
from .exchange import Exchange, FromStateDict
from .learning import NetLearning, OneLayer
from .rules import LAYER_RULES

__all__ = ["SparseAutoencoder"]

SMALLEST_TARGET = 1e-6  # of a mean activation: KL is infinite at 0 and 1


class SparseAutoencoder(OneLayer):
    """Autoencoder whose code units are rarely on.

    The objective is the mean loss of a reconstruction, half of `weight_decay` times the sum of the squared
    weights, and `sparsity_cost` times the sum over the code units of KL(sparsity_target || m), where m is a unit's
    mean activation over the rows [1]_: over all of them with solver "lbfgs", over a minibatch with others. Code
    units are logistic.

    Parameters
    ----------
    n_components : int, default=200
        Units of the code; 200 to 3e-3 are the values of [2]_ for MNIST.
    sparsity_target : float in (0, 1), default=0.1
        Wanted mean activation of a code unit.
    sparsity_cost : float, default=3.0
    weight_decay : float, default=3e-3
        L2 penalty on weights, not biases.

    output_activation : {"logistic", "linear", "tanh", "relu", "softmax"}, default="logistic"
        Of the reconstruction: "logistic" for values in [0, 1], "linear" for real values, "softmax" for
        counts.
    loss : {"auto", "squared", "cross_entropy", "multinomial"}, default="squared"
        Summed over the features, mean over the rows. "squared" is half the squared error. "auto" is the
        negative log-likelihood: cross-entropy of logistic outputs, multinomial of softmax ones, squared of
        others.
    tied_weights : bool, default=False
        Whether the decoder uses the transposed weights of the encoder.
    solver : {"adam", "sgd", "lbfgs", "cg"}, default="lbfgs"
        "adam" and "sgd" learn from minibatches. "lbfgs" takes all rows for each step, and no rate. "cg"
        makes three line searches of conjugate gradients on each minibatch.
    learning_rate : float, default=5e-3
        For "adam" and some thousands to tens of thousands of rows; fewer rows learn faster by 1e-2. "sgd"
        wants some 0.1. Others have no use for it.
    learning_rate_schedule : {"constant", "linear", "cosine", "exponential", "inverse"}, default="constant"
        How the rate falls from `learning_rate` to `final_learning_rate` over the epochs of `fit`, as in
        :class:`udl_fast.RBM`; of "adam" and "sgd" alone.
    final_learning_rate : float, default=None
        Where the schedule leads. None means 0 for "linear" and "cosine", and a hundredth of
        `learning_rate` for "exponential" and "inverse".
    momentum : float in [0, 1), default=0.9
        Share of the last step of "sgd" that is repeated; of "adam" the decay of the mean gradient.
    nesterov : bool, default=False
        Nesterov's momentum, for "sgd".
    l1 : float, default=0.0
        L1 penalty on weights, not biases.
    precision : {"float32", "fast", "float64"}, default="float32"
        "fast" multiplies in bfloat16 and adds in float32, on a CPU that has such products. "float64"
        is for checks.
    batch_size : int, default=100
        Rows of a minibatch; "cg" wants some 1000, and "lbfgs" has none.
    n_iter : int, default=400
        Passes over the data in `fit`, whether it starts or continues: of "lbfgs", iterations.
    shuffle : bool, default=True
        New order of the rows in each pass of `fit`.
    warm_start : bool, default=False
        `fit` continues instead of starting again. What the net is made of cannot be changed then.
    device : {"cpu"}, default="cpu"
    n_jobs : int, default=None
        Threads; None means :func:`udl_fast.get_num_threads`. Results do not depend on it.
    random_state : int, RandomState or None, default=None
        Determines initial weights, the order of rows and every draw.
    callbacks : list or one of its kind, default=None
        As of :class:`udl_fast.RBM`.
    verbose : int, default=0
        1 prints the score after every epoch, over the sample of training rows that `history_` is
        measured on.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Weights of the code units. This and the following arrays are read-only; assigning a new one takes
        effect.
    intercept_hidden_ : ndarray of shape (n_components,)
    decoder_weights_ : ndarray of shape (n_features, n_components)
        Weights of the outputs. A model with tied weights has none.
    intercept_visible_ : ndarray of shape (n_features,)
    coefs_, intercepts_ : list of ndarray
        The same of both layers, weights as (inputs, outputs): scikit-learn's orientation.
    n_features_in_ : int
    n_iter_ : int
        Epochs, or iterations, finished.
    n_updates_ : int
    history_ : dict of str to list
        Measurements after the epochs of `fit`: minus the squared error of reconstructions of a sample,
        change of the weights, mean and spread of the code units, seconds; see
        :class:`udl_fast.callbacks.History`.

    References
    ----------
    .. [1] A. Ng, "Sparse autoencoder", CS294A lecture notes, Stanford University, 2011.
    .. [2] A. Ng, J. Ngiam, C. Y. Foo, Y. Mai, C. Suen, "UFLDL tutorial", Stanford University, 2011.

    Examples
    --------
    >>> import udl_fast as udl
    >>> X = udl.datasets.load_digits().data
    >>> model = udl.SparseAutoencoder(16, n_iter=50, random_state=0).fit(X)
    >>> bool(abs(model.transform(X).mean() - 0.1) < 0.02)
    True
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        **LAYER_RULES,
        "sparsity_target": Number(SMALLEST_TARGET, 1 - SMALLEST_TARGET),
        "sparsity_cost": Number(0),
    }
    pictures = ("filters",)

    def __init__(
        self,
        n_components: int = 200,
        *,
        sparsity_target: float = 0.1,
        sparsity_cost: float = 3.0,
        weight_decay: float = 3e-3,
        output_activation: str = "logistic",
        loss: str = "squared",
        tied_weights: bool = False,
        solver: str = "lbfgs",
        learning_rate: float = 5e-3,
        learning_rate_schedule: str = "constant",
        final_learning_rate: float | None = None,
        momentum: float = 0.9,
        nesterov: bool = False,
        l1: float = 0.0,
        precision: str = "float32",
        batch_size: int = 100,
        n_iter: int = 400,
        shuffle: bool = True,
        warm_start: bool = False,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: Any = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.sparsity_target = sparsity_target
        self.sparsity_cost = sparsity_cost
        self.weight_decay = weight_decay
        self.output_activation = output_activation
        self.loss = loss
        self.tied_weights = tied_weights
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.final_learning_rate = final_learning_rate
        self.momentum = momentum
        self.nesterov = nesterov
        self.l1 = l1
        self.precision = precision
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.callbacks = callbacks
        self.verbose = verbose

    def _hidden_activation(self) -> str:
        return "logistic"

    def _objective(self, checked: Mapping[str, Any]) -> dict[str, Any]:
        own = {name: checked[name] for name in ("sparsity_target", "sparsity_cost")}
        return {**super()._objective(checked), **own}


name_methods_of(SparseAutoencoder, OneLayer, NetLearning, FromStateDict, Exchange, Coding)
