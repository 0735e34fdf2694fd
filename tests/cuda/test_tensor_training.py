"""Passes over rows on interpreted tensor cores: every bit is that of the CPU's engine."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from udl_fast import _core

from ..support.cuda import cuda_module

_cuda = cuda_module()
pytestmark = pytest.mark.skipif(_cuda is None, reason="built without CUDA")

SEED = 0x1234567890ABCDEF
f32 = np.float32
DEFAULTS = {
    "algorithm": "cd",
    "batch_size": 10,
    "k": 1,
    "learning_rate": 0.05,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "l1": 0.0,
    "sparsity_target": None,
    "sparsity_cost": 0.0,
    "sparsity_damping": 0.9,
    "statistics": "mean",
}
CPU_ALONE = {"sample_visibles": True, "binarize_sample": False, "data_step": 0, "learn_sigma": True}


@dataclass
class Case:
    n_visible: int = 33
    n_hidden: int = 7
    n_rows: int = 25
    precision: str = "fixed"
    n_chains: int = 0
    passes: int = 1
    size: float = 0.1  # of weights
    settings: dict = field(default_factory=dict)
    rescales: bool = False  # at least one change of scale is expected


MORE = {"momentum": 0.5, "weight_decay": 0.0003, "l1": 0.0001}
SPARSITY = {"sparsity_target": 0.1, "sparsity_cost": 0.4}
CASES = {
    "cd": Case(settings=MORE),
    "cd of 300 by 45": Case(300, 45, 52, settings={"batch_size": 20, **MORE}),
    "cd-2": Case(settings={"k": 2}),
    "one of each": Case(1, 1, 3, settings={"batch_size": 2}),
    "7 by 33": Case(7, 33, 25, passes=2, settings={"momentum": 0.9}),
    "sampled": Case(settings={"statistics": "sampled", **MORE}),
    "sampled, k = 2": Case(settings={"statistics": "sampled", "k": 2}, passes=2),
    "sparsity": Case(settings=SPARSITY, passes=2),
    "pcd": Case(n_chains=10, n_rows=30, settings={"algorithm": "pcd", **MORE}, passes=2),
    "pcd-2, other chains": Case(n_chains=33, settings={"algorithm": "pcd", "k": 2, **MORE}),
    "pcd, sampled": Case(n_chains=7, settings={"algorithm": "pcd", "statistics": "sampled"}),
    "pcd, sparsity": Case(n_chains=12, settings={"algorithm": "pcd", **SPARSITY}),
    "fast": Case(70, 66, 60, "fast", settings={"batch_size": 25, **MORE}),
    "fast of few rows": Case(33, 7, 25, "fast", settings=MORE),
    "fast, pcd": Case(70, 33, 50, "fast", 33, settings={"algorithm": "pcd", "batch_size": 20}),
    "fast, sampled": Case(40, 66, 50, "fast", settings={"statistics": "sampled", "batch_size": 20}),
    "graphs of 16": Case(5, 3, 37, settings={"batch_size": 2, "momentum": 0.5}, passes=2),
    "scale": Case(70, 20, 60, size=0.01, settings={"learning_rate": 0.8}, rescales=True),
    "scale of fast": Case(
        70,
        20,
        60,
        "fast",
        size=0.01,
        settings={"learning_rate": 0.8, "batch_size": 20},
        rescales=True,
    ),
}
PER_TILES = ("cd", "cd of 300 by 45", "pcd-2, other chains", "fast", "sampled")
RUNS = [(name, None) for name in CASES] + [
    (name, tiles) for name in PER_TILES for tiles in ("large", "medium", "small")
]


class Run:
    """The same passes on a CPU and on interpreted tensor cores."""

    def __init__(self, case, driver, tiles):
        rng = np.random.default_rng(case.n_visible)
        rows = rng.random((case.n_rows, case.n_visible)) < 0.3
        chains = rng.random((case.n_chains, case.n_hidden)) < 0.5
        shape = case.n_hidden, case.n_visible
        weights = (rng.standard_normal(shape) * case.size).astype(f32)
        hidden_bias = (rng.standard_normal(case.n_hidden) * 0.1).astype(f32)
        visible_bias = (rng.standard_normal(case.n_visible) * 0.1).astype(f32)
        self.settings = {**DEFAULTS, **case.settings}
        self.cpu = _core.RbmEngine(case.n_visible, case.n_hidden, case.precision)
        self.cpu.set_parameters(weights, hidden_bias, visible_bias)
        self.gpu = _cuda.TensorModel(
            weights, hidden_bias, visible_bias, case.precision, driver=driver
        )
        self.gpu.set_tiles(tiles)
        if case.n_chains:
            self.cpu.set_chains(chains)
            self.gpu.set_chains(np.packbits(chains, axis=1, bitorder="little"))
        self.exponents = {self.exponent(case)}
        step = 0
        for number in range(case.passes):
            order = _core.shuffled_order(case.n_rows, SEED, number)
            settings = {**self.settings, **CPU_ALONE}
            packed = _core.Rows.from_array(rows)
            on_cpu = self.cpu.train(packed, order, settings, SEED, step, 1, None)
            on_gpu = self.gpu.train(
                np.packbits(rows, axis=1, bitorder="little"), order, self.settings, SEED, step, None
            )
            self.results = on_cpu, on_gpu
            step = on_gpu["step"]
            self.exponents.add(self.exponent(case))

    def exponent(self, case):
        """Of the scale, where it matters: weights may be no numbers."""
        if not case.rescales:
            return None
        return _core.weight_scale_exponent(self.cpu.weights(), case.precision == "fast")


@pytest.mark.parametrize(("name", "tiles"), RUNS)
def test_a_pass_gives_the_bits_of_the_cpu(tensor_interpreter, name, tiles):
    case = CASES[name]
    run = Run(case, tensor_interpreter, tiles)
    found, optimizer = run.gpu.arrays(), run.cpu.optimizer_state()
    assert np.array_equal(found["weights"].reshape(case.n_hidden, -1), run.cpu.weights())
    assert np.array_equal(found["hidden_bias"], run.cpu.hidden_bias())
    assert np.array_equal(found["visible_bias"], run.cpu.visible_bias())
    assert np.array_equal(found["hidden_velocity"], optimizer["hidden_velocity"])
    assert np.array_equal(found["visible_velocity"], optimizer["visible_velocity"])
    if run.settings["momentum"]:
        assert np.array_equal(found["weight_velocity"], optimizer["weight_velocity"].reshape(-1))
    if run.settings["sparsity_target"] is not None:
        assert np.array_equal(found["mean_activation"], optimizer["mean_activation"])
    if case.n_chains:
        chains = np.unpackbits(run.gpu.chains(), axis=1, bitorder="little")[:, : case.n_hidden]
        assert np.array_equal(chains.astype(bool), run.cpu.chains())
    on_cpu, on_gpu = run.results
    for key in ("n_updates", "n_rows", "step", "stopped", "finite"):
        assert on_gpu[key] == on_cpu[key], key
    assert not case.rescales or len(run.exponents) > 1


def test_weights_that_are_no_numbers_end_a_pass(tensor_interpreter):
    """The model is left as the CPU's engine leaves it."""
    case = Case(5, 3, 40, settings={"learning_rate": 1.0, "weight_decay": 1e30, "batch_size": 4})
    run = Run(case, tensor_interpreter, "small")
    on_cpu, on_gpu = run.results
    assert not on_gpu["finite"]
    assert on_gpu["n_updates"] == on_cpu["n_updates"] < 10
    found = run.gpu.arrays()["weights"].reshape(3, 5)
    assert np.array_equal(found, run.cpu.weights(), equal_nan=True)


