"""The picture of a search: queries, and what was found for them."""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..inputs.codes import names_beside
from ..inputs.rows import Rows, read_rows
from .model_input import name_left_out
from .outputs import text_stream
from .pictures import SIZES, new_figures

_N_QUERIES = 5
_N_FOUND = 8


class Sheet(NamedTuple):
    """What a picture shows: images that were searched, and those of the queries."""

    images: Rows
    queries: Rows


def check_picture_options(arguments: argparse.Namespace) -> None:
    """Those that need each other, before anything is read."""
    sources = (arguments.images, arguments.query_images)
    if arguments.picture is None and sources != (None, None):
        arguments.usage_error("--images and --query-images need --picture FILE.png")
    if arguments.picture is not None and None in sources:
        arguments.usage_error("--picture needs --images DATA and --query-images DATA")
    if arguments.picture is not None and arguments.radius is not None:
        arguments.usage_error("--picture draws the nearest codes; use -k, not --radius")


def read_sheet(arguments: argparse.Namespace, index: Any, n_queries: int) -> Sheet | None:
    """The images of --picture; None without that option. The ids of the index are numbers of images.

    Raises
    ------
    ValueError
        If there are not as many images as codes and queries, if they are other files than the codes are of, or no
        images of one size.
    """
    if arguments.picture is None:
        return None
    n_images = int(index.ids.max(initial=-1)) + 1
    images = _images(arguments, arguments.images, n_images, arguments.codes)
    queries = _images(arguments, arguments.query_images, n_queries, arguments.queries)
    if images.image_shape != queries.image_shape:
        raise ValueError(
            f"{arguments.query_images} holds images of shape {queries.image_shape}, {arguments.images} of "
            f"{images.image_shape}"
        )
    return Sheet(images, queries)


def draw_sheet(arguments: argparse.Namespace, sheet: Sheet, numbers: NDArray[np.int64]) -> None:
    """Write --picture. `numbers` are the ids that were found, of shape (n_queries, k).

    Raises
    ------
    ValueError
        If a query found fewer codes than are drawn.
    """
    words = text_stream(arguments.json)
    figures = new_figures({"retrieval": SIZES["retrieval"]}, words)
    if not figures:
        return
    from ...plot.retrieval import RetrievalDisplay, nearest_rows

    asked = np.asarray(sheet.queries.values[:_N_QUERIES])
    found = numbers[:_N_QUERIES, :_N_FOUND]
    if (found < 0).any():
        raise ValueError(f"--picture: there are fewer than k={found.shape[1]} codes to show")
    rows = np.asarray(sheet.images.values)
    RetrievalDisplay.from_values(
        asked,
        {"code": rows[found], "pixels": rows[nearest_rows(asked, rows, found.shape[1])]},
        image_shape=sheet.images.image_shape,
        ax=figures["retrieval"].subplots(),
    )
    figures["retrieval"].savefig(arguments.picture, bbox_inches="tight")
    print(f"picture: {arguments.picture}", file=words)


def _images(arguments: argparse.Namespace, source: str, n_wanted: int, codes: str) -> Rows:
    found = read_rows(source, arguments.data_home)
    name_left_out(found, source)
    if found.image_shape is None or not isinstance(found.values, np.ndarray):
        raise ValueError(f"{source} holds rows that are no images")
    if len(found.values) != n_wanted:
        raise ValueError(f"{source} holds {len(found.values)} images for {n_wanted} codes")
    _check_names(found, source, names_beside(Path(codes)))
    return found


def _check_names(found: Rows, source: str, written: Path) -> None:
    """Files of a folder must be those that the codes are of, where that is written."""
    if found.files is None or not written.exists():
        return
    names = written.read_bytes().decode(errors="surrogateescape").split("\n")[:-1]
    for number, (name, expected) in enumerate(zip(found.files, names, strict=False)):
        if name != expected:
            raise ValueError(
                f"{source}: image {number} is {name!r}, but code {number} is of {expected!r} ({written}); the "
                "folder has changed since `encode`"
            )
