"""Layouts of tensor-core kernels: the C++ functions, index by index, against NumPy."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from . import layouts

ROOT = Path(__file__).resolve().parents[3]
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ here")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    built = tmp_path_factory.mktemp("layout") / "layout_tables"
    source = ROOT / "tests/cpp/layout_tables.cpp"
    command = ["g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/csrc"]
    subprocess.run([*command, str(source), "-o", str(built)], check=True)
    return built


def tables(program, *sizes):
    found = subprocess.run([program, *map(str, sizes)], capture_output=True, check=True)
    return np.frombuffer(found.stdout, np.int64)


SIZES = [(1, 1, 3, 1), (33, 300, 3, 45), (16, 128, 2, 128), (70, 257, 2, 130)]


@needs_compiler
@pytest.mark.parametrize("sizes", SIZES)
def test_every_index_is_where_numpy_puts_it(program, sizes):
    n_units, n_summed, n_slices, n_rows = sizes
    found = tables(program, *sizes)

    def take(n):
        nonlocal found
        taken, found = found[:n], found[n:]
        return taken

    order = layouts.word_order()
    assert np.array_equal(np.argsort(order), take(32))
    assert np.array_equal(order, take(32))
    n_words = layouts.state_stride(n_rows)
    # Each element holds its own number, plus one: those of padding hold 0.
    p = 1 + np.arange(n_rows * n_units).reshape(n_rows, n_units)
    stored = layouts.probabilities(p.astype(np.uint16), n_words)
    places = take(n_units * n_rows).reshape(n_units, n_rows).T
    assert np.array_equal(stored.reshape(-1)[places], p.astype(np.uint16))
    offsets = take(n_units * n_summed * n_slices)
    z = np.random.default_rng(1).integers(-(2**23) + 1, 2**23, (n_units, n_summed))
    image = layouts.images(z, n_slices).reshape(-1)
    slices = np.stack([z >> (8 * i) & 255 for i in range(n_slices)], axis=2).reshape(-1)
    assert np.array_equal(image[offsets], slices)
    assert len(set(offsets)) == len(offsets)
    units_of_threads = take(32).reshape(16, 2)
    expected = [2 * t + k % 2 + k // 2 * 8 for t in range(4) for k in range(4)]
    assert np.array_equal(units_of_threads[:, 0], expected)
    assert units_of_threads[:, 1].all()  # unit k of thread t takes draw k of block t
    assert np.array_equal(take(3), [n_words, stored.size, image.size])
    assert not found.size


def test_words_are_taken_apart_in_steps_of_eight_bits():
    """One shift and one mask give a thread four bits, a byte each."""
    word = np.random.default_rng(2).integers(0, 2**32, dtype=np.uint32)
    for t in range(4):
        for register, bits in enumerate(layouts.bits_of_thread(t)):
            masked = (word >> np.uint32(2 * t + register)) & np.uint32(0x01010101)
            assert [masked >> (8 * i) & 1 for i in range(4)] == [word >> b & 1 for b in bits]
