"""`HammingIndex` on a device with queries and codes that are there: answers of NumPy input, on the device."""

import numpy as np
import pytest

from udl_fast import HammingIndex, hamming_distances, hamming_histogram, hamming_knn

from ...support.codes import index_of
from ...support.device_exporters import DlpackArray, InterfaceArray
from ..hamming_devices import hamming_ptx, interpreter, on_device

__all__ = ["hamming_ptx", "interpreter"]
RNG = np.random.default_rng(3)
EXPORTERS = [InterfaceArray, DlpackArray]


def codes_of(n, n_bits, n_values=256):
    return RNG.integers(0, n_values, (n, n_bits // 8), dtype=np.uint8)


def assert_equal(found, expected):
    assert len(found) == len(expected)
    for there, here in zip(found, expected, strict=True):
        assert isinstance(here, np.ndarray)
        assert not isinstance(there, np.ndarray)
        assert there.dtype == here.dtype
        np.testing.assert_array_equal(np.asarray(there), here)


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("n_queries", [1, 5, 40])  # a scan, lists, products of bits
@pytest.mark.parametrize(("n_bits", "n"), [(8, 2500), (264, 2500), (128, 300)])
def test_search(interpreter, n_bits, n, n_queries, exporter):
    """8 bits: massive ties, of which lists hold too few."""
    here = index_of(codes_of(n, n_bits))
    there = on_device(here, interpreter)
    queries = codes_of(n_queries, n_bits)
    assert_equal(there.search(exporter(interpreter, queries), 7), here.search(queries, 7))


@pytest.mark.parametrize("is_ordered", [True, False])
def test_some_queries_are_counted(interpreter, is_ordered):
    """Of every second one more codes are as near as the last than a list holds; the others' lists suffice."""
    codes = np.concatenate([codes_of(2400, 64), np.zeros((2300, 8), np.uint8)])
    ids = np.arange(len(codes)) if is_ordered else RNG.permutation(len(codes))
    here = index_of(codes, ids)
    there = on_device(here, interpreter)
    queries = codes_of(5, 64)
    queries[1::2] = 0
    assert_equal(there.search(InterfaceArray(interpreter, queries), 7), here.search(queries, 7))
    assert "udl_hamming_collect" in interpreter.launches
    assert "udl_hamming_place" in interpreter.launches


@pytest.mark.parametrize("k", [1, 300, 2100, 2600])
def test_numbers_of_neighbours(interpreter, k):
    """None is missing, lists do not hold them, more than are put in order there, more than there are."""
    here = index_of(codes_of(2500, 64))
    queries = codes_of(2, 64)
    there = on_device(here, interpreter)
    assert_equal(there.search(InterfaceArray(interpreter, queries), k), here.search(queries, k))


def test_an_empty_index(interpreter):
    here = HammingIndex(16)
    queries = codes_of(3, 16)
    given = InterfaceArray(interpreter, queries)
    assert_equal(on_device(here, interpreter).search(given, 2), here.search(queries, 2))


@pytest.mark.parametrize("ids", ["ascending", "any order"])
def test_ids_and_masks(interpreter, ids):
    codes = codes_of(400, 32, 4)
    numbers = RNG.permutation(1000)[:400]
    here = index_of(codes, np.sort(numbers) if ids == "ascending" else numbers)
    there, queries = on_device(here, interpreter), codes_of(6, 32, 4)
    mask = RNG.random(400) < 0.5
    given = InterfaceArray(interpreter, queries)
    assert_equal(there.search(given, 9), here.search(queries, 9))
    assert_equal(there.search(given, 9, mask=mask), here.search(queries, 9, mask=mask))
    assert_equal([there.assign(given, 2)], [here.assign(queries, 2)])


def test_rows_with_gaps(interpreter):
    here = index_of(codes_of(300, 40))
    wide = codes_of(8, 160)
    queries = wide[::2, ::4]
    given = InterfaceArray(interpreter, queries)
    assert_equal(on_device(here, interpreter).search(given, 5), here.search(queries, 5))


def test_ranges_and_histograms(interpreter):
    here = index_of(codes_of(500, 24))
    there, queries = on_device(here, interpreter), codes_of(4, 24)
    given = InterfaceArray(interpreter, queries)
    assert_equal(there.range_search(given, 9), here.range_search(queries, 9))
    assert_equal([there.distance_histogram(given)], [here.distance_histogram(queries)])


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_codes_that_are_added(interpreter, exporter):
    """They come to the host, for the index holds them there, and do not go back."""
    parts = [codes_of(n, 72) for n in (100, 30, 1)]
    here, there = HammingIndex(72), on_device(HammingIndex(72), interpreter)
    queries = codes_of(3, 72)
    for part in parts:
        given = exporter(interpreter, part)
        interpreter.copied["to_device"] = 0
        there.add(given)
        here.add(part)
        assert_equal(there.search(InterfaceArray(interpreter, queries), 4), here.search(queries, 4))
        assert interpreter.copied["to_device"] < 64
    np.testing.assert_array_equal(there.reconstruct_n(), np.concatenate(parts))


def test_codes_that_are_added_where_the_copy_is_not_up_to_date(interpreter):
    first, second, third = (codes_of(20, 16) for _ in range(3))
    here, there = HammingIndex(16), on_device(HammingIndex(16), interpreter)
    queries = codes_of(3, 16)
    for index, wrap in ((here, lambda x: x), (there, lambda x: InterfaceArray(interpreter, x))):
        index.add(first)
        index.add(wrap(second))  # the first ones are not there yet
        index.add_with_ids(wrap(third), np.arange(20) * 2 + 100)
        index.remove_ids([3, 25])
        index.add(wrap(first))
    assert_equal(there.search(InterfaceArray(interpreter, queries), 6), here.search(queries, 6))


def test_codes_that_other_threads_add_meanwhile(interpreter, monkeypatch):
    """They may come between the codes that are added and their way behind the copy."""
    codes = {name: codes_of(n, 16) for name, n in (("first", 20), ("mine", 5), ("theirs", 5))}
    here, there = HammingIndex(16), on_device(HammingIndex(16), interpreter)
    queries = codes_of(4, 16)
    send = HammingIndex._append_on_device

    def sent_late(index, *arguments):
        monkeypatch.setattr(HammingIndex, "_append_on_device", send)
        index.search(queries, 1)
        index.add(codes["theirs"])
        send(index, *arguments)

    there.add(codes["first"])
    there.search(queries, 1)
    monkeypatch.setattr(HammingIndex, "_append_on_device", sent_late)
    there.add(InterfaceArray(interpreter, codes["mine"]))
    for part in codes.values():
        here.add(part)
    for found, expected in zip(there.search(queries, 30), here.search(queries, 30), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_callers_stream_is_waited_for(interpreter):
    there = on_device(index_of(codes_of(50, 16)), interpreter)
    queries = codes_of(2, 16)
    there.search(queries, 1)
    for given, stream in (
        (InterfaceArray(interpreter, queries, stream=2), 2),
        (DlpackArray(interpreter, queries), interpreter.stream()),
    ):
        interpreter.done.clear()
        there.search(given, 1)
        assert interpreter.done[:2] == [("wait_for", stream), "udl_hamming_take_rows"]
        assert interpreter.done[-1] == "synchronise"


@pytest.mark.parametrize(
    ("values", "error", "text"),
    [
        (
            codes_of(2, 16).astype(np.int32),
            TypeError,
            "queries has dtype int32, expected packed uint8",
        ),
        (codes_of(2, 24), ValueError, r"queries has shape \(2, 3\), expected \(n, 2\) for 16 bits"),
        (
            codes_of(2, 16)[0],
            ValueError,
            r"queries has shape \(2,\), expected \(n, 2\) for 16 bits",
        ),
    ],
)
def test_queries_that_do_not_fit(interpreter, values, error, text):
    there = on_device(index_of(codes_of(50, 16)), interpreter)
    with pytest.raises(error, match=f"HammingIndex.search: {text}"):
        there.search(InterfaceArray(interpreter, values), 1)


def test_what_is_worked_out_on_the_cpu_says_what_to_do(interpreter):
    index, given = index_of(codes_of(50, 16)), InterfaceArray(interpreter, codes_of(2, 16))
    for call in (lambda: index.search(given, 1), lambda: index.add(given)):
        with pytest.raises(
            TypeError, match=r"is an array on a GPU, but the index is on the CPU: set index\.device"
        ):
            call()
    for call in (
        lambda: hamming_knn(given, codes_of(2, 16), 1),
        lambda: hamming_distances(given, given),
        lambda: hamming_histogram(given, codes_of(2, 16)),
    ):
        with pytest.raises(
            TypeError, match="is an array on a GPU, expected one in the host's memory"
        ):
            call()
