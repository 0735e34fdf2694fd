"""Names in errors, and the lines that warnings are of."""

import pickle
import warnings

import numpy as np
import pytest

from udl_fast import RBM, BernoulliRBM, DeepAutoencoder, HammingIndex, SemanticHasher
from udl_fast.exceptions import warn_caller


@pytest.mark.parametrize("name", ["transform", "fit_transform", "gibbs", "sample", "score_samples"])
def test_methods_bear_the_name_of_their_public_class(name):
    method = getattr(RBM, name)
    assert method.__qualname__.split(".")[-1] == name
    if name != "fit_transform":  # scikit-learn's
        assert method.__qualname__ == f"RBM.{name}"
    assert pickle.loads(pickle.dumps(method)) is method


def test_errors_about_arguments_name_the_public_class():
    with pytest.raises(TypeError, match=r"RBM\.transform\(\)"):
        RBM(2).transform()
    with pytest.raises(TypeError, match=r"RBM\.transform\(\)"):
        BernoulliRBM(2).transform()
    assert pickle.loads(pickle.dumps(HammingIndex.search)) is HammingIndex.search
    for model_class in (DeepAutoencoder, SemanticHasher):
        with pytest.raises(TypeError, match=rf"^{model_class.__name__}\.__init__\(\)"):
            model_class(nonsense=1)


def test_a_folder_with_the_name_of_a_package_between_is_its_owners(tmp_path):
    (tmp_path / "sklearn").mkdir()
    file = tmp_path / "sklearn" / "mine.py"
    code = compile("def call(f):\n    f('look', UserWarning)\n", str(file), "exec")
    exec(code, found := {})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found["call"](warn_caller)
        RBM(2, n_iter=1).fit(np.full((4, 3), 2.0))
    assert [warning.filename for warning in caught] == [str(file), __file__]
