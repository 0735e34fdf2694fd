"""Pictures in scikit-learn's Display style. matplotlib is imported when something is drawn.

Nothing is ever shown by itself: `display.figure_.savefig(...)`, or let a notebook show it.
"""

from .completion import CompletionDisplay
from .reconstruction import ReconstructionDisplay
from .samples import SamplesDisplay
from .tiles import tile_images
from .training_curve import TrainingCurveDisplay
from .weights import WeightsDisplay

__all__ = [
    "CompletionDisplay",
    "ReconstructionDisplay",
    "SamplesDisplay",
    "TrainingCurveDisplay",
    "WeightsDisplay",
    "tile_images",
]
