"""Arrays of CuPy and PyTorch on a real GPU: the bits of NumPy input, results where the input is, streams."""

import numpy as np
import pytest

import udl_fast as udl
from udl_fast import _device_arrays

from ...support.cuda import ON_A_REAL_GPU

pytestmark = ON_A_REAL_GPU
RNG = np.random.default_rng(0)
BINARY = (RNG.random((2000, 100)) < 0.4).astype(np.float32)
GREY = RNG.random((500, 100))


@pytest.fixture(params=["cupy", "torch"])
def library(request):
    return pytest.importorskip(request.param)


def on_gpu(library, values):
    if library.__name__ == "cupy":
        return library.asarray(values)
    return library.from_numpy(np.ascontiguousarray(values)).to("cuda")


def to_host(found):
    return found.get() if hasattr(found, "get") else np.asarray(found)


def synchronise(library):
    if library.__name__ == "cupy":
        library.cuda.Device().synchronize()
    else:
        library.cuda.synchronize()


def rbm(device="cuda"):
    return udl.RBM(70, n_iter=2, random_state=0, device=device)


@pytest.mark.parametrize("X", [BINARY, BINARY.astype(bool), GREY], ids=["float32", "bool", "grey"])
def test_models(library, X):
    given, expected = on_gpu(library, X), rbm("cpu").fit(X)
    model = rbm().fit(given)
    np.testing.assert_array_equal(model.components_, expected.components_)
    found = model.transform(given)
    wanted = library.ndarray if library.__name__ == "cupy" else _device_arrays.DeviceArray
    assert type(found) is wanted
    np.testing.assert_array_equal(to_host(found), expected.transform(X))
    sampled = model.gibbs(given, 3, random_state=1)
    np.testing.assert_array_equal(to_host(sampled), expected.gibbs(X, 3, random_state=1))
    np.testing.assert_array_equal(to_host(model.free_energy(given)), expected.free_energy(X))


def test_columns_of_a_larger_array(library):
    given = on_gpu(library, np.repeat(BINARY, 2, axis=1))[::3, ::2]
    model = rbm().fit(BINARY)
    np.testing.assert_array_equal(to_host(model.transform(given)), model.transform(BINARY[::3]))


def test_results_go_on(library):
    model = rbm().fit(BINARY)
    found = model.transform(on_gpu(library, BINARY))
    there = library.from_dlpack(found)
    assert tuple(there.shape) == (2000, 70)
    total = float(there.sum())
    assert total == pytest.approx(model.transform(BINARY).sum(dtype=np.float64), rel=1e-5)


def test_work_of_another_stream_is_waited_for(library):
    """What is made late on a stream of the caller's."""
    model = rbm().fit(BINARY)
    expected = model.transform(BINARY)
    given = on_gpu(library, np.zeros_like(BINARY))
    right = on_gpu(library, BINARY)
    large = on_gpu(library, np.ones((4000, 4000), np.float32))
    for _ in range(5):
        if library.__name__ == "cupy":
            with library.cuda.Stream(non_blocking=True):
                for _ in range(10):
                    large = large @ large * np.float32(1e-9)
                given[...] = right
                found = model.transform(given)
        else:
            with library.cuda.stream(library.cuda.Stream()):
                for _ in range(10):
                    large = large @ large * 1e-9
                given.copy_(right)
                found = model.transform(given)
        np.testing.assert_array_equal(to_host(found), expected)
        given[...] = 0
        synchronise(library)


def test_an_index(library):
    codes = RNG.integers(0, 256, (100_000, 32), dtype=np.uint8)
    queries = codes[::1000] ^ RNG.integers(0, 2, (100, 32), dtype=np.uint8)
    here, there = udl.HammingIndex(256), udl.HammingIndex(256, device="cuda")
    here.add(codes)
    there.add(on_gpu(library, codes))
    for n in (1, 100):
        found = there.search(on_gpu(library, queries[:n]), 10)
        for each, expected in zip(found, here.search(queries[:n], 10), strict=True):
            np.testing.assert_array_equal(to_host(each), expected)


def test_arrays_of_the_host_are_answered_there(library):
    """A tensor of the CPU is no array of a GPU."""
    model = rbm().fit(BINARY)
    assert isinstance(model.transform(BINARY), np.ndarray)
    if library.__name__ == "torch":
        assert isinstance(model.transform(library.from_numpy(BINARY)), np.ndarray)
