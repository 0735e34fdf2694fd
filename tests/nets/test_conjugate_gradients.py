"""Conjugate gradients: which way, how far, how much work, and that the result hangs on the objective alone."""

import importlib

import numpy as np
import pytest
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

import udl_fast as udl
from udl_fast import Autoencoder, _core
from udl_fast.nets.solvers import Objective, conjugate_gradients
from udl_fast.nets.solvers.conjugate_gradients import next_direction

MODULE = importlib.import_module(
    "udl_fast.nets.solvers.conjugate_gradients"
)  # the function has its name


class Quadratic:
    """x' A x / 2 with the eigenvalues of A on its diagonal, in float64: an objective and its net in one. Beyond a
    wall it is no number."""

    def __init__(self, eigenvalues, start, wall=np.inf):
        self.eigenvalues, self.point, self.wall = eigenvalues, start, wall
        self.net = self

    def parameters(self):
        return self.point.copy()

    def rounded(self, flat):
        self.point = flat.copy()
        return self.parameters()

    def at(self, flat):
        value = 0.5 * float(flat @ (self.eigenvalues * flat))
        return (value if np.abs(flat).max() < self.wall else np.nan), self.eigenvalues * flat

    def value(self, flat):
        return self.at(flat)[0]

    def gradient(self, flat):
        return self.at(flat)[1]


class Watched:
    """A net, and the points whose gradient was asked for."""

    def __init__(self, net):
        self.net, self.points = net, []

    def __getattr__(self, name):
        return getattr(self.net, name)

    def gradient(self, *arguments):
        self.points.append(self.net.parameters())
        return self.net.gradient(*arguments)


def test_a_direction_is_conjugate_where_lines_were_searched_to_their_ends():
    """Of a quadratic: d' A d_before = 0."""
    rng = np.random.default_rng(0)
    eigenvalues, point = np.geomspace(1, 100, 20), rng.standard_normal(20)
    gradient = eigenvalues * point
    direction = -gradient
    for _ in range(5):
        length = -(direction @ gradient) / (direction @ (eigenvalues * direction))
        point = point + length * direction
        gradient_before, gradient = gradient, eigenvalues * point
        new = next_direction(direction, gradient, gradient_before)
        bound = np.linalg.norm(new) * np.linalg.norm(eigenvalues * direction)
        assert abs(new @ (eigenvalues * direction)) < 1e-12 * bound
        assert not np.allclose(new, -gradient)
        direction = new


def test_a_direction_is_never_backwards():
    """Along a gradient that became shorter but kept its side, the rule's share is negative: it counts as 0."""
    before, gradient = np.array([1.0, 0.0]), np.array([0.5, 0.01])
    np.testing.assert_array_equal(next_direction(-before, gradient, before), -gradient)


def test_a_gradient_too_small_for_its_square_is_followed():
    tiny = np.array([1e-170, 0.0])
    np.testing.assert_array_equal(next_direction(np.array([1.0, 0.0]), tiny, tiny), -tiny)


def test_a_direction_that_leads_up_becomes_the_gradients():
    direction = np.array([10.0, 0.0])  # uphill, as the search before left it
    before, gradient = np.array([1.0, 0.0]), np.array([1.0, 1.0])
    np.testing.assert_array_equal(next_direction(direction, gradient, before), -gradient)


def test_the_first_step_that_is_tried_has_a_length_of_about_one():
    """However long the gradient is. SciPy adds a hundredth."""
    tried = []

    class Noting(Quadratic):
        def at(self, flat):
            tried.append(flat.copy())
            return super().at(flat)

    for size in (1.0, 1e3):
        tried.clear()
        start = np.array([3.0, 4.0])
        assert conjugate_gradients(Noting(size * np.ones(2), start))
        first = next(point for point in tried if not np.array_equal(point, start))
        assert 0.99 < np.linalg.norm(first - start) < 1.02


def test_three_searches_get_further_than_along_gradients():
    rng = np.random.default_rng(1)
    eigenvalues = np.array([1.0, 30.0, 31.0, 32.0])
    for _ in range(20):
        start = rng.standard_normal(4) / eigenvalues
        conjugate = Quadratic(eigenvalues, start)
        assert conjugate_gradients(conjugate)
        point = start
        for _ in range(3):  # each to the very end of its line
            gradient = eigenvalues * point
            point = point - gradient * (gradient @ gradient) / (gradient @ (eigenvalues * gradient))
        assert conjugate.value(conjugate.point) < conjugate.value(point)


class Searches:
    """Line searches, as they are asked for, and where they end."""

    def __init__(self, monkeypatch):
        self.asked, self.ends = [], []
        self.search = MODULE.line_search
        monkeypatch.setattr(MODULE, "line_search", self)

    def __call__(self, objective, point, direction, value, gradient, **options):
        self.asked.append((value, float(direction @ gradient), options["first_length"]))
        self.ends.append(self.search(objective, point, direction, value, gradient, **options))
        return self.ends[-1]


