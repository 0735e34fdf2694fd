"""A folder of image files as rows: values in [0, 1], channels first, and what could not be read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_GREY_MODES = ("1", "L", "LA")
_COLOUR_MODES = ("RGB", "RGBA", "P", "CMYK", "YCbCr", "HSV", "LAB")
_LEVELS = np.float32(255)
_FAULTS_SHOWN = 5


@dataclass
class Images:
    """Images of one size.

    Attributes
    ----------
    values : ndarray of shape (n_images, n_values), float32
        Row after row of pixels; of colours all red values first, then all green, then all blue, as CIFAR-10 has
        them.
    shape : tuple of int
        (height, width) or (3, height, width).
    files : list of str
        Names of the files, in the order of the rows, which is that of the names.
    left_out : dict of str to str
        Why a file is no row, by its name.
    """

    values: NDArray[np.float32]
    shape: tuple[int, ...]
    files: list[str]
    left_out: dict[str, str]


@dataclass
class _Found:
    """What the head of a file says: (height, width)."""

    size: tuple[int, int]
    is_colour: bool


def read_images(folder: Path, n_values: int | None = None) -> Images:
    """The images in a folder, subfolders not included.

    Files that cannot be read, or are of another size than most, are left out. All are taken as colours if one has
    any.

    Parameters
    ----------
    folder : Path
    n_values : int, default=None
        Values of a row that are wanted: pixels of a grey image, or three times those of a colour image, whatever
        size most of the images have.

    Raises
    ------
    ImportError
        Without Pillow.
    ValueError
        If no image is left.
    OSError
        If the folder cannot be read.
    """
    heads, left_out = _heads(folder)
    if not heads:
        raise ValueError(f"{folder} holds no image that can be read{_listed(left_out)}")
    size = _size(heads, n_values, folder)
    left_out |= {
        name: f"{head.size[0]} x {head.size[1]} pixels, expected {size[0]} x {size[1]} (height x width)"
        for name, head in heads.items()
        if head.size != size
    }
    names = [name for name, head in heads.items() if head.size == size]
    in_colour = any(heads[name].is_colour for name in names)
    if n_values is not None:
        in_colour = n_values == _numbers_of_values(size)[1]
    values = np.empty((len(names), _numbers_of_values(size)[in_colour]), np.float32)
    files: list[str] = []
    for name in names:
        try:
            values[len(files)] = _pixels(folder / name, "RGB" if in_colour else "L")
        except _faults() as error:
            left_out[name] = _reason(error)
        else:
            files.append(name)
    if not files:
        raise ValueError(f"{folder} holds no image that can be read{_listed(left_out)}")
    shape = (3, *size) if in_colour else size
    return Images(values[: len(files)], shape, files, dict(sorted(left_out.items())))


def _size(heads: dict[str, _Found], n_values: int | None, folder: Path) -> tuple[int, int]:
    """That of most images, or of most that have so many values."""
    sizes = Counter(head.size for head in heads.values())
    fitting = [s for s, _ in sizes.most_common() if n_values in (None, *_numbers_of_values(s))]
    if fitting:
        return fitting[0]
    height, width = sizes.most_common(1)[0][0]
    grey, colour = _numbers_of_values((height, width))
    raise ValueError(
        f"{folder} holds images of {height} x {width} pixels, {grey} values or, in colour, {colour}; expected "
        f"{n_values}"
    )


def _numbers_of_values(size: tuple[int, int]) -> tuple[int, int]:
    """In grey and in colour."""
    n_pixels = size[0] * size[1]
    return n_pixels, 3 * n_pixels


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "a folder of images needs Pillow; install it with: pip install 'udl-fast[images]'"
        ) from error
    return Image


def _faults() -> tuple[type[Exception], ...]:
    """What Pillow raises about damaged files; SyntaxError is of damaged PNG, RuntimeError of AVIF."""
    bomb = _pillow().DecompressionBombError
    return (OSError, ValueError, SyntaxError, EOFError, RuntimeError, bomb)


def _heads(folder: Path) -> tuple[dict[str, _Found], dict[str, str]]:
    """Of every file that bears the ending of an image, by name; and why others are none."""
    image = _pillow()
    endings = image.registered_extensions()
    heads, left_out = {}, {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() not in endings:
            continue
        try:
            if path.is_dir():
                continue
            if "\n" in path.name:
                raise ValueError("its name has a line break")
            with image.open(path) as found:
                if found.mode not in _GREY_MODES + _COLOUR_MODES:
                    raise ValueError(f"mode {found.mode}, expected 8 bits a channel")
                width, height = found.size
                heads[path.name] = _Found((height, width), found.mode in _COLOUR_MODES)
        except _faults() as error:
            left_out[path.name] = _reason(error)
    return heads, left_out


def _pixels(path: Path, mode: str) -> NDArray[np.float32]:
    with _pillow().open(path) as found:
        levels = np.asarray(found.convert(mode), dtype=np.float32)
    if mode == "RGB":
        levels = np.moveaxis(levels, 2, 0)
    return np.asarray(levels.ravel() / _LEVELS)


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _listed(left_out: dict[str, str]) -> str:
    some = [f"{name}: {reason}" for name, reason in list(left_out.items())[:_FAULTS_SHOWN]]
    more = len(left_out) - len(some)
    return (": " + "; ".join(some) + (f"; and {more} more" if more else "")) if some else ""
