"""What arrays on a device may say of themselves, what is refused, whose work is waited for, who keeps memory."""

import gc
import weakref

import numpy as np
import pytest

import udl_fast as udl
from udl_fast import _core, _device_arrays

from ...ptx.interpreter.driver import STREAM
from ...support.cuda import cuda_module
from ...support.device_exporters import DlpackArray, InterfaceArray, contents_of
from ...support.gpu_stand_in import stand_in

X = (np.random.default_rng(0).random((20, 9)) < 0.4).astype(np.float32)
PACKING = ["udl_plain_look", "udl_plain_pack"]


@pytest.fixture
def model(gpu):
    return udl.RBM(4, n_iter=1, random_state=0, device="cuda").fit(X)


def waited_for(driver, given, model):
    """Streams that were waited for when rows were made of an array; nothing of it was read before."""
    driver.done.clear()
    model.transform(given)
    first = driver.done.index(PACKING[0])
    assert driver.done[first : first + 3] == [*PACKING, "synchronise"]
    return [entry[1] for entry in driver.done[:first] if entry[0] == "wait_for"]


@pytest.mark.parametrize(
    ("stream", "expected"), [(None, []), (1, [1]), (2, [2]), (0xABC0, [0xABC0])]
)
def test_the_callers_stream_is_waited_for(gpu, model, stream, expected):
    assert waited_for(gpu, InterfaceArray(gpu, X, stream), model) == expected


def test_version_2_says_of_no_stream_so_the_default_one_is_waited_for(gpu, model):
    assert waited_for(gpu, InterfaceArray(gpu, X, version=2), model) == [1]


def test_dlpack_is_asked_for_what_is_ready_on_our_stream(gpu, model):
    given = DlpackArray(gpu, X)
    assert waited_for(gpu, given, model) == []
    assert given.asked == [STREAM]


def test_dlpack_is_preferred_to_an_interface_without_streams(gpu, model):
    class Both(DlpackArray):
        @property
        def __cuda_array_interface__(self):
            return InterfaceArray(gpu, X, version=2).__cuda_array_interface__

    given = Both(gpu, X)
    assert waited_for(gpu, given, model) == []
    assert given.asked == [STREAM]


def test_what_is_found_is_complete(gpu, model):
    """So that no reader needs to wait."""
    gpu.done.clear()
    found = model.transform(InterfaceArray(gpu, X))
    assert gpu.done[-1] == "synchronise"
    assert found.__cuda_array_interface__["stream"] is None


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        (
            {"stream": 0},
            ValueError,
            "RBM: X names stream 0 in __cuda_array_interface__, expected None, 1",
        ),
        ({"stream": True}, ValueError, "RBM: X names stream True"),
        (
            {"version": 1},
            TypeError,
            "RBM: X has version 1 of __cuda_array_interface__, expected 2 or 3",
        ),
        ({"mask": "whatever"}, ValueError, "RBM: X has a mask; fill masked entries first"),
        (
            {"typestr": "<f2"},
            TypeError,
            "RBM: X has dtype float16, expected bool, uint8, int32, int64, float32",
        ),
        ({"typestr": ">f4"}, TypeError, "RBM: X has dtype >f4, expected bool"),
        ({"typestr": "<c8"}, TypeError, "RBM: X has dtype complex64, expected bool"),
        ({"shape": (180,)}, ValueError, r"RBM: X has shape \(180,\), expected 2 dimensions"),
        (
            {"shape": (2, 10, 9)},
            ValueError,
            r"RBM: X has shape \(2, 10, 9\), expected 2 dimensions",
        ),
        ({"shape": (0, 9)}, ValueError, r"RBM: X has shape \(0, 9\), expected at least one value"),
        (
            {"shape": (20, 8)},
            ValueError,
            "X has 8 features, but RBM is expecting 9 features as input",
        ),
        (
            {"strides": (37, 4)},
            ValueError,
            "RBM: X lies at an address, or has strides, that are no multiples",
        ),
        (
            {"data": (4096, False)},
            ValueError,
            "RBM: X says that it is on a GPU, but its memory is none of",
        ),
    ],
    ids=str,
)
def test_what_an_interface_may_not_say(gpu, model, changes, error, text):
    with pytest.raises(error, match=text):
        model.transform(InterfaceArray(gpu, X, **changes))


