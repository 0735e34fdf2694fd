"""Every constructor argument has exactly one rule, which serves `fit`, files and the command line."""

import inspect

import numpy as np
import pytest

from tests.support.bernoulli_mixture import BernoulliMixture
from udl_fast import registry
from udl_fast.dbn.layers.greedy import GreedyLayers
from udl_fast.estimator.parameters import (
    COMMON_RULES,
    Choice,
    Flag,
    Integer,
    Number,
    RandomState,
    Threads,
)
from udl_fast.rbm.rules import Binarize

OF_LAYERS = {"batch_size", "n_iter", "shuffle"}  # in their templates, where nothing else learns
MODELS = [*map(registry.class_of, map(registry.find, registry.names())), BernoulliMixture]


def defaults(model_class):
    return {
        name: parameter.default
        for name, parameter in inspect.signature(model_class).parameters.items()
    }


@pytest.mark.parametrize("model_class", MODELS)
def test_there_is_one_rule_for_each_argument(model_class):
    assert sorted(model_class.rules) == sorted(defaults(model_class))
    lacking = set(COMMON_RULES) - set(model_class.rules)
    assert lacking == (OF_LAYERS if issubclass(model_class, GreedyLayers) else set())


@pytest.mark.parametrize("model_class", MODELS)
def test_defaults_pass_their_rules(model_class):
    for name, value in defaults(model_class).items():
        checked = model_class.rules[name].check(value, name, "Owner")
        if isinstance(value, tuple):  # sizes, which are a list from there on
            checked = tuple(checked)
        assert name == "n_jobs" or checked == value


@pytest.mark.parametrize("model_class", MODELS)
def test_defaults_can_be_written_on_a_command_line(model_class):
    for name, value in defaults(model_class).items():
        option = model_class.rules[name].option()
        if option is None or value is None:
            continue
        assert option.flag + (option.choices is not None) + (option.parse is not None) == 1
        if option.parse is not None:
            if isinstance(value, tuple):
                assert tuple(option.parse(",".join(map(str, value)))) == value
            else:
                assert option.parse(str(value)) == value
        elif option.choices is not None:
            assert value in option.choices


def test_checked_values_are_those_of_python():
    assert type(Integer(1).check(np.int64(3), "a", "Owner")) is int
    assert type(Number(0).check(np.float32(3), "a", "Owner")) is float
    assert Flag().check(np.True_, "a", "Owner") is True
    assert Integer(1, optional=True).check(None, "a", "Owner") is None


@pytest.mark.parametrize(
    ("rule", "value", "error", "message"),
    [
        (Integer(2), 1, ValueError, "Owner: a must be >= 2, got 1"),
        (Integer(2), None, TypeError, "Owner: a must be an integer, got None"),
        (Number(), np.inf, ValueError, "Owner: a must be finite, got inf"),
        (Number(0, 1), 2, ValueError, "Owner: a must be between 0 and 1, got 2"),
        (Flag(planned=True), True, NotImplementedError, "Owner: a=True is not available yet"),
        (Choice(("x",), ("y",)), "y", NotImplementedError, "Owner: a can only be 'x' yet, got 'y'"),
        (Choice(("x",), ("y",)), 3, ValueError, "Owner: a must be 'x', got 3"),
        (Threads(), 1.5, TypeError, "n_jobs"),
        (RandomState(), "seed", ValueError, "Owner: a: 'seed' cannot be used to seed"),
    ],
)
def test_wrong_values_are_named(rule, value, error, message):
    with pytest.raises(error, match=message):
        rule.check(value, "a", "Owner")


@pytest.mark.parametrize(
    ("rule", "text", "message"),
    [
        (Integer(1), "0", "^must be >= 1, got 0$"),
        (Integer(1), "many", "^must be an integer >= 1, got 'many'$"),
        (Number(0, 1), "2", "^must be a finite number from 0 to 1, got '2'$"),
        (Number(0), "nan", "^must be a finite number >= 0, got 'nan'$"),
        (RandomState(), "-3", "^must be from 0 to 4294967295, got -3$"),
        (Binarize(), "half", "^expected 'sample' or a threshold: must be a finite number, got"),
    ],
)
def test_wrong_texts_are_named(rule, text, message):
    with pytest.raises(ValueError, match=message):
        rule.option().parse(text)
