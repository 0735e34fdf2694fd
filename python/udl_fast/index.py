"""Where pickles of the first version look for `HammingIndex`."""

from .hamming.index import HammingIndex as HammingIndex
