"""Deep belief nets: stacks of RBMs, each learned from what those below make of the rows.

`model` is the net, `made` makes one of RBMs, and `classifier` is the net of neurons that begins with such layers.
`layers` has how layers learn, `fitted` what users ask of a fitted net, and `up_down` is fine-tuning.
"""

from .classifier import DBNClassifier
from .model import DBN

__all__ = ["DBN", "DBNClassifier"]
