"""Autoencoders of many layers: which arguments and templates go together, and what cannot be changed."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import udl_fast as udl
from tests.support.models import Recorder
from tests.support.stacks import GREY, SMALL, deep, stacked
from udl_fast import RBM, Autoencoder, SparseAutoencoder

# ---- arguments ----


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_layer_sizes": ()}, "hidden_layer_sizes must be a sequence of sizes"),
        ({"hidden_layer_sizes": None}, "hidden_layer_sizes must be a sequence of sizes"),
        ({"hidden_layer_sizes": (3, 0)}, "hidden_layer_sizes must be >= 1"),
        ({"rbm": [SMALL, SMALL]}, "rbm holds 2 templates for 3 layers"),
        ({"rbm": [SMALL] * 3}, r"rbm\[2\] has hidden='bernoulli', .* needs 'gaussian'"),
        ({"rbm": SparseAutoencoder()}, "rbm must be None, RBM, or a list"),
        ({"activation": "relu"}, "pretrain=True needs activation='logistic', got 'relu'"),
        ({"code_activation": "tanh"}, "pretrain=True needs code_activation='logistic' or"),
        ({"output_activation": "relu"}, "pretrain=True needs output_activation='logistic' or"),
        ({"output_activation": "linear", "loss": "cross_entropy"}, "needs output_activation"),
        ({"rbm": RBM(algorithm="pt")}, "layer 3: RBM: .*beta_min"),
        ({"rbm": RBM(statistics="sampled"), "code_activation": "logistic"}, "layer 2: .*binarize"),
        ({"rbm": RBM(statistics="sampled", binarize="sample")}, "layer 3: RBM: .*pairs of bits"),
    ],
)
def test_arguments_that_do_not_go_together_are_named(options, message):
    """Before anything learns."""
    begun = Recorder()
    with pytest.raises((ValueError, TypeError), match=f"DeepAutoencoder: .*{message}"):
        deep(**options, callbacks=[begun]).fit(GREY > 0.5)
    assert begun.calls == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_layer_sizes": (7, 5, 4)}, "hidden_layer_sizes is .7, 5, 4., but"),
        ({"hidden_layer_sizes": (7, 5)}, "hidden_layer_sizes is .7, 5., but"),
        ({"hidden_layer_sizes": (7, 5, 3, 2)}, "hidden_layer_sizes is .7, 5, 3, 2., but"),
        ({"code_activation": "logistic"}, "code_activation and output_activation ask for"),
        ({"precision": "float64"}, "output_activation, loss or precision are others"),
        ({"rbm": [SMALL]}, "rbm holds 1 templates for 3 layers"),
        ({"pretrain": False}, "pretrain is False, but the fitted model has pretrained layers"),
    ],
)
def test_what_is_made_cannot_be_changed(tmp_path, changes, message):
    """Nor does it answer then, as something that it is not."""
    model = deep().fit(GREY)
    model.transform(GREY)
    refused(model.set_params(**changes), message, tmp_path)


def refused(model, message, tmp_path):
    for use in (
        lambda: model.transform(GREY),
        lambda: model.coefs_,
        lambda: model.get_feature_names_out(),
        lambda: model.partial_fit(GREY),
        lambda: model.set_params(warm_start=True).fit(GREY),
        lambda: model.save(tmp_path / "model"),
        lambda: pickle.dumps(model),
    ):
        with pytest.raises(ValueError, match=message):
            use()


def test_layers_of_a_stack_cannot_be_changed(tmp_path):
    """Here before there is a net, which would be made of them."""
    model = stacked().fit(GREY)
    model.transform(GREY)
    refused(model.set_params(layer__activation="relu"), "but layer ask for", tmp_path)
    refused(model.set_params(layer=[Autoencoder()]), "layer holds 1 templates for 2", tmp_path)


def test_layers_may_follow_until_there_is_a_net():
    model = stacked().fit(GREY)
    below = model.transform(GREY)
    model.set_params(hidden_layer_sizes=(7, 4, 3))
    assert model.transform(GREY).shape == (60, 3)  # random as yet, not of the net before
    assert model.get_feature_names_out().shape == (3,)
    model.resume(GREY)
    assert [layer.n_iter_ for layer in model.layers_] == [2, 2, 2]
    np.testing.assert_allclose(
        model.transform(GREY), model.layers_[2].transform(below), rtol=1e-5, atol=1e-6
    )


def test_a_net_of_random_weights_is_not_pretrained_later(tmp_path):
    model = deep(pretrain=False).fit(GREY).set_params(pretrain=True)
    refused(model, "pretrain is True, but the fitted net began with random", tmp_path)


def test_a_net_does_not_go_back_to_its_layers():
    model = stacked(fine_tune=True).fit(GREY).set_params(fine_tune=False, warm_start=True)
    assert model.transform(GREY).shape == (60, 4)
    for learn in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="fine_tune is False, but the net has been fine-tuned"):
            learn(GREY)


def test_arguments_of_the_rbms_are_searched_by_their_names():
    search = GridSearchCV(deep(), {"rbm__learning_rate": [0.01, 0.1], "n_iter": [1]}, cv=2)
    search.fit(GREY)
    assert search.best_estimator_.layers_[0].learning_rate in (0.01, 0.1)
    assert SMALL.learning_rate == 0.05


@pytest.mark.parametrize(
    ("model", "more"),
    [
        (deep(), {"n_iter": 3}),
        (stacked(), {"layer__n_iter": 3}),
        (deep(pretrain=False), {"n_iter": 3}),
    ],
)
def test_a_finished_training_says_what_makes_it_longer(model, more):
    model.fit(GREY)
    n_done, ((name, n_iter),) = model.n_iter_, more.items()
    with pytest.raises(
        ValueError, match=f"all its {n_done} epochs; to go on, set {name} to more than 2"
    ):
        model.resume(GREY)
    assert model.set_params(**more).resume(GREY).n_iter_ == n_done + n_iter - 2


# ---- templates ----


@pytest.mark.parametrize("rbm", [None, [RBM(), RBM(), RBM()]])
def test_arguments_of_no_single_template_are_refused(rbm):
    with pytest.raises(ValueError, match=r"begin with rbm__ .* rbm is (None|list); give one first"):
        deep(rbm=rbm).set_params(rbm__learning_rate=0.1)
    assert deep(rbm=rbm).set_params(rbm=RBM(), rbm__n_iter=7).rbm.n_iter == 7


@pytest.mark.parametrize(
    ("rbm", "error", "message"),
    [
        (RBM(visible="replicated_softmax"), ValueError, "rbm has visible='replicated_softmax'"),
        (RBM(visible="gaussian"), ValueError, "layers are of 'bernoulli' with code_activation"),
        (RBM(hidden="relu"), ValueError, "'bernoulli' and 'gaussian' with code_activation="),
        (udl.BernoulliRBM(), TypeError, "rbm must be None, RBM, or a list"),
    ],
)
def test_templates_of_other_kinds_are_refused(rbm, error, message):
    with pytest.raises(error, match=message):
        deep(rbm=rbm).fit(GREY)
    assert deep(rbm=clone(SMALL).set_params(hidden="gaussian")).fit(GREY).n_iter_ == 8
