"""Output in DataFrames where scikit-learn's configuration asks for them, and nowhere inside the library."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

import udl_fast
from udl_fast import RBM, BernoulliRBM, cli
from udl_fast.plot import ReconstructionDisplay, SamplesDisplay, WeightsDisplay

MODELS = (RBM(n_components=4, n_iter=2), BernoulliRBM(n_components=4, n_iter=2))
CHECKS = (
    estimator_checks.check_set_output_transform,
    estimator_checks.check_set_output_transform_pandas,
    estimator_checks.check_global_output_transform_pandas,
    estimator_checks.check_set_output_transform_polars,
    estimator_checks.check_global_set_output_transform_polars,
)


@pytest.fixture
def pandas():
    return pytest.importorskip("pandas")


@pytest.fixture
def frame(pandas, digits):
    return pandas.DataFrame(digits[:200], columns=[f"pixel{i}" for i in range(64)])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.filterwarnings("ignore:.*Bernoulli units expect values:UserWarning")
@pytest.mark.filterwarnings("ignore:X .* feature names:UserWarning")
def test_scikit_learns_checks(model, check):
    check(type(model).__name__, model)


@pytest.mark.parametrize("model_class", [RBM, BernoulliRBM])
def test_names_of_columns_and_rows(pandas, frame, model_class):
    model = model_class(3, n_iter=1).set_output(transform="pandas")
    for found in (model.fit_transform(frame[50:]), model.transform(frame[50:])):
        assert isinstance(found, pandas.DataFrame)
        assert list(found.columns) == [f"{model_class.__name__.lower()}{i}" for i in range(3)]
        assert list(found.index) == list(range(50, 200))
    assert isinstance(model.set_output(transform="default").transform(frame), np.ndarray)


def test_a_step_that_selects_columns_by_name_may_follow(frame, digits):
    select = make_column_transformer(("passthrough", ["rbm0", "rbm2"]))
    chain = make_pipeline(RBM(3, n_iter=1, random_state=0), select).set_output(transform="pandas")
    found = chain.fit(frame).transform(frame)
    features = RBM(3, n_iter=1, random_state=0).fit_transform(digits[:200])
    np.testing.assert_array_equal(found.to_numpy(), features[:, [0, 2]])


class Mine(RBM):
    """Has its own way to features."""

    def transform(self, X):
        return 1 - super().transform(X)


def test_subclasses_may_change_transform(pandas, frame):
    model = Mine(3, n_iter=1, random_state=0).fit(frame)
    plain = model.transform(frame)
    found = model.set_output(transform="pandas").transform(frame)
    assert isinstance(found, pandas.DataFrame)
    np.testing.assert_array_equal(found.to_numpy(), plain)


@pytest.fixture(params=["local", "global"])
def asking(request, pandas):
    """A fitted model in a process that wants DataFrames."""
    X = udl_fast.datasets.load_digits(binary=0.5).data
    model = RBM(8, n_iter=1, random_state=0).fit(X)
    if request.param == "local":
        yield model.set_output(transform="pandas"), X
    else:
        with config_context(transform_output="pandas"):
            yield model, X


def test_the_library_itself_computes_with_arrays(asking, tmp_path):
    model, X = asking
    assert isinstance(model.mean_hidden(X), np.ndarray)
    assert isinstance(model.reconstruct(X), np.ndarray)
    assert isinstance(model.inverse_transform(model.transform(X)), np.ndarray)
    assert np.isfinite(model.score(X))
    model.partial_fit(X)
    packed = udl_fast.pack_bits(model.transform(X), threshold=0.5)
    np.testing.assert_array_equal(packed, udl_fast.pack_bits(model.mean_hidden(X), threshold=0.5))
    model.save(tmp_path / "model")
    for display in (
        WeightsDisplay.from_estimator(model),
        SamplesDisplay.from_estimator(model, n_chains=4, steps=(0, 2)),
        ReconstructionDisplay.from_estimator(model, X[:4]),
    ):
        display.figure_.clear()


def test_commands_write_arrays(asking, tmp_path):
    model, X = asking
    model.save(tmp_path / "model")
    np.save(tmp_path / "X.npy", X)
    for command in ("transform", "encode"):
        output = tmp_path / f"{command}.npy"
        assert (
            cli.main([command, str(tmp_path / "model"), str(tmp_path / "X.npy"), str(output)]) == 0
        )
        assert len(np.load(output)) == len(X)


def test_displays_take_frames_without_a_warning(frame):
    model = RBM(3, n_iter=1, random_state=0).fit(frame)
    ReconstructionDisplay.from_estimator(model, frame, max_images=6).figure_.clear()
    SamplesDisplay.from_estimator(model, frame, n_chains=4, steps=(0, 2)).figure_.clear()
