"""The picture of a search: queries, and what was found for them."""

import argparse
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..inputs.rows import Rows, read_rows
from .model_input import name_left_out
from .outputs import text_stream
from .pictures import SIZES, new_figures

_N_QUERIES = 5
_N_FOUND = 8


def check_picture_options(arguments: argparse.Namespace) -> None:
    """Those that need each other, before anything is read."""
    sources = (arguments.images, arguments.query_images)
    if arguments.picture is None and sources != (None, None):
        arguments.usage_error("--images and --query-images need --picture FILE.png")
    if arguments.picture is not None and None in sources:
        arguments.usage_error("--picture needs --images DATA and --query-images DATA")
    if arguments.picture is not None and arguments.radius is not None:
        arguments.usage_error("--picture draws the nearest codes; use -k, not --radius")


def draw_sheet(arguments: argparse.Namespace, numbers: NDArray[np.int64], index: Any) -> None:
    """Write --picture.

    Parameters
    ----------
    arguments : argparse.Namespace
        Of `search`.
    numbers : ndarray of shape (n_queries, k), int64
        Ids that were found.
    index : HammingIndex
        Ids are numbers of images.

    Raises
    ------
    ValueError
        If there are not as many images as codes and queries, or they are no images of one size.
    """
    words = text_stream(arguments.json)
    figures = new_figures({"retrieval": SIZES["retrieval"]}, words)
    if not figures:
        return
    from ...plot.retrieval import RetrievalDisplay, nearest_rows

    images = _images(arguments, arguments.images, int(index.ids.max(initial=-1)) + 1)
    queries = _images(arguments, arguments.query_images, len(numbers))
    if images.image_shape != queries.image_shape:
        raise ValueError(
            f"{arguments.query_images} holds images of shape {queries.image_shape}, {arguments.images} of "
            f"{images.image_shape}"
        )
    asked = np.asarray(queries.values[:_N_QUERIES])
    found = numbers[:_N_QUERIES, :_N_FOUND]
    if (found < 0).any():
        raise ValueError(f"--picture: there are fewer than k={found.shape[1]} codes to show")
    rows = np.asarray(images.values)
    RetrievalDisplay.from_values(
        asked,
        {"code": rows[found], "pixels": rows[nearest_rows(asked, rows, found.shape[1])]},
        image_shape=images.image_shape,
        ax=figures["retrieval"].subplots(),
    )
    figures["retrieval"].savefig(arguments.picture, bbox_inches="tight")
    print(f"picture: {arguments.picture}", file=words)


def _images(arguments: argparse.Namespace, source: str, n_wanted: int) -> Rows:
    found = read_rows(source, arguments.data_home)
    name_left_out(found, source)
    if found.image_shape is None or not isinstance(found.values, np.ndarray):
        raise ValueError(f"{source} holds rows that are no images")
    if len(found.values) != n_wanted:
        raise ValueError(f"{source} holds {len(found.values)} images for {n_wanted} codes")
    return found
