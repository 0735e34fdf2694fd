"""Displays of models: weights, reconstructions, samples, completions, curves."""

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from udl_fast import RBM
from udl_fast.plot import (
    CodeScatterDisplay,
    CompletionDisplay,
    ReconstructionDisplay,
    SamplesDisplay,
    TrainingCurveDisplay,
    WeightsDisplay,
)


class Model:
    """A model whose answers are easy to recognise in a picture."""

    components_ = np.arange(6 * 9, dtype=np.float64).reshape(6, 9) - 27

    def __init__(self):
        self.calls = []
        self.history_ = {
            "pseudo_likelihood": [-3.0, None, -1.0],
            "reconstruction_error": [2.0, 1.5, 1.0],
        }

    def reconstruct(self, X):
        return np.full(np.shape(X), 0.25)

    def gibbs(self, v, n_steps):
        self.calls.append(n_steps)
        return v

    def sample_hidden(self, v):
        return np.ones((len(v), 6), bool)

    def mean_visible(self, h):
        return np.full((len(h), 9), 0.75)


def test_weights_each_filter_by_its_own_largest():
    display = WeightsDisplay.from_values([[1.0, -2, 0, 0], [0, 0, 8, 4]], n_columns=2)
    picture = display.image_.get_array()
    np.testing.assert_array_equal(picture[1:3, 1:3], [[0.5, -1], [0, 0]])
    np.testing.assert_array_equal(picture[1:3, 4:6], [[0, 0], [1, 0.5]])
    assert display.image_.get_clim() == (-1, 1)
    assert np.ma.getmaskarray(picture)[0].all() or np.isnan(picture[0]).all()
    assert len(display.figure_.axes) == 1


def test_weights_shared_scale_keeps_values_and_has_a_colorbar():
    display = WeightsDisplay.from_values([[1.0, -2, 0, 0], [0, 0, 8, 4]], scale="shared")
    assert display.image_.get_clim() == (-8, 8)
    assert np.nanmin(display.image_.get_array()) == -2
    assert len(display.figure_.axes) == 2


def test_weights_order_and_limit():
    weights = np.diag([1.0, 3, 2, 0])
    display = WeightsDisplay.from_values(weights, order="norm", max_filters=2)
    np.testing.assert_array_equal(display.weights, weights[[1, 2]])
    assert "2 of 4 hidden units" in display.ax_.get_title()


def test_dead_filters_and_colour_filters_draw():
    WeightsDisplay.from_values(np.zeros((2, 4)), scale="shared").figure_.draw_without_rendering()
    display = WeightsDisplay.from_values(np.ones((2, 12)), image_shape=(3, 2, 2))
    assert display.image_.get_array().shape[2] == 3


