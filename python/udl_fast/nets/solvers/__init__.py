"""Solvers that move all parameters at once, by the gradient of the whole objective.

`objective` is value and gradient on some rows, `line_search` how far to go along a line, and `lbfgs`, an
iteration at a time, and `conjugate_gradients`, on a minibatch, which way.
"""

from .conjugate_gradients import conjugate_gradients
from .lbfgs import Lbfgs, Pair, Pairs
from .objective import Objective

__all__ = ["Lbfgs", "Objective", "Pair", "Pairs", "conjugate_gradients"]
