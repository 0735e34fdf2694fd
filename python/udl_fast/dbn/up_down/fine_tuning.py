"""Fine-tuning of a deep belief net by the up-down algorithm, and the weights that it leaves."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...estimator.input import read_only
from ...estimator.training.schedules import check_schedule_of
from ...estimator.training.transaction import Turn, trained_alone
from ..layers.untied import UntiedLayer
from .arguments import RULES
from .stage import UpDownStage


class UpDown(UpDownStage):
    """Mixin: the up-down algorithm."""

    def up_down(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        n_iter: int = 10,
        learning_rate: float = 0.05,
        learning_rate_schedule: str = "constant",
        final_learning_rate: float | None = None,
        n_gibbs_steps: int | Sequence[tuple[int, int]] = 3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        batch_size: int = 100,
        shuffle: bool = True,
    ) -> Self:
        """Learn all layers together by the up-down algorithm, a contrastive form of wake-sleep [1]_.

        Below the top the weights of every layer become two sets, which begin alike: recognition weights draw
        states upwards, generative ones downwards. In the wake phase states are drawn upwards from rows, and the
        generative weights learn to give them back; from there the RBM at the top runs `n_gibbs_steps` and
        learns by CD; in the sleep phase states are drawn downwards from where its chains have come, and the
        recognition weights learn to give those above.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Binary states, or probabilities in [0, 1], as the first layer has learned from.
        y : array-like of shape (n_samples,), default=None
            With `labels` the classes of the rows, as in `fit`: label units have them where chains begin, and are
            drawn beside the others from there on. Otherwise ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.
        n_iter : int, default=10
            Epochs. Another call makes as many more, with its own arguments.
        learning_rate : float, default=0.05
            Of all weights and biases.
        learning_rate_schedule : {"constant", "linear", "cosine", "exponential", "inverse"}, default="constant"
            How the rate falls from `learning_rate` to `final_learning_rate` over the epochs of this call.
        final_learning_rate : float, default=None
            Where the schedule leads.
        n_gibbs_steps : int or list of (int, int), default=3
            Gibbs steps at the top, or pairs of the first epoch of this call and the steps from there on:
            ``[(0, 3), (100, 6), (200, 10)]`` is that of [1]_, with ``n_iter=300``.
        momentum : float in [0, 1], default=0.0
        weight_decay : float, default=0.0
        batch_size : int, default=100
        shuffle : bool, default=True

        Returns
        -------
        self
            With `transform`, `reconstruct`, `sample` and `log_likelihood_bound` by the weights of their direction.

        Raises
        ------
        ValueError
            If X or an argument is invalid, or the net has a single layer or units that are not Bernoulli units.
        NotImplementedError
            If the layers are of precision "float64".
        sklearn.exceptions.NotFittedError
            Before `fit` has taught all layers.
        FloatingPointError
            If weights stop being finite; the model keeps the last good state.

        Notes
        -----
        A stage of its own, "up-down", in `history_`, progress and callbacks. Ctrl-C keeps the last finished epoch;
        :meth:`resume` makes those that are left, to the bit. `partial_fit` makes passes of the same kind from then
        on, and `fit` starts anew. `layers_` stay what the layers were before.

        References
        ----------
        .. [1] G. Hinton, S. Osindero, Y.-W. Teh, "A fast learning algorithm for deep belief nets", Neural
           Computation 18, 2006.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> model = udl.DBN((32, 16), rbm=udl.RBM(batch_size=20), random_state=0).fit(X)
        >>> before = model.log_likelihood_bound(X).mean()
        >>> model.up_down(X, n_iter=5, batch_size=20)
        DBN(hidden_layer_sizes=(32, 16), random_state=0, rbm=RBM(batch_size=20))
        >>> bool(model.log_likelihood_bound(X).mean() > before)
        True
        """
        given = locals()
        owner = f"{type(self).__name__}.up_down"
        arguments = {name: rule.check(given[name], name, owner) for name, rule in RULES.items()}
        check_schedule_of(arguments, owner)
        self._check_fitted()
        checked = self._check_parameters()
        self._check_made()
        self._check_can_go_up_and_down(owner)

        def train(turn: Turn) -> None:
            before, n_updates = self.__dict__.get("_up_down"), self.n_updates_
            try:
                self.__dict__.update(_up_down=arguments, _position=(len(self._inside), 0))
                self._run_fit(turn, X, y, sample_weight, checked, to_the_end=True)
            except BaseException:
                if self.n_updates_ == n_updates:  # nothing was learned under them
                    self._take_back(before)
                raise

        trained_alone(self, train)
        return self

    @property
    def recognition_coefs_(self) -> list[NDArray[Any]]:
        """Weights of the way up, of the layers below the top: (units below, units above), read-only."""
        return [read_only(layer.weights().T) for layer in self._directed("recognition_coefs_")]

    @property
    def recognition_intercepts_(self) -> list[NDArray[Any]]:
        """Biases of the units above on the way up, read-only."""
        return [
            read_only(layer.hidden_bias()) for layer in self._directed("recognition_intercepts_")
        ]

    @property
    def generative_coefs_(self) -> list[NDArray[Any]]:
        """Weights of the way down, of the layers below the top: (units above, units below), read-only."""
        return [
            read_only(layer.generative.weights().T if _is_untied(layer) else layer.weights())
            for layer in self._directed("generative_coefs_")
        ]

    @property
    def generative_intercepts_(self) -> list[NDArray[Any]]:
        """Biases of the units below on the way down, read-only."""
        return [
            read_only(layer.visible_bias()) for layer in self._directed("generative_intercepts_")
        ]

    @property
    def top_(self) -> Any:
        """A copy of the RBM at the top, as it is now."""
        self._check_has("top_")
        return copy.deepcopy(self._parts()[-1])

    def _directed(self, attribute: str) -> list[Any]:
        self._check_has(attribute)
        return [part._engine for part in self._parts()[:-1]]

    def _check_has(self, attribute: str) -> None:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no {attribute} before fit")


def _is_untied(engine: Any) -> bool:
    return isinstance(engine, UntiedLayer)


def directed_halves(model: UpDown) -> list[tuple[Any, Any]] | None:
    """((weights, bias) upwards, (weights, bias) downwards) of every layer, with the top, as a net has them; None
    of a net whose directions have the same weights."""
    if not model._is_untied():
        return None
    found = []
    for part in model._parts():
        engine = part._engine
        down = engine.generative.weights() if _is_untied(engine) else engine.weights().T
        found.append(
            (
                (np.asarray(engine.weights()), np.asarray(engine.hidden_bias())),
                (np.asarray(down), np.asarray(engine.visible_bias())),
            )
        )
    return found
