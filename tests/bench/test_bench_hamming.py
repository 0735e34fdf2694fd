"""The Hamming benchmark in small, and that wrong answers stop it."""

import argparse
import json

import numpy as np
import pytest

from udl_fast.bench import process, suite
from udl_fast.bench.hamming import benchmark as hamming
from udl_fast.bench.hamming import check as hamming_check
from udl_fast.bench.hamming.cases import QUICK_CASES, Case
from udl_fast.commands.bench import add_hamming_arguments


def quick(*arguments):
    parser = argparse.ArgumentParser()
    add_hamming_arguments(parser)
    return hamming._options(parser.parse_args(["--quick", "--threads", "1", *arguments]))


def test_the_benchmark_in_small():
    found = json.loads(json.dumps(hamming.measure(quick("--peers"))))
    assert list(found["contestants"]) == ["udl_fast", "udl_fast-auto", "udl_fast-mih"]
    assert [result["case"]["name"] for result in found["results"]] == [c.name for c in QUICK_CASES]
    for result in found["results"]:
        assert all(sample > 0 for r in result["rates"].values() for sample in r["samples"])
        pairs = result["rates"]["udl_fast"]["median"] * result["case"]["n_codes"]
        work = result["work"]["udl_fast"]
        assert work["gpairs_per_second"] == pytest.approx(pairs / 1e9, 1e-3)
        assert work["thread_ns_per_pair"] == pytest.approx(1e9 / pairs, 1e-3)
    assert found["results"][-1]["ratios"]["udl_fast"]["median"] > 0
    assert "near-24-of-10" in hamming.as_text(found)


WRONG = """
import numpy as np
from udl_fast.bench.contestants.hamming.udl_fast import Scan


class Wrong(Scan):
    def answers(self, n):
        *head, ids = super().answers(n)
        ids = np.array(ids)
        ids[-1] += 1
        return (*head, ids)
"""


@pytest.mark.parametrize("name", ["udl_fast", "faiss"])
def test_a_wrong_contestant_stops_the_benchmark_before_timing(tmp_path, monkeypatch, name):
    path = tmp_path / "wrong.py"
    path.write_text(WRONG)
    monkeypatch.setitem(hamming.CONTESTANTS, name, (path, "Wrong"))
    monkeypatch.setattr(suite, "interleave", lambda *_, **__: pytest.fail("timed a wrong one"))
    with pytest.raises(process.ContestantError, match=f"{name}: finds other codes"):
        hamming.measure(quick("--peers", "faiss"))


def test_true_answers_and_recall():
    codes = np.array([[0], [1], [3], [255]], np.uint8)
    queries = np.array([[1], [255]], np.uint8)
    nearest = hamming_check.true_answers(codes, queries, Case("", "", 4, 8, 2, 1, k=3))
    np.testing.assert_array_equal(nearest[0], [[0, 1, 1], [0, 6, 7]])
    np.testing.assert_array_equal(nearest[1], [[1, 0, 2], [3, 2, 1]])
    limits, distances, ids = hamming_check.true_answers(
        codes, queries, Case("", "", 4, 8, 2, 1, radius=2)
    )
    assert (limits.tolist(), distances.tolist(), ids.tolist()) == (
        [0, 3, 4],
        [1, 0, 1, 0],
        [0, 1, 2, 3],
    )
    shuffled = limits, distances[[2, 1, 0, 3]], ids[[2, 1, 0, 3]]
    np.testing.assert_array_equal(hamming_check.by_id(shuffled)[2], ids)
    half = np.array([0, 1, 2]), distances[[0, 3]], ids[[0, 3]]
    assert hamming_check.recall(half, (limits, distances, ids)) == 0.5
    wrong = np.array([0, 0, 1]), distances[:1], ids[:1]
    with pytest.raises(process.ContestantError, match="not within the radius"):
        hamming_check.recall(wrong, (limits, distances, ids))
