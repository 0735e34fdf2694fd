"""Rules of constructor arguments: what is allowed, errors that name what came and what was expected, and how a
command line writes it.

`rule` says what a rule is. `numeric` and `choices` have those of values of any meaning, `run` those of how and
where a model learns. `texts` reads texts and words errors, for others too.
"""

from .choices import Choice, Flag
from .numeric import LARGEST_SIZE, Integer, Number, Sizes, is_sequence
from .rule import Option, Rule
from .run import COMMON_RULES, LARGEST_SEED, Callbacks, Device, RandomState, Threads, Verbose
from .texts import meant, parsed_integer, parsed_number, wrong

__all__ = [
    "COMMON_RULES",
    "LARGEST_SEED",
    "LARGEST_SIZE",
    "Callbacks",
    "Choice",
    "Device",
    "Flag",
    "Integer",
    "Number",
    "Option",
    "RandomState",
    "Rule",
    "Sizes",
    "Threads",
    "Verbose",
    "is_sequence",
    "meant",
    "parsed_integer",
    "parsed_number",
    "wrong",
]
