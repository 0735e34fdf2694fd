"""Damage to the bytes of a file, drawn from a generator, for the scripts that load damaged files."""

import random
from collections.abc import Callable, Sequence

Mutation = Callable[[bytearray, int, random.Random], None]  # file, place, generator


def flip_bit(file: bytearray, place: int, generator: random.Random) -> None:
    """One bit."""
    file[place] ^= 1 << generator.randrange(8)


def set_byte(file: bytearray, place: int, generator: random.Random) -> None:
    """Any byte."""
    file[place] = generator.randrange(256)


def cut(file: bytearray, place: int, generator: random.Random) -> None:
    """The rest is missing, from anywhere on."""
    del file[generator.randrange(len(file)) :]


def insert(file: bytearray, place: int, generator: random.Random) -> None:
    """Bytes put in."""
    file[place:place] = generator.randbytes(generator.randint(1, 16))


def repeat(file: bytearray, place: int, generator: random.Random) -> None:
    """A stretch put in once more."""
    file[place:place] = file[place : place + generator.randint(1, 64)]


COMMON: Sequence[Mutation] = (flip_bit, set_byte, cut, insert, repeat)


def mutated(
    content: bytes, header: int, special: Sequence[Mutation], generator: random.Random
) -> bytes:
    """One to four mutations of common and special kinds; half of them among the first `header` bytes, where
    the structure is."""
    file = bytearray(content)
    for _ in range(generator.randint(1, 4)):
        if not file:
            break
        end = header if generator.random() < 0.5 else len(file)
        place = generator.randrange(min(end, len(file)))
        generator.choice([*COMMON, *special])(file, place, generator)
    return bytes(file)
