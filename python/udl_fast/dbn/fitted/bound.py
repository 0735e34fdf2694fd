"""How likely rows are under a deep belief net: a lower bound, which needs log Z of the top RBM alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from ... import _core
from ...estimator.parameters import Integer
from ...estimator.training.transaction import twin_of
from ...evaluation import LogPartition
from ...evaluation.log_partition import checked_log_z
from ...rbm.likelihood.mirrored import HiddenEnergy
from ...runtime import resolve_n_jobs
from ..layers.labels import drawn_labels, energies_without_label, label_energies
from ..layers.passes import seeds_of, states_up, widened
from ..layers.untied import UntiedLayer
from .sampling import Sampling

_N_DRAWS, _MOST_DRAWS = 20, 1 << 20
_BLOCK_ROWS = 1 << 14  # rows times draws whose states are held at a time
_OF_BOUND, _OF_STARTS, _OF_STARTED_LABELS = 3, 4, 5  # end the entropy of seeds


class Likelihood(Sampling):
    """Mixin: the bound, and log Z of the RBM at the top."""

    def log_partition(self, method: str = "exact", **options: Any) -> LogPartition:
        """log Z of the RBM at the top: that of the net, whose other layers are normalised.

        Parameters
        ----------
        method : {"exact", "ais", "reverse_ais"}, default="exact"
        **options
            As of :meth:`udl_fast.RBM.log_partition`, but that `start`, of "reverse_ais", are rows of data, whose
            states are drawn upwards.

        Returns
        -------
        LogPartition
            Named tuple (log_z, std_error).

        Raises
        ------
        ValueError
            As of :meth:`udl_fast.RBM.log_partition`.
        """
        net = twin_of(self)
        net._check_fitted()
        net._check_made()
        *below, top = net._parts()
        if below and options.get("start") is not None:
            rows = below[0]._visible_rows(below[0]._visible_states(options["start"]))
            seeds = seeds_of(net._seed, _OF_STARTS, n=len(below))
            states = states_up(below, rows, seeds)
            options = {**options, "start": net._with_labels(top, states)}
        found: LogPartition = top.log_partition(method, **options)
        return found

    def log_likelihood_bound(
        self,
        X: Any,
        log_z: float | LogPartition | None = None,
        method: str = "exact",
        *,
        n_draws: int = _N_DRAWS,
        random_state: Any = None,
        **options: Any,
    ) -> NDArray[np.float64]:
        """A lower bound on log P(v) of each row, in nats.

        log P(v) = KL(Q(h | v) || P(h | v)) + H(Q) + E_Q[log P(h) + log P(v | h)], where Q is one pass up through
        drawn states [1]_. The bound is this without KL, layer by layer; its mean over Q is estimated from draws,
        without bias. Of a single layer it is log P(v). Label units are summed out: P(v) is that of rows alone.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            States: all values 0 or 1, or made so by `binarize` of the first layer.
        log_z : float or LogPartition, default=None
            Of the RBM at the top; None computes it by `method`.
        method : {"exact", "ais", "reverse_ais"}, default="exact"
            Of :meth:`log_partition`. With "ais" alone the result can be too large by many nats, and then is no
            bound: give "reverse_ais" beside it.
        n_draws : int, default=20
            Draws from Q for each row. Their spread is some nats or less where the first layers are good models of
            the rows, and averages out over rows too.
        random_state : int, RandomState or None, default=None
            Of the draws from Q. None draws by the model's seed: the same estimate in every call.
        **options
            Further arguments of :meth:`log_partition`, such as `betas`. Runs of "reverse_ais" start at rows of X
            unless `start` says where.

        Returns
        -------
        ndarray of shape (n_samples,), float64

        Raises
        ------
        ValueError
            If X holds other values, or an argument is invalid.
        NotImplementedError
            If visible units count words.

        References
        ----------
        .. [1] R. Salakhutdinov, I. Murray, "On the quantitative analysis of deep belief networks", ICML 2008.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> model = udl.DBN((32, 16), rbm=udl.RBM(batch_size=20), random_state=0).fit(X)
        >>> bool(model.log_likelihood_bound(X).mean() > -32)  # guessing every pixel is -44.4
        True
        """
        net = twin_of(self)
        net._check_fitted()
        net._check_made()
        owner = type(self).__name__
        n_draws = Integer(1, _MOST_DRAWS).check(n_draws, "n_draws", owner)
        layers = net._parts()
        X = net._matrix(X)
        rows = layers[0]._states(X, "log_likelihood_bound")
        if layers[0]._visible_kind() == "replicated_softmax":
            raise NotImplementedError(
                f"{owner}: log_likelihood_bound has no visible='replicated_softmax' yet"
            )
        log_z = net._log_z(X, log_z, method, options)
        if random_state is not None:
            net = net._drawing_from(random_state)
        seeds = seeds_of(net._seed, _OF_BOUND, n=len(layers) - 1)
        if isinstance(layers[0]._engine, UntiedLayer):
            return _UntiedDraws(layers, seeds, n_draws).gains(rows) - log_z
        energy = layers[0]._engine.free_energy(rows, resolve_n_jobs(layers[0].n_jobs))
        found: NDArray[np.float64] = -energy - log_z
        if len(layers) > 1:
            found += _Draws(layers, seeds, n_draws).gains(rows)
        return found

    def _with_labels(self, top: Any, states: _core.Rows) -> NDArray[np.bool_]:
        """States of the layer below the top one as visible states of that: each beside a label that it draws."""
        found = widened(states.to_array("bool"), top._engine.n_visible)
        if n_labels := found.shape[1] - states.shape[1]:
            energies = label_energies(top._engine, states, resolve_n_jobs(top.n_jobs))
            seed = seeds_of(self._seed, _OF_STARTED_LABELS, n=1)[0]
            found[:, -n_labels:] = drawn_labels(softmax(-energies, axis=1), seed)
        return found

    def _log_z(self, X: Any, given: Any, method: str, options: dict[str, Any]) -> float:
        if given is None:
            if method == "reverse_ais":
                options = {"start": self._parts(1)[0]._starts(X, options), **options}
            given = self.log_partition(method, **options)
        elif method != "exact" or options:
            useless = ", ".join(["method", *options])
            raise ValueError(f"{type(self).__name__}: with log_z there is no use for {useless}")
        return checked_log_z(given, type(self).__name__)


class _Draws:
    """Draws from Q, and what the layers above the first add to the bound.

    log P(v | h) - log Q(h | v) is the free energy of h less that of v in their RBM. So the bound is a sum of such
    differences: of h in the RBM below less that in the RBM above, for each layer between two. Where the one above
    is the one below turned round, they cancel but for rounding.
    """

    _block_rows = _BLOCK_ROWS

    def __init__(self, layers: list[Any], seeds: list[int], n_draws: int) -> None:
        self._engines = [layer._engine for layer in layers]
        self._energies = [HiddenEnergy(engine) for engine in self._engines[:-1]]
        self._seeds, self._n_draws = seeds, n_draws
        self._n_threads = resolve_n_jobs(layers[0].n_jobs)

    def gains(self, rows: _core.Rows) -> NDArray[np.float64]:
        """Means over the draws of each row."""
        n_rows = rows.shape[0]
        size = max(1, self._block_rows // self._n_draws)
        blocks = (np.arange(at, min(at + size, n_rows)) for at in range(0, n_rows, size))
        return np.concatenate([self._gains_of(rows, block) for block in blocks])

    def _gains_of(self, rows: _core.Rows, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        states = rows.select(np.repeat(numbers, self._n_draws))
        found = np.zeros(states.shape[0])
        first = int(numbers[0]) * self._n_draws
        for k, energy in enumerate(self._energies):
            states = self._engines[k].sample_hidden(
                states, self._seeds[k], "gibbs", 0, first, self._n_threads
            )
            found += energy.of(states, self._n_threads)
            found -= energies_without_label(self._engines[k + 1], states, self._n_threads)
        means: NDArray[np.float64] = found.reshape(-1, self._n_draws).mean(axis=1)
        return means


class _Directed:
    """Units given others, as float64."""

    def __init__(self, engine: _core.RbmEngine) -> None:
        self._weights = engine.weights().T.astype(np.float64)
        self._bias = engine.hidden_bias().astype(np.float64)

    def log_probability(
        self, given: NDArray[np.float64], states: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Of the states in each row."""
        x = given @ self._weights + self._bias
        found: NDArray[np.float64] = np.einsum("ij,ij->i", states, x) - np.logaddexp(0, x).sum(
            axis=1
        )
        return found


