"""A fitted model as a whole: saving to a file, and pickling without the engine."""

from __future__ import annotations

import os
from typing import Any

from sklearn.utils.validation import check_is_fitted

from .. import _core
from .attributes import FittedParameters

# Of this process or of a fit that runs, so not part of a copy: arrays already read, and what
# scikit-learn's callback support keeps while fit runs.
_TRANSIENT = ("_arrays", "_callback_fit_ctx", "_skl_callbacks_to_teardown")


class FittedModel(FittedParameters):
    """Mixin: a fitted model can be saved, pickled and copied."""

    def _check_fitted(self) -> None:
        check_is_fitted(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to one safetensors file, which :func:`udl_fast.load` reads.

        The file holds parameters, biases, weights, momentum, chains and step counters, so a loaded
        model goes on bit for bit. `callbacks` are left out, and so is a `random_state` that is a
        generator: a fitted model draws from a seed of its own. The file appears whole or not at
        all; an old one at `path` stays until then.

        Parameters
        ----------
        path : str or path-like
            By custom with the ending ``.safetensors``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the model is not fitted.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile, os
        >>> import udl_fast
        >>> model = udl_fast.RBM(2, n_iter=1, random_state=0).fit([[0, 1, 1], [1, 0, 0]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(os.path.join(folder, "model.safetensors"))
        """
        from ..persistence.model_file import save_model

        self._check_fitted()
        save_model(self, path)

    # ---- pickling: arrays instead of the engine, no code run on load beyond rebuilding it ----

    def __getstate__(self) -> dict[str, Any]:
        inherited: Any = super()
        state: dict[str, Any] = dict(inherited.__getstate__())
        for name in _TRANSIENT:
            state.pop(name, None)
        if "history_" in state:  # a copy of the model does not watch the original learn
            state["history_"] = {name: list(values) for name, values in state["history_"].items()}
        engine = state.pop("_engine", None)
        if engine is not None:
            state["_engine_state"] = {
                "precision": engine.precision,
                "weights": engine.weights(),
                "hidden_bias": engine.hidden_bias(),
                "visible_bias": engine.visible_bias(),
                "optimizer": engine.optimizer_state(),
                "chains": engine.chains(),
            }
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        saved = dict(state)
        engine = saved.pop("_engine_state", None)
        inherited: Any = super()
        inherited.__setstate__(saved)
        if engine is None:
            return
        n_hidden, n_visible = engine["weights"].shape
        self._engine = _core.RbmEngine(n_visible, n_hidden, engine["precision"])
        self._engine.set_parameters(
            engine["weights"], engine["hidden_bias"], engine["visible_bias"]
        )
        self._engine.set_optimizer_state(engine["optimizer"])
        self._engine.set_chains(engine["chains"])
        self._arrays = {}
