"""Restricted Boltzmann machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from ..estimator.given import start_from
from ..estimator.model import Model
from ..exceptions import name_methods_of
from .exchange.libraries import Exchange
from .inference import Inference
from .likelihood.partition import Partition
from .likelihood.scores import Scores
from .rules import RULES
from .sampling.gibbs import Sampling
from .sampling.half_steps import HalfSteps
from .training.learning import ContrastiveLearning
from .training.measurements import Measurements

__all__ = ["RBM"]


class RBM(
    Sampling,
    Scores,
    Measurements,
    ContrastiveLearning,
    Exchange,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    Model,
):
    """Restricted Boltzmann machine with binary units, trained by contrastive divergence on packed
    bits.

    Parameters
    ----------
    n_components : int, default=256
        Hidden units.
    visible : {"bernoulli", "gaussian", "softmax", "replicated_softmax"}, default="bernoulli"
        Kind of the visible units (docs/units.md). precision="fixed" and "float64" have all of them, "fast"
        all but "replicated_softmax".
    hidden : {"bernoulli", "gaussian", "relu"}, default="bernoulli"
        Kind of the hidden units: bits, real numbers, or real numbers of at least 0. precision="fixed" and
        "float64" have all of them, "fast" those of real numbers with visible="gaussian" alone.
    visible_groups : sequence of int, default=None
        Of visible="softmax": how many units each group has, in the order of the features. A group of one unit
        is a Bernoulli unit, on or off, whose data may be probabilities: so binary features and one-hot ones,
        such as a label, are the visible units of one model.
    sigma : float or sequence of n_features floats, default=1.0
        Of visible="gaussian": standard deviations that learning starts from.
    learn_sigma : bool, default=True
        Whether they are learned: from means over whole epochs, or over some 16,000 rows where there are more,
        since few rows say little of a variance where data are skewed. They go at most half of the way from
        one such mean to the next, evenly over the minibatches that follow; `momentum` does not count.
    algorithm : {"cd", "pcd", "pt"}, default="cd"
        Contrastive divergence starts its chain at the data [1]_; persistent contrastive divergence
        keeps its chains between updates [2]_. Parallel tempering keeps as many at each of
        `n_temperatures` temperatures, which swap states ([9]_, [10]_): it mixes where "pcd" is stuck in
        some modes, at the cost of that many more chains.
    k : int or sequence of (int, int), default=1
        Gibbs steps an update. Pairs of a first epoch and the steps from there on let it grow:
        ``[(0, 1), (10, 3)]`` is CD-1 for ten epochs, then CD-3 ([7]_). Epochs count as those of
        `momentum_switch_epoch` do.
    n_chains : int, default=None
        Persistent chains of "pcd", and of "pt" at each temperature; None means as many as `batch_size`
        when they start.
    n_temperatures : int, default=10
        Inverse temperatures of "pt", evenly spaced from 1 down to `beta_min`: chains at beta sample the
        model whose energies are beta times this one's. Those at 1 teach. Neighbours swap more often the
        more there are. 10 and an end at 0 are those of PyDeep.
    beta_min : float in [0, 1], default=0.0
        Inverse temperature of the hottest chains; 0 tosses a coin for every unit. Real units need one
        above 0.
    beta_spacing : {"uniform", "adaptive"}, default="uniform"
        Where the inverse temperatures of "pt" lie between. "adaptive" moves them after every epoch to where
        neighbours would have swapped equally often ([11]_), half of the way; see `betas_`.
    learning_rate : float, default=0.1
        As for binary data in [3]_, section 7 and Hinton's published code, which use "cd"; "pcd" wants
        about a tenth of it if it stays: its chains must keep up with the changing weights [2]_.
    learning_rate_schedule : {"constant", "linear", "cosine", "exponential", "inverse"}, default="constant"
        How the rate falls from `learning_rate` to `final_learning_rate` over the epochs of `fit`. It
        changes between epochs; lowering it towards the end pays ([3]_, section 7), "linear" to zero is
        that of [2]_, "cosine" that of [4]_. "exponential" multiplies by the same factor after every
        epoch, "inverse" divides by 1 + c t. Epochs count over all calls of `fit`: with `warm_start` those
        made and those to come are one training, so that one that was stopped goes on as planned when
        `n_iter` is set to what is left. `partial_fit` knows no end and uses `learning_rate`.
    final_learning_rate : float, default=None
        Where the schedule leads: what the epoch after the last would have. None means 0 for "linear"
        and "cosine", and a hundredth of `learning_rate` for "exponential" and "inverse", which never
        reach 0.
    momentum : float in [0, 1], default=0.0
        Share of the last step that is repeated; with 0 no step is remembered.
    final_momentum : float in [0, 1], default=None
        Momentum from epoch `momentum_switch_epoch` on; 0.5 then 0.9 in [3]_, section 9.
    momentum_switch_epoch : int, default=5
    weight_decay : float, default=0.0
        L2 penalty on weights, not biases; 2e-4 in Hinton's code.
    l1 : float, default=0.0
        L1 penalty on weights, not biases.
    max_norm : float, default=None
        Limit of the Euclidean norm of each hidden unit's weights, which are scaled down to it after an
        update that made them longer ([8]_). None is no limit.
    sparsity_target : float in [0, 1], default=None
        Wanted mean activation of a hidden unit on data; None is off ([3]_, section 11).
    sparsity_cost, sparsity_damping : float, default=0.0 and 0.9
        Strength of the pull towards the target, and memory of the running mean activation.
    centered : bool, default=False
        The centred gradient ([5]_, [6]_): statistics of states less their running means, which learns
        better and alike whether pixels are on or off. The means follow the data by a hundredth of the
        way every minibatch, as those of PyDeep do, and are kept with the model; the likelihood is that
        of an RBM as any other.
    initial_weights : float, default=0.01
        Standard deviation of the normal distribution that weights are first drawn from ([3]_, section
        8); 0.1 in Hinton's published code.
    initial_visible_bias : {"data", "zero"}, default="data"
        The log odds of each pixel's mean, clamped to [0.01, 0.99] ([3]_, section 8.1), or 0.
    binarize : None, float or "sample", default=None
        A threshold makes pixels above it 1, as ``X > binarize`` does in NumPy: a pixel of float32 is
        compared with the threshold rounded to float32. "sample" takes values in [0, 1] as probabilities and
        draws the pixels anew whenever a row is presented. The threshold applies to every method
        that takes visible values, except to boolean input: that is states already.
    sample_visibles : bool, default=True
        False: the last reconstruction is a probability, as in Hinton's code. Meant for "cd": with
        "pcd" the chains then no longer sample the model.
    statistics : {"mean", "sampled"}, default="mean"
        What enters the statistics of hidden units: probabilities, or drawn states ("sampled": exact
        counts of pairs of bits, faster, with more noise in the gradient; Hinton 2010, section 3.3,
        advises probabilities). "sampled" needs binary data and sample_visibles=True.
    precision : {"fixed", "fast", "float64"}, default="fixed"
        "fixed": float32 weights, exact integer sums, the same bits everywhere. "fast": the same with
        weights rounded to 16-bit tables in every sum, about 2e-4 in a probability; with
        visible="gaussian" learning multiplies bfloat16 numbers instead, on a CPU that has such products,
        and all else is "fixed"; see docs/numerics.md. "float64": plain loops in double, slow, for checks.
    batch_size : int, default=100
    n_iter : int, default=10
        Passes over the data in `fit`, whether it starts or continues.
    shuffle : bool, default=True
        New order of the rows in each pass of `fit`.
    warm_start : bool, default=False
        `fit` continues instead of starting again. All parameters may be changed before that but
        `n_components`, `precision` and `n_chains`, which are refused if they differ from the fitted
        model's; `random_state` is read at the start alone.
    device : str, default="cpu"
        Where the model learns and answers: "cpu", or a GPU, "cuda" or "cuda:1", with the same bits. A fitted
        model moves with the next call after it was changed. A GPU takes Bernoulli units, "cd" and "pcd",
        precisions "fixed" and "fast"; what looks at the whole distribution, such as `log_partition`, is
        worked out on the CPU. There rows may be arrays that are on the GPU (``__cuda_array_interface__`` or
        DLPack); what is found of them stays there. See docs/gpu.md.
    n_jobs : int, default=None
        Threads; None means :func:`udl_fast.get_num_threads`. Results do not depend on it.
    random_state : int, RandomState or None, default=None
        Determines initial weights, the order of rows and every draw.
    callbacks : list or one of its kind, default=None
        Objects of :mod:`udl_fast.callbacks` or others that follow scikit-learn's callback protocol
        (``set_callbacks`` takes them as well), and plain functions. A function is called as
        ``callback(estimator, info)`` after every epoch and about every 50 ms within one; info has
        epoch, n_iter, rows_done, n_rows and seconds. A true result stops the training.
    verbose : int, default=0
        1 prints the pseudo-likelihood after every epoch: exact, over the sample of training rows
        that `history_` is measured on. With 0, a `fit` of more than two seconds
        shows a progress bar if stderr is a terminal; UDL_FAST_PROGRESS=0 in the environment turns
        it off.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Weights. This and the biases are read-only views of the model; assigning a new array takes
        effect. A model whose weights and biases were all assigned counts as fitted; see also
        :meth:`from_parameters`.
    intercept_hidden_ : ndarray of shape (n_components,)
    intercept_visible_ : ndarray of shape (n_features,)
    h_samples_ : ndarray of shape (n_chains, n_components), bool
        Persistent chains; real where the hidden units are. Of "pt" those of all temperatures, in blocks of
        n_chains, beta = 1 first.
    betas_ : ndarray of shape (n_temperatures,)
        Inverse temperatures of "pt", 1 first: those that the next epoch uses.
    sigma_ : ndarray of shape (n_features,)
        Standard deviations of the visible units given the hidden ones, of visible="gaussian" alone.
    n_features_in_ : int
    n_iter_ : int
        Epochs finished.
    n_updates_ : int
        Minibatches learned from.
    history_ : dict of str to list
        Measurements after the epochs of `fit`: pseudo-likelihood, change of the weights, mean
        activation, dead and saturated units, seconds, with a schedule the learning rate; see
        :class:`udl_fast.callbacks.History`, which adds those on validation data.

    See Also
    --------
    udl_fast.BernoulliRBM : The same model with scikit-learn's arguments and defaults.

    References
    ----------
    .. [1] G. Hinton, "Training products of experts by minimizing contrastive divergence", Neural
       Computation 14, 2002.
    .. [2] T. Tieleman, "Training restricted Boltzmann machines using approximations to the
       likelihood gradient", ICML 2008.
    .. [3] G. Hinton, "A practical guide to training restricted Boltzmann machines", UTML TR
       2010-003.
    .. [4] I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    .. [5] G. Montavon, K.-R. Müller, "Deep Boltzmann machines and the centering trick", in Neural
       Networks: Tricks of the Trade, 2012.
    .. [6] J. Melchior, A. Fischer, L. Wiskott, "How to center deep Boltzmann machines", Journal of
       Machine Learning Research 17, 2016.
    .. [7] M. Carreira-Perpiñán, G. Hinton, "On contrastive divergence learning", AISTATS 2005.
    .. [8] G. Hinton, N. Srivastava, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Improving neural
       networks by preventing co-adaptation of feature detectors", arXiv:1207.0580, 2012.
    .. [9] G. Desjardins, A. Courville, Y. Bengio, P. Vincent, O. Delalleau, "Parallel tempering for
       training of restricted Boltzmann machines", AISTATS 2010.
    .. [10] K. Cho, T. Raiko, A. Ilin, "Parallel tempering is efficient for learning restricted
       Boltzmann machines", IJCNN 2010.
    .. [11] S. Syed, A. Bouchard-Côté, G. Deligiannidis, A. Doucet, "Non-reversible parallel tempering: a
       scalable highly parallel MCMC scheme", Journal of the Royal Statistical Society B 84, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast import RBM
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=np.uint8)
    >>> rbm = RBM(n_components=2, n_iter=5, random_state=0).fit(X)
    >>> rbm.transform(X).shape
    (4, 2)
    """

    rules = RULES
    pictures = ("filters", "samples")
    _counts = (*Model._counts, "_sampling_steps")

    def __init__(
        self,
        n_components: int = 256,
        *,
        visible: str = "bernoulli",
        hidden: str = "bernoulli",
        visible_groups: Sequence[int] | None = None,
        sigma: float | Sequence[float] | NDArray[Any] = 1.0,
        learn_sigma: bool = True,
        algorithm: str = "cd",
        k: int | Sequence[tuple[int, int]] = 1,
        n_chains: int | None = None,
        n_temperatures: int = 10,
        beta_min: float = 0.0,
        beta_spacing: str = "uniform",
        learning_rate: float = 0.1,
        learning_rate_schedule: str = "constant",
        final_learning_rate: float | None = None,
        momentum: float = 0.0,
        final_momentum: float | None = None,
        momentum_switch_epoch: int = 5,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        max_norm: float | None = None,
        sparsity_target: float | None = None,
        sparsity_cost: float = 0.0,
        sparsity_damping: float = 0.9,
        centered: bool = False,
        initial_weights: float = 0.01,
        initial_visible_bias: str = "data",
        binarize: float | str | None = None,
        sample_visibles: bool = True,
        statistics: str = "mean",
        precision: str = "fixed",
        batch_size: int = 100,
        n_iter: int = 10,
        shuffle: bool = True,
        warm_start: bool = False,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: Any = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.visible = visible
        self.hidden = hidden
        self.visible_groups = visible_groups
        self.sigma = sigma
        self.learn_sigma = learn_sigma
        self.algorithm = algorithm
        self.k = k
        self.n_chains = n_chains
        self.n_temperatures = n_temperatures
        self.beta_min = beta_min
        self.beta_spacing = beta_spacing
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.final_learning_rate = final_learning_rate
        self.momentum = momentum
        self.final_momentum = final_momentum
        self.momentum_switch_epoch = momentum_switch_epoch
        self.weight_decay = weight_decay
        self.l1 = l1
        self.max_norm = max_norm
        self.sparsity_target = sparsity_target
        self.sparsity_cost = sparsity_cost
        self.sparsity_damping = sparsity_damping
        self.centered = centered
        self.initial_weights = initial_weights
        self.initial_visible_bias = initial_visible_bias
        self.binarize = binarize
        self.sample_visibles = sample_visibles
        self.statistics = statistics
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

    @classmethod
    def from_parameters(
        cls, weights: ArrayLike, visible_bias: ArrayLike, hidden_bias: ArrayLike, **parameters: Any
    ) -> Self:
        """A fitted model with given weights and biases.

        Parameters
        ----------
        weights : array-like of shape (n_components, n_features)
            As in `components_`; PyTorch's ``nn.Linear(n_features, n_components).weight`` has this
            shape, other libraries often the transposed one.
        visible_bias : array-like of shape (n_features,)
        hidden_bias : array-like of shape (n_components,)
        **parameters
            Of the constructor; `n_components` follows from the weights.

        Returns
        -------
        RBM
            It has learned nothing so far: `partial_fit`, or `fit` with ``warm_start=True``, goes on
            from these parameters. Persistent chains start as those of a new model.

        Raises
        ------
        ValueError
            If shapes or parameters do not fit each other, or values are not finite.

        Examples
        --------
        >>> from udl_fast import RBM
        >>> weights = [[0.7, -0.4, 0.2], [-0.3, 0.6, -0.2]]
        >>> rbm = RBM.from_parameters(weights, [0, 0, 0], [0.2, -0.3], random_state=0)
        >>> rbm.transform([[1, 0, 1]]).round(4)
        array([[0.7503, 0.31  ]])
        """
        arrays = {"weights": weights, "hidden_bias": hidden_bias, "visible_bias": visible_bias}
        model = cls(**{"n_components": len(np.atleast_1d(weights)), **parameters})
        start_from(model, arrays, {name: name for name in arrays})
        return model

    @property
    def _n_features_out(self) -> int:
        return self._engine.n_hidden

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float32", "float64"]
        return tags


name_methods_of(
    RBM,
    Inference,
    HalfSteps,
    Sampling,
    Partition,
    Scores,
    Measurements,
    ContrastiveLearning,
    Exchange,
)