def test_displays_draw_on_a_given_axes_and_open_no_window():
    figure = Figure()
    ax = figure.subplots()
    display = WeightsDisplay.from_estimator(Model(), ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert pyplot.get_fignums() == []


def test_reconstructions_lie_below_their_data():
    X = np.arange(5 * 9).reshape(5, 9) / 45
    display = ReconstructionDisplay.from_estimator(Model(), X, max_images=3, n_columns=2)
    picture = display.image_.get_array()
    assert picture.shape == (1 + 4 * 4, 1 + 2 * 4)
    np.testing.assert_allclose(picture[1:4, 1:4], X[0].reshape(3, 3))
    np.testing.assert_allclose(picture[1:4, 5:8], X[1].reshape(3, 3))
    assert (picture[5:8, [1, 2, 3, 5, 6, 7]] == 0.25).all()
    np.testing.assert_allclose(picture[9:12, 1:4], X[2].reshape(3, 3))
    assert (picture[9:12, 5:8] == 0).all()
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == ["data", "model"] * 2
    error = ((X[:3] - 0.25) ** 2).sum(axis=1).mean()
    assert f"{error:.2f}" in display.ax_.get_title()


def test_reconstructions_of_several_models_lie_below_each_other():
    X = np.random.default_rng(0).random((6, 9))
    pca = PCA(2).fit(X)
    display = ReconstructionDisplay.from_estimators({"a": Model(), "PCA": pca}, X, max_images=4)
    assert display.reconstructions.shape == (2, 4, 9)
    picture = display.image_.get_array()
    expected = pca.inverse_transform(pca.transform(X[:4]))
    np.testing.assert_allclose(picture[9:12, 1:4], expected[0].reshape(3, 3), rtol=1e-6)
    error = ((X[:4] - expected) ** 2).sum(axis=1).mean()
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels[0] == "data"
    assert labels[2] == f"PCA\n{error:.2f}"


def test_samples_look_at_the_chains_at_the_given_steps():
    model = Model()
    display = SamplesDisplay.from_estimator(model, steps=(0, 1, 10, 100), n_chains=4)
    assert model.calls == [1, 9, 90]
    assert display.samples.shape == (4, 4, 9)
    assert set(np.unique(display.samples[0])) == {0, 1}
    assert (display.samples[1:] == 0.75).all()
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == ["0", "1", "10", "100"]


def test_samples_start_from_given_states():
    X = np.eye(9)[:5]
    display = SamplesDisplay.from_estimator(Model(), X, steps=(0, 2), n_chains=3)
    np.testing.assert_array_equal(display.samples[0], X[:3])


def test_samples_are_the_same_in_every_call_and_leave_the_model_alone():
    X = (np.random.default_rng(0).random((50, 9)) < 0.5).astype(np.uint8)
    model, untouched = (RBM(4, n_iter=1, random_state=0).fit(X) for _ in range(2))
    options = {"steps": (0, 1, 5), "n_chains": 4}
    first, again, other = (
        SamplesDisplay.from_estimator(model, **options, random_state=seed).samples
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first[1:] != other[1:]).any()
    np.testing.assert_array_equal(model.gibbs(X), untouched.gibbs(X))


def test_completions_lie_below_what_is_given():
    X = (np.random.default_rng(0).random((50, 9)) < 0.5).astype(np.uint8)
    model, untouched = (RBM(4, n_iter=1, random_state=0).fit(X) for _ in range(2))
    upper = np.arange(9) < 3
    display = CompletionDisplay.from_estimator(
        model, X, upper, n_completions=2, max_images=4, n_steps=3
    )
    clamp = np.tile(np.where(upper, X[:4], np.nan), (2, 1))
    expected = model.sample(8, 3, clamp=clamp, means=True, random_state=0)
    np.testing.assert_array_equal(display.completions.reshape(8, 9), expected)
    picture = display.image_.get_array()
    for row, values in enumerate((X[:4], np.where(upper, X[:4], 0.25), *display.completions)):
        for column in range(4):
            tile = picture[1 + 4 * row : 4 + 4 * row, 1 + 4 * column : 4 + 4 * column]
            np.testing.assert_allclose(tile, values[column].reshape(3, 3))
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == ["data", "given", "chain 1", "chain 2"]
    of_each = CompletionDisplay.from_estimator(model, X, X > 0, n_steps=1)
    assert of_each.completions.shape == (5, 12, 9)
    np.testing.assert_array_equal(model.gibbs(X), untouched.gibbs(X))


def test_training_curves_have_a_panel_each_and_skip_what_was_not_measured():
    display = TrainingCurveDisplay.from_estimator(Model())
    assert [panel.get_title() for panel in display.axes_] == [
        "pseudo likelihood",
        "reconstruction error",
    ]
    line = display.ax_.lines[0]
    np.testing.assert_array_equal(line.get_xdata(), [1, 3])
    np.testing.assert_array_equal(line.get_ydata(), [-3, -1])
    display.figure_.draw_without_rendering()


def test_epochs_of_a_history_are_the_axis():
    model = Model()
    model.history_["epoch"] = [2, 4, 9]
    display = TrainingCurveDisplay.from_estimator(model, metrics=["reconstruction_error"])
    np.testing.assert_array_equal(display.ax_.lines[0].get_xdata(), [2, 4, 9])
    assert len(TrainingCurveDisplay.from_estimator(model).axes_) == 2


def test_names_of_stages_are_no_curve():
    model = Model()
    model.history_["stage"] = ["rough", "fine", "fine"]
    assert len(TrainingCurveDisplay.from_estimator(model).axes_) == 2


def test_training_curves_on_given_axes():
    axes = Figure().subplots(1, 2)
    display = TrainingCurveDisplay.from_values({"a": [1], "b": [2]}, epochs=[7], ax=axes)
    assert display.axes_ == list(axes)
    assert axes[1].lines[0].get_xdata() == [7]
    with pytest.raises(ValueError, match=r"2 measurements \(a, b\) need as many axes, got 1"):
        TrainingCurveDisplay.from_values({"a": [1], "b": [2]}, ax=axes[0])


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: WeightsDisplay.from_values(np.ones(4)), r"got \(4,\)"),
        (lambda: WeightsDisplay.from_values(np.ones((2, 4)), order="size"), "got 'size'"),
        (lambda: WeightsDisplay.from_values(np.ones((2, 4)), scale="own"), "got 'own'"),
        (lambda: WeightsDisplay.from_values(np.ones((2, 5))), "WeightsDisplay: 5 features"),
        (
            lambda: ReconstructionDisplay.from_values(np.ones((2, 4)), np.ones((3, 4))),
            r"got \(2, 4\) and \(3, 4\)",
        ),
        (
            lambda: ReconstructionDisplay.from_values(
                np.ones((2, 4)), np.ones((3, 2, 4)), names=("a", "b")
            ),
            r"these \(2, n_images, n_features\) for as many names, got",
        ),
        (
            lambda: CodeScatterDisplay.from_values(np.ones((2, 3))),
            r"\(n_samples, 2\), got \(2, 3\)",
        ),
        (
            lambda: CodeScatterDisplay.from_values(np.ones((2, 2)), [1, 2, 3]),
            r"labels must have shape \(2,\), got \(3,\)",
        ),
        (lambda: SamplesDisplay.from_values(np.ones((2, 3, 4)), [1]), r"shape \(1, n_chains"),
        (lambda: SamplesDisplay.from_estimator(Model(), steps=(1, 1)), "steps must increase"),
        (lambda: SamplesDisplay.from_estimator(Model(), steps=(-1, 1)), "steps must increase"),
        (
            lambda: CompletionDisplay.from_values(
                np.ones((2, 4)), np.ones(4, bool), np.ones((2, 4))
            ),
            r"completions \(n_completions, n_images, n_features\), got \(2, 4\) and \(2, 4\)",
        ),
        (
            lambda: CompletionDisplay.from_values(np.ones((2, 4)), np.ones(4), np.ones((3, 2, 4))),
            r"known must be bool of shape \(4,\) or \(2, 4\), got float64 of \(4,\)",
        ),
        (lambda: TrainingCurveDisplay.from_values({}), "history must hold"),
        (lambda: TrainingCurveDisplay.from_values({"a": [1], "b": [1, 2]}), "of one length"),
        (lambda: TrainingCurveDisplay.from_values({"a": [1]}, epochs=[1, 2]), "2 epochs"),
        (
            lambda: TrainingCurveDisplay.from_estimator(Model(), metrics=["loss"]),
            "no 'loss', only pseudo_likelihood, reconstruction_error",
        ),
    ],
)
def test_display_options_are_checked(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_unfitted_models_are_refused():
    with pytest.raises(NotFittedError, match="object has no components_; call fit"):
        WeightsDisplay.from_estimator(object())
