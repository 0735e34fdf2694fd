"""Semantic hashing: deep autoencoders whose codes are bits, and search by these.

`hasher` is the model, `row_kinds` what it takes rows for, `codes` what it does with packed codes and its index,
`diagnosis` what codes are like, `two_stage` search by short codes as addresses and long ones for the order.
"""

from .diagnosis import CodeDiagnosis
from .hasher import SemanticHasher
from .two_stage import TwoStageIndex

__all__ = ["CodeDiagnosis", "SemanticHasher", "TwoStageIndex"]
