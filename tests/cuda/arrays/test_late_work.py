"""Streams whose work is done as late as it may be: nothing is read before it is there, whoever reads."""

from types import SimpleNamespace

import numpy as np
import pytest

import udl_fast as udl
from udl_fast import _core, _devices

from ...ptx.interpreter.late import Streams
from ...support.cuda import cuda_module
from ...support.device_exporters import DlpackArray, InterfaceArray

RNG = np.random.default_rng(4)
BITS = (RNG.random((40, 12)) < 0.4).astype(np.float32)
GREY = RNG.random((40, 12))
CODES = RNG.integers(0, 4, (300, 4)).astype(np.uint8)
QUERIES = RNG.integers(0, 4, (5, 4)).astype(np.uint8)
ALLOWED = np.full(5, 2**64 - 1, np.uint64)


@pytest.fixture
def streams(ptx_driver, monkeypatch):
    """There is a GPU, on which every engine has a stream of its own."""
    streams, module = Streams(ptx_driver), cuda_module()
    stand_in = SimpleNamespace(
        RbmEngine=lambda *of, device: module.RbmEngine(*of, device=device, driver=streams.new()),
        Device=lambda number: module.Device(number, streams.new()),
        device_count=lambda: 1,
        status=lambda: "built with CUDA, a device of a test",
    )
    monkeypatch.setattr(_devices, "_load_cuda", lambda: (stand_in, ""))
    return streams


class MadeLater:
    """An array that the work of a stream makes, for those who wait for it."""

    def __init__(self, streams, values):
        self.maker = streams.new()
        self.array = InterfaceArray(
            streams.device, np.zeros_like(values), stream=self.maker.stream()
        )
        data = np.ascontiguousarray(values).tobytes()
        self.maker.copy_to_device(self.array.memory.address, data)
        self.__cuda_array_interface__ = self.array.__cuda_array_interface__


def read(streams, found):
    """What another library finds there at once, without waiting for anybody."""
    interface = found.__cuda_array_interface__
    dtype = np.dtype(interface["typestr"])
    n_bytes = int(np.prod(interface["shape"])) * dtype.itemsize
    values = streams.device.memory.read(interface["data"][0], n_bytes)
    return values.view(dtype).reshape(interface["shape"]).copy()


def rbm(device):
    return udl.RBM(5, n_iter=2, batch_size=15, momentum=0.5, random_state=0, device=device)


@pytest.mark.parametrize("X", [BITS, GREY], ids=["bits", "grey"])
def test_models(streams, X):
    here, there = rbm("cpu").fit(X), rbm("cuda").fit(MadeLater(streams, X))
    np.testing.assert_array_equal(there.components_, here.components_)
    hidden = here.transform(X)
    for name, given, more in (
        ("transform", X, {}),
        ("inverse_transform", hidden, {}),
        ("reconstruct", X, {}),
        ("free_energy", X, {}),
        ("sample_hidden", X, {"random_state": 1}),
        ("sample_visible", hidden, {"random_state": 1}),
        ("gibbs", X, {"random_state": 1, "n_steps": 20}),
        ("gibbs", X, {"random_state": 1, "means": True, "clamp": np.full(12, np.nan)}),
    ):
        found = getattr(there, name)(MadeLater(streams, given), **more)
        np.testing.assert_array_equal(
            read(streams, found), getattr(here, name)(given, **more), err_msg=name
        )
        np.testing.assert_array_equal(np.asarray(found), read(streams, found))


@pytest.mark.parametrize("method", ["fit", "transform", "gibbs", "free_energy"])
def test_arrays_of_the_host(streams, method):
    here, there = rbm("cpu").fit(BITS), rbm("cuda").fit(BITS)
    np.testing.assert_array_equal(there.components_, here.components_)
    if method != "fit":
        np.testing.assert_array_equal(getattr(there, method)(BITS), getattr(here, method)(BITS))


def test_the_input_may_change_when_the_call_is_over(streams):
    here, there = rbm("cpu").fit(BITS), rbm("cuda").fit(BITS)
    given = InterfaceArray(streams.device, BITS)
    found = there.transform(given)
    streams.device.memory.write(given.memory.address, np.zeros_like(BITS).tobytes())
    np.testing.assert_array_equal(np.asarray(found), here.transform(BITS))


def test_dlpack_is_told_of_the_stream_that_reads(streams):
    here, there = rbm("cpu").fit(BITS), rbm("cuda").fit(BITS)
    given = DlpackArray(streams.device, BITS)
    np.testing.assert_array_equal(read(streams, there.transform(given)), here.transform(BITS))
    assert streams.of(given.asked[0]) is not None


def given_codes(streams, values):
    later = MadeLater(streams, values)
    address = later.array.memory.address
    return cuda_module().GivenCodes(
        address, values.shape, values.strides, later, later.maker.stream()
    )


@pytest.mark.parametrize("is_added_there", [False, True])
def test_codes(streams, is_added_there):
    codes = cuda_module().HammingCodes(32, driver=streams.new())
    if is_added_there:
        codes.append_given(given_codes(streams, CODES))
    else:
        codes.append(CODES)
    expected = _core.hamming_search(CODES, QUERIES, 7, 1)
    for found, wanted in zip(
        codes.search_given(given_codes(streams, QUERIES), 7, len(CODES), ALLOWED),
        expected,
        strict=True,
    ):
        n_bytes = found.nbytes
        there = streams.device.memory.read(found.address, n_bytes).view(found.dtype)
        np.testing.assert_array_equal(there.reshape(wanted.shape), wanted)
    for found, wanted in zip(codes.search(QUERIES, 7, len(CODES)), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    counted = codes.histogram_given(given_codes(streams, QUERIES), len(CODES))
    np.testing.assert_array_equal(counted, codes.histogram(QUERIES, len(CODES)))
    assert counted.sum() == len(CODES) * len(QUERIES)