class _UntiedDraws(_Draws):
    """The same where the way up has other weights than the way down: what is added is the whole bound but log Z,
    log P(v | h) - log Q(h | v) for each layer, and minus the free energy of the last states at the top."""

    _block_rows = _BLOCK_ROWS >> 3  # states are floats here

    def __init__(self, layers: list[Any], seeds: list[int], n_draws: int) -> None:
        self._engines = [layer._engine.recognition for layer in layers[:-1]]
        self._up = [_Directed(engine) for engine in self._engines]
        self._down = [_Directed(layer._engine.generative) for layer in layers[:-1]]
        self._top = layers[-1]._engine
        self._seeds, self._n_draws = seeds, n_draws
        self._n_threads = resolve_n_jobs(layers[0].n_jobs)

    def _gains_of(self, rows: _core.Rows, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        states = rows.select(np.repeat(numbers, self._n_draws))
        below = states.to_array("float64")
        found = np.zeros(states.shape[0])
        first = int(numbers[0]) * self._n_draws
        for k, engine in enumerate(self._engines):
            states = engine.sample_hidden(
                states, self._seeds[k], "gibbs", 0, first, self._n_threads
            )
            above = states.to_array("float64")
            found += self._down[k].log_probability(above, below)
            found -= self._up[k].log_probability(below, above)
            below = above
        found -= energies_without_label(self._top, states, self._n_threads)
        means: NDArray[np.float64] = found.reshape(-1, self._n_draws).mean(axis=1)
        return means