def test_poll_ends_a_pass_between_minibatches(tensor_interpreter):
    """What was learned until then is what a pass over those rows alone gives."""
    rng = np.random.default_rng(3)
    rows = rng.random((80, 5)) < 0.4
    weights, biases = np.zeros((3, 5), f32), (np.zeros(3, f32), np.zeros(5, f32))
    settings = {**DEFAULTS, "batch_size": 2}
    model = _cuda.TensorModel(weights, *biases, "fixed", driver=tensor_interpreter)
    told = []
    packed = np.packbits(rows, axis=1, bitorder="little")
    found = model.train(packed, None, settings, SEED, 0, lambda n: told.append(n) or True)
    assert found["stopped"]
    assert told == [found["n_rows"]]
    assert found["n_updates"] * 2 == found["n_rows"] < 80
    cpu = _core.RbmEngine(5, 3, "fixed")
    cpu.set_parameters(weights, *biases)
    some = _core.Rows.from_array(rows[: found["n_rows"]])
    cpu.train(some, None, {**settings, **CPU_ALONE}, SEED, 0, 1, None)
    assert np.array_equal(model.arrays()["weights"].reshape(3, 5), cpu.weights())


def test_what_poll_raises_ends_a_pass(tensor_interpreter):
    def poll(_):
        raise KeyboardInterrupt

    weights, biases = np.zeros((3, 5), f32), (np.zeros(3, f32), np.zeros(5, f32))
    model = _cuda.TensorModel(weights, *biases, "fixed", driver=tensor_interpreter)
    packed = np.zeros((80, 1), np.uint8)
    settings = {**DEFAULTS, "batch_size": 2}
    with pytest.raises(KeyboardInterrupt):
        model.train(packed, None, settings, SEED, 0, poll)
    assert model.train(packed[:4], None, settings, SEED, 0, None)["n_updates"] == 2


