"""Mixtures upon mixtures: a model whose layers are models inside, each learned from what those below make of X.

The first layer is then learned on by the model itself, as nets are fine-tuned. It shows what a deep model brings
beside an engine: templates, stages with learners, and where its own engine comes from.
"""

from typing import ClassVar

import numpy as np
from sklearn.base import clone

from tests.support.bernoulli_mixture import BernoulliMixture, MixtureEngine, responsibilities
from udl_fast.estimator.declarations import Stage
from udl_fast.estimator.parameters import Integer
from udl_fast.estimator.templates import Template


class NoEngine(MixtureEngine):
    """What the model itself has before it learns: nothing."""

    def __init__(self):
        super().__init__(1, 1)
        self._arrays = {}


class MixtureStack(BernoulliMixture):
    """`n_components` in the first layer and 3 in the second; then `n_iter` epochs of the first alone."""

    rules: ClassVar = {
        **BernoulliMixture.rules,
        "n_components": Integer(1),
        "layer": Template("BernoulliMixture"),
    }
    _defining = ()

    def __init__(
        self, n_components=4, *, layer=None, batch_size=100, n_iter=10, shuffle=True, warm_start=False,
        smoothing=0.1, device="cpu", n_jobs=None, random_state=None, callbacks=None, verbose=0,
    ):  # fmt: skip
        super().__init__(
            n_components, smoothing=smoothing, batch_size=batch_size, n_iter=n_iter, shuffle=shuffle,
            warm_start=warm_start, device=device, n_jobs=n_jobs, random_state=random_state,
            callbacks=callbacks, verbose=verbose,
        )  # fmt: skip
        self.layer = layer

    @property
    def layers_(self):
        return [self._inside[name] for name in self._inside_names()]

    def transform(self, X):
        self._check_fitted()
        x = self._rows(self._matrix(X), training=False).to_array("float64")
        return responsibilities(*self._first().values(), x)[0]

    def _first(self):
        """The arrays of the first layer."""
        return self._engine.state() or self._start_of_its_own().state()

    def _start_of_its_own(self):
        """The first layer as learned, or a new one."""
        if "layers.0" in self._inside:
            engine = MixtureEngine(self.n_components, self.n_features_in_)
            engine.set_state(self._inside["layers.0"]._engine.state())
            return engine
        rng = np.random.RandomState(self._seed % 2**32)
        return super()._new_engine(np.empty((0, self.n_features_in_)), None, rng)

    # ---- stages ----

    def _stages(self):
        return [
            *(
                Stage(f"layer {k + 1}", self._new_learner(k).n_iter, f"layers.{k}")
                for k in range(2)
            ),
            Stage("fine", self.n_iter),
        ]

    def _new_learner(self, number):
        template = BernoulliMixture(n_iter=2) if self.layer is None else self.layer
        return clone(template).set_params(n_components=(self.n_components, 3)[number])

    def _stage_input(self, number, X, y=None):
        for name in self._inside_names()[:number]:
            X = self._inside[name].transform(X)
        return X

    def _entered(self, number):
        return {} if self._engine.state() else {"_engine": self._start_of_its_own()}

    # ---- its own engine ----

    def _array_rules(self):
        rules = super()._array_rules()
        return {
            name: type(rule)(rule.kind, rule.dims, optional=True) for name, rule in rules.items()
        }

    def _bare_engine(self, sizes, precision):
        return super()._bare_engine(sizes, precision) if sizes else NoEngine()

    def _new_engine(self, X, rows, rng):
        return NoEngine()

    def _score_rows(self, rows):
        return responsibilities(*self._first().values(), rows.to_array("float64"))[1]
