"""The same seed gives the same bits, whatever computes them and however the data is laid out."""

import numpy as np
import pytest
from scipy import sparse

from tests.support.threads_asked import threads_of_rows
from udl_fast import RBM, _core, datasets, runtime


@pytest.fixture(scope="module")
def digits():
    return datasets.load_digits(binary=0.5, dtype=np.uint8).data[:500]


def bits(model, X):
    arrays = [
        model.components_,
        model.intercept_hidden_,
        model.intercept_visible_,
        model.h_samples_,
    ]
    arrays += [
        model.transform(X),
        model.gibbs(X, 3),
        model.sample(7, n_steps=4),
        model.free_energy(X),
    ]
    return b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_fit_and_sampling_over_targets_and_threads(digits, algorithm):
    found = set()
    for target in _core.available_targets():
        for n_jobs in (1, 2, 3):
            with runtime.forced_target(target):
                model = RBM(
                    37,
                    algorithm=algorithm,
                    n_iter=3,
                    batch_size=30,
                    momentum=0.5,
                    n_jobs=n_jobs,
                    random_state=1,
                )
                found.add(bits(model.fit(digits), digits))
    assert len(found) == 1


def test_grey_data_over_threads():
    X = datasets.load_digits().data[:300]
    found = {bits(RBM(20, n_iter=2, n_jobs=n, random_state=0).fit(X), X) for n in (1, 2, 3)}
    assert len(found) == 1


def test_grey_data_is_looked_at_on_as_many_threads_as_n_jobs_says(monkeypatch):
    asked = []

    def resolved(n_jobs):
        asked.append(n_jobs)
        return runtime.resolve_n_jobs(n_jobs)

    for part in ("rows", "ranges"):
        monkeypatch.setattr(f"udl_fast.estimator.input.{part}.resolve_n_jobs", resolved)
    X = datasets.load_digits().data[:50]
    model = RBM(20, n_iter=1, n_jobs=1, random_state=0).fit(X)
    model.inverse_transform(model.transform(X))
    assert set(asked) == {1}


def upper_half(X):
    return np.where(np.arange(64) < 32, X, np.nan)


@pytest.mark.parametrize(
    "use",
    [
        lambda model, X: model.sample(3, n_steps=2),
        lambda model, X: model.sample(3, n_steps=2, n_temperatures=2),
        lambda model, X: model.sample(3, n_steps=2, n_temperatures=2, means=True),
        lambda model, X: model.sample(3, n_steps=2, clamp=upper_half(X[0])),
        lambda model, X: model.gibbs(X[:3], 2, clamp=np.arange(64) < 32),
        lambda model, X: model.gibbs(X[:3] / 2, 2, clamp=(X[:3] == 0)),
        lambda model, X: model.log_partition("reverse_ais", n_runs=3, betas=5, burn_in=2),
        lambda model, X: model.encode(X, "median"),
        lambda model, X: RBM(9, binarize="sample", n_iter=1, n_jobs=1, random_state=0).fit(X / 2),
        lambda model, X: RBM(
            9, visible="gaussian", learn_sigma=False, n_iter=1, n_jobs=1, random_state=0
        ).fit(X + 0.5),
    ],
)
def test_rows_are_made_on_as_many_threads_as_n_jobs_says(digits, use):
    X = digits[:50]
    model = RBM(20, n_iter=1, n_jobs=1, random_state=0).fit(X)
    with threads_of_rows() as asked:
        use(model, X)
    assert asked == {1}


def test_dtype_and_layout(digits):
    wide = np.zeros((1000, 128), np.float32)
    wide[::2, ::2] = digits
    layouts = [digits.astype(dtype) for dtype in (bool, np.float32, np.float64, int)]
    layouts += [np.asfortranarray(digits), wide[::2, ::2]]
    layouts += [sparse.csr_array(digits), sparse.csc_matrix(digits)]
    expected = RBM(20, n_iter=2, random_state=0).fit(digits).components_
    for X in layouts:
        found = RBM(20, n_iter=2, random_state=0).fit(X).components_
        np.testing.assert_array_equal(found, expected)


def test_splitting_the_rows_of_transform(digits):
    model = RBM(20, n_iter=1, random_state=0).fit(digits)
    whole = model.transform(digits)
    parts = [model.transform(digits[i : i + 7]) for i in range(0, len(digits), 7)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_seeds_differ(digits):
    a, b = (RBM(5, n_iter=1, random_state=seed).fit(digits) for seed in (0, 1))
    assert (a.components_ != b.components_).all()
