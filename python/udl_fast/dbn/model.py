"""The deep belief net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from ..estimator.model import Model
from ..estimator.parameters import COMMON_RULES, Choice, Flag, Rule, Sizes
from ..estimator.targets import of_classes
from ..estimator.templates import Template
from ..exceptions import name_methods_of
from ..rbm import RBM
from ..rbm.presets import science2006
from .fitted.bound import Likelihood
from .fitted.inference import Inference
from .fitted.predictions import Predictions
from .fitted.sampling import Sampling
from .layers.greedy import PASS_UP, GreedyLayers
from .layers.labels import LabelledLayers
from .made import net_of
from .up_down.fine_tuning import UpDown

__all__ = ["DBN"]

_OF_LAYERS = ("batch_size", "n_iter", "shuffle")  # arguments of the templates alone


class DBN(UpDown, ClassNamePrefixFeaturesOutMixin, TransformerMixin, Model):
    """Deep belief net, learned greedily: RBMs upon each other, each from what those below make of the rows [1]_.

    The two layers at the top are an RBM, whose chains make up states; all below are directed downwards from
    there. With each layer a bound on the log-likelihood can only rise, as far as its RBM learns by the likelihood.
    :meth:`up_down` then teaches all layers together.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(500, 500, 2000)
        Units of the layers, from the first to the top. The default is that of [1]_ for MNIST, without its labels.
    rbm : RBM or a list of them, default=None
        A template of the RBMs, or one for each layer. Copies learn, with `hidden_layer_sizes` in place of
        `n_components`; a template stays as it is. None is :func:`udl_fast.presets.science2006`. A single one says
        what the data are (`visible` and what belongs to it, a threshold `binarize`) and what the top units are
        (`hidden`); all between are Bernoulli units. ``binarize="sample"`` draws the means below anew
        whenever a row is presented, in every layer. Without a `random_state` an RBM draws from a seed of the
        whole model.
    pass_up : {"mean", "sample"}, default="mean"
        What a layer learns from: probabilities of the units below, or states drawn by them, once before the
        layer begins, which are held as bits and learned from faster.
    labels : bool, default=False
        True lets the top RBM learn the classes `y` beside the units below it, as a softmax group of label units
        ([1]_): :meth:`predict` then compares their free energies, and :meth:`sample` makes up rows of a chosen
        class. Rows without a label (-1 where classes are numbers) may be among those that have one. It is an
        argument of its own, not the presence of `y`, since pipelines and searches of scikit-learn pass `y` to
        every step. Needs two layers or more.
    warm_start : bool, default=False
        `fit` goes on where it stopped, or repeats the last layer.
    device : {"cpu"}, default="cpu"
    n_jobs : int, default=None
        Threads, of layers too. Results do not depend on it.
    random_state : int, RandomState or None, default=None
    callbacks : list or one of its kind, default=None
        As of :class:`udl_fast.RBM`; those of templates are not called.
    verbose : int, default=0

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Of `labels` alone.
    layers_ : list of RBM
        Copies of the layers as they were learned one by one, those that have begun to.
    components_ : ndarray of shape (hidden_layer_sizes[0], n_features)
        Weights of the first layer, read-only; after `up_down` those of the way up.
    recognition_coefs_, recognition_intercepts_ : list of ndarray
        Of the way up, one for each layer below the top: weights as (units below, units above), biases of the
        units above. Read-only.
    generative_coefs_, generative_intercepts_ : list of ndarray
        Of the way down: weights as (units above, units below), biases of the units below. Without `up_down` they
        are those of the way up, turned round.
    top_ : RBM
        A copy of the RBM at the top, as it is now.
    n_features_in_ : int
    n_iter_ : int
        Epochs finished, of all layers.
    n_updates_ : int
    history_ : dict of str to list
        Measurements after epochs, with the `stage`: what the layer that learns measures of what it is given, and
        `reconstruction_likelihood` of the net as far as it has come.

    See Also
    --------
    udl_fast.DeepAutoencoder.from_dbn : The same layers as an autoencoder, to be learned as a whole.

    References
    ----------
    .. [1] G. Hinton, S. Osindero, Y.-W. Teh, "A fast learning algorithm for deep belief nets", Neural
       Computation 18, 2006.

    Examples
    --------
    >>> import udl_fast as udl
    >>> X = udl.datasets.load_digits(binary=0.5).data
    >>> rbm = udl.RBM(batch_size=20, momentum=0.5, n_iter=10)  # a template
    >>> model = udl.DBN((64, 32), rbm=rbm, pass_up="sample", random_state=0).fit(X)
    >>> model.transform(X).shape, model.transform(X, layer=0).shape
    ((1797, 32), (1797, 64))
    >>> model.sample(4, n_steps=100).shape
    (4, 64)
    >>> model.history_["stage"][0], model.history_["stage"][-1]
    ('layer 1', 'layer 2')
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        "hidden_layer_sizes": Sizes(),
        "rbm": Template("RBM", none_means=science2006),
        "pass_up": Choice(PASS_UP),
        "labels": Flag(),
        **{name: rule for name, rule in COMMON_RULES.items() if name not in _OF_LAYERS},
    }
    pictures = ("filters", "reconstructions", "samples")
    _later_parameters: ClassVar[Mapping[str, Any]] = {"labels": False}

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (500, 500, 2000),
        *,
        rbm: Any = None,
        pass_up: str = "mean",
        labels: bool = False,
        warm_start: bool = False,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: Any = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.rbm = rbm
        self.pass_up = pass_up
        self.labels = labels
        self.warm_start = warm_start
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.callbacks = callbacks
        self.verbose = verbose

    @classmethod
    def from_layers(cls, layers: Sequence[RBM], **parameters: Any) -> Self:
        """A fitted net of these RBMs, from the first to the top.

        Parameters
        ----------
        layers : sequence of RBM
            Fitted. They are copied.
        **parameters
            Of the constructor; `hidden_layer_sizes` and `rbm` follow from the layers.

        Returns
        -------
        DBN
            It has made their epochs; `partial_fit` goes on, and :meth:`resume` where layers are to follow.

        Raises
        ------
        ValueError
            If a layer has other visible units than the one below has hidden ones, or a parameter is invalid.
        sklearn.exceptions.NotFittedError
            If a layer is not fitted.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import DBN, RBM
        >>> first = RBM.from_parameters([[1.0, -1.0, 0.5], [0.0, 2.0, 1.0]], [0.0, 0.1, 0.2], [0.5, 0.0])
        >>> turned = RBM.from_parameters(
        ...     first.components_.T, first.intercept_hidden_, first.intercept_visible_
        ... )
        >>> model = DBN.from_layers([first, turned])  # the same distribution
        >>> X = np.eye(3)
        >>> bool(np.allclose(model.log_likelihood_bound(X), first.log_likelihood(X), atol=1e-5))
        True
        """
        return net_of(cls, layers, parameters)

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn the layers from the rows of X, one after another.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Binary states, or probabilities in [0, 1].
        y : array-like of shape (n_samples,), default=None
            With `labels` the classes of the rows; where they are numbers, -1 marks rows without a label, unless
            there is but one other number. Otherwise ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            As of :meth:`udl_fast.RBM.fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X, y, a weight or a parameter is invalid; of wrong labels before any layer learns.
        FloatingPointError
            If weights stop being finite; the model keeps the last good state.
        RuntimeError
            If the model is being trained, by another thread or by the call whose callback this is.

        Notes
        -----
        Ctrl-C keeps the last finished epoch, of whatever layer; :meth:`resume` finishes the training.
        """
        return super().fit(X, y, sample_weight)

    def partial_fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, *, classes: Any = None
    ) -> Self:
        """One pass of every layer over the rows of X, in order, in minibatches.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or an iterator of them
            An iterator is read to its end, one chunk in memory at a time.
        y : array-like of shape (n_samples,), or an iterator of them, default=None
            With `labels` the classes of the rows, as in :meth:`fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`; not with an iterator.
        classes : array-like of shape (n_classes,), default=None
            With `labels`, all that are to come: of the first call, where the first rows may lack some.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X, y, a weight or a parameter is invalid, `classes` are others than those of the fitted model, or an
            iterator yields no chunk.
        RuntimeError
            If the model is being trained, by another thread or by the call whose callback this is.

        Notes
        -----
        Ctrl-C or an error leaves the model as it was before the chunk in which it came.
        """
        fitted = self.__dict__.get("classes_") if self.__sklearn_is_fitted__() else None
        if classes is not None and not self.labels:
            raise ValueError(f"{type(self).__name__}: classes are of a net with labels=True")
        return super().partial_fit(
            X, of_classes(y, classes, fitted, type(self).__name__), sample_weight
        )

    def score(self, X: Any, y: Any = None) -> float:
        """Mean of log p(v | reconstruction) over the rows: how well they come back from the top, in nats.

        Needs no partition function, and compares nets of any number of layers on the same rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        float
            Larger is better.
        """
        return super().score(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float32", "float64"]
        return tags


name_methods_of(
    DBN, UpDown, Likelihood, Sampling, Predictions, Inference, LabelledLayers, GreedyLayers
)
