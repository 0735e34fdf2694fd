"""`udl-fast search`: nearest codes of queries, or all codes within a radius, from file to file."""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..persistence.replaced_file import replaced_file
from ..progress import progress
from .inputs import codes as input_codes
from .shared.options import integer, positive_int
from .shared.outputs import check_outputs, print_json, text_stream
from .shared.retrieval_sheet import check_picture_options, draw_sheet, read_sheet

_BLOCK_PAIRS = 1 << 31  # distances between two updates of the progress bar: a good part of a second
_K = 10
_BLOCK_QUERIES = (512, 1 << 16)  # least, so that queries share a pass over the codes, and most


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """The options of this command."""
    parser.add_argument("codes", metavar="CODES", help=input_codes.HELP)
    parser.add_argument("queries", metavar="QUERIES", help="the same kinds of file")
    parser.add_argument(
        "output",
        type=Path,
        metavar="OUTPUT",
        help=".npz file to write: distances D and ids I of shape (queries, k), as HammingIndex.search "
        "gives them, or lims, D and I of range_search",
    )
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument("-k", type=positive_int, help=f"nearest codes (default {_K})")
    wanted.add_argument(
        "--radius",
        type=integer(0),
        metavar="R",
        help="all codes at a distance below R bits instead",
    )
    parser.add_argument("--inclusive", action="store_true", help="with --radius: R itself too")
    parser.add_argument(
        "--index-type",
        choices=["auto", "scan", "mih"],
        help="how codes are found, with the same results (default: as the index file says, else auto)",
    )
    parser.add_argument("--threads", type=positive_int, help="default: all usable")
    picture = parser.add_argument_group("picture")
    picture.add_argument(
        "--picture",
        type=Path,
        metavar="FILE.png",
        help="draw the first queries with what is nearest to them by code and by pixels",
    )
    picture.add_argument(
        "--images", metavar="DATA", help="with --picture: the images of CODES, in their order"
    )
    picture.add_argument(
        "--query-images", metavar="DATA", help="with --picture: the images of QUERIES"
    )
    parser.add_argument("--data-home", type=Path, metavar="FOLDER", help="folder of the data sets")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Search and write; returns the exit code."""
    from ..hamming.index import HammingIndex

    if arguments.inclusive and arguments.radius is None:
        arguments.usage_error("--inclusive needs --radius")
    check_picture_options(arguments)
    arguments.k = arguments.k or _K  # not argparse's default: it would take -k 10 for one not given
    check_outputs(
        arguments,
        {
            "CODES": arguments.codes,
            "QUERIES": arguments.queries,
            "--images": arguments.images,
            "--query-images": arguments.query_images,
        },
        {("OUTPUT", ".npz"): arguments.output, ("--picture", ".png"): arguments.picture},
    )
    codes = input_codes.read_codes(arguments.codes)
    queries = input_codes.read_codes(arguments.queries)
    if codes.n_bits != queries.n_bits:
        raise ValueError(
            f"{arguments.queries} holds codes of {queries.n_bits} bits, {arguments.codes} of "
            f"{codes.n_bits} bits"
        )
    index = HammingIndex._of(codes, arguments.index_type)
    sheet = read_sheet(arguments, index, len(queries.rows))
    start = time.perf_counter()
    if arguments.radius is None:
        found = _nearest(index, queries.rows, arguments.k, arguments.threads)
    else:
        found = _within(
            index, queries.rows, arguments.radius, arguments.inclusive, arguments.threads
        )
    seconds = time.perf_counter() - start
    with replaced_file(arguments.output) as file:
        np.savez(file, **found)
    _report(arguments, index, len(queries.rows), found, seconds)
    if sheet is not None:
        draw_sheet(arguments, sheet, found["I"])
    return 0


def _blocks(queries: NDArray[np.uint8], n_codes: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """(first query, queries) one after the other, with a progress bar."""
    least, most = _BLOCK_QUERIES
    n = min(max(_BLOCK_PAIRS // max(n_codes, 1), least), most)
    with progress(len(queries), "search") as bar:
        for first in range(0, len(queries), n):
            block = queries[first : first + n]
            yield first, block
            bar.update(len(block))


def _nearest(index: Any, queries: NDArray[np.uint8], k: int, n_jobs: int | None) -> dict[str, Any]:
    distances = np.empty((len(queries), k), np.int32)
    ids = np.empty((len(queries), k), np.int64)
    for first, block in _blocks(queries, index.ntotal):
        end = first + len(block)
        distances[first:end], ids[first:end] = index.search(block, k, n_jobs=n_jobs)
    return {"D": distances, "I": ids}


def _within(
    index: Any, queries: NDArray[np.uint8], radius: int, inclusive: bool, n_jobs: int | None
) -> dict[str, Any]:
    limits = [np.zeros(1, np.int64)]
    distances: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
    ids: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    for _, block in _blocks(queries, index.ntotal):
        found = index.range_search(block, radius, inclusive=inclusive, n_jobs=n_jobs)
        limits.append(found[0][1:] + limits[-1][-1])
        distances.append(found[1])
        ids.append(found[2])
    return {
        "lims": np.concatenate(limits),
        "D": np.concatenate(distances),
        "I": np.concatenate(ids),
    }


def _report(
    arguments: argparse.Namespace,
    index: Any,
    n_queries: int,
    found: dict[str, Any],
    seconds: float,
) -> None:
    n_found = int((found["I"] >= 0).sum())
    if arguments.radius is None:
        wanted: dict[str, Any] = {"k": arguments.k}
        words = f"the {min(arguments.k, index.ntotal):,} nearest"
    else:
        wanted = {"radius": arguments.radius, "inclusive": arguments.inclusive}
        words = f"{n_found:,} {'at most' if arguments.inclusive else 'below'} {arguments.radius} bits away"
    print(
        f"{arguments.output}: {words} among {index.ntotal:,} codes of {index.n_bits} bits for "
        f"{n_queries:,} queries",
        file=text_stream(arguments.json),
    )
    if arguments.json:
        print_json(
            {
                "output": str(arguments.output),
                "n_codes": index.ntotal,
                "n_bits": index.n_bits,
                "n_queries": n_queries,
                **wanted,
                "n_found": n_found,
                "seconds": round(seconds, 4),
            }
        )
