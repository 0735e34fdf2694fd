"""NumPy archives, opened without unpickling anything."""

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._files import Folder, how_to_get, read_content
from ._sources import Source


def read_npz(source: Source, name: str, data_home: Folder) -> dict[str, NDArray[Any]]:
    """All arrays of the archive `name`.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_content`; ValueError also if the content is not such an archive.
    """
    content = read_content(source, name, data_home)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (zipfile.BadZipFile, ValueError, AttributeError) as error:
        raise ValueError(
            f"{source.loader}: {name} is not a NumPy archive ({error}). "
            f"{how_to_get(source, data_home)}"
        ) from error
