"""`udl-fast bench rbm`: training and sampling speed against scikit-learn and PyTorch."""

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..datasets import load_mnist
from .harness import interleave
from .options import positive_float, positive_int
from .process import Contestant, ContestantMissing
from .rbm_check import check_contestant
from .record import check_writable, machine_class, new_record, write_json
from .table import rate, ratio, text_table

OURS = "udl_fast"
FAST = "udl_fast fast"
SIZES = [(100, 784, 500), (512, 784, 1024), (1024, 784, 4096), (256, 3072, 8192)]
QUICK_SIZES = [(20, 64, 32)]
# name: (title, algorithm, k)
WORKLOADS = {
    "cd-1": ("CD-1", "cd", 1),
    "cd-10": ("CD-10", "cd", 10),
    "pcd-1": ("PCD-1", "pcd", 1),
    "gibbs": ("Gibbs steps", "gibbs", 1),
}
DATA = ("random", "mnist", "mnist-grey")
_FOLDER = Path(__file__).parent / "contestants"
# name: (file, class)
CONTESTANTS = {
    OURS: ("rbm_udl_fast.py", "Engine"),
    FAST: ("rbm_udl_fast.py", "FastEngine"),
    "sklearn": ("rbm_sklearn.py", "PartialFit"),
    "sklearn-fit": ("rbm_sklearn.py", "Fit"),
    "torch": ("rbm_torch.py", "Bernoulli"),
    "torch-rand": ("rbm_torch.py", "UniformBelow"),
}
PEERS = [name for name in CONTESTANTS if name not in (OURS, FAST)]
_SKLEARN = ("sklearn", "sklearn-fit")  # PCD-1 and nothing else
_LEARNING_RATE = 0.01
_N_BATCHES = 8  # distinct minibatches held by each contestant
_SEED = 20260101
_TOLERANCES = {FAST: 1e-3}  # of p(h|v); the others round to float32