@pytest.mark.parametrize(
    ("values", "changes", "error", "text"),
    [
        (
            X.astype(np.float16),
            {},
            TypeError,
            "RBM: X has DLPack's type code 2 of 16 bits in 1 lanes, expected bool",
        ),
        (X, {"lanes": 2}, TypeError, "RBM: X has DLPack's type code 2 of 32 bits in 2 lanes"),
        (
            X,
            {"kind": 10},
            TypeError,
            r"RBM: X is on a device of DLPack's kind 10, expected a GPU of CUDA \(2\)",
        ),
    ],
)
def test_what_dlpack_may_not_say(gpu, model, values, changes, error, text):
    with pytest.raises(error, match=text):
        model.transform(DlpackArray(gpu, values, **changes))


@pytest.mark.parametrize("method", ["fit", "partial_fit", "transform", "free_energy", "gibbs"])
@pytest.mark.parametrize(
    ("value", "text"), [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "-infinity")]
)
def test_values_are_finite(gpu, model, method, value, text):
    wrong = X.copy()
    wrong[7, 3] = value
    with pytest.raises(ValueError, match=f"RBM: [Xv] holds {text}$"):
        getattr(model, method)(InterfaceArray(gpu, wrong))


@pytest.mark.parametrize("value", [np.nan, -np.inf, 0.5])
def test_all_values_are_looked_at(gpu, value):
    """More than there are threads that look."""
    values = np.zeros((200, 200), np.float32)
    values[-1, -1] = value
    given, device = InterfaceArray(gpu, values), cuda_module().Device(0, gpu)
    where = given.memory.address, values.shape, values.strides, "float32", given
    rows = lambda: device.rows(*where, None, None, "X")  # noqa: E731
    if np.isfinite(value):
        assert (rows().kind, rows().value_range()[1]) == ("dense", value)
    else:
        with pytest.raises(ValueError, match=r"^X holds (NaN|-infinity)$"):
            rows()


def test_values_beyond_probabilities_are_warned_of(gpu, model):
    for values, text in ((2 * X, "from 0 to 2"), (X - 0.5, "from -0.5 to 0.5")):
        with pytest.warns(UserWarning, match=f"RBM: X holds values {text}, but Bernoulli units"):
            model.transform(InterfaceArray(gpu, values))
    with pytest.raises(ValueError, match="RBM: X holds values up to 1e\\+30 in size, beyond"):
        model.transform(InterfaceArray(gpu, X * np.float32(1e30)))


def test_another_gpu_is_named(gpu, model, monkeypatch):
    monkeypatch.setattr(gpu, "device_of", lambda address: 1)
    with pytest.raises(
        ValueError,
        match="X is on cuda:1, but computations are on cuda:0: copy it there, or set device='cuda:1'",
    ):
        model.transform(InterfaceArray(gpu, X))


@pytest.mark.parametrize("exporter", [InterfaceArray, DlpackArray])
def test_a_model_on_the_cpu_says_what_to_do(ptx_driver, exporter):
    model = udl.RBM(4, n_iter=1).fit(X)
    given = exporter(ptx_driver, X)
    for call in (model.fit, model.transform, model.free_energy, udl.DBN([3]).fit):
        with pytest.raises(
            TypeError, match="is an array on a GPU, but the model computes on the CPU: fit an RBM"
        ):
            call(given)
    with pytest.raises(TypeError, match="H is an array on a GPU, which is not taken here"):
        udl.Autoencoder(3, n_iter=1).fit(X).inverse_transform(given)


def test_without_a_gpu_the_reason_is_the_error(ptx_driver, monkeypatch):
    from udl_fast import _devices

    monkeypatch.setattr(_devices, "_load_cuda", lambda: (None, "built without CUDA"))
    with pytest.raises(
        RuntimeError, match="RBM: device='cuda' is not available: built without CUDA"
    ):
        udl.RBM(4, device="cuda").fit(InterfaceArray(ptx_driver, X))


def test_what_chooses_rows_says_that_it_cannot(gpu, model):
    with pytest.raises(
        TypeError, match="X is an array on a GPU, of which this method cannot choose rows"
    ):
        model.encode(InterfaceArray(gpu, X))


