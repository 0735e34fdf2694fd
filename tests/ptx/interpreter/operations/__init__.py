"""Operations by subject: each module registers decoders that make a closure of an instruction."""

from importlib import import_module

from .context import DECODERS, Context, Operation

__all__ = ["DECODERS", "Context", "Operation"]
SUBJECTS = ("arithmetic", "asynchronous", "atomics", "bits", "compare", "convert", "floating")
SUBJECTS += ("ignored", "loads", "matrix", "move", "warp")
for subject in SUBJECTS:
    import_module(f".{subject}", __name__)
