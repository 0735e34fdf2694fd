"""A model of every kind of units."""

import pytest

from udl_fast import RBM

from .kinds import FLOAT64, KINDS, data_of


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def model(kind):
    return RBM(**{**FLOAT64, **KINDS[kind]}).fit(data_of(kind))
