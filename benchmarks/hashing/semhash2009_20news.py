"""Semantic hashing of 20 Newsgroups: 128-bit codes beside LSA with 128 numbers and TF-IDF.

Two questions, for want of one file that has both. The postings of `20newsgroups_counts` have 1,994 words and
no labels: to each test document the 100 training documents of largest TF-IDF cosine are relevant, and
precision is told at ten recall points, of codes, of signs of LSA (128 bits, too), and of LSA's cosines; and
how many of the ten nearest by TF-IDF are among the 500 nearest by code, which is what a filter before TF-IDF
may lose. Rows are TF-IDF weights rounded to integers, so that rare words count more, as they do in what is to
be found; with --counts counts as they are. Those of `20newsgroups_words` have 100 words and four groups:
32-bit codes against LSA-32 and TF-IDF, where documents of the same group are relevant, and TF-IDF alone
against TF-IDF behind a filter by codes.
"""

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import (
    RBM,
    SemanticHasher,
    datasets,
    get_num_threads,
    hamming_distances,
    pack_bits,
    presets,
)
from udl_fast.bench.table import markdown_table

NAME = "semhash2009_20news"
RECALLS = tuple(round(0.1 * k, 1) for k in range(1, 11))
_N_RELEVANT, _N_SHORTLIST = 100, 500
_N_TESTED = 4000  # of the documents with groups


def tf_idf(train: Any, test: Any) -> tuple[Any, Any]:
    """Rows of length 1: (1 + log count) log(n / documents that have the word)."""
    n_having = np.asarray((train > 0).sum(axis=0)).ravel()
    idf = np.log(train.shape[0] / np.maximum(n_having, 1))
    found = []
    for counts in (train, test):
        weights = sparse.csr_array(counts, dtype=np.float64)
        weights.data = 1 + np.log(weights.data)
        weights = sparse.csr_array(weights * idf)
        lengths = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
        found.append(sparse.csr_array(weights / np.maximum(lengths, 1e-12)[:, None]))
    return found[0], found[1]


def rounded_weights(train: Any, test: Any) -> tuple[Any, Any]:
    """(1 + log count) log(n / documents that have the word), to the nearest integers: counts in which rare words
    weigh more, as in TF-IDF."""
    n_having = np.asarray((train > 0).sum(axis=0)).ravel()
    idf = np.log(train.shape[0] / np.maximum(n_having, 1))
    found = []
    for counts in (train, test):
        weights = sparse.csr_array(counts, dtype=np.float64)
        weights.data = 1 + np.log(weights.data)
        weights = sparse.csr_array(weights * idf)
        weights.data = np.rint(weights.data)
        found.append(sparse.csr_array(weights.astype(np.float32)))
    return found[0], found[1]


def lsa(train: Any, test: Any, n: int, seed: int) -> tuple[NDArray[np.float64], ...]:
    """Leading singular directions of TF-IDF, and the cosines' rows of length 1."""
    from sklearn.decomposition import TruncatedSVD

    model = TruncatedSVD(n, n_iter=10, random_state=seed).fit(train)
    found = (model.transform(train), model.transform(test))
    return tuple(
        part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-12) for part in found
    )


def precision_at_recalls(distances: NDArray[Any], relevant: NDArray[np.bool_]) -> list[float]:
    """Mean over queries of the precision at the first place where each recall is reached; ties by number."""
    order = np.argsort(distances, axis=1, kind="stable")
    hits = np.cumsum(np.take_along_axis(relevant, order, axis=1), axis=1)
    n_relevant = hits[:, -1]
    places = np.arange(1, distances.shape[1] + 1)
    found = []
    for recall in RECALLS:
        wanted = np.ceil(recall * n_relevant)[:, None]
        at = (hits >= wanted).argmax(axis=1)
        reached = hits[np.arange(len(hits)), at] / places[at]
        found.append(round(float(reached[n_relevant > 0].mean()), 4))
    return found


