"""`udl-fast encode`: binary codes of rows under a saved model."""

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimator.binary_codes import MEDIAN, code_medians, median_rows, packed_codes
from ..hamming.codes import checked_width
from ..hamming.index_file import Contents, write_index
from ..hashing.diagnosis import CodeDiagnosis
from ..persistence.replaced_file import replaced_file
from ..progress import progress
from .inputs.codes import names_beside
from .inputs.rows import read_npy
from .shared.model_input import add_data, add_model, given_data, given_model
from .shared.outputs import check_outputs, print_json, text_stream

_PRECISIONS = ("model", "int16", "int8")  # of SemanticHasher, which is not imported for them


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """The options of this command."""
    add_model(parser)
    add_data(parser)
    parser.add_argument(
        "output",
        type=Path,
        metavar="OUTPUT",
        help=".npy file to write: uint8 of shape (rows, bits / 8), least significant bit first; with "
        "--index an index file of any name",
    )
    parser.add_argument(
        "--index",
        action="store_true",
        help="write an index file instead of .npy, as HammingIndex.save does, for `search` as CODES",
    )
    parser.add_argument(
        "--threshold",
        type=_threshold,
        default=0.5,
        metavar="VALUE|median|FILE.npy",
        help="a bit is 1 where the code unit's value exceeds a number (default 0.5), the unit's median over the "
        "rows, or the unit's entry of a file",
    )
    parser.add_argument(
        "--save-thresholds",
        type=Path,
        metavar="FILE.npy",
        help="write the thresholds of the units, to encode queries with those of the database",
    )
    parser.add_argument(
        "--encode-precision",
        choices=_PRECISIONS,
        help="of a semantic hasher: compute codes as the model itself does, or by products of integers, faster "
        "and with nearly the same bits (default: as the model says)",
    )
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Encode and write; returns the exit code."""
    threshold = arguments.threshold
    if arguments.index and arguments.output.suffix.lower() == ".npy":
        arguments.usage_error(
            f"OUTPUT {arguments.output} has the ending of an array, and --index writes an index; leave "
            "--index out for .npy, or give another ending"
        )
    check_outputs(
        arguments,
        {
            "MODEL": arguments.model,
            "DATA": arguments.data,
            "--threshold": threshold if isinstance(threshold, Path) else None,
        },
        {
            ("OUTPUT", "" if arguments.index else ".npy"): arguments.output,
            ("--save-thresholds", ".npy"): arguments.save_thresholds,
            (f"the names of files of {arguments.output}:", ""): names_beside(arguments.output),
        },
    )
    words = text_stream(arguments.json)
    model = given_model(arguments, "encode")
    _set_precision(arguments, model)
    data = given_data(arguments, model, arguments.data)
    rows = data.values
    n_units = model._n_features_out
    if arguments.index:
        checked_width(8 * -(-n_units // 8))
    thresholds = _thresholds(threshold, model, rows, n_units)
    codes = _encoded(model, rows, thresholds)
    n_bits = 8 * codes.shape[1]
    with contextlib.ExitStack() as files:  # all are written before the first replaces an old one
        named = _write_names(files, arguments.output, data.files)
        if arguments.save_thresholds is not None:
            units = np.broadcast_to(thresholds, n_units)
            _write_array(files, arguments.save_thresholds, units)
        if arguments.index:
            write_index(arguments.output, Contents(n_bits, codes, None, len(codes)))
        else:
            _write_array(files, arguments.output, codes)
    if named is None:  # of earlier codes of that name
        names_beside(arguments.output).unlink(missing_ok=True)
    if arguments.save_thresholds is not None:
        print(f"thresholds: {arguments.save_thresholds}", file=words)
    unused = n_bits - n_units
    found = CodeDiagnosis.of(codes, n_units) if len(codes) else None
    print(
        f"{arguments.output}: {len(codes):,} codes of {n_bits} bits"
        + (f", the last {unused} always 0" if unused else "")
        + (f", {found.n_distinct:,} different" if found is not None else "")
        + (f", {len(found.dead)} bits dead" if found is not None and len(found.dead) else ""),
        file=words,
    )
    if named is not None:
        print(f"files of the codes: {named}", file=words)
    if arguments.json:
        print_json(
            {
                "output": str(arguments.output),
                "kind": "index" if arguments.index else "npy",
                "n_codes": len(codes),
                "n_bits": n_bits,
                "unused_bits": unused,
                "n_distinct": 0 if found is None else found.n_distinct,
                "dead_bits": [] if found is None else found.dead.tolist(),
                "threshold": str(threshold),
                **({} if named is None else {"files": str(named), "left_out": data.left_out}),
            }
        )
    return 0


def _set_precision(arguments: argparse.Namespace, model: Any) -> None:
    wanted = arguments.encode_precision
    if wanted is None:
        return
    if "encode_precision" not in model.rules:
        arguments.usage_error(
            f"--encode-precision {wanted} is for models that have one, as SemanticHasher; "
            f"{arguments.model} is of {type(model).__name__}"
        )
    model.set_params(encode_precision=wanted)


def _threshold(text: str) -> float | Path | str:
    if text == MEDIAN:
        return text
    if text.endswith(".npy"):
        return Path(text)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(
            f"expected a number from 0 to below 1, 'median' or a .npy file, got {text!r}"
        )
    return value


def _thresholds(
    wanted: float | Path | str, model: Any, rows: Any, n_units: int
) -> float | NDArray[Any]:
    """One of all code units, or one for each."""
    if isinstance(wanted, str):
        with progress(len(median_rows(rows.shape[0], n_units)), "medians") as bar:
            return code_medians(model, rows, model._code_matrix, bar.update)
    if not isinstance(wanted, Path):
        return wanted
    found = read_npy(wanted)
    if found.shape != (n_units,) or found.dtype.kind != "f":
        raise ValueError(
            f"--threshold {wanted} holds {found.dtype} of shape {found.shape}, expected "
            f"floating-point numbers of shape ({n_units},), one for each hidden unit"
        )
    return np.asarray(found)


def _encoded(model: Any, rows: Any, thresholds: float | NDArray[Any]) -> NDArray[np.uint8]:
    with progress(rows.shape[0], "encode") as bar:
        return packed_codes(model, rows, thresholds, model._code_matrix, bar.update)


def _write_names(files: contextlib.ExitStack, output: Path, names: list[str] | None) -> Path | None:
    """Of a folder of images: which file each code is of, a name a line."""
    if names is None:
        return None
    path = names_beside(output)
    file = files.enter_context(replaced_file(path))
    file.write("".join(f"{name}\n" for name in names).encode(errors="surrogateescape"))
    return path


def _write_array(files: contextlib.ExitStack, path: Path, array: NDArray[Any]) -> None:
    np.save(files.enter_context(replaced_file(path)), array, allow_pickle=False)
