"""Deep belief nets: stacks of RBMs, each learned from what those below make of the rows.

`model` is the model itself. `layers` has how its layers learn, `passes` what goes up and down between them,
`inference`, `sampling` and `bound` what users ask of a fitted one; `labels` are units of classes in the top RBM,
and `predictions` what they say. `up_down` is fine-tuning, and `untied` the engine that this leaves; `made` makes a
net of RBMs. `classifier` is the net that begins with such layers, and `part_labels` labels that may be missing.
"""

from .classifier import DBNClassifier
from .model import DBN

__all__ = ["DBN", "DBNClassifier"]