def test_a_clamp_is_the_hosts(gpu, model):
    given = InterfaceArray(gpu, X)
    with pytest.raises(
        TypeError, match="RBM: clamp is an array on a GPU, expected one in the host's memory"
    ):
        model.gibbs(given, clamp=given)


# ---- memory ----


def test_the_input_is_kept_until_it_was_read(gpu, model):
    given = [InterfaceArray(gpu, X)]
    alive = weakref.ref(given[0].memory)
    found = []
    launch = gpu.launch

    def noted(name, *arguments):
        if name in PACKING:
            found.append(alive() is not None)
        launch(name, *arguments)

    gpu.launch = noted
    model.transform(given.pop())
    assert found == [True, True]
    gc.collect()
    assert alive() is None


def test_a_capsule_is_used_once_and_let_go(gpu, model):
    given = DlpackArray(gpu, X)
    model.transform(given)
    gc.collect()
    assert given.n_deleted == 1
    capsule = given.__dlpack__()
    module = cuda_module()
    owner = module.read_dlpack(capsule)[-1]
    with pytest.raises(
        ValueError, match="expected a capsule named 'dltensor' that nobody has used"
    ):
        module.read_dlpack(capsule)
    assert given.n_deleted == 1
    del owner
    assert given.n_deleted == 2


def test_real_numbers_of_64_bits_are_kept_for_their_means(gpu):
    grey = np.random.default_rng(1).random((20, 9))
    given = DlpackArray(gpu, grey)
    place = stand_in(gpu).Device(0)
    read = _device_arrays.read(given, "X", place)
    arguments = (read.address, read.shape, read.strides, "float64", read.owner, read.stream)
    rows = place.rows(*arguments, None, "X")
    del read, arguments
    gc.collect()
    expected = _core.Rows.from_array(grey)
    np.testing.assert_array_equal(rows.column_means(), expected.column_means())
    chosen = [7, 3, 3, 12]
    np.testing.assert_array_equal(
        rows.select(chosen).column_means(), expected.select(chosen).column_means()
    )
    np.testing.assert_array_equal(
        rows.select(chosen).select([2, 0]).to_host().to_array("float64"), grey[[3, 7]]
    )
    assert given.n_deleted == 0
    del rows
    gc.collect()
    assert given.n_deleted == 1


def test_results_outlive_the_model(gpu, model):
    found, expected = model.transform(InterfaceArray(gpu, X)), model.transform(X)
    capsule = found.__dlpack__()
    del model
    gc.collect()
    np.testing.assert_array_equal(np.asarray(found), expected)
    assert found.__dlpack_device__() == (2, 0)
    del found
    gc.collect()
    np.testing.assert_array_equal(contents_of(gpu, capsule), expected)


def test_memory_of_results_is_given_back(gpu, model):
    held = len(gpu.memory._offsets)
    found = model.transform(InterfaceArray(gpu, X))
    assert len(gpu.memory._offsets) == held + 1
    capsule = found.__dlpack__()  # that nobody uses
    del found
    gc.collect()
    assert len(gpu.memory._offsets) == held + 1
    del capsule
    gc.collect()
    assert len(gpu.memory._offsets) == held


def test_what_a_result_says_of_itself(gpu, model):
    found = model.gibbs(InterfaceArray(gpu, X), random_state=0)
    assert (found.shape, found.ndim, found.size, found.nbytes, len(found)) == (
        (20, 9),
        2,
        180,
        180,
        20,
    )
    assert repr(found) == "DeviceArray(shape=(20, 9), dtype=bool, device='cuda:0')"
    interface = found.__cuda_array_interface__
    assert interface["typestr"] == "|b1"
    raw = gpu.memory.read(interface["data"][0], 180).view(bool).reshape(20, 9)
    np.testing.assert_array_equal(raw, found.numpy())
    assert np.asarray(found, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="without a copy"):
        found.__array__(copy=False)
    with pytest.raises(BufferError, match="copy=True"):
        found.__dlpack__(copy=True)
    with pytest.raises(BufferError, match=r"dl_device is \(1, 0\)"):
        found.__dlpack__(dl_device=(1, 0))
