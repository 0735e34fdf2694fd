"""Pictures in scikit-learn's Display style. matplotlib is imported when something is drawn.

Nothing is ever shown by itself: `display.figure_.savefig(...)`, or let a notebook show it.
"""

from .code_scatter import CodeScatterDisplay
from .completion import CompletionDisplay
from .reconstruction import ReconstructionDisplay
from .samples import SamplesDisplay
from .tiles import tile_images
from .training_curve import TrainingCurveDisplay
from .weights import WeightsDisplay

__all__ = [
    "CodeScatterDisplay",
    "CompletionDisplay",
    "ReconstructionDisplay",
    "SamplesDisplay",
    "TrainingCurveDisplay",
    "WeightsDisplay",
    "tile_images",
]
