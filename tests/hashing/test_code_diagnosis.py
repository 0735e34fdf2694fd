"""What a diagnosis says of codes, and what is worth a warning."""

import numpy as np
import pytest

import udl_fast as udl
from udl_fast.exceptions import LearningWarning

from .models import GREY, hasher

RNG = np.random.default_rng(0)


def test_a_diagnosis_counts(monkeypatch):
    monkeypatch.setattr("udl_fast.hashing.diagnosis._BLOCK_VALUES", 11 * 7)
    bits = RNG.random((300, 11)) < np.linspace(0, 1, 11)
    bits[:, 5] = bits[:, 4]
    found = udl.hashing.CodeDiagnosis.of(udl.pack_bits(bits), 11)
    means = bits.mean(axis=0)
    np.testing.assert_allclose(found.means, means)
    inner = slice(1, 10)
    p = means[inner]
    np.testing.assert_allclose(found.entropies[inner], -p * np.log2(p) - (1 - p) * np.log2(1 - p))
    np.testing.assert_allclose(
        found.correlations[inner, inner], np.corrcoef(bits[:, inner].T), atol=1e-12
    )
    assert np.isnan(found.correlations[0]).all()
    assert found.correlations[4, 5] == pytest.approx(1)
    assert found.dead.tolist() == [0, 10]
    different, counts = np.unique(bits, axis=0, return_counts=True)
    assert found.n_distinct == len(different)
    assert found.n_colliding == counts[counts > 1].sum()
    assert found.largest_bucket == counts.max()
    assert "2 dead" in str(found)
    with pytest.raises(ValueError, match="there are no codes"):
        udl.hashing.CodeDiagnosis.of(np.zeros((0, 2), np.uint8))
    with pytest.raises(TypeError, match="codes has dtype float64"):
        udl.hashing.CodeDiagnosis.of(np.zeros((1, 2)))


def test_a_diagnosis_leaves_thresholds_as_they_are():
    model = hasher().fit(GREY)
    model.encode(GREY, "median")
    before = model.thresholds_.copy()
    model.diagnose(GREY[:7], "median")
    np.testing.assert_array_equal(model.thresholds_, before)


def test_bits_that_say_nothing_are_worth_a_warning():
    rows = np.repeat(GREY[:1], 200, axis=0)
    rows[0] = GREY[1]
    with pytest.warns(LearningWarning, match="bits are the same in 99 %"):
        hasher().fit(rows)
