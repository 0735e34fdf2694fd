"""Measures of retrieval, against all orders of equal distances, scikit-learn, and plain loops."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

from udl_fast import hamming_distances
from udl_fast.evaluation import (
    mean_average_precision,
    precision_at_k,
    precision_recall_by_radius,
    recall_at_k,
)

RNG = np.random.default_rng(0)
# Of seven codes at distances 0 to 3, and three queries: the second and third have ties of up to four.
CODES = np.array([[0], [1], [2], [4], [3], [7], [5]], np.uint8)
QUERIES = np.array([[0], [255], [6]], np.uint8)
LABELS = ([0, 1, 0], [0, 1, 1, 0, 0, 1, 0])


def all_orders(distances):
    """Every ranking by distance, all orders of equal distances once."""
    groups = [np.flatnonzero(distances == d) for d in np.unique(distances)]
    for orders in itertools.product(*map(itertools.permutations, groups)):
        yield [code for order in orders for code in order]


def brute(measure):
    """The mean of a measure of ranked relevances over all orders, for each query."""
    found = []
    for query, label in zip(hamming_distances(QUERIES, CODES), LABELS[0], strict=True):
        relevant = np.array(LABELS[1]) == label
        found.append(np.mean([measure(relevant[order]) for order in all_orders(query)]))
    return np.array(found)


def plain_average_precision(relevant, k, denominator):
    found = [relevant[: i + 1].mean() for i in range(k) if relevant[i]]
    n = relevant[:k].sum() if denominator == "retrieved" else relevant.sum()
    return sum(found) / n if n else 0.0


@pytest.mark.parametrize("k", [1, 2, 3, 5, 7])
def test_expectations_over_the_order_of_ties_are_exact(k):
    options = {"labels": LABELS, "per_query": True}
    for denominator in ("relevant", "retrieved"):
        np.testing.assert_allclose(
            mean_average_precision(QUERIES, CODES, k=k, denominator=denominator, **options),
            brute(lambda relevant, d=denominator: plain_average_precision(relevant, k, d)),
            rtol=1e-13,
        )
    np.testing.assert_allclose(
        precision_at_k(QUERIES, CODES, k, **options), brute(lambda r: r[:k].mean()), rtol=1e-13
    )
    np.testing.assert_allclose(
        recall_at_k(QUERIES, CODES, k, **options),
        brute(lambda r: r[:k].sum() / r.sum()),
        rtol=1e-13,
    )


def test_without_ties_it_is_scikit_learns():
    """Codes of 1, 3, 7, ... lie at all distances from 0, once each."""
    codes = np.packbits(np.tri(40, 40, dtype=np.uint8), axis=1, bitorder="little")
    query = np.zeros((1, 5), np.uint8)
    relevant = RNG.random(40) < 0.3
    found = mean_average_precision(query, codes, labels=([1], relevant.astype(int)))
    assert found == pytest.approx(average_precision_score(relevant, -np.arange(40)), rel=1e-13)
    curve = precision_recall_by_radius(query, codes, labels=([True], relevant))
    precision, recall, _ = precision_recall_curve(relevant, -np.arange(40))
    np.testing.assert_allclose(curve.precision[1:], precision[-2::-1][:40], rtol=1e-13)
    np.testing.assert_allclose(curve.recall[1:], recall[-2::-1][:40], rtol=1e-13)


def random_case(n_queries=50, n_codes=700, n_bytes=2, n_classes=5):
    queries, codes = (
        RNG.integers(0, 256, (n, n_bytes), dtype=np.uint8) for n in (n_queries, n_codes)
    )
    return queries, codes, [RNG.integers(0, n_classes, n) for n in (n_queries, n_codes)]


def test_all_ways_to_say_what_is_relevant_agree(monkeypatch):
    monkeypatch.setattr("udl_fast.evaluation.relevance._BLOCK_BYTES", 16 * 17 * 7)  # 7 queries
    monkeypatch.setattr("udl_fast.evaluation.relevance._BLOCK_PAIRS", 700 * 3)
    queries, codes, labels = random_case()
    columns = [np.eye(5, dtype=int)[found] for found in labels]
    lists = np.full((50, 700), -1)
    for query, label in enumerate(labels[0]):
        same = np.flatnonzero(labels[1] == label)
        lists[query, : len(same)] = same
    for measure in (mean_average_precision, precision_at_k, precision_recall_by_radius):
        one, *others = (
            measure(queries, codes, **relevant, excluded=np.arange(50) * 3)
            for relevant in ({"labels": labels}, {"labels": columns}, {"neighbours": lists})
        )
        for other in others:
            np.testing.assert_array_equal(one, other)


def test_a_code_that_is_excluded_is_no_candidate():
    _, codes, (_, labels) = random_case()
    found = mean_average_precision(
        codes, codes, labels=(labels, labels), excluded=np.arange(700), per_query=True
    )
    for query in (0, 13, 699):
        others = np.delete(np.arange(700), query)
        alone = mean_average_precision(
            codes[[query]], codes[others], labels=(labels[[query]], labels[others])
        )
        assert found[query] == pytest.approx(alone, rel=1e-12)


def test_labels_in_columns_share_one():
    of_codes = RNG.integers(0, 2, (700, 4))
    of_queries = RNG.integers(0, 2, (50, 4))
    queries, codes, _ = random_case()
    distances = hamming_distances(queries, codes)
    relevant = (of_queries @ of_codes.T) > 0
    found = precision_recall_by_radius(
        queries, codes, labels=(of_queries, of_codes), average="pairs"
    )
    counted = relevant.any(axis=1)
    within = distances[counted] <= 6
    hits = (within & relevant[counted]).sum()
    assert found.precision[6] == pytest.approx(hits / within.sum())
    assert found.recall[6] == pytest.approx(hits / relevant.sum())
    assert found.n_retrieved[6] == pytest.approx((distances <= 6).sum(axis=1).mean())


def test_what_queries_count_that_find_nothing_or_have_nothing():
    codes = np.array([[255], [254], [0]], np.uint8)
    queries = np.array([[255], [1], [0]], np.uint8)
    labels = ([0, 0, 2], [0, 1, 1])
    at_zero = {
        (nothing, without): precision_recall_by_radius(
            queries, codes, labels=labels, nothing_found=nothing, without_relevant=without
        ).precision[0]
        for nothing in ("zero", "skip")
        for without in ("skip", "zero")
    }
    assert at_zero == {
        ("zero", "skip"): 1 / 2,  # of two queries, one finds nothing
        ("zero", "zero"): 1 / 3,
        ("skip", "skip"): 1,
        ("skip", "zero"): 1 / 2,
    }
    per_query = precision_at_k(queries, codes, 1, labels=labels, per_query=True)
    np.testing.assert_array_equal(per_query, [1, 0, np.nan])
    assert precision_at_k(queries, codes, 1, labels=labels) == 1 / 2
    assert precision_at_k(queries, codes, 1, labels=labels, without_relevant="zero") == 1 / 3
    nobody = {"labels": ([5, 5, 5], labels[1])}
    with pytest.raises(ValueError, match="no query has a relevant code"):
        mean_average_precision(queries, codes, **nobody)
    for average in ("queries", "pairs"):
        found = precision_recall_by_radius(
            queries, codes, average=average, without_relevant="zero", **nobody
        )
        assert not found.recall.any()


def test_equal_codes_tell_no_more_than_chance():
    codes = np.zeros((20_000, 32), np.uint8)
    relevant = np.arange(20_000) % 4 == 0
    found = mean_average_precision(codes[:1], codes, labels=([True], relevant), k=101)
    # Place t of 101 is relevant with 1/4; then of the t - 1 before it (t - 1) * 4999 / 19999 are.
    t = np.arange(1, 102)
    assert found == pytest.approx((0.25 * (1 + (t - 1) * 4999 / 19999) / t).sum() / 5000, rel=1e-12)
    assert precision_at_k(codes[:1], codes, [1, 100], labels=([True], relevant)).tolist() == [
        0.25,
        0.25,
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": None}, "give labels=.* or neighbours=.*, one of the two"),
        ({"neighbours": np.zeros((3, 1), int)}, "one of the two"),
        ({"labels": [0, 1, 0]}, "labels must be a pair"),
        (
            {"labels": ([0, 1], LABELS[1])},
            r"labels of the queries have shape \(2,\), expected \(3,\)",
        ),
        ({"labels": (np.ones((3, 2)), np.full((7, 2), 2))}, "labels in columns must be 0 or 1"),
        ({"labels": None, "neighbours": np.full((3, 1), 7)}, "neighbours holds 7 to 7"),
        ({"labels": None, "neighbours": np.ones((3, 2), int)}, "query 0 name a code twice"),
        ({"labels": None, "neighbours": np.ones((3, 2))}, "neighbours must be integers"),
        ({"excluded": [0, 1]}, r"excluded must be integers of shape \(3,\)"),
        ({"excluded": [0, 1, 7]}, "excluded holds 0 to 7"),
        ({"k": 8}, "k must be <= 7, got 8"),
        ({"k": 7, "excluded": [-1, -1, 0]}, "k must be <= 6, got 7"),
        ({"k": 0}, "k must be >= 1"),
        ({"denominator": "found"}, "denominator must be 'relevant' or 'retrieved'"),
        ({"without_relevant": "nan"}, "without_relevant must be 'skip' or 'zero'"),
        ({"queries": QUERIES.astype(float)}, "queries has dtype float64, expected packed uint8"),
        ({"queries": np.zeros((3, 2), np.uint8)}, r"queries has shape \(3, 2\), expected \(n, 1\)"),
        ({"queries": QUERIES[:0]}, "0 queries of 7 codes tell nothing"),
    ],
)
def test_what_cannot_be_is_named(changes, message):
    arguments = {"queries": QUERIES, "codes": CODES, "labels": LABELS, **changes}
    with pytest.raises((ValueError, TypeError), match=f"mean_average_precision: .*{message}"):
        mean_average_precision(**arguments)


def test_labels_of_any_integer_type_are_compared_exactly():
    large = 2**53  # from here on not every integer is a float64
    codes = np.array([[1], [0], [3]], np.uint8)
    labels = np.array([large + 1]), np.array([large + 1, large, large + 2], np.uint64)
    assert precision_at_k(codes[:1], codes, 1, labels=labels) == 1.0
