"""What a model is asked for is answered by one fit of it, though another thread fits it anew meanwhile."""

import numpy as np
import pytest

from udl_fast import RBM

X = (np.random.default_rng(0).random((30, 6)) < 0.4).astype(np.uint8)
OTHER = (np.random.default_rng(1).random((30, 9)) < 0.4).astype(np.uint8)
HIDDEN = np.eye(4)[[0, 1, 2, 3, 3]]

CALLS = {
    "transform": lambda model: model.transform(X),
    "mean_hidden": lambda model: model.mean_hidden(X),
    "mean_visible": lambda model: model.mean_visible(HIDDEN),
    "inverse_transform": lambda model: model.inverse_transform(HIDDEN),
    "reconstruct": lambda model: model.reconstruct(X),
    "free_energy": lambda model: model.free_energy(X),
    "pseudo_likelihood": lambda model: model.pseudo_likelihood(X),
    "score_samples": lambda model: model.score_samples(X),
    "score": lambda model: model.score(X),
    "energy": lambda model: model.energy(X[:5], HIDDEN),
    "free_energy_gap": lambda model: model.free_energy_gap(X[:15], X[15:]),
    "sample_hidden": lambda model: model.sample_hidden(X),
    "sample_visible": lambda model: model.sample_visible(HIDDEN),
    "gibbs": lambda model: model.gibbs(X, 3),
    "sample": lambda model: model.sample(5, 3),
    "sample from rows": lambda model: model.sample(30, 3, X),
}
# Where the other thread comes in: the parts of a call.
PARTS = ("_matrix", "_visible_rows", "_hidden_rows", "_mean_hidden", "_drawn_visible", "_steps")


@pytest.mark.parametrize("name", CALLS)
def test_a_refit_within_a_call_changes_nothing_of_its_answer(name, monkeypatch):
    def model():
        return RBM(4, n_iter=1, random_state=0).fit(X)

    expected = CALLS[name](model())
    refitted, n_refits = RBM(4, n_iter=1, random_state=1).fit(OTHER), 0
    for part in PARTS:
        asked, real = model(), getattr(RBM, part)

        def meanwhile(self, *arguments, asked=asked, real=real, **options):
            nonlocal n_refits
            out = real(self, *arguments, **options)
            if asked.n_features_in_ == 6:
                n_refits += 1
                asked.__dict__ = dict(refitted.__dict__)  # as fit replaces it
            return out

        with monkeypatch.context() as patched:
            patched.setattr(RBM, part, meanwhile)
            np.testing.assert_array_equal(CALLS[name](asked), expected)
    assert n_refits
