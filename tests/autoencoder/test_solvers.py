"""Solvers of autoencoders that move all parameters at once, and what an interrupt leaves."""

import gc
import weakref

import numpy as np
import pytest
from scipy.optimize import minimize

import udl_fast as udl
from udl_fast import Autoencoder, DenoisingAutoencoder, SparseAutoencoder, _core


@pytest.fixture(scope="module")
def digits():
    return udl.datasets.load_digits(dtype=np.float64).data[:600]


def test_lbfgs_gets_where_scipys_does(digits):
    options = {"n_components": 6, "precision": "float64", "random_state": 0}
    start = SparseAutoencoder(**options, n_iter=0).fit(digits)
    net, rows = start._engine.net, _core.Rows.from_array(digits)
    penalties = start._objective(start.get_params())

    def value(flat):
        net.set_parameters(flat)
        return net.gradient(rows, penalties, 0, 0, 2)

    flat = net.parameters()
    theirs = minimize(value, flat, jac=True, method="L-BFGS-B", options={"maxiter": 60}).fun
    model = SparseAutoencoder(**options)
    values = []
    for _ in range(60):
        model.partial_fit(digits)
        values.append(value(model._engine.net.parameters())[0])
    assert values == sorted(values, reverse=True)
    first, last = value(flat)[0], values[-1]
    assert (first - last) > 0.97 * (first - theirs)
    assert model.n_updates_ == 60


def test_lbfgs_computes_each_gradient_once_and_keeps_no_rows(digits):
    class Counting:
        """The net, with its calls of `gradient` counted, and weak references to the rows of each."""

        def __init__(self, net):
            self.net, self.points, self.rows = net, [], []

        def __getattr__(self, name):
            return getattr(self.net, name)

        def gradient(self, rows, *arguments):
            self.points.append(self.net.parameters())
            self.rows.append(weakref.ref(rows))
            return self.net.gradient(rows, *arguments)

    model = SparseAutoencoder(6, n_iter=0, random_state=0).fit(digits)
    model._engine.net = counting = Counting(model._engine.net)
    model.set_params(n_iter=5).resume(digits)
    assert len(counting.points) >= 6
    assert len({point.tobytes() for point in counting.points}) == len(counting.points)
    gc.collect()
    assert all(rows() is None for rows in counting.rows)


@pytest.mark.parametrize("solver", ["adam", "cg"])
def test_another_solver_forgets_what_lbfgs_remembers(digits, solver):
    model = SparseAutoencoder(6, n_iter=3, random_state=0).fit(digits)
    assert "lbfgs_steps" in model._engine.state()
    model.set_params(solver=solver).partial_fit(digits)
    assert "lbfgs_steps" not in model._engine.state()


@pytest.mark.parametrize("solver", ["lbfgs", "cg"])
def test_results_do_not_depend_on_threads(digits, solver):
    models = [
        DenoisingAutoencoder(
            6, solver=solver, batch_size=200, n_iter=3, n_jobs=n_jobs, random_state=0
        )
        for n_jobs in (1, 3)
    ]
    first, second = (model.fit(digits)._engine.state() for model in models)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_what_lbfgs_remembers_may_come_in_any_order_and_dtype(digits, precision):
    """As arrays may that were written elsewhere."""
    model = Autoencoder(6, solver="lbfgs", n_iter=4, precision=precision, random_state=0)
    whole = model.set_params(n_iter=7).fit(digits).components_
    model.set_params(n_iter=4).fit(digits)
    state = model._engine.state()
    for name in ("lbfgs_steps", "lbfgs_changes"):
        state[name] = np.asfortranarray(state[name], dtype=np.float64)
    model._engine.set_state(state)
    np.testing.assert_array_equal(model.set_params(n_iter=7).resume(digits).components_, whole)


def test_conjugate_gradients_learn_from_minibatches(digits):
    model = Autoencoder(8, solver="cg", batch_size=200, n_iter=3, random_state=0).fit(digits)
    assert model.n_updates_ == 9
    assert model.score(digits) > Autoencoder(8, n_iter=3, random_state=0).fit(digits).score(digits)


def test_an_interrupt_keeps_the_last_iterate(digits):
    """It comes in the middle of a line search, while the net is elsewhere."""

    class Interrupting:
        def __init__(self, net):
            self.net, self.calls = net, 0

        def __getattr__(self, name):
            return getattr(self.net, name)

        def gradient(self, *arguments):
            self.calls += 1
            if self.calls == 3:
                raise KeyboardInterrupt
            return self.net.gradient(*arguments)

    model = SparseAutoencoder(6, n_iter=2, random_state=0).fit(digits)
    before = model._engine.state()
    model._engine.net = Interrupting(model._engine.net)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(n_iter=9).resume(digits)
    assert model.n_iter_ in (2, 3, 4)
    model._engine.net = model._engine.net.net
    if model.n_iter_ == 2:
        for name, array in model._engine.state().items():
            np.testing.assert_array_equal(array, before[name])
    whole = SparseAutoencoder(6, n_iter=9, random_state=0).fit(digits)
    model.resume(digits)
    np.testing.assert_array_equal(model.components_, whole.components_)
