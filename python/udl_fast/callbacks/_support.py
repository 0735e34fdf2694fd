"""Models take callbacks as scikit-learn's estimators do, and load its callback module only then."""

from __future__ import annotations

from typing import Any, Self


class CallbackSupport:
    """Mixin: `CallbackSupportMixin` of scikit-learn (or of the stand-in), loaded when it is used."""

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Have these called by `fit`, as well as those in the parameter `callbacks`.

        Parameters
        ----------
        *callbacks : objects that follow scikit-learn's callback protocol
            Such as those of :mod:`udl_fast.callbacks`; without any, those set before are removed.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If one lacks a hook, or is a list of them.

        Examples
        --------
        >>> import udl_fast as udl
        >>> from udl_fast.callbacks import EarlyStopping
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> stop = EarlyStopping("mean_activation", patience=2, min_delta=100)
        >>> udl.RBM(16, n_iter=50, random_state=0).set_callbacks(stop).fit(X).n_iter_
        3
        """
        from ._protocol import CallbackSupportMixin

        if any(isinstance(callback, list | tuple) for callback in callbacks):
            raise TypeError(
                f"{type(self).__name__}.set_callbacks takes callbacks one by one, got a list: write "
                "set_callbacks(*callbacks)"
            )
        CallbackSupportMixin.set_callbacks(self, *callbacks)
        return self

    def _init_callback_context(self, **options: Any) -> Any:
        from ._protocol import CallbackSupportMixin

        return CallbackSupportMixin._init_callback_context(self, **options)
