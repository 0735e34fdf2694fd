"""Fine-tuning of a deep belief net by the up-down algorithm, and the net that it leaves."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..estimator.declarations import Stage
from ..estimator.engine import NoEngine
from ..estimator.input import read_only
from ..estimator.parameters import COMMON_RULES, Integer, Number, Rule
from ..estimator.schedules import SCHEDULE_RULES, check_schedule_of
from ..estimator.transaction import Turn, trained_alone, twin_of
from ..persistence.state import ArrayRule, State
from ..persistence.values import ValueRule
from ..rbm.rules import GibbsSteps, steps_at
from .bound import Likelihood
from .untied import UntiedLayer, UpDownEngine, array_rules

STAGE = "up-down"

# Arguments of `up_down`.
_RULES: Mapping[str, Rule] = {
    "n_iter": Integer(1),
    "learning_rate": Number(0),
    **SCHEDULE_RULES,
    "n_gibbs_steps": GibbsSteps(),
    "momentum": Number(0, 1),
    "weight_decay": Number(0),
    "batch_size": COMMON_RULES["batch_size"],
    "shuffle": COMMON_RULES["shuffle"],
}
# What else the engine is told; at the top it is CD without what RBMs alone have.
_FIXED = {
    "algorithm": "cd",
    "l1": 0.0,
    "sparsity_target": None,
    "sparsity_cost": 0.0,
    "sparsity_damping": 0.9,
    "sample_visibles": True,
    "statistics": "mean",
}


class _Arguments(ValueRule):
    """The arguments of the last call of `up_down`."""

    def check(self, value: Any, name: str) -> None:
        """As every rule."""
        if not isinstance(value, dict) or value.keys() != _RULES.keys():
            raise ValueError(f"{name} is {str(value)[:80]!r}, expected {', '.join(_RULES)}")
        for argument, rule in _RULES.items():
            rule.check(value[argument], argument, name)

    def plain(self, value: Any) -> Any:
        """As every rule."""
        return {name: _plain(each) for name, each in value.items()}

    def attribute(self, plain: Any) -> Any:
        """As every rule."""
        return {name: rule.check(plain[name], name, STAGE) for name, rule in _RULES.items()}


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


class UpDown(Likelihood):
    """Mixin: the up-down algorithm, as a last stage of the training in which the net itself learns."""

    _optional_values: ClassVar[Mapping[str, ValueRule]] = {
        **Likelihood._optional_values,
        "_up_down": _Arguments(),
    }

    _engine: Any
    _up_down: Mapping[str, Any] | None = None  # arguments of the stage, if the training has it

    # ---- public ----

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
        arguments = {name: rule.check(given[name], name, owner) for name, rule in _RULES.items()}
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

    def _take_back(self, arguments: Mapping[str, Any] | None) -> None:
        """To those of the call before, if there was one."""
        self.__dict__.pop("_up_down", None)
        if arguments is not None:
            self._up_down = arguments

    def _directed(self, attribute: str) -> list[Any]:
        self._check_has(attribute)
        return [part._engine for part in self._parts()[:-1]]

    def _check_has(self, attribute: str) -> None:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no {attribute} before fit")

    # ---- what the net is ----

    def _is_untied(self) -> bool:
        return isinstance(self._engine, UpDownEngine)

    def _parts(self, n_layers: int | None = None) -> list[Any]:
        parts = super()._parts(n_layers)
        if not self._is_untied():
            return parts
        return [
            twin_of(part, _engine=self._engine.layer(number), _arrays={})
            for number, part in enumerate(parts)
        ]

    def _array_rules(self) -> dict[str, ArrayRule]:
        return array_rules(len(self.hidden_layer_sizes) - 1)

    def _bare_engine(self, sizes: Mapping[str, int], precision: str) -> Any:
        if not sizes:
            return NoEngine(precision)
        n_directed = len(self.hidden_layer_sizes) - 1
        widths = [sizes["n_features"], *(sizes[f"n_units.{k + 1}"] for k in range(n_directed))]
        return UpDownEngine(widths, self._new_top(sizes, precision))

    def _new_top(self, sizes: Mapping[str, int], precision: str) -> _core.RbmEngine:
        """Of bits, whatever the template has come to say since the layers learned; beside those of the layer below
        a group of label units, if there are more."""
        n_visible, n_below = sizes["n_top_visible"], int(self.hidden_layer_sizes[-2])
        if n_visible == n_below:
            return _core.RbmEngine(n_visible, sizes["n_top"], precision)
        groups = [1] * n_below + [n_visible - n_below]
        return _core.RbmEngine(
            n_visible, sizes["n_top"], precision, visible="softmax", visible_groups=groups
        )

    # ---- the stage ----

    def _stages(self) -> list[Stage]:
        stages = super()._stages()
        if self._up_down is not None:
            stages.append(Stage(STAGE, self._up_down["n_iter"]))
        return stages

    def _learns_itself(self) -> bool:
        """Whether the training stands in this stage."""
        return self._up_down is not None and self._position[0] == len(self._stages()) - 1

    def _entered(self, number: int) -> dict[str, Any]:
        if self._is_untied():
            return {}
        engines: list[Any] = [part._engine for part in self._inside.values()]
        last = engines[-1]
        sizes = {"n_top_visible": last.n_visible, "n_top": last.n_hidden}
        top = self._new_top(sizes, last.precision)
        return {"_engine": UpDownEngine.begun_with(engines, top)}

    def _checked_of_stage(self, checked: Mapping[str, Any]) -> Mapping[str, Any]:
        assert self._up_down is not None
        return {**checked, **self._up_down}

    def _settings(self, checked: Mapping[str, Any], rows: _core.Rows) -> dict[str, Any]:
        told = ("batch_size", "learning_rate", "momentum", "weight_decay")
        return {
            **_FIXED,
            **{name: checked[name] for name in told},
            "k": steps_at(checked["n_gibbs_steps"], self._position[1]),
            "binarize_sample": self._inside_binarize() == "sample" and rows.kind != "bits",
            "data_step": self.n_updates_,
        }

    def _inside_binarize(self) -> Any:
        return next(iter(self._inside.values())).binarize

    def _rows(self, X: Any, y: Any = None, *, training: bool) -> _core.Rows:
        if training and self._learns_itself():
            rows: _core.Rows = self._parts(1)[0]._rows(X, training=True)
            return rows
        return super()._rows(X, y, training=training)

    def _targets(self, y: Any, n_rows: int) -> _core.Rows | None:
        """Where the net itself learns, labels are bits beside the rows; none where a row has no label."""
        super()._targets(y, n_rows)
        if not (self.labels and self._learns_itself()):
            return None
        known, states = self._label_states(y, n_rows)
        bits = np.zeros((n_rows, len(self.classes_)), dtype=np.bool_)
        bits[known] = states
        return _core.Rows.from_array(bits, 1)

    def _measure(self, training: Any, validation: Any | None) -> dict[str, Any]:
        rows = [one[0] if isinstance(one, tuple) else one for one in (training, validation)]
        return self._measure_beside(*rows)

    def _learn_of_targets(self, y: Any, n_rows: int) -> dict[str, Any]:
        self.__dict__.pop("_up_down", None)  # a training that begins anew has not this stage
        return super()._learn_of_targets(y, n_rows)

    def _not_finite_advice(self) -> str:
        rate = "" if self._up_down is None else f"={self._up_down['learning_rate']!r}"
        return f"lower learning_rate{rate} of up_down"

    def _more_epochs(self) -> str:
        if self._up_down is None:
            return super()._more_epochs()
        return "n_iter in another call of up_down"

    # ---- what cannot be ----

    def _check_can_go_up_and_down(self, owner: str) -> None:
        n_layers = len(self.hidden_layer_sizes)
        if n_layers == 1:
            raise ValueError(
                f"{owner}: a net of a single layer is an RBM, which has no such layers"
            )
        parts = [*self._inside.values()]
        if len(parts) < n_layers:
            raise ValueError(
                f"{owner}: fit was stopped in {self._stages()[self._position[0]].name!r}; finish it by resume "
                "before"
            )
        for k, part in enumerate(parts):
            for name in ("visible", "hidden") if k < n_layers - 1 else ("hidden",):
                if (kind := getattr(part, name)) != "bernoulli":
                    raise ValueError(
                        f"{owner}: layer {k + 1} has {name}={kind!r}, but units must be 'bernoulli'"
                    )
        precisions = {part._engine.precision for part in parts}
        if "float64" in precisions:
            raise NotImplementedError(
                f"{owner} is not available yet with precision='float64'; use 'fixed' or 'fast'"
            )
        if len(precisions) > 1:
            raise ValueError(
                f"{owner}: layers must be of one precision, got {', '.join(sorted(precisions))}"
            )

    def _check_inside(self, state: State, path: str) -> None:
        """Of weights for both ways there are all or none."""
        super()._check_inside(state, path)
        if not state.arrays:
            return
        needed = [name for name in self._array_rules() if not name.endswith("velocity")]
        if missing := [path + name for name in needed if name not in state.arrays]:
            raise ValueError(f"it lacks {', '.join(missing)}"[:200])
        sizes = [int(size) for size in self.hidden_layer_sizes]
        found = [state.arrays[name].shape[0] for name in needed if _gives_width(name)]
        if found != sizes:
            raise ValueError(
                f"{path}hidden_layer_sizes is {tuple(sizes)}, arrays have {tuple(found)}"
            )

    def _check_made(self) -> None:
        super()._check_made()
        if not self._is_untied():
            return
        sizes = [int(size) for size in self.hidden_layer_sizes]
        if sizes != self._engine.widths:
            raise ValueError(
                f"{type(self).__name__}: hidden_layer_sizes is {tuple(sizes)}, but the fitted model has "
                f"{tuple(self._engine.widths)}, and after up_down no layers may follow"
            )


def _gives_width(array: str) -> bool:
    """Whether an array has a row for each unit of a hidden layer."""
    return array.startswith(("recognition", "top")) and array.endswith("weights")


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