@dataclass
class Options:
    """What the command line says."""

    workload: str
    data: str
    sizes: list[tuple[int, int, int]]
    rounds: int
    seconds: float
    threads: int
    peers: list[str]
    output: Path | None
    as_json: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument(
        "--workload", choices=list(WORKLOADS), default="cd-1", help="what is timed (default cd-1)"
    )
    parser.add_argument(
        "--data",
        choices=DATA,
        default="random",
        help="rows: random bits, or MNIST, thresholded or grey, whose 784 pixels set the size",
    )
    parser.add_argument(
        "--sizes",
        type=_size,
        nargs="+",
        metavar="B,V,H",
        help=f"batch, visible and hidden sizes (default: {' '.join(map(_size_text, SIZES))})",
    )
    parser.add_argument(
        "--rounds", type=positive_int, help="samples of each contestant (default 9)"
    )
    parser.add_argument(
        "--seconds", type=positive_float, help="aimed length of a sample (default 1)"
    )
    parser.add_argument(
        "--threads",
        type=positive_int,
        help="threads of each contestant (default: usable cores)",
    )
    parser.add_argument(
        "--peers",
        nargs="*",
        choices=PEERS,
        metavar="NAME",
        help=f"which of: {', '.join(PEERS)} (default: those installed, one call a minibatch)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result as JSON")
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON instead of a table"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one tiny size and short samples: a trial of the tool"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark as the command line says; returns the exit code."""
    options = _options(arguments)
    if options.output is not None:
        check_writable(options.output, caller="bench rbm")
    record = measure(options)
    if options.output is not None:
        write_json(options.output, record)
    print(json.dumps(record, indent=1) if options.as_json else as_text(record))
    return 0


def measure(options: Options) -> dict[str, Any]:
    """Check and time all contestants at all sizes; returns the result record.

    Raises
    ------
    ContestantError
        If one fails, or gives a wrong answer.
    """
    record = new_record("rbm", ["udl-fast", "bench", "rbm", *_command(options)])
    record["settings"] = {
        "algorithm": WORKLOADS[options.workload][0],
        "data": options.data,
        "learning_rate": _LEARNING_RATE,
        "threads": options.threads,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "seed": _SEED,
        "unit": "examples per second",
    }
    with contextlib.ExitStack() as stack:
        contestants = _start(options, stack)
        record["contestants"] = {
            contestant.name: {
                "versions": contestant.call("versions"),
                "check": check_contestant(contestant, _SEED, _TOLERANCES.get(contestant.name)),
            }
            for contestant in contestants
        }
        record["results"] = [_time(size, contestants, options) for size in options.sizes]
    return record


def as_text(record: dict[str, Any]) -> str:
    """The result as a table for a terminal."""
    names = list(record["contestants"])
    peers = [name for name in names if name not in (OURS, FAST)]
    header = ["batch x visible x hidden", *names, *(f"vs {name}" for name in peers)]
    header += [f"fast vs {name}" for name in peers]
    rows = []
    for result in record["results"]:
        size = " x ".join(map(str, result["size"]))
        rates = [rate(result["rates"][name]["median"]) for name in names]
        ratios = [ratio(result["ratios"][name]["median"]) for name in peers]
        fast = [ratio(result["fast_ratios"][name]["median"]) for name in peers]
        rows.append([size, *rates, *ratios, *fast])
    machine, settings = record["machine"], record["settings"]
    title = (
        f"{settings['algorithm']}, {settings['data']} rows, examples/s, "
        f"median of {settings['rounds']} rounds "
        f"({settings['threads']} threads, {machine['cpu']}, {record['date']})"
    )
    return f"{title}\n{text_table(header, rows)}"


def _start(options: Options, stack: contextlib.ExitStack) -> list[Contestant]:
    contestants = []
    for name in [OURS, FAST, *options.peers]:
        file, class_name = CONTESTANTS[name]
        try:
            contestant = Contestant(name, _FOLDER / file, class_name, options.threads)
        except ContestantMissing as error:
            if name in (OURS, FAST):
                raise
            print(f"left out, not installed: {error}", file=sys.stderr)
            continue
        contestants.append(stack.enter_context(contestant))
    return contestants


def _time(
    size: tuple[int, int, int], contestants: Sequence[Contestant], options: Options
) -> dict[str, Any]:
    batch_size, n_visible, n_hidden = size
    case = timing_case(batch_size, n_visible, n_hidden, options.data)
    _, algorithm, k = WORKLOADS[options.workload]
    for contestant in contestants:
        of = {"algorithm": "pcd"} if contestant.name in _SKLEARN else {"algorithm": algorithm}
        contestant.call("prepare", **case, **of, k=k)

    def progress(done: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == options.rounds else ""
            text = f"\r{_size_text(size)}: round {done} of {options.rounds}"
            print(text, end=end, file=sys.stderr, flush=True)

    timings = interleave(
        contestants,
        rounds=options.rounds,
        seconds=options.seconds,
        units_per_run=batch_size,
        progress=progress,
    )
    record = timings.as_record(OURS)
    record["fast_ratios"] = timings.as_record(FAST)["ratios"]
    return {"size": list(size), **record}


def timing_case(batch_size: int, n_visible: int, n_hidden: int, data: str) -> dict[str, Any]:
    """Parameters and rows of a timed size: weights and densities like a model in training.

    A visible unit of random rows is on with a probability of its own, uniform in (0, 1/2).
    """
    generator = np.random.RandomState(_SEED)
    if data == "random":
        density = generator.uniform(0, 0.5, n_visible)
        rows = generator.random_sample((batch_size * _N_BATCHES, n_visible)) < density
        rows = rows.astype(np.uint8)
    else:
        rows = _mnist_rows(batch_size * _N_BATCHES, n_visible, binary=data == "mnist")
        density = rows.mean(axis=0).clip(0.01, 0.99)
    return {
        "weights": generator.normal(0, 0.05, (n_hidden, n_visible)).astype(np.float32),
        "hidden_bias": np.zeros(n_hidden, np.float32),
        "visible_bias": np.log(density / (1 - density)).astype(np.float32),
        "rows": rows,
        "batch_size": batch_size,
        "learning_rate": _LEARNING_RATE,
        "seed": _SEED,
    }


def _mnist_rows(n_rows: int, n_visible: int, binary: bool) -> NDArray[Any]:
    """The first training images, 0/1 or grey in [0, 1]."""
    if n_visible != 784:
        raise ValueError(f"--data mnist has 784 visible units, got size with {n_visible}")
    options: dict[str, Any] = {"binary": 0.5, "dtype": np.uint8} if binary else {}
    images: NDArray[Any] = load_mnist(subset="train", **options).data
    return np.resize(images, (n_rows, 784))


def _options(arguments: argparse.Namespace) -> Options:
    quick = arguments.quick
    return Options(
        workload=arguments.workload,
        data=arguments.data,
        sizes=arguments.sizes or (QUICK_SIZES if quick else SIZES),
        rounds=arguments.rounds or (2 if quick else 9),
        seconds=arguments.seconds or (0.02 if quick else 1.0),
        threads=arguments.threads or machine_class()["cores"],
        peers=_default_peers(arguments.workload) if arguments.peers is None else arguments.peers,
        output=arguments.output,
        as_json=arguments.json,
    )


def _default_peers(workload: str) -> list[str]:
    """Those that can do the work; whole calls of `fit` are timed only if named."""
    can = ["torch", "torch-rand"]
    return ["sklearn", *can] if workload in ("cd-1", "pcd-1") else can


def _command(options: Options) -> list[str]:
    return [
        "--workload",
        options.workload,
        "--data",
        options.data,
        "--sizes",
        *map(_size_text, options.sizes),
        "--rounds",
        str(options.rounds),
        "--seconds",
        f"{options.seconds:g}",
        "--threads",
        str(options.threads),
        "--peers",
        *options.peers,
    ]


def _size(text: str) -> tuple[int, int, int]:
    try:
        batch_size, n_visible, n_hidden = map(int, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected B,V,H such as 100,784,500, got {text!r}"
        ) from None
    if min(batch_size, n_visible, n_hidden) < 1:
        raise argparse.ArgumentTypeError(f"sizes must be >= 1, got {text!r}")
    return batch_size, n_visible, n_hidden


def _size_text(size: Sequence[int]) -> str:
    return ",".join(map(str, size))
