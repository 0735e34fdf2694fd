"""Perplexity per word of held-out postings under a replicated softmax RBM, a unigram and scikit-learn's LDA.

The RBM (Salakhutdinov and Hinton 2009) has so few hidden units that its partition functions, one for each length
of a document, are exact: no estimate flatters it. The unigram has the training frequencies, each word counted once
more. LDA is scikit-learn's, with 50 topics; its perplexity comes from its own variational bound, as `perplexity`
of that class computes it.
"""

import argparse
import sys
import time
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets
from udl_fast.bench.table import markdown_table

NAME = "replicated_20news"


def documents(quick: bool) -> tuple[Any, Any]:
    """Training and test counts, without empty documents."""
    if quick:
        g = np.random.default_rng(0)
        topics = g.dirichlet(np.full(30, 0.2), 4)
        rows = [g.multinomial(g.integers(10, 60), topics[k]) for k in g.integers(0, 4, 400)]
        counts = sparse.csr_array(np.array(rows, dtype=np.float64))
        return counts[:300], counts[300:]
    subsets = [
        datasets.load_20newsgroups_counts(subset=s, dtype=np.float64) for s in ("train", "test")
    ]
    return tuple(found.data[found.data.sum(axis=1) > 0] for found in subsets)  # type: ignore[return-value]


def perplexity(log_likelihood: float, counts: Any) -> float:
    """exp of minus the log-likelihood of a word."""
    return float(np.exp(-log_likelihood / counts.sum()))


def unigram(train: Any, test: Any) -> float:
    """Of the words' frequencies in the training documents."""
    frequencies = train.sum(axis=0) + 1.0
    return perplexity(float((test @ np.log(frequencies / frequencies.sum())).sum()), test)


def lda(train: Any, test: Any, n_topics: int, seed: int) -> float:
    """Of scikit-learn's model, trained in minibatches."""
    from sklearn.decomposition import LatentDirichletAllocation

    model = LatentDirichletAllocation(
        n_topics, learning_method="online", batch_size=512, max_iter=10, random_state=seed
    )
    return float(model.fit(train).perplexity(test))


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    words = {
        "replicated_softmax": "replicated softmax",
        "replicated_softmax_training": "the same, training documents",
        "unigram": "unigram",
        "lda": "scikit-learn's LDA",
    }
    rows = [[text, f"{record['results'][name]:.1f}"] for name, text in words.items()]
    return markdown_table(["model", "perplexity per word of held-out documents"], rows)


def main() -> int:
    """Run, print, record."""
    options: argparse.ArgumentParser = parser(__doc__)
    options.add_argument("--components", type=int, default=16, help="hidden units (default 16)")
    options.add_argument("--epochs", type=int, default=60)
    options.add_argument("--learning-rate", type=float, default=0.1)
    options.add_argument("--topics", type=int, default=50, help="of LDA (default 50)")
    options.add_argument("--seed", type=int, default=0)
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    train, test = documents(arguments.quick)
    model = RBM(
        4 if arguments.quick else arguments.components,
        visible="replicated_softmax",
        k=[(0, 1), (20, 5)],
        learning_rate=arguments.learning_rate,
        learning_rate_schedule="linear",
        momentum=0.9,
        n_iter=20 if arguments.quick else arguments.epochs,
        random_state=arguments.seed,
    )
    begin = time.perf_counter()
    model.fit(train)
    seconds = time.perf_counter() - begin
    results = {
        "replicated_softmax": perplexity(float(model.log_likelihood(test).sum()), test),
        "replicated_softmax_training": perplexity(float(model.log_likelihood(train).sum()), train),
        "unigram": unigram(train, test),
        "lda": lda(train, test, 4 if arguments.quick else arguments.topics, arguments.seed),
        "seconds": round(seconds, 2),
    }
    print(results, file=sys.stderr)
    measured = {
        "parameters": {"n_components": model.n_components, "k": model.k, "n_iter": model.n_iter},
        "documents": {"training": train.shape[0], "test": test.shape[0], "words": train.shape[1]},
    }
    finish(NAME, path, {**measured, "results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
