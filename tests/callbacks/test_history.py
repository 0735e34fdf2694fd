"""`history_`: right values, at the right epochs."""

import json
import math
import pickle
import re

import numpy as np
import pytest
from scipy import sparse

import udl_fast
from udl_fast import RBM, BernoulliRBM, _core, datasets
from udl_fast.callbacks import History
from udl_fast.callbacks._monitor import rows_to_measure
from udl_fast.evaluation import exact_pseudo_likelihood

DEFAULT = [
    "epoch",
    "seconds",
    "pseudo_likelihood",
    "weight_change",
    "mean_activation",
    "dead_units",
    "saturated_units",
    "activation_spread",
]


def spread(X, n):
    """The rows a sample of n consists of."""
    return X[np.arange(n) * len(X) // n]


@pytest.mark.parametrize("model_class", [RBM, BernoulliRBM])
def test_every_fit_measures(digits, model_class):
    history = model_class(6, n_iter=3).fit(digits).history_
    assert list(history) == DEFAULT
    assert history["epoch"] == [1, 2, 3]
    assert all(len(values) == 3 for values in history.values())
    assert all(0 < seconds < 60 for seconds in history["seconds"])
    json.dumps(history)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_values_are_what_they_say(digits, precision):
    train, validation = digits[:1500], digits[1500:]
    options = {"precision": precision, "random_state": 0, "learning_rate": 0.3}
    watch = [History(validation=validation, n_rows=90)]
    model = RBM(17, n_iter=3, callbacks=watch, **options).fit(train)
    before = RBM(17, n_iter=2, **options).fit(train)
    last = {name: values[-1] for name, values in model.history_.items()}

    change = np.linalg.norm(model.components_.astype(float) - before.components_)
    expected = change / np.linalg.norm(model.components_.astype(float))
    assert last["weight_change"] == pytest.approx(expected, rel=1e-6)
    hidden = model.transform(spread(train, 90))
    assert last["mean_activation"] == pytest.approx(hidden.mean(dtype=float), rel=1e-6)
    deviations = np.sort(hidden.std(axis=0, dtype=float))[-2:]
    assert last["activation_spread"] == pytest.approx(deviations.mean(), rel=1e-6)
    score = model.pseudo_likelihood(spread(train, 90)).mean()
    assert last["pseudo_likelihood"] == pytest.approx(score, rel=1e-12)
    score = model.pseudo_likelihood(spread(validation, 90)).mean()
    assert last["validation_pseudo_likelihood"] == pytest.approx(score, rel=1e-12)
    gap = model.free_energy(spread(validation, 90)).mean()
    gap -= model.free_energy(spread(train, 90)).mean()
    assert last["free_energy_gap"] == pytest.approx(gap, rel=1e-9, abs=1e-9)
    assert watch[0].history is model.history_


def test_dead_and_saturated_units_are_counted(digits):
    model = RBM(9, n_iter=0, learning_rate=0.0, warm_start=True).fit(digits)
    model.intercept_hidden_ = [-20, 20, 20, 0, 0, 20, -20, 0, -20.0]
    model.set_params(n_iter=1).fit(digits)
    assert (model.history_["dead_units"], model.history_["saturated_units"]) == ([3], [3])
    assert model.history_["weight_change"] == [0]


def test_a_growing_gap_shows_overfitting(digits):
    watch = [History(validation=digits[900:], n_rows=800)]
    options = {"n_iter": 60, "batch_size": 5, "learning_rate": 0.2, "random_state": 0}
    model = RBM(128, callbacks=watch, **options).fit(digits[:40])
    gap = dict(zip(model.history_["epoch"], model.history_["free_energy_gap"], strict=True))
    assert gap[60] > gap[1] + 5


def test_short_runs_are_measured_always_and_long_ones_seldom(digits):
    model = RBM(100, n_iter=33, batch_size=1000, learning_rate=0.0, random_state=0).fit(digits)
    cost = 2 * 6400 / (6400 + 2**15)  # rows of training for one of 256 that are measured
    every = math.ceil(100 * cost * 256 / len(digits))
    assert model.history_["epoch"] == [*range(1, 21), *range(21 + -21 % every, 33, every), 33]
    assert every == 5


@pytest.mark.parametrize(("every", "epochs"), [(0, []), (1, [1, 2, 3, 4, 5]), (3, [3, 5])])
def test_how_often_can_be_chosen(digits, every, epochs):
    model = RBM(3, n_iter=5, callbacks=[History(every=every)]).fit(digits)
    assert model.history_.get("epoch", []) == epochs


@pytest.mark.parametrize(
    "options", [{}, {"precision": "float64"}, {"binarize": "sample"}, {"precision": "fast"}]
)
def test_measuring_changes_no_bit(options):
    X = datasets.load_digits().data
    options = {"n_iter": 4, "random_state": 0, "algorithm": "pcd", **options}
    watched = RBM(8, **options).fit(X)
    alone = RBM(8, callbacks=[History(every=0)], **options).fit(X)
    np.testing.assert_array_equal(watched.components_, alone.components_)
    np.testing.assert_array_equal(watched.h_samples_, alone.h_samples_)
    np.testing.assert_array_equal(watched.sample(3, 2), alone.sample(3, 2))


def test_pixels_to_draw_are_drawn_once():
    """Pseudo-likelihood is of states; of probabilities it would be that of other data."""
    X = np.full((60, 40), 0.5, np.float32)
    model = RBM(2, n_iter=2, binarize="sample", learning_rate=0.0).fit(X)
    assert model.history_["pseudo_likelihood"] == pytest.approx([-40 * math.log(2)] * 2, rel=0.01)
    states = spread(X, 60) > np.random.default_rng(model._seed).random(X.shape)
    expected = model.pseudo_likelihood(states.astype(np.uint8)).mean()
    assert model.history_["pseudo_likelihood"][1] == pytest.approx(expected, rel=1e-9)


def test_pseudo_likelihood_is_exact(digits):
    """All units of every row of the sample, as free energies of flipped rows give it."""
    model = RBM(30, n_iter=5, callbacks=[History(n_rows=1797)], random_state=0).fit(digits)
    engine = model._engine
    exact = exact_pseudo_likelihood(
        lambda v: engine.free_energy(_core.Rows.from_array(v), 2), digits.astype(np.float32)
    )
    assert model.history_["pseudo_likelihood"][-1] == pytest.approx(exact.mean(), rel=2e-6)


@pytest.mark.parametrize(
    ("n_rows", "cost", "expected"),
    [
        (100, 2, 100),
        (1500, 2, 256),
        (60_000, 2, 300),
        (10**7, 2, 1024),
        (500, 8, 128),
        (500, 0.1, 256),
    ],
)
def test_samples_have_the_size_their_cost_allows(n_rows, cost, expected):
    assert rows_to_measure(n_rows, cost) == expected


@pytest.mark.parametrize("every", [None, 0, 1])
def test_verbose_prints_the_number_of_the_history(digits, capsys, every):
    watch = [History(every=every)]
    model = RBM(5, n_iter=2, verbose=1, callbacks=watch, random_state=0).fit(digits)
    lines = capsys.readouterr().out.splitlines()
    printed = [re.search(r"Iteration (\d), pseudo-likelihood = (\S+), time", x) for x in lines]
    scores = RBM(5, n_iter=2, random_state=0).fit(digits).history_["pseudo_likelihood"]
    assert [(found[1], found[2]) for found in printed] == [
        (str(epoch), f"{score:.2f}") for epoch, score in enumerate(scores, 1)
    ]
    assert len(model.history_.get("epoch", [])) == (0 if every == 0 else 2)


def test_history_goes_on_with_warm_start_and_starts_anew_without(digits):
    model = RBM(4, n_iter=2, warm_start=True, random_state=0).fit(digits)
    model.set_params(callbacks=[History(validation=digits[:99])]).fit(digits)
    assert model.history_["epoch"] == [1, 2, 3, 4]
    assert model.history_["free_energy_gap"][:2] == [None, None]
    assert model.set_params(warm_start=False).fit(digits).history_["epoch"] == [1, 2]


def test_partial_fit_does_not_measure(digits):
    assert RBM(4).partial_fit(digits).history_ == {}


def test_history_survives_copies_and_files(digits, tmp_path):
    model = RBM(4, n_iter=2).fit(digits)
    model.save(tmp_path / "model")
    loaded = udl_fast.load(tmp_path / "model")
    assert loaded.history_ == pickle.loads(pickle.dumps(model)).history_ == model.history_
    kept = pickle.loads(pickle.dumps(model.history_))
    loaded.set_params(warm_start=True).fit(digits)
    assert model.history_ == kept
    assert loaded.history_["epoch"] == [1, 2, 3, 4]


def rewritten(path, change):
    """The model file with its description changed."""
    from safetensors.numpy import load, save

    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    description = json.loads(header["__metadata__"]["udl_fast"])
    change(description)
    path.write_bytes(save(load(content), {"udl_fast": json.dumps(description)}))
    return path


def test_files_without_a_history_are_read(digits, tmp_path):
    RBM(4, n_iter=2, warm_start=True).fit(digits).save(tmp_path / "model")
    model = udl_fast.load(
        rewritten(tmp_path / "model", lambda found: found["values"].pop("history"))
    )
    assert model.history_ == {}
    assert model.fit(digits).history_["epoch"] == [3, 4]


@pytest.mark.parametrize(
    "history",
    [
        [],
        {"epoch": 3},
        {"epoch": ["x"]},
        {"epoch": [1], "seconds": []},
        {"epoch": [1.5]},
        {"epoch": [None]},
        {"seconds": [True]},
    ],
)
def test_files_with_a_broken_history_are_refused(digits, tmp_path, history):
    RBM(4, n_iter=1).fit(digits).save(tmp_path / "model")
    path = rewritten(tmp_path / "model", lambda found: found["values"].update(history=history))
    with pytest.raises(ValueError, match="no valid model file: history"):
        udl_fast.load(path)


def test_wrong_validation_rows_are_named_and_leave_the_model(digits):
    model = RBM(4, n_iter=1, random_state=0).fit(digits)
    before = model.transform(digits[:5])
    with pytest.raises(ValueError, match="History: validation: X has 3 features"):
        model.set_params(callbacks=[History(validation=np.zeros((5, 3)))]).fit(digits)
    np.testing.assert_array_equal(model.transform(digits[:5]), before)


def test_validation_rows_meet_the_threshold():
    X = datasets.load_digits().data
    grey = RBM(5, n_iter=2, binarize=0.5, random_state=0, callbacks=[History(validation=X[:300])])
    black = RBM(5, n_iter=2, random_state=0, callbacks=[History(validation=X[:300] > 0.5)])
    a, b = grey.fit(X).history_, black.fit((X > 0.5).astype(np.uint8)).history_
    assert a["free_energy_gap"] == b["free_energy_gap"]


# ---- what the compiled module adds ----


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (16, 32), (37, 70)])
def test_change_since_snapshot(precision, shape):
    rng = np.random.default_rng(0)
    before, after = rng.normal(size=(2, *shape))
    engine = _core.RbmEngine(shape[1], shape[0], precision)
    with pytest.raises(ValueError, match="there is no snapshot"):
        engine.change_since_snapshot()
    engine.set_parameters(before, np.zeros(shape[0]), np.zeros(shape[1]))
    engine.snapshot()
    assert engine.change_since_snapshot()[0] == 0
    engine.set_parameters(after, np.zeros(shape[0]), np.zeros(shape[1]))
    kept = engine.weights().astype(float)
    engine.restore()
    change = kept - engine.weights()
    engine.set_parameters(after, np.zeros(shape[0]), np.zeros(shape[1]))
    expected = [np.linalg.norm(change), np.linalg.norm(kept), np.abs(kept).max()]
    np.testing.assert_allclose(engine.change_since_snapshot(), expected, rtol=1e-12)


def test_rows_are_taken_by_number():
    values = np.random.default_rng(0).random((20, 70))
    numbers = np.array([19, 0, 7, 7], np.uint32)
    for x in (values, values.astype(np.float32), values > 0.5):
        rows = _core.Rows.from_array(x)
        np.testing.assert_array_equal(rows.take(numbers, "float64"), x[numbers])
        assert rows.take(numbers, "float32").dtype == np.float32
    csr = sparse.csr_array(values * (values > 0.8))
    rows = _core.Rows.from_csr(csr.indptr, csr.indices, csr.data, 70)
    np.testing.assert_array_equal(rows.take(numbers, "float64"), csr.toarray()[numbers])
    with pytest.raises(ValueError, match=r"indices\[1\] is 20, but there are 20 rows"):
        rows.take(np.array([1, 20], np.uint32), "float32")
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got 'bool'"):
        rows.take(numbers, "bool")
