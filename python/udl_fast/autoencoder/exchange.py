"""Autoencoders from and to other libraries: a PyTorch state_dict, ONNX."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..estimator.given import start_from
from ..persistence.state_dict import StateDict, read_state_dict
from .coding import Coding

_PARTS = ("encoder", "decoder", "both")


class Exchange(Coding):
    """Weights that go to other libraries."""

    def to_state_dict(self) -> dict[str, NDArray[Any]]:
        """Weights and biases by the names that PyTorch gives them in two ``nn.Sequential`` of Linear layers and
        activations, called encoder and decoder.

        Returns
        -------
        dict of str to ndarray
            ``"encoder.0.weight"`` of shape (outputs, inputs), ``"encoder.0.bias"``, ``"decoder.0.weight"``
            and so on: copies. A module takes them by
            ``load_state_dict({k: torch.from_numpy(a) for k, a in found.items()})``. Of a binary code the units
            are logistic there, to be rounded by the caller.

        Examples
        --------
        >>> from udl_fast import Autoencoder
        >>> model = Autoencoder(2, n_iter=1, random_state=0).fit([[0, 1, 1], [1, 0, 0]])
        >>> {name: array.shape for name, array in model.to_state_dict().items()}
        {'encoder.0.weight': (2, 3), 'encoder.0.bias': (2,), 'decoder.0.weight': (3, 2), 'decoder.0.bias': (3,)}
        """
        self._check_fitted()
        found: dict[str, NDArray[Any]] = {}
        for layer, (weights, bias) in enumerate(
            zip(self._weights(), self.intercepts_, strict=True)
        ):
            in_encoder = layer < self._n_encoders
            place = 2 * (
                layer if in_encoder else layer - self._n_encoders
            )  # activations lie between
            name = f"{'encoder' if in_encoder else 'decoder'}.{place}"
            found |= {f"{name}.weight": np.array(weights), f"{name}.bias": np.array(bias)}
        return found

    def to_onnx(self, path: str | os.PathLike[str], *, part: str = "encoder") -> None:
        """Write a part of the net as an ONNX file.

        The graph takes and gives float32: of the encoder ``X`` of shape (n, n_features) and ``H`` of shape
        (n, n_components), of the decoder ``H`` and ``Y``, of both ``X`` and ``Y``. It needs the extra ``onnx``
        (``pip install 'udl-fast[onnx]'``).

        Parameters
        ----------
        path : str or path-like
            By custom with the ending ``.onnx``. The file appears whole or not at all.
        part : {"encoder", "decoder", "both"}, default="encoder"
            What :meth:`transform`, :meth:`inverse_transform` or :meth:`reconstruct` computes.

        Raises
        ------
        ImportError
            Without the package onnx.
        ValueError
            If there is no such part.
        """
        from ..nets.onnx_graph import DenseLayer, write_layers

        self._check_fitted()
        if part not in _PARTS:
            raise ValueError(
                f"{type(self).__name__}.to_onnx: part must be {' or '.join(map(repr, _PARTS))}, got {part!r}"
            )
        activations = self._net().activations
        layers = list(map(DenseLayer, self._weights(), self.intercepts_, activations))
        first = self._n_encoders if part == "decoder" else 0
        last = self._n_encoders if part == "encoder" else None
        names = {"encoder": ("X", "H"), "decoder": ("H", "Y"), "both": ("X", "Y")}[part]
        write_layers(path, layers[first:last], name=f"autoencoder_{part}", names=names)


class FromStateDict(Exchange):
    """Nets of two layers that come from PyTorch."""

    @classmethod
    def from_state_dict(cls, state: StateDict, **parameters: Any) -> Self:
        """A fitted model from the `state_dict` of a net of Linear layers in PyTorch.

        Parameters
        ----------
        state : mapping of str to tensor or array, or path of a .safetensors file
            Weights, which are those with two dimensions, and biases. Names tell which layer is the first:
            "encoder" comes before "decoder", and names that differ in numbers are in their order. Where they
            do not tell, a mapping has the order of the layers; a file, which has its names sorted, is
            refused. PyTorch is not imported: what has `detach` is taken for a tensor.
        **parameters
            Of the constructor, activations above all; `n_components` follows from the weights.

        Returns
        -------
        model
            It has learned nothing so far: `partial_fit`, or `fit` with ``warm_start=True``, goes on from these
            parameters.

        Raises
        ------
        ValueError
            If there are too few or too many arrays, shapes do not fit each other, or the names in a file do not
            tell the order of the layers.

        Examples
        --------
        >>> from udl_fast import Autoencoder
        >>> model = Autoencoder(2, n_iter=1, random_state=0).fit([[0, 1, 1], [1, 0, 0]])
        >>> Autoencoder.from_state_dict(model.to_state_dict()).components_.shape
        (2, 3)
        """
        arrays = read_state_dict(state)
        is_file = not isinstance(state, Mapping)
        weights, biases = (
            _in_order([name for name, array in arrays.items() if array.ndim == ndim], is_file)
            for ndim in (2, 1)
        )
        n_components = len(arrays[weights[0]]) if weights else 1
        model = cls(**{"n_components": n_components, **parameters})
        model._check_parameters()
        own = [
            name
            for kind in ("weights", "bias")
            for name in model._defining
            if name.endswith(f"/{kind}")
        ]
        n_weights = len(own) - len(biases)
        is_complete = len(arrays) == len(weights) + len(biases) and len(biases) == 2
        if not is_complete or len(weights) not in (n_weights, 2):
            listed = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            raise ValueError(
                f"from_state_dict: expected weights and biases of two layers, got [{listed}]"
            )
        for repeated in weights[n_weights:]:
            _check_transposed(arrays[weights[0]], arrays[repeated])
        names = dict(zip(own, [*weights[:n_weights], *biases], strict=True))
        start_from(model, {array: arrays[name] for array, name in names.items()}, names)
        return model


def _in_order(names: list[str], is_file: bool) -> list[str]:
    """Names of weights, or of biases, from the first layer on."""
    places = [_place(name) for name in names]
    by_half = {half for half, _, _ in places} == {"enc", "dec"} and len(names) == 2
    by_number = len({place[:2] for place in places}) == 1 and len(set(places)) == len(places)
    if by_half:
        return [name for _, name in sorted(zip(places, names, strict=True), reverse=True)]
    if by_number:
        return [name for _, name in sorted(zip(places, names, strict=True))]
    if is_file and len(names) > 1:
        raise ValueError(
            f"from_state_dict: the names {', '.join(names)} do not tell which layer is the first, and a "
            "file has its names sorted; give a dict of the arrays in the order of the layers"
        )
    return names


def _place(name: str) -> tuple[str, str, tuple[int, ...]]:
    """The half of the net that a name speaks of, if any; the name without its numbers; its numbers."""
    halves = set(re.findall(r"(?:^|[._])(enc|dec)", name.lower()))
    half = halves.pop() if len(halves) == 1 else ""
    return half, re.sub(r"\d+", "#", name), tuple(map(int, re.findall(r"\d+", name)))


def _check_transposed(first: NDArray[Any], second: NDArray[Any]) -> None:
    if not np.array_equal(first, second.T):
        raise ValueError(
            "from_state_dict: tied_weights=True, but the second weights are not the first transposed"
        )
