"""Conjugate gradients: which way, how far down, and that the result hangs on the objective alone."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import udl_fast as udl
from udl_fast import Autoencoder, _core
from udl_fast.nets.solvers import Objective, conjugate_gradients
from udl_fast.nets.solvers.conjugate_gradients import next_direction


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


def test_a_direction_that_leads_up_becomes_the_gradients():
    direction = np.array([10.0, 0.0])  # uphill, as the search before left it
    before, gradient = np.array([1.0, 0.0]), np.array([1.0, 1.0])
    np.testing.assert_array_equal(next_direction(direction, gradient, before), -gradient)


def test_the_first_step_that_is_tried_has_a_length_of_about_one():
    """However long the gradient is. SciPy adds a hundredth."""
    tried = []

    class Watched(Quadratic):
        def at(self, flat):
            tried.append(flat.copy())
            return super().at(flat)

    for size in (1.0, 1e3):
        tried.clear()
        start = np.array([3.0, 4.0])
        assert conjugate_gradients(Watched(size * np.ones(2), start))
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


@pytest.mark.parametrize("wall", [0.5, 1.0 + 1e-9])
def test_a_net_is_never_left_where_the_objective_is_no_number(wall):
    """At the start that is told, further on the net keeps the last point that had a value."""
    start = np.array([1.0, 1.0, 1.0])
    objective = Quadratic(
        np.array([1.0, -5.0, 2.0]), start, wall
    )  # falls without end, into the wall
    assert conjugate_gradients(objective) == (wall > 1)
    np.testing.assert_array_equal(objective.point, start)


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
    model = Autoencoder(6, n_iter=0, random_state=0).fit(X)
    points = []

    class Counting:
        def __init__(self, net):
            self.net = net

        def __getattr__(self, name):
            return getattr(self.net, name)

        def gradient(self, *arguments):
            points.append(self.net.parameters())
            return self.net.gradient(*arguments)

    net = Counting(model._engine.net)
    rows = _core.Rows.from_array(X)
    assert conjugate_gradients(Objective(net, rows, None, None, {}, 0, 0, 1, None))
    assert len(points) >= 4
    assert len(np.unique(points, axis=0)) == len(points)
    assert np.array_equal(net.net.parameters(), points[-1])
