"""Codes of a device: blocks of queries, memory, ends before the end, and what an index says of its device."""

import copy
import pickle
import time

import numpy as np
import pytest

from tests.cuda.hamming_devices import hamming_ptx, interpreter, on_device
from tests.ptx.interpreter.driver import Interpreter
from tests.support.codes import assert_equal, index_of, random_codes
from tests.support.cuda import cuda_module
from udl_fast import HammingIndex

__all__ = ["hamming_ptx", "interpreter"]  # fixtures

_cuda = cuda_module()
needs_module = pytest.mark.skipif(_cuda is None, reason="built without CUDA")
without_gpu = pytest.mark.skipif(
    _cuda is not None and _cuda.device_count() > 0, reason="there is a GPU"
)


def device_codes(codes, driver, **options):
    made = _cuda.HammingCodes(8 * codes.shape[1], 0, driver, **options)
    made.append(codes)
    return made


class Slow(Interpreter):
    """A launch takes longer than two questions whether to go on are apart."""

    def launch(self, *arguments):
        time.sleep(0.06)
        super().launch(*arguments)


def test_small_blocks_of_queries_find_the_same(interpreter):
    """Memory for a query or two at a time; what one query finds may take more."""
    codes = random_codes(2100, 8)
    index, queries = index_of(codes), codes[:3]
    made = device_codes(codes, interpreter, work_bytes=1)
    for k in (3, 2070):
        assert_equal(made.search(queries, k, 2100), index.search(queries, k))
    assert_equal(made.range(queries, 20, 2100), index.range_search(queries, 20, inclusive=True))
    assert_equal([made.histogram(queries, 2100)], [index.distance_histogram(queries)])
    few = device_codes(codes[:70], interpreter, work_bytes=1)
    assert_equal(few.pairs(16, 70), index_of(codes[:70]).pairs_within(16, inclusive=True))


def test_what_a_block_finds_is_taken_in_parts(interpreter):
    codes = random_codes(400, 8, 1, 3)
    made = device_codes(codes, interpreter, work_bytes=20_000)
    found = made.range(codes[:12], 64, 400)
    assert interpreter.launches.count("udl_hamming_place") == 2
    assert interpreter.launches.count("udl_hamming_tally") == 1
    assert_equal(found, index_of(codes).range_search(codes[:12], 64, inclusive=True))


@pytest.mark.parametrize("n_bytes", [1, 32, 33])
def test_counting_alone_finds_the_same(interpreter, n_bytes):
    codes = random_codes(90, n_bytes, 2, 3)
    made = device_codes(codes, interpreter)
    for k in (1, 20, 95):
        found = made.search(codes[:3], k, 90, way="counting")
        assert_equal(found, index_of(codes).search(codes[:3], k))
    assert "udl_hamming_collect" not in interpreter.launches


def test_the_first_codes_can_be_searched_alone(interpreter):
    """A search that began before codes were added sees the index as it was."""
    codes = random_codes(80, 8, 3)
    made = device_codes(codes, interpreter)
    assert_equal(made.search(codes[:2], 3, 50), index_of(codes[:50]).search(codes[:2], 3))
    assert_equal(made.pairs(30, 50), index_of(codes[:50]).pairs_within(30, inclusive=True))


def test_blocks_in_any_order_find_the_same(hamming_ptx):
    codes = random_codes(2300, 8, 4)
    index = index_of(codes)
    for order in ("backward", 5):
        made = device_codes(codes, Interpreter(hamming_ptx, order=order))
        for k in (4, 2200):
            assert_equal(made.search(codes[:2], k, 2300), index.search(codes[:2], k))


