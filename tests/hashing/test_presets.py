"""Hashers as papers describe them."""

from itertools import pairwise

from udl_fast import presets

from .models import COUNTS, REAL


def test_the_encoder_of_the_lecture_has_its_69_9_million_weights():
    model = presets.esann2011()
    sizes = (32 * 32 * 3, *model.hidden_layer_sizes)
    assert sum(a * b for a, b in pairwise(sizes)) == 69_861_376
    assert model.n_bits == 256
    model._check_parameters()
    kinds = [model._new_learner(k).visible for k in range(6)]
    assert kinds == ["gaussian"] + 5 * ["bernoulli"]


def test_presets_train():
    images = presets.esann2011((9, 8), n_iter=1)
    for layer in images.rbm:
        layer.set_params(n_iter=1)
    assert images.fit(REAL).encode(REAL).shape == (60, 1)
    words = presets.semhash2009((9, 8), n_iter=1)
    for layer in words.rbm:
        layer.set_params(n_iter=1)
    assert words.fit(COUNTS).encode(COUNTS).shape == (60, 1)
    assert words.visible_ == "replicated_softmax"
