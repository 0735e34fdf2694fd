"""What tests of every kind of model share: rows, and training that stops and goes on."""

import numpy as np

N_EPOCHS = 4  # of the last stage
X = (np.random.default_rng(0).random((90, 12)) < np.linspace(0.2, 0.8, 12)).astype(np.uint8)


def n_epochs(model):
    return sum(stage.n_iter for stage in model._stages())


def is_staged(model):
    return len(model._stages()) > 1


def learners(model):
    """Who learns in each stage, before it does."""
    return [
        model._new_learner(number) if stage.learner else model
        for number, stage in enumerate(model._stages())
    ]


def stop_after(n_done):
    """A callback that stops the whole fit."""
    return lambda model, info: info["epoch"] == n_done


def finish(model, n_done):
    """Train a model that was stopped after so many epochs to its end."""
    if not is_staged(model):
        model.set_params(n_iter=N_EPOCHS - n_done)
    return model.set_params(warm_start=True, callbacks=None).fit(X)