def test_a_pass_like_the_one_before_allocates_nothing_but_its_rows(tensor_interpreter, monkeypatch):
    weights, biases = np.zeros((3, 5), f32), (np.zeros(3, f32), np.zeros(5, f32))
    model = _cuda.TensorModel(weights, *biases, "fixed", driver=tensor_interpreter)
    packed = np.zeros((6, 1), np.uint8)
    allocate, sizes = tensor_interpreter.allocate, []
    monkeypatch.setattr(
        tensor_interpreter, "allocate", lambda n: sizes.append(n) or allocate(n), raising=True
    )
    for expected in (2, 1, 1):
        sizes.clear()
        model.train(packed, None, DEFAULTS, SEED, 0, None)
        assert len(sizes) == expected


def model_of(driver, **more):
    arguments = {
        "weights": np.zeros((3, 5), f32),
        "hidden_bias": np.zeros(3, f32),
        "visible_bias": np.zeros(5, f32),
        "precision": "fixed",
        **more,
    }
    return _cuda.TensorModel(**arguments, driver=driver)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"precision": "float64"}, "precision must be 'fixed' or 'fast', got 'float64'"),
        ({"hidden_bias": np.zeros(5, f32)}, r"hidden_bias has shape \(5,\), expected \(3,\)"),
    ],
)
def test_models_that_cannot_be_are_refused(tensor_interpreter, more, words):
    with pytest.raises(ValueError, match=words):
        model_of(tensor_interpreter, **more)


@pytest.mark.parametrize(
    ("packed", "order", "settings", "words"),
    [
        (np.zeros((4, 2), np.uint8), None, {}, r"packed has shape \(4, 2\), expected \(4, 1\)"),
        (np.zeros((4, 1), np.uint8), [0, 1, 2, 4], {}, "order holds 4, but there are 4 rows"),
        (np.zeros((4, 1), np.uint8), None, {"k": 0}, "k must be >= 1, got 0"),
        (np.zeros((4, 1), np.uint8), None, {"algorithm": "pcd"}, "n_chains must be >= 1, got 0"),
        (np.zeros((20000, 1), np.uint8), None, {"batch_size": 20000}, "at most 16384 rows"),
    ],
)
def test_passes_that_cannot_be_are_refused(tensor_interpreter, packed, order, settings, words):
    order = None if order is None else np.array(order, np.uint32)
    with pytest.raises(ValueError, match=words):
        model_of(tensor_interpreter).train(packed, order, {**DEFAULTS, **settings}, SEED, 0, None)


def test_older_devices_are_refused(tensor_interpreter, monkeypatch):
    monkeypatch.setattr(tensor_interpreter, "capability", 75)
    model = model_of(tensor_interpreter)
    with pytest.raises(ValueError, match=r"the device has capability 7\.5"):
        model.train(np.zeros((4, 1), np.uint8), None, DEFAULTS, SEED, 0, None)
