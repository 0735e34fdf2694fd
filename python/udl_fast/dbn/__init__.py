"""Deep belief nets: stacks of RBMs, each learned from what those below make of the rows.

`model` is the model itself. `layers` has how its layers learn, `passes` what goes up and down between them,
`inference` and `sampling` what users ask of a fitted one.
"""

from .model import DBN

__all__ = ["DBN"]
