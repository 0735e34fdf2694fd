"""Fixtures shared by the tests, and a header that says what they ran on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from udl_fast import RBM, datasets, runtime

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    """Ctrl-C interrupts tests also in workers of pytest-xdist, which ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Files that keep a worker busy for most of a minute or longer: begun last, they would leave the others idle.
LONG_FILES = (
    "tests/ptx/test_registers.py",
    "tests/bench/test_scripts_learning.py",
    "tests/cuda/rbm/test_tensor_sampling.py",
    "tests/cuda/rbm/test_training.py",
    "tests/package/test_layers.py",
    "tests/cuda/rbm/test_tensor_passes.py",
    "tests/cuda/test_hamming_search.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers of pytest-xdist begin with the long files, if they keep the order (--no-loadscope-reorder)."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.nodeid.partition("::")[0] not in LONG_FILES)


def pytest_report_header() -> list[str]:
    config = runtime.show_config(as_dict=True)
    assert config is not None
    return [
        f"udl_fast {config['version']}: target {config['target']} of "
        f"{' '.join(config['available_targets'])}, {config['n_threads']} threads "
        f"({config['n_threads_source']}), {config['cpu']}",
        f"numpy {config['numpy']}, scipy {config['scipy']}, "
        f"scikit-learn {config['scikit_learn']}; cuda: {config['cuda']}",
    ]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real data sets: UDL_FAST_DATA, else shared/data beside the repository."""
    folder = Path(os.environ.get("UDL_FAST_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set UDL_FAST_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """scikit-learn's 1,797 handwritten digits of 64 pixels, thresholded."""
    return datasets.load_digits(binary=0.5, dtype=np.uint8).data


@pytest.fixture(scope="module")
def fitted(digits: np.ndarray) -> RBM:
    """A small RBM of the digits."""
    return RBM(24, n_iter=3, random_state=0).fit(digits)


@pytest.fixture(params=runtime.show_config(as_dict=True)["available_targets"])
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every CPU target of this machine, in use while the test runs."""
    with runtime.forced_target(request.param):
        yield request.param


@pytest.fixture(params=[1, 2, 3], ids="{}threads".format)
def n_threads(request: pytest.FixtureRequest) -> int:
    """Numbers of threads, one of them not a divisor of the usual sizes."""
    return request.param
