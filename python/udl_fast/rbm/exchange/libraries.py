"""Models from and to other libraries: scikit-learn's class, a PyTorch state_dict, ONNX."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ...exceptions import warn_caller
from ...persistence.state_dict import StateDict, read_state_dict
from ..arrays import Arrays
from .state_dict_parts import hidden_rows, parts_of, sigma_of


class Exchange(Arrays):
    """Mixin: weights that come from other libraries or go there."""

    algorithm: str
    batch_size: int

    if TYPE_CHECKING:

        @classmethod
        def from_parameters(
            cls, weights: Any, visible_bias: Any, hidden_bias: Any, **parameters: Any
        ) -> Self: ...

    # ---- scikit-learn ----

    @classmethod
    def from_sklearn(cls, model: Any, **parameters: Any) -> Self:
        """A fitted model from scikit-learn's fitted ``BernoulliRBM``.

        Parameters
        ----------
        model : sklearn.neural_network.BernoulliRBM
            Its weights, biases, persistent chains, names of features and arguments are taken over,
            and ``algorithm="pcd"``, by which it learns.
        **parameters
            Of the constructor, in place of those of `model`.

        Returns
        -------
        RBM
            It computes what `model` does, within float32 unless ``precision="float64"``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `model` is not fitted.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.neural_network import BernoulliRBM
        >>> from udl_fast import RBM
        >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
        >>> theirs = BernoulliRBM(n_components=2, random_state=0).fit(X)
        >>> ours = RBM.from_sklearn(theirs)
        >>> bool(np.allclose(ours.transform(X), theirs.transform(X), atol=1e-6))
        True
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(model, ("components_", "intercept_hidden_", "intercept_visible_"))
        known = set(cls._get_param_names()) - {"n_components"}
        theirs = model.get_params(deep=False)
        options = {name: theirs[name] for name in theirs if name in known}
        options = {**options, "algorithm": "pcd", **parameters}
        ours = cls.from_parameters(
            model.components_, model.intercept_visible_, model.intercept_hidden_, **options
        )
        if ours.algorithm == "pcd" and hasattr(model, "h_samples_"):
            ours.h_samples_ = model.h_samples_
        if hasattr(model, "feature_names_in_"):
            ours.feature_names_in_ = np.array(model.feature_names_in_, dtype=object)
        return ours

    def to_sklearn(self) -> Any:
        """The same model as scikit-learn's ``BernoulliRBM``.

        Returns
        -------
        sklearn.neural_network.BernoulliRBM
            Fitted, with copies of weights, biases and persistent chains, and the arguments that both
            have. Its `batch_size` is the number of chains if there are any: it needs as many. It has no
            `binarize`: a threshold of this model is warned of, and what it is given must be states already.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before fit.
        ValueError
            If units are not binary: its are.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import RBM
        >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
        >>> ours = RBM(n_components=2, random_state=0).fit(X)
        >>> bool(np.allclose(ours.to_sklearn().transform(X), ours.transform(X), atol=1e-6))
        True
        """
        from sklearn.neural_network import BernoulliRBM

        self._check_fitted()
        self._check_binary_units("to_sklearn")
        self._warn_of_threshold("to_sklearn")
        theirs = BernoulliRBM()
        known = theirs.get_params(deep=False)
        theirs.set_params(
            **{name: value for name, value in self.get_params(deep=False).items() if name in known}
        )
        dtype = self.components_.dtype
        chains = self.h_samples_.astype(dtype)
        if len(chains):
            theirs.batch_size = len(chains)
        else:  # as its fit starts
            chains = np.zeros((self.batch_size, len(self.components_)), dtype)
        theirs.components_ = np.array(self.components_)
        theirs.intercept_hidden_ = np.array(self.intercept_hidden_)
        theirs.intercept_visible_ = np.array(self.intercept_visible_)
        theirs.h_samples_ = chains
        theirs.random_state_ = np.random.RandomState(self._seed % 2**32)
        theirs.n_features_in_ = self.n_features_in_
        theirs._n_features_out = len(self.components_)
        if hasattr(self, "feature_names_in_"):
            theirs.feature_names_in_ = np.array(self.feature_names_in_, dtype=object)
        return theirs

    # ---- PyTorch ----

    @classmethod
    def from_state_dict(
        cls,
        state: StateDict,
        *,
        transpose: bool | None = None,
        **parameters: Any,
    ) -> Self:
        """A fitted model from the `state_dict` of an RBM in PyTorch.

        The weights are called W, weight or weights, the biases v_bias, vbias, visible_bias, bias_v or
        bv, and h_bias, hbias, hidden_bias, bias_h or bh, and the like, in capitals or not, behind any
        prefix with a dot. Standard deviations of Gaussian units are called sigma or std, or given as log_sigma,
        variance or log_var. For others, and for one model of several, pick the arrays and call
        :meth:`from_parameters`.

        Parameters
        ----------
        state : mapping of str to tensor or array, or path of a .safetensors file
            PyTorch is not imported: what has `detach` is taken for a tensor. Biases may have a
            dimension of size 1 more.
        transpose : bool, default=None
            True if the weights have shape (n_features, n_components). None sees it from the sizes of
            the biases, which are equal only where the weights are square.
        **parameters
            Of the constructor; `n_components` follows from the weights. A state_dict does not say which units
            the model has, nor `binarize`: give ``visible="gaussian"`` and the like here. `sigma` given here is
            taken in place of that of the state.

        Returns
        -------
        RBM

        Raises
        ------
        ValueError
            If a part is missing or comes twice, listing what was found and expected; if there are standard
            deviations, but `visible` is not "gaussian"; if `state` is a file of :meth:`save`; if shapes do
            not fit; if the weights are square and `transpose` is None.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import RBM
        >>> state = {"rbm.W": np.zeros((3, 2)), "rbm.v_bias": np.zeros(3), "rbm.h_bias": np.zeros(2)}
        >>> RBM.from_state_dict(state).components_.shape
        (2, 3)
        """
        arrays = read_state_dict(state)
        weights, visible_bias, hidden_bias = parts_of(arrays)
        weights = hidden_rows(weights, len(visible_bias), len(hidden_bias), transpose)
        if (sigma := sigma_of(arrays, len(visible_bias), parameters.get("visible"))) is not None:
            parameters = {"sigma": sigma, **parameters}
        return cls.from_parameters(weights, visible_bias, hidden_bias, **parameters)

    def to_state_dict(self) -> dict[str, NDArray[Any]]:
        """Weights, biases and sigma by the names that PyTorch users give them.

        Returns
        -------
        dict of str to ndarray
            ``"W"`` of shape (n_components, n_features), as ``torch.nn.functional.linear`` takes it,
            ``"v_bias"`` and ``"h_bias"``, of Gaussian visible units ``"sigma"``: copies, of the dtype of the
            fitted attributes. They do not say which units the model has; a threshold of `binarize`, which is lost
            with them, is warned of. A module takes them by
            ``load_state_dict({k: torch.from_numpy(a) for k, a in found.items()})``.

        Examples
        --------
        >>> from udl_fast import RBM
        >>> rbm = RBM(2, n_iter=1, random_state=0).fit([[0, 1, 1], [1, 0, 0]])
        >>> {name: array.shape for name, array in rbm.to_state_dict().items()}
        {'W': (2, 3), 'v_bias': (3,), 'h_bias': (2,)}
        """
        self._check_fitted()
        self._warn_of_threshold("to_state_dict")
        found = {
            "W": np.array(self.components_),
            "v_bias": np.array(self.intercept_visible_),
            "h_bias": np.array(self.intercept_hidden_),
        }
        if self._visible_kind() == "gaussian":
            found["sigma"] = np.array(self.sigma_)
        return found

    # ---- ONNX ----

    def to_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write the encoder, what :meth:`transform` computes, as an ONNX file.

        The graph takes ``X``, float32 of shape (n, n_features), and gives ``H``, float32 of shape
        (n, n_components), P(h = 1 | v). A threshold of `binarize` is part of it. It needs the
        extra ``onnx`` (``pip install 'udl-fast[onnx]'``).

        Parameters
        ----------
        path : str or path-like
            By custom with the ending ``.onnx``. The file appears whole or not at all.

        Raises
        ------
        ImportError
            Without the package onnx.
        ValueError
            If units are not binary.
        """
        from .onnx_graph import write_encoder

        self._check_fitted()
        self._check_binary_units("to_onnx")
        write_encoder(path, self.components_, self.intercept_hidden_, threshold=self._threshold())

    def _warn_of_threshold(self, function: str) -> None:
        """What goes to another library takes values as they are."""
        if (threshold := self._threshold()) is not None:
            warn_caller(
                f"{type(self).__name__}.{function}: binarize={threshold:g} does not go along: give the result "
                f"X > {threshold:g} in place of X",
                UserWarning,
            )

    def _check_binary_units(self, function: str) -> None:
        if (kinds := (self._visible_kind(), self._hidden_kind())) != ("bernoulli", "bernoulli"):
            raise ValueError(
                f"{type(self).__name__}.{function} needs binary units, got visible={kinds[0]!r} and "
                f"hidden={kinds[1]!r}"
            )