def share_kept(by_code: NDArray[Any], by_tf_idf: NDArray[Any], n_top: int) -> float:
    """Of the nearest by TF-IDF, how many are among the shortlist by code."""
    shortlist = np.argsort(by_code, axis=1, kind="stable")[:, :_N_SHORTLIST]
    nearest = np.argsort(by_tf_idf, axis=1, kind="stable")[:, :n_top]
    kept = [np.isin(a, b).mean() for a, b in zip(nearest, shortlist, strict=True)]
    return round(float(np.mean(kept)), 4)


def words_only(quick: bool, options: Any) -> dict[str, Any]:
    """Codes of counts, against the TF-IDF of the same counts."""
    train, test = counts_of(quick)
    weights, test_weights = tf_idf(train, test)
    by_tf_idf = -(test_weights @ weights.T).toarray()
    n_relevant = min(_N_RELEVANT, train.shape[0] // 10)
    relevant = np.zeros(by_tf_idf.shape, np.bool_)
    nearest = np.argsort(by_tf_idf, axis=1, kind="stable")[:, :n_relevant]
    np.put_along_axis(relevant, nearest, True, axis=1)
    model = document_hasher(quick, options)
    if not options.counts:
        train, test = rounded_weights(train, test)
    begin = time.perf_counter()
    model.fit(train)
    seconds = time.perf_counter() - begin
    by_code = hamming_distances(model.encode(test), model.encode(train))
    lsa_train, lsa_test = lsa(weights, test_weights, model.n_bits, options.seed)
    middle = np.median(lsa_train, axis=0)
    by_signs = hamming_distances(
        pack_bits(lsa_test, threshold=middle), pack_bits(lsa_train, threshold=middle)
    )
    diagnosis = model.diagnose(train)
    return {
        "codes": precision_at_recalls(by_code, relevant),
        "lsa_signs": precision_at_recalls(by_signs, relevant),
        "lsa": precision_at_recalls(-(lsa_test @ lsa_train.T), relevant),
        "tf_idf_top_10_in_shortlist": share_kept(by_code, by_tf_idf, 10),
        "training_seconds": round(seconds, 1),
        "bit_means": [
            round(float(diagnosis.means.min()), 3),
            round(float(diagnosis.means.max()), 3),
        ],
        "distinct_codes": diagnosis.n_distinct,
    }


def with_groups(quick: bool, options: Any) -> dict[str, Any]:
    """Codes of 100 words, against the groups of the postings."""
    if quick:
        counts, _, groups = synthetic()
        X = (counts.toarray() > 0).astype(np.float32)
    else:
        X, groups = datasets.load_20newsgroups_words(return_X_y=True)
        has_words = X.sum(axis=1) > 0
        X, groups = X[has_words].astype(np.float32), groups[has_words]
    order = np.random.default_rng(options.seed).permutation(len(X))
    n_test = min(_N_TESTED, len(X) // 4)
    test, train = order[:n_test], order[n_test:]
    n_iter = 3 if quick else 30
    layer = RBM(learning_rate=0.05, momentum=0.9, weight_decay=1e-3, n_iter=n_iter)
    # Strong noise leaves a code no room but for what many words tell together: the topics.
    model = SemanticHasher([32], rbm=layer, code="noise", code_noise=16.0, n_iter=n_iter)
    model.set_params(random_state=options.seed).fit(X[train])
    by_code = hamming_distances(model.encode(X[test]), model.encode(X[train]))
    weights, test_weights = tf_idf(sparse.csr_array(X[train]), sparse.csr_array(X[test]))
    by_tf_idf = -(test_weights @ weights.T).toarray()
    lsa_train, lsa_test = lsa(weights, test_weights, 32, options.seed)
    relevant = groups[test][:, None] == groups[train]
    # What is on the shortlist comes first, in TF-IDF's order; the others follow, in the codes'.
    n = min(_N_SHORTLIST, len(train) // 4)
    places = np.argsort(np.argsort(by_code, axis=1, kind="stable"), axis=1)
    filtered = np.where(places < n, by_tf_idf - 1e6, places)
    return {
        "codes": precision_at_recalls(by_code, relevant),
        "lsa": precision_at_recalls(-(lsa_test @ lsa_train.T), relevant),
        "tf_idf": precision_at_recalls(by_tf_idf, relevant),
        "codes_then_tf_idf": precision_at_recalls(filtered, relevant),
        "precision_at_100": {
            name: round(float(first_hundred(distances, relevant)), 4)
            for name, distances in (("tf_idf", by_tf_idf), ("codes_then_tf_idf", filtered))
        },
    }


def first_hundred(distances: NDArray[Any], relevant: NDArray[np.bool_]) -> float:
    """Share of relevant documents among the first 100."""
    order = np.argsort(distances, axis=1, kind="stable")[:, :100]
    return float(np.take_along_axis(relevant, order, axis=1).mean())


def document_hasher(quick: bool, options: Any) -> SemanticHasher:
    """By the preset of the paper, but for the solver and the decay; the quick form is small."""
    sizes = (16, 16) if quick else (*options.hidden, 128)
    model = presets.semhash2009(sizes, solver="adam", batch_size=100, random_state=options.seed)
    for layer in model.rbm:
        layer.set_params(
            n_iter=3 if quick else options.pretraining, weight_decay=options.weight_decay
        )
    return model.set_params(n_iter=2 if quick else options.epochs)


def synthetic() -> tuple[Any, Any, NDArray[np.int64]]:
    """Documents of four topics."""
    g = np.random.default_rng(0)
    topics = g.dirichlet(np.full(60, 0.1), 4)
    of = g.integers(0, 4, 500)
    rows = sparse.csr_array(np.array([g.multinomial(40, topics[k]) for k in of], np.float64))
    return rows, rows[400:], of


def counts_of(quick: bool) -> tuple[Any, Any]:
    """Training and test counts, without empty documents."""
    if quick:
        rows, test, _ = synthetic()
        return rows[:400], test
    parts = [
        datasets.load_20newsgroups_counts(subset=s, dtype=np.float32).data
        for s in ("train", "test")
    ]
    return tuple(part[part.sum(axis=1) > 0] for part in parts)  # type: ignore[return-value]


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table: precision at some recalls."""
    rows = []
    words = {"codes": "codes", "lsa_signs": "signs of LSA", "lsa": "LSA", "tf_idf": "TF-IDF",
             "codes_then_tf_idf": "codes, then TF-IDF"}  # fmt: skip
    for question, text in (("words", "nearest by TF-IDF"), ("groups", "same group")):
        for name, way in words.items():
            found = record["results"][question].get(name)
            if found is not None:
                rows.append(
                    [text, way, *(f"{found[RECALLS.index(r)]:.3f}" for r in (0.1, 0.5, 0.9))]
                )
    return markdown_table(["relevant", "ranked by", "recall .1", "recall .5", "recall .9"], rows)


def main() -> int:
    """Run, print, record."""
    found = parser(__doc__)
    found.add_argument("--hidden", type=int, nargs="*", default=[500], help="layers below the code")
    found.add_argument("--counts", action="store_true", help="learn from counts as they are")
    found.add_argument("--pretraining", type=int, default=30, help="epochs of each RBM")
    found.add_argument("--weight-decay", type=float, default=3e-3, help="of the RBMs")
    found.add_argument("--epochs", type=int, default=30, help="of the net as a whole")
    found.add_argument("--seed", type=int, default=0)
    options = found.parse_args()
    path = output_path(options, NAME)
    results = {
        "words": words_only(options.quick, options),
        "groups": with_groups(options.quick, options),
    }
    print(results, file=sys.stderr)
    names = ("hidden", "counts", "pretraining", "weight_decay", "epochs", "seed")
    settings = {name: getattr(options, name) for name in names}
    settings["threads"] = get_num_threads()
    finish(NAME, path, {"settings": settings, "recalls": list(RECALLS), "results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