def test_room_grows_by_half_and_codes_stay(interpreter):
    codes = random_codes(90, 3, 5)
    made = _cuda.HammingCodes(24, 0, interpreter)
    sizes = []
    for first in range(0, 90, 10):
        made.append(codes[first : first + 10])
        sizes.append(made.nbytes // 4)
    assert sizes == [10, 20, 30, 45, 67, 67, 100, 100, 100]
    assert_equal(made.search(codes[:3], 4, 90), index_of(codes).search(codes[:3], 4))


def test_memory_that_does_not_suffice(hamming_ptx):
    """The copy is what it was, and searches of it go on."""
    codes = random_codes(64, 8, 6)
    driver = Interpreter(hamming_ptx, capacity=1 << 18)
    other = on_device(index_of(codes), driver)
    expected = other.search(codes[:2], 3)
    other.add(random_codes(1 << 16, 8))
    with pytest.raises(MemoryError):
        other.search(codes[:2], 3)
    other.remove_ids(range(64, 1 << 17))
    assert_equal(other.search(codes[:2], 3), expected)


def test_whoever_watches_pairs_may_end_them(hamming_ptx):
    codes = random_codes(40, 8, 7)
    driver = Slow(hamming_ptx)
    made = device_codes(codes, driver, work_bytes=1)
    shares = []

    def watch(share):
        shares.append(share)
        if len(shares) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.pairs(64, 40, watch)
    assert shares == sorted(shares)
    assert 0 < shares[-1] < 1
    assert driver.launches.count("udl_hamming_tally") < 10
    assert_equal(made.pairs(20, 10), index_of(codes[:10]).pairs_within(20, inclusive=True))


def test_a_call_within_a_call_is_refused(hamming_ptx):
    codes = random_codes(40, 8, 8)
    made = device_codes(codes, Slow(hamming_ptx), work_bytes=1)
    with pytest.raises(RuntimeError, match=r"HammingCodes.append: another call is at work"):
        made.pairs(64, 40, lambda share: made.append(codes))
    assert made.n_codes == 40


@needs_module
def test_wrong_arguments_are_named(interpreter):
    codes = random_codes(4, 8)
    made = device_codes(codes, interpreter)
    for call, message in (
        (lambda: _cuda.HammingCodes(12, 0, interpreter), "n_bits must be a multiple of 8"),
        (lambda: made.append(codes[:, :3]), r"append: rows has shape \(4, 3\), expected \(4, 8\)"),
        (lambda: made.search(codes, 0, 4), "search: k must be >= 1, got 0"),
        (lambda: made.search(codes, 1, 5), "n_codes must be between 0 and 4, got 5"),
        (lambda: made.reserve(1 << 31), "a device holds at most 2147418112 codes"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@without_gpu
def test_a_missing_gpu_is_an_error_with_its_reason():
    with pytest.raises(RuntimeError, match=r"HammingIndex: device='cuda' is not available: built"):
        HammingIndex(8, device="cuda")
    index = HammingIndex(8)
    with pytest.raises(RuntimeError, match="device='cuda:1'"):
        index.device = "cuda:1"
    with pytest.raises(RuntimeError, match="device='cuda'"):
        HammingIndex.from_codes(random_codes(3, 2), device="cuda")
    assert index.device == "cpu"
    assert index.device_nbytes == 0


def test_names_that_are_no_device():
    with pytest.raises(ValueError, match=r"device must be 'cpu' or 'cuda\[:n\]'"):
        HammingIndex(8, device="gpu")


def test_pickles_hold_the_device_and_files_do_not(interpreter, tmp_path):
    codes = random_codes(9, 2)
    other = on_device(index_of(codes), interpreter)
    other.search(codes, 1)
    for same in (pickle.loads(pickle.dumps(other)), copy.deepcopy(other)):
        assert same.device == "cuda"
        assert same.device_nbytes == 0
        same.device = "cpu"
        assert_equal(same.search(codes, 3), other.search(codes, 3))
    other.save(tmp_path / "codes.udl")
    loaded = HammingIndex.load(tmp_path / "codes.udl")
    assert loaded.device == "cpu"
    assert_equal(loaded.search(codes, 3), other.search(codes, 3))


@without_gpu
def test_an_index_whose_gpu_is_not_here_says_so_when_it_is_searched(interpreter):
    other = copy.deepcopy(on_device(index_of(random_codes(9, 2)), interpreter))
    with pytest.raises(RuntimeError, match=r"HammingIndex: device='cuda' is not available: built"):
        other.search(np.zeros((1, 2), np.uint8), 1)


def test_a_gpu_keeps_no_tables(interpreter):
    other = on_device(index_of(random_codes(9, 2)), interpreter)
    other.index_type = "mih"
    with pytest.raises(ValueError, match="an index on device 'cuda' keeps no tables"):
        other.build_tables()
    assert other.tables_nbytes == 0
    assert other.index_type == "mih"
