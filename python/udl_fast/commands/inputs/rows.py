"""Rows for a command: a named data set, a file of numbers, or a folder of images."""

import contextlib
import gzip
import math
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...estimator.parameters import meant
from .csv import read_csv
from .data_sets import DATA_SETS, load
from .images import read_images
from .values import check_finite

_PARTS_OF_SPARSE = {"format.npy", "shape.npy", "data.npy"}
NPY_MAGIC = b"\x93NUMPY"
HELP = (
    "a data set (digits, or as `udl-fast datasets list` shows it: mnist, mnist-test, ...) or a file: "
    ".npy, .npz (FILE.npz:NAME picks an array; or of scipy.sparse.save_npz), .csv, or idx, also as .gz; or a "
    "folder of images of one size"
)
_SMALLEST_SIDE = 8  # of a colour image: other rows that might be one are taken for numbers


@dataclass
class Rows:
    """A matrix with one row a sample, dense or CSR, the shape of a row if it is an image, the classes of rows if
    they are known; of a folder the files that rows are of, and why others are left out."""

    values: Any
    image_shape: tuple[int, ...] | None
    labels: NDArray[Any] | None = None
    files: list[str] | None = None
    left_out: dict[str, str] = field(default_factory=dict)


def read_rows(source: str, data_home: Path | None = None, n_values: int | None = None) -> Rows:
    """The rows that `source` names; of a folder the images that have `n_values`, if that is given.

    Raises
    ------
    ValueError
        If the file's kind is unknown or it does not hold a matrix of numbers.
    OSError
        If it cannot be read.
    """
    if source in DATA_SETS:
        return _data_set(source, data_home)
    name, member = split_npz(source)
    path = Path(name)
    if path.is_dir():
        images = read_images(path, n_values)
        return Rows(images.values, images.shape, None, images.files, images.left_out)
    if not path.is_file():
        raise FileNotFoundError(
            f"{source} is neither a file nor a data set{meant(source, DATA_SETS)} "
            f"(`udl-fast datasets list` shows them)"
        )
    values = _read_file(path, member)
    if values.ndim < 2 or values.dtype.kind not in "biuf" or 0 in values.shape:
        raise ValueError(
            f"{source} holds shape {values.shape} of {values.dtype}, expected rows of numbers"
        )
    image_shape = (values.shape[1], values.shape[2]) if values.ndim == 3 else None
    from scipy import sparse

    flat = values if sparse.issparse(values) else values.reshape(len(values), -1)
    check_finite(flat, source)
    if sparse.issparse(flat):
        return Rows(flat, None)
    return Rows(flat, image_shape or shape_of_image(flat.shape[1]))


def split_npz(source: str) -> tuple[str, str]:
    """File and array of FILE.npz:NAME; other sources name no array."""
    name, colon, member = source.rpartition(":")
    return (name, member) if colon and name.endswith(".npz") else (source, "")


def square_shape(n_values: int) -> tuple[int, int] | None:
    """The side of a square image with so many pixels, if there is one."""
    side = math.isqrt(n_values)
    return (side, side) if side * side == n_values else None


def shape_of_image(n_values: int) -> tuple[int, ...] | None:
    """That of a square image with so many values, grey or in three colours, if there is one."""
    if (grey := square_shape(n_values)) is not None:
        return grey
    side = square_shape(n_values // 3) if n_values % 3 == 0 else None
    return None if side is None or side[0] < _SMALLEST_SIDE else (3, *side)


def _data_set(name: str, data_home: Path | None) -> Rows:
    found = load(name, data_home)
    shape = tuple(found.get("image_shape", ()))
    labels = found.get("target")
    return Rows(found.data, shape or None, labels)


def _read_file(path: Path, member: str) -> Any:
    endings = [ending.lower() for ending in path.suffixes]
    packed = endings[-1:] == [".gz"]
    kind = (endings[-2:-1] if packed else endings[-1:]) or [""]
    if kind == [".npy"] and not packed:
        return np.asarray(read_npy(path))
    if kind == [".npz"] and not packed:
        return npz_member(path, member) if member else _only_matrix(path)
    if kind == [".csv"]:
        return read_csv(path)
    if "ubyte" in path.name or kind == [".idx"]:
        with _damage_named(path):
            content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
        return _idx_images(content, path)
    raise ValueError(f"{path} is of no known kind; expected .npy, .npz, .csv or idx")


def read_npy(path: Path) -> NDArray[Any]:
    """The array of a .npy file, mapped.

    Raises
    ------
    ValueError
        If it is no such file, damaged, or holds Python objects; the message names it.
    """
    with open(path, "rb") as file:
        start = file.read(len(NPY_MAGIC))
    if start != NPY_MAGIC:
        raise ValueError(f"{path} is no .npy file" + ("" if start else ": it is empty"))
    with _damage_named(path):
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """What readers raise about damaged files rarely names the file."""
    try:
        yield
    except (
        ValueError,
        KeyError,
        EOFError,
        zipfile.BadZipFile,
        gzip.BadGzipFile,
        zlib.error,
    ) as error:
        raise ValueError(
            f"{path} is damaged or holds something other than numbers ({error})"
        ) from error


def npz_member(path: Path, member: str) -> NDArray[Any]:
    """One array of an archive; it may go unnamed if it is the only one."""
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError(f"{path} is no .npz file, which is a zip archive of arrays")
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        names = list(archive)
        if not member and len(names) != 1:
            raise ValueError(f"{path} holds {', '.join(names)}; name one as {path}:NAME")
        if member and member not in names:
            raise ValueError(f"{path} holds {', '.join(names)}, not {member}")
        with _damage_named(path):
            return np.asarray(archive[member or names[0]])


def _only_matrix(path: Path) -> Any:
    """That of an archive of arrays, or the sparse one that scipy.sparse.save_npz has written."""
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            return npz_member(path, "")
        names = set(zipfile.ZipFile(file).namelist())
    if not names >= _PARTS_OF_SPARSE:
        return npz_member(path, "")
    with _damage_named(path):
        from scipy import sparse

        from ...estimator.input import checked_csr

        return checked_csr(sparse.load_npz(path), str(path))


def _idx_images(content: bytes, path: Path) -> NDArray[np.float32]:
    """Bytes 0 to 255 become 0 to 1."""
    from ...datasets._idx import parse_idx

    n_dimensions = content[3] if len(content) > 3 else 0
    images = parse_idx(content, n_dimensions, name=str(path))
    return images.astype(np.float32) / np.float32(255)
