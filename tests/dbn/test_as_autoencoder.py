"""A deep autoencoder, or a net of counts, that begins with a deep belief net."""

import copy

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import udl_fast as udl
from tests.support.models import assert_same_state
from udl_fast import DeepAutoencoder

from .test_dbn import GREY, SMALL, dbn


@pytest.mark.parametrize("hidden", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("visible", ["bernoulli", "gaussian"])
def test_a_deep_autoencoder_begins_with_the_net(tmp_path, visible, hidden):
    rbm = clone(SMALL).set_params(visible=visible, hidden=hidden, learning_rate=0.01)
    net = dbn(rbm=rbm).fit(GREY)
    before = copy.deepcopy(net)
    model = DeepAutoencoder.from_dbn(net, n_iter=3, batch_size=20)
    np.testing.assert_allclose(model.transform(GREY), net.transform(GREY), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(GREY), net.reconstruct(GREY), rtol=1e-3, atol=1e-4)
    model.save(tmp_path / "model")
    loaded = udl.load(tmp_path / "model").resume(GREY)
    error = model.reconstruction_error(GREY).mean()
    assert model.resume(GREY).reconstruction_error(GREY).mean() < error
    assert_same_state(loaded, model)
    assert model.history_["stage"][-1] == "fine-tuning"
    assert_same_state(net, before)


def test_an_autoencoder_needs_a_whole_net():
    with pytest.raises(NotFittedError):
        DeepAutoencoder.from_dbn(dbn())
    stopped = dbn(callbacks=[lambda model, info: info["epoch"] == 3]).fit(GREY)
    with pytest.raises(ValueError, match="the DBN was stopped: 2 of its 3 layers have begun"):
        DeepAutoencoder.from_dbn(stopped)
    answers = clone(SMALL).set_params(visible="softmax", visible_groups=[12])
    of_groups = dbn(rbm=answers).fit(np.eye(12, dtype=np.uint8)[np.arange(60) % 12])
    with pytest.raises(ValueError, match="has no 'softmax' units for its output"):
        DeepAutoencoder.from_dbn(of_groups)


def test_a_net_of_counts_is_what_its_belief_net_computes():
    """Hidden biases count once for each word; the net has them in its weights."""
    counts = np.random.default_rng(1).poisson(0.7, (60, 12)).astype(np.float32)
    net = dbn(rbm=clone(SMALL).set_params(visible="replicated_softmax")).fit(counts)
    model = DeepAutoencoder.from_dbn(net, n_iter=2)
    np.testing.assert_allclose(model.transform(counts), net.transform(counts), atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(counts).sum(axis=1), 1, rtol=1e-5)
    assert model.output_activation == "softmax"
    assert model.resume(counts).history_["stage"][-1] == "fine-tuning"