def test_a_search_first_goes_as_far_as_to_fall_as_much_as_the_one_before(monkeypatch):
    searches = Searches(monkeypatch)
    assert conjugate_gradients(Quadratic(np.array([1.0, 30.0, 700.0]), np.array([1.0, 0.1, 0.01])))
    (before, _, _), (value, slope, length) = searches.asked[:2]
    assert length == pytest.approx(min(1, 1.01 * 2 * (value - before) / slope), rel=1e-12)
    assert length < 1
    assert len(searches.asked) == 3


def test_a_search_that_finds_nothing_says_so():
    """Every point but the start is beyond the wall."""
    start = np.array([1.0, 1.0])
    objective = Quadratic(np.array([1.0, -5.0]), start, wall=1 + 1e-9)
    value, gradient = objective.at(start)
    assert MODULE.line_search(objective, start, -gradient, value, gradient, curvature=0.4) is None
    assert MODULE.line_search(objective, start, gradient, value, gradient, curvature=0.4) is None


def test_nothing_is_learned_from_where_the_objective_is_no_number():
    start = np.array([1.0, 1.0, 1.0])
    objective = Quadratic(np.array([1.0, 5.0, 2.0]), start, wall=0.5)
    assert not conjugate_gradients(objective)
    np.testing.assert_array_equal(objective.point, start)


def test_a_net_is_left_at_the_last_point_that_had_a_value(monkeypatch):
    """From some evaluation on there are no numbers: none after the first search, or within it."""

    class Broken(Quadratic):
        n_values = np.inf

        def at(self, flat):
            self.n_values -= 1
            value, gradient = super().at(flat)
            return (value if self.n_values >= 0 else np.nan), gradient

    eigenvalues, start = np.array([1.0, 30.0, 31.0]), np.array([1.0, 0.1, 0.2])
    searches = Searches(monkeypatch)
    n_evaluations = []

    class Counting(Quadratic):
        def at(self, flat):
            n_evaluations.append(len(searches.asked))
            return super().at(flat)

    assert conjugate_gradients(Counting(eigenvalues, start))
    first_end = searches.ends[0]
    n_until_then = sum(n < 2 for n in n_evaluations)
    for n_values, expected in ((n_until_then, first_end), (2, start)):
        broken = Broken(eigenvalues, start)
        broken.n_values = n_values
        assert conjugate_gradients(broken)
        np.testing.assert_array_equal(broken.point, expected)
    assert not np.array_equal(first_end, start)


@pytest.mark.parametrize("seed", range(3))
def test_points_and_work_are_those_of_scipys_solver(seed):
    """Which asks a BLAS for its sums, so that last digits differ."""
    X = udl.datasets.load_digits(dtype=np.float64).data[:300]
    net = Autoencoder(9, n_iter=0, precision="float64", random_state=seed).fit(X)._engine.net
    start, rows = net.parameters(), _core.Rows.from_array(X)
    asked = []

    def value(flat):
        net.set_parameters(flat)
        asked.append(flat.copy())
        return net.gradient(rows, {}, 0, 0, 1)

    theirs = minimize(value, start, jac=True, method="CG", options={"maxiter": 3}).x
    n_theirs = len(np.unique(asked, axis=0))
    net.set_parameters(start)
    watched = Watched(net)
    assert conjugate_gradients(Objective(watched, rows, None, None, {}, 0, 0, 1, None))
    np.testing.assert_allclose(net.parameters(), theirs, rtol=1e-7, atol=1e-9)
    assert len(watched.points) == n_theirs


def test_the_result_does_not_depend_on_threads_of_a_blas():
    """Vectors of 25,864 numbers are long enough for OpenBLAS to share out."""
    X = udl.datasets.load_digits(dtype=np.float64).data[:200]
    ends = []
    for n_threads in (1, 2, 4):
        with threadpool_limits(n_threads, user_api="blas"):
            model = Autoencoder(
                200, solver="cg", precision="float64", batch_size=200, n_iter=2, random_state=0
            ).fit(X)
        ends.append(model._engine.net.parameters())
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[0], ends[2])


def test_a_minibatch_asks_for_no_point_twice():
    X = udl.datasets.load_digits(dtype=np.float64).data[:200]
    net = Watched(Autoencoder(6, n_iter=0, random_state=0).fit(X)._engine.net)
    rows = _core.Rows.from_array(X)
    assert conjugate_gradients(Objective(net, rows, None, None, {}, 0, 0, 1, None))
    assert len(net.points) >= 4
    assert len(np.unique(net.points, axis=0)) == len(net.points)
    assert np.array_equal(net.parameters(), net.points[-1])


@pytest.mark.parametrize("solver", ["cg", "lbfgs"])
def test_numbers_that_overflow_warn_of_nothing(solver, recwarn):
    """Squares of gradients do, and so no step is taken."""
    X = 1e100 * udl.datasets.load_digits(dtype=np.float64).data[:50]
    linear = {"activation": "linear", "output_activation": "linear", "precision": "float64"}
    start = Autoencoder(3, n_iter=0, random_state=0, **linear).fit(X)
    recwarn.clear()
    model = Autoencoder(3, n_iter=2, solver=solver, random_state=0, **linear).fit(X)
    assert not [warning for warning in recwarn if "overflow" in str(warning.message)]
    np.testing.assert_array_equal(model.components_, start.components_)
