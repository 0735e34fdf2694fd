"""The semantic hasher: bits from rows of every kind, decoded, looked at and searched."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

import udl_fast as udl
from udl_fast import RBM, DeepAutoencoder, SemanticHasher, presets
from udl_fast.exceptions import LearningWarning
from udl_fast.plot.retrieval import nearest_rows

RNG = np.random.default_rng(0)
GREY = RNG.random((60, 12)).astype(np.float32)
COUNTS = RNG.poisson(0.8, (60, 12)).astype(np.float32)
REAL = RNG.normal(size=(60, 12)).astype(np.float32)


def hasher(**options):
    return SemanticHasher(
        **{
            "hidden_layer_sizes": (7, 11),
            "rbm": RBM(batch_size=20, n_iter=2, learning_rate=0.05),
            "n_iter": 2,
            "batch_size": 20,
            "random_state": 0,
            **options,
        }
    )


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("rounding", {"code_activation": "binary"}),
        ("noise", {"code_activation": "logistic", "code_noise": 4.0}),
    ],
)
def test_it_is_a_deep_autoencoder_with_a_code_of_bits(code, arguments):
    model = hasher(code=code).fit(GREY)
    same = DeepAutoencoder(**{**hasher_arguments(model), **arguments}).fit(GREY)
    for ours, theirs in zip(model.coefs_, same.coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model.encode(GREY), same.encode(GREY))


def hasher_arguments(model):
    names = ("hidden_layer_sizes", "rbm", "n_iter", "batch_size", "random_state", "learning_rate")
    return {name: getattr(model, name) for name in names}


@pytest.mark.parametrize(
    ("rows", "asked", "kind"),
    [
        (GREY, "auto", "bernoulli"),
        (REAL, "auto", "gaussian"),
        (GREY, "gaussian", "gaussian"),
        (COUNTS, "replicated_softmax", "replicated_softmax"),
    ],
)
@pytest.mark.parametrize("pretrain", [True, False])
def test_rows_of_every_kind_get_bits(tmp_path, rows, asked, kind, pretrain):
    model = hasher(visible=asked, pretrain=pretrain).fit(rows)
    assert model.visible_ == kind
    if pretrain:
        assert [layer.visible for layer in model.layers_] == [kind, "bernoulli"]
    codes = model.encode(rows)
    assert codes.shape == (60, 2)
    np.testing.assert_array_equal(udl.pack_bits(model.transform(rows)), codes)
    np.testing.assert_array_equal(model.decode(codes), model.reconstruct(rows))
    model.save(tmp_path / "model")
    for again in (
        udl.load(tmp_path / "model"),
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
    ):
        assert again.visible_ == kind
        np.testing.assert_array_equal(again.encode(rows), codes)


def test_auto_follows_the_template():
    template = RBM(visible="gaussian", batch_size=20, n_iter=1, learning_rate=0.01)
    assert hasher(rbm=template).fit(GREY).visible_ == "gaussian"
    layers = [template, RBM(batch_size=20, n_iter=1)]
    assert hasher(rbm=layers).fit(GREY).visible_ == "gaussian"
    model = hasher().fit(REAL)
    assert model.fit(GREY).visible_ == "bernoulli"  # what rows are is learned anew


def test_bytes_are_told_to_be_scaled():
    with pytest.warns(UserWarning, match=r"whole numbers from 0 to 255.*grey levels: X / 255"):
        hasher(rbm=RBM(visible="bernoulli", learning_rate=1e-9), n_iter=0).fit(
            np.round(255 * (GREY - GREY.min()) / np.ptp(GREY)).astype(np.uint8)
        )


def test_words_decode_to_shares():
    model = hasher(visible="replicated_softmax", code="noise").fit(COUNTS)
    np.testing.assert_allclose(model.decode(model.encode(COUNTS)).sum(axis=1), 1, rtol=1e-5)


def test_search_finds_the_nearest_codes():
    model = hasher().fit(GREY)
    with pytest.raises(AttributeError, match=r"has no index_ yet; call index\(X\)"):
        model.search(GREY)
    assert model.index(GREY) is model
    distances, numbers = model.search(GREY[:7], k=3)
    expected = udl.hamming_knn(model.encode(GREY[:7]), model.encode(GREY), 3)
    np.testing.assert_array_equal(distances, expected[0])
    np.testing.assert_array_equal(numbers, expected[1])
    model.index(GREY, "median")
    by_medians = model.encode(GREY, model.thresholds_)
    np.testing.assert_array_equal(model.index_.reconstruct_n(), by_medians)
    np.testing.assert_array_equal(
        model.search(GREY[:7], 3)[1], udl.hamming_knn(by_medians[:7], by_medians, 3)[1]
    )
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.search(GREY[:7], 3)[1], model.search(GREY[:7], 3)[1])
    with pytest.raises(AttributeError, match="codes of the model before it learned on"):
        again.partial_fit(GREY).search(GREY)
    with pytest.raises(ValueError, match="X has 5 features"):
        model.search(GREY[:, :5])
    assert not hasattr(model.fit(GREY), "index_")


def test_begun_with_a_belief_net():
    net = udl.DBN((7, 11), rbm=RBM(batch_size=20, n_iter=2), random_state=0).fit(GREY)
    model = SemanticHasher.from_dbn(net, n_iter=2)
    assert (model.visible, model.visible_) == ("bernoulli", "bernoulli")
    np.testing.assert_array_equal(model.transform(GREY), np.round(net.transform(GREY)))
    assert set(np.unique(model.resume(GREY).transform(GREY))) == {0, 1}
    linear = udl.DBN((7, 11), rbm=RBM(hidden="gaussian", n_iter=1), random_state=0).fit(GREY)
    with pytest.raises(ValueError, match="end at hidden ones of 'bernoulli', got 'bernoulli' and"):
        SemanticHasher.from_dbn(linear)


def test_what_cannot_be_is_named():
    with pytest.raises(ValueError, match="'binary' needs solver='adam' or 'sgd'"):
        hasher(solver="lbfgs").fit(GREY)
    assert hasher(solver="lbfgs", code="noise").fit(GREY).n_iter_ == 6
    with pytest.raises(ValueError, match="visible must be 'auto' or 'bernoulli' or"):
        hasher(visible="words").fit(GREY)
    with pytest.raises(
        ValueError, match="rbm has visible='gaussian', but layers are of 'bernoulli'"
    ):
        hasher(visible="bernoulli", rbm=RBM(visible="gaussian")).fit(GREY)
    with pytest.warns(UserWarning, match="code_noise has no effect with code='rounding'"):
        hasher(code_noise=1.0).fit(GREY)
    model = hasher().fit(GREY)
    with pytest.raises(TypeError, match="decode: codes has dtype float64, expected packed uint8"):
        model.decode(np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"decode: codes has shape .1, 3., expected .n, 2."):
        model.decode(np.zeros((1, 3), np.uint8))


def test_codes_learn_what_rows_are_about():
    """Digits: neighbours by 32 bits are of the same class far more often than by chance, in both ways."""
    X, y = udl.datasets.load_digits(return_X_y=True)
    rbm = presets.science2006(n_iter=5)
    for code in ("rounding", "noise"):
        model = SemanticHasher((64, 32), code=code, rbm=rbm, n_iter=10, random_state=0)
        model.fit(X[:1500])
        _, numbers = model.index(X[:1500]).search(X[1500:], k=5)
        assert (y[:1500][numbers] == y[1500:, None]).mean() > 0.4
        assert len(model.diagnose(X).dead) <= 2


# ---- presets ----


def test_the_encoder_of_the_lecture_has_its_69_9_million_weights():
    model = presets.esann2011()
    sizes = (32 * 32 * 3, *model.hidden_layer_sizes)
    assert sum(a * b for a, b in pairwise(sizes)) == 69_861_376
    assert model.n_bits == 256
    model._check_parameters()
    kinds = [model._new_learner(k).visible for k in range(6)]
    assert kinds == ["gaussian"] + 5 * ["bernoulli"]


def test_presets_train():
    images = presets.esann2011((9, 8), n_iter=1)
    for layer in images.rbm:
        layer.set_params(n_iter=1)
    assert images.fit(REAL).encode(REAL).shape == (60, 1)
    words = presets.semhash2009((9, 8), n_iter=1)
    for layer in words.rbm:
        layer.set_params(n_iter=1)
    assert words.fit(COUNTS).encode(COUNTS).shape == (60, 1)
    assert words.visible_ == "replicated_softmax"


# ---- diagnosis ----


def test_a_diagnosis_counts(monkeypatch):
    monkeypatch.setattr("udl_fast.hashing.diagnosis._BLOCK_VALUES", 11 * 7)
    bits = RNG.random((300, 11)) < np.linspace(0, 1, 11)
    bits[:, 5] = bits[:, 4]
    found = udl.hashing.CodeDiagnosis.of(udl.pack_bits(bits), 11)
    means = bits.mean(axis=0)
    np.testing.assert_allclose(found.means, means)
    inner = slice(1, 10)
    p = means[inner]
    np.testing.assert_allclose(found.entropies[inner], -p * np.log2(p) - (1 - p) * np.log2(1 - p))
    np.testing.assert_allclose(
        found.correlations[inner, inner], np.corrcoef(bits[:, inner].T), atol=1e-12
    )
    assert np.isnan(found.correlations[0]).all()
    assert found.correlations[4, 5] == pytest.approx(1)
    assert found.dead.tolist() == [0, 10]
    different, counts = np.unique(bits, axis=0, return_counts=True)
    assert found.n_distinct == len(different)
    assert found.n_colliding == counts[counts > 1].sum()
    assert found.largest_bucket == counts.max()
    assert "2 dead" in str(found)
    with pytest.raises(ValueError, match="there are no codes"):
        udl.hashing.CodeDiagnosis.of(np.zeros((0, 2), np.uint8))
    with pytest.raises(TypeError, match="codes has dtype float64"):
        udl.hashing.CodeDiagnosis.of(np.zeros((1, 2)))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.float32])
def test_neighbours_by_pixels_are_those_of_any_dtype(dtype):
    rows = (RNG.random((50, 300)) * (1 if dtype is np.float32 else 2)).astype(dtype)
    if dtype in (np.uint8, np.int8):
        rows *= 100
    exact = np.square(rows[:5, None].astype(float) - rows.astype(float)).sum(axis=2)
    expected = np.argsort(exact, axis=1, kind="stable")[:, :4]
    np.testing.assert_array_equal(nearest_rows(rows[:5], rows, 4), expected)


# ---- two stages ----


def two_stage_case(n=3000):
    """Codes around some centres, whose first 28 bits are their addresses."""
    centres = RNG.random((60, 64)) < 0.5
    bits = centres[RNG.integers(0, 60, n)] ^ (RNG.random((n, 64)) < 0.05)
    return udl.pack_bits(bits[:, :28]), udl.pack_bits(bits)


@pytest.mark.parametrize("radius", [0, 3, 5])
def test_two_stages_rank_all_that_lies_within_the_radius(radius):
    addresses, codes = two_stage_case()
    index = udl.hashing.TwoStageIndex(32, 64)
    index.add(addresses[:1000], codes[:1000])
    index.add(addresses[1000:], codes[1000:])
    assert index.ntotal == 3000
    D, I = index.search(addresses[:40], codes[:40], k=90, radius=radius)  # noqa: E741
    near = udl.hamming_distances(addresses[:40], addresses) <= radius
    exact = udl.hamming_distances(codes[:40], codes)
    for query in range(40):
        some = np.flatnonzero(near[query])
        order = some[np.lexsort((some, exact[query, some]))][:90]
        assert I[query, : len(order)].tolist() == order.tolist()
        assert D[query, : len(order)].tolist() == exact[query, order].tolist()
        assert (I[query, len(order) :] == -1).all()
        assert (D[query, len(order) :] == 2**31 - 1).all()


@pytest.mark.parametrize("stage", ["_codes", "addresses"])
@pytest.mark.parametrize("is_done", [False, True])
def test_an_addition_that_is_interrupted_leaves_both_stages_as_they_were(
    monkeypatch, stage, is_done
):
    """Before or after any step of it."""
    addresses, codes = two_stage_case(30)
    index, other = udl.hashing.TwoStageIndex(32, 64), udl.hashing.TwoStageIndex(32, 64)
    for each in (index, other):
        each.add(addresses[:20], codes[:20])

    add = getattr(index, stage).add

    def interrupted(rows):
        if is_done:
            add(rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(getattr(index, stage), "add", interrupted)
    with pytest.raises(KeyboardInterrupt):
        index.add(addresses[20:][::-1], codes[20:][::-1])
    monkeypatch.undo()
    assert index.ntotal == len(index) == 20
    found = index.search(addresses, codes, 3)
    np.testing.assert_array_equal(found, other.search(addresses, codes, 3))
    index = pickle.loads(pickle.dumps(index))
    for each in (index, other):
        each.add(addresses[20:], codes[20:])
    found, expected = (each.search(addresses, codes, 3) for each in (index, other))
    np.testing.assert_array_equal(found, expected)


def test_two_stages_are_filled_by_several_threads():
    addresses, codes = two_stage_case(600)
    index = udl.hashing.TwoStageIndex(32, 64)
    parts = [slice(first, first + 20) for first in range(0, 600, 20)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda part: index.add(addresses[part], codes[part]), parts))
    assert index.ntotal == 600
    D, _ = index.search(addresses, codes, 1, radius=0)
    assert (D == 0).all()


def test_a_diagnosis_leaves_thresholds_as_they_are():
    model = hasher().fit(GREY)
    model.encode(GREY, "median")
    before = model.thresholds_.copy()
    model.diagnose(GREY[:7], "median")
    np.testing.assert_array_equal(model.thresholds_, before)


def test_one_number_and_an_array_of_it_are_the_same_threshold():
    model = hasher().fit(GREY)
    for threshold in (0.2, 0.7):
        expected = model.encode(GREY, np.full(model.n_bits, threshold))
        np.testing.assert_array_equal(model.encode(GREY, threshold), expected)
    assert (model.encode(GREY, 0.2) != model.encode(GREY, 0.7)).any()


def test_bits_that_say_nothing_are_worth_a_warning():
    rows = np.repeat(GREY[:1], 200, axis=0)
    rows[0] = GREY[1]
    with pytest.warns(LearningWarning, match="bits are the same in 99 %"):
        hasher().fit(rows)


def test_rows_that_are_not_scaled_are_worth_a_warning():
    model = hasher().fit(GREY)
    with pytest.warns(UserWarning, match=r"grey levels: X / 255"):
        model.encode(np.round(255 * GREY))


@pytest.mark.parametrize("pretrain", [False, True])
def test_rows_of_counts_are_counts(pretrain):
    model = hasher(visible="replicated_softmax", pretrain=pretrain)
    for wrong in (-COUNTS, COUNTS / 2):
        with pytest.raises(ValueError, match="expects counts, integers of at least 0"):
            model.fit(wrong)
    model.fit(COUNTS)
    with pytest.raises(ValueError, match="expects counts, integers of at least 0"):
        model.encode(COUNTS / 2)


def test_search_goes_on_with_the_thresholds_of_the_index():
    model = hasher().fit(GREY)
    thresholds = np.full(model.n_bits, 0.5)
    model.index(GREY, thresholds)
    thresholds[:] = 2
    assert (model.search(GREY, k=1)[0] == 0).all()


def test_two_stages_want_pairs():
    index = udl.hashing.TwoStageIndex(32, 64)
    addresses, codes = two_stage_case(10)
    with pytest.raises(ValueError, match="9 addresses for 10 codes"):
        index.add(addresses[:9], codes)
    index.add(addresses, codes)
    with pytest.raises(ValueError, match="10 addresses for 9 codes"):
        index.search(addresses, codes[:9])
    with pytest.raises(ValueError, match="radius must be >= 0"):
        index.search(addresses, codes, radius=-1)


@pytest.mark.parametrize("code", ["rounding", "noise"])
@pytest.mark.parametrize(("precision", "share"), [("int16", 2e-3), ("int8", 0.02)])
def test_codes_by_integers_are_nearly_those_of_the_model(tmp_path, code, precision, share):
    X = (load_digits().data / 16).astype(np.float32)
    rbm = presets.science2006(n_iter=5)
    model = hasher(code=code, hidden_layer_sizes=(40, 20), rbm=rbm, n_iter=20).fit(X)
    exact, medians = model.encode(X), model.encode(X, "median")
    model.set_params(encode_precision=precision)
    codes = model.encode(X)
    assert np.unpackbits(codes ^ exact).mean() < share
    assert np.unpackbits(model.encode(X, "median") ^ medians).mean() < share
    near = model.thresholds_
    model.set_params(encode_precision="model").encode(X, "median")
    assert 0 < np.abs(near - model.thresholds_).max() < share / 2
    model.set_params(encode_precision=precision).save(tmp_path / "model")
    for again in (udl.load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        assert again.encode_precision == precision
        np.testing.assert_array_equal(again.encode(X), codes)
    distances, numbers = model.index(X).search(X[:9], 1)
    assert (distances == 0).all()
    np.testing.assert_array_equal(codes[numbers[:, 0]], codes[:9])


@pytest.mark.parametrize(("precision", "share"), [("int16", 5e-3), ("int8", 0.02)])
def test_words_by_integers(precision, share):
    model = hasher(visible="replicated_softmax", pretrain=False).fit(COUNTS)
    exact = model.encode(COUNTS)
    codes = model.set_params(encode_precision=precision).encode(sparse.csr_array(COUNTS))
    assert np.unpackbits(codes ^ exact).mean() < share


def test_what_integers_are_not_for():
    with pytest.raises(ValueError, match="must be 'model' or 'int16' or 'int8', got 'int4'"):
        hasher(encode_precision="int4").fit(GREY)
    model = hasher(precision="float64").fit(GREY)
    for precision in ("int16", "int8"):
        with pytest.raises(ValueError, match="'float32' or 'fast', got precision='float64'"):
            hasher(encode_precision=precision, precision="float64").fit(GREY)
        with pytest.raises(NotImplementedError, match=f"{precision}' rounds a net of"):
            model.set_params(encode_precision=precision).encode(GREY)
    with pytest.raises(ValueError, match="encode_precision must be"):
        model.set_params(encode_precision="half").encode(GREY)
