"""The autoencoder with one hidden layer."""

from __future__ import annotations

from typing import Any

from ..exceptions import name_methods_of
from .coding import Coding
from .exchange import Exchange, FromStateDict
from .learning import NetLearning, OneLayer
from .rules import RULES

__all__ = ["Autoencoder"]


class Autoencoder(OneLayer):
    """Autoencoder with one hidden layer.

    A code h = f(W x + b) and a reconstruction of x from h. With a linear code and outputs, it learns the space
    of PCA; a code that is wide needs another constraint to be of use: see
    :class:`udl_fast.SparseAutoencoder` and :class:`udl_fast.DenoisingAutoencoder`.

    Parameters
    ----------
    n_components : int, default=256
        Units of the code.
    activation : {"logistic", "linear", "tanh", "relu"}, default="logistic"
        Of the code.

    output_activation : {"logistic", "linear", "tanh", "relu", "softmax"}, default="logistic"
        Of the reconstruction: "logistic" for values in [0, 1], "linear" for real values, "softmax" for
        shares that sum to 1. Rows of counts are learned from as they are, too, but `reconstruct` gives shares
        of them, and `score` compares these with the counts.
    loss : {"auto", "squared", "cross_entropy", "multinomial"}, default="auto"
        Summed over the features, mean over the rows. "squared" is half the squared error. "auto" is the
        negative log-likelihood: cross-entropy of logistic outputs, multinomial of softmax ones, squared of
        others.
    tied_weights : bool, default=False
        Whether the decoder uses the transposed weights of the encoder.
    solver : {"adam", "sgd", "lbfgs", "cg"}, default="adam"
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
    weight_decay : float, default=0.0
        L2 penalty on weights, not biases: half of it times the sum of their squares.
    l1 : float, default=0.0
        L1 penalty on weights, not biases.
    precision : {"float32", "fast", "float64"}, default="float32"
        "fast" multiplies in bfloat16 and adds in float32, on a CPU that has such products. "float64"
        is for checks.
    batch_size : int, default=100
        Rows of a minibatch; "cg" wants some 1000, and "lbfgs" has none.
    n_iter : int, default=20
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

    See Also
    --------
    udl_fast.SparseAutoencoder, udl_fast.DenoisingAutoencoder

    References
    ----------
    .. [1] D. Rumelhart, G. Hinton, R. Williams, "Learning representations by back-propagating errors",
       Nature 323, 1986.

    Examples
    --------
    >>> import udl_fast as udl
    >>> X = udl.datasets.load_digits().data
    >>> model = udl.Autoencoder(16, n_iter=20, random_state=0).fit(X)
    >>> model.transform(X).shape
    (1797, 16)
    >>> bool(model.reconstruction_error(X).mean() < 4)
    True
    """

    rules = RULES
    pictures = ("filters",)

    def __init__(
        self,
        n_components: int = 256,
        *,
        activation: str = "logistic",
        output_activation: str = "logistic",
        loss: str = "auto",
        tied_weights: bool = False,
        solver: str = "adam",
        learning_rate: float = 5e-3,
        learning_rate_schedule: str = "constant",
        final_learning_rate: float | None = None,
        momentum: float = 0.9,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        precision: str = "float32",
        batch_size: int = 100,
        n_iter: int = 20,
        shuffle: bool = True,
        warm_start: bool = False,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: Any = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.activation = activation
        self.output_activation = output_activation
        self.loss = loss
        self.tied_weights = tied_weights
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.final_learning_rate = final_learning_rate
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
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


name_methods_of(Autoencoder, OneLayer, NetLearning, FromStateDict, Exchange, Coding)
