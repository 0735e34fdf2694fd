"""NumPy archives, opened without unpickling anything."""

import io
import zipfile
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._files import read_content


def read_npz(
    name: str, data_home: str | PathLike[str] | None, *, caller: str, source: str
) -> dict[str, NDArray[Any]]:
    """All arrays of the archive `name`.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_content`; ValueError also if the content is not such an archive.
    """
    content = read_content(name, data_home, caller=caller, source=source)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (zipfile.BadZipFile, ValueError, AttributeError) as error:
        raise ValueError(f"{caller}: {name} is not a NumPy archive ({error}). {source}") from error
