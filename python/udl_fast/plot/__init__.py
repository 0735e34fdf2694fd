"""Pictures in scikit-learn's Display style. matplotlib is imported when something is drawn.

Nothing is ever shown by itself: `display.figure_.savefig(...)`, or let a notebook show it.
"""

from .code_scatter import CodeScatterDisplay
from .code_statistics import CodeStatisticsDisplay
from .completion import CompletionDisplay
from .precision_recall import PrecisionRecallDisplay
from .reconstruction import ReconstructionDisplay
from .retrieval import RetrievalDisplay
from .samples import SamplesDisplay
from .tiles import tile_images
from .training_curve import TrainingCurveDisplay
from .weights import WeightsDisplay

__all__ = [
    "CodeScatterDisplay",
    "CodeStatisticsDisplay",
    "CompletionDisplay",
    "PrecisionRecallDisplay",
    "ReconstructionDisplay",
    "RetrievalDisplay",
    "SamplesDisplay",
    "TrainingCurveDisplay",
    "WeightsDisplay",
    "tile_images",
]
