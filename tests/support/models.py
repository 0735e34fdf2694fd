"""Models compared bit for bit, and a callback that follows their training."""

import numpy as np


def parameters(model):
    return [model.components_, model.intercept_hidden_, model.intercept_visible_]


def assert_same(first, second):
    for a, b in zip(parameters(first), parameters(second), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first.h_samples_, second.h_samples_)


def arguments(model):
    """Parameters, where templates are what they say."""
    return {name: _plain(value) for name, value in model.get_params(deep=False).items()}


def _plain(value):
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return (type(value), arguments(value)) if hasattr(value, "get_params") else value


def assert_same_state(first, second):
    """The same model of any kind to the bit, but for the time it took and for its parameters."""
    _assert_same_states(first._state(), second._state())


def _assert_same_states(one, two):
    assert one.arrays.keys() == two.arrays.keys()
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, two.arrays[name])
        assert array.dtype == two.arrays[name].dtype
    for values in (one.values, two.values):
        values["history"].pop("seconds", None)
    assert one.values == two.values
    assert one.inside.keys() == two.inside.keys()
    for name, part in one.inside.items():
        _assert_same_states(part, two.inside[name])


class Recorder:
    """Follows the protocol without inheriting from anything, as callbacks of other packages do."""

    def __init__(self, stop_after=None, fail_after=None):
        self.calls = []
        self.stop_after = stop_after
        self.fail_after = fail_after

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(f"begin {context.task_name} {context.task_id}")

    def on_fit_task_end(self, estimator, context):
        self.calls.append(f"end {context.task_name} {context.task_id}")
        if context.task_name == "epoch" and estimator.n_iter_ == self.fail_after:
            raise RuntimeError("disk full")
        return context.task_name == "epoch" and estimator.n_iter_ == self.stop_after
