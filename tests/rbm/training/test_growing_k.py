"""Gibbs steps that grow with the epochs."""

import numpy as np
import pytest

from tests.support.models import assert_same
from udl_fast import RBM, datasets, load
from udl_fast.rbm.rules import GibbsSteps, steps_at


@pytest.fixture(scope="module")
def digits():
    return datasets.load_digits(binary=0.5, dtype=np.uint8).data[:200]


def model(k, n_iter, **arguments):
    return RBM(9, k=k, n_iter=n_iter, batch_size=50, random_state=0, **arguments)


def test_each_epoch_has_its_steps():
    k = ((0, 1), (2, 3), (4, 10))
    assert [steps_at(k, epoch) for epoch in range(6)] == [1, 1, 3, 3, 10, 10]
    assert steps_at(7, 5) == 7


def test_it_is_a_training_after_another(digits):
    growing = model([(0, 1), (2, 3)], 4).fit(digits)
    by_hand = model(1, 2, warm_start=True).fit(digits).set_params(k=3).fit(digits)
    assert_same(growing, by_hand)
    assert growing._training_steps == 4 * 2 * 1 + 4 * 2 * 3


def test_a_stopped_training_goes_on_where_it_was(digits, tmp_path):
    whole = model([(0, 1), (2, 3)], 4).fit(digits)
    model([(0, 1), (2, 3)], 3).fit(digits).save(tmp_path / "model.safetensors")
    found = load(tmp_path / "model.safetensors")
    assert found.k == [[0, 1], [2, 3]]
    assert_same(whole, found.set_params(n_iter=4).resume(digits))


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("1,10:3", [(0, 1), (10, 3)]), ("1,2:3,4:5", [(0, 1), (2, 3), (4, 5)])],
)
def test_the_command_line_writes_it(text, value):
    assert GibbsSteps().option().parse(text) == value


@pytest.mark.parametrize("text", ["", "a", "0", "1,3", "1,0:3", "1,5:2,5:3", "1,5:0", "1,:2"])
def test_what_the_command_line_refuses(text):
    with pytest.raises(ValueError, match="must be"):
        GibbsSteps().option().parse(text)
