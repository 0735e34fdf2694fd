"""Learning by tensor cores, interpreted: what NumPy finds when it rounds where the CPU's engine does."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from udl_fast import _core

from . import layouts
from .tensor_kernels import (
    CHAINS,
    DATA,
    LEARN_SHAPES,
    FindScale,
    Learn,
    Rescale,
    learn_launch,
    put_images,
    quantise,
    run_state,
)

SEED, FIRST_STEP, MINIBATCH = 0xFEDCBA9876543210, 40, 2
f32 = np.float32


@dataclass
class Case:
    n_visible: int = 300
    n_hidden: int = 45
    rows: tuple = (40, 40)  # of the data, of the chains
    statistics: str = "means"
    n_slices: int = 3
    settings: dict = field(default_factory=dict)
    size: float = 0.2  # of weights

    @property
    def narrow(self):
        return self.n_slices == 2

    @property
    def one(self):
        return {"means": 65536, "dithered": 1024, "samples": 1}[self.statistics]


class Inputs:
    """A minibatch and a model, drawn."""

    def __init__(self, case):
        rng = np.random.default_rng(case.n_visible + case.rows[0])
        self.visible = [rng.random((n, case.n_visible)) < 0.3 for n in case.rows]
        self.p = [rng.integers(0, 65536, (n, case.n_hidden)) for n in case.rows]
        for p in self.p:
            p[rng.random(p.shape) < 0.2] = 65535
            p[rng.random(p.shape) < 0.2] = 3
        self.samples = [rng.random((n, case.n_hidden)) < 0.5 for n in case.rows]
        shape = case.n_hidden, case.n_visible
        self.weights = (rng.standard_normal(shape) * case.size).astype(f32)
        self.weights[0, : case.n_visible // 2] = 0
        self.velocity = (rng.standard_normal(shape) * 0.01).astype(f32)
        self.biases = [rng.standard_normal(n).astype(f32) for n in (case.n_visible, case.n_hidden)]
        self.bias_velocities = [b * f32(0.1) for b in self.biases]
        self.mean_activation = rng.random(case.n_hidden).astype(f32)


def dithered(p, first_offset):
    """Ten bits: rounded down after an offset of the row is added."""
    offsets = (first_offset + 37 * np.arange(len(p))) % 64
    return np.minimum(1023, (p + offsets[:, None]) >> 6)


def mean_factor(one, n):
    return f32(1) / (f32(one) * f32(n))


def difference(sums, one, rows):
    if rows[DATA] == rows[CHAINS]:
        return (sums[DATA] - sums[CHAINS]).astype(f32) * mean_factor(one, rows[DATA])
    positive, negative = (
        s.astype(f32) * mean_factor(one, n) for s, n in zip(sums, rows, strict=True)
    )
    return positive - negative


class Expected:
    """New parameters, with the roundings of csrc/kernels/rbm/update.h and of biases on a CPU."""

    def __init__(self, case, inputs):
        self.settings = {"learning_rate": 0.05, **case.settings}
        get = lambda name: f32(self.settings.get(name, 0))  # noqa: E731
        rate, momentum, decay, l1 = map(get, ("learning_rate", "momentum", "weight_decay", "l1"))
        hidden = inputs.samples if case.statistics == "samples" else inputs.p
        ones = [v.sum(axis=0) for v in inputs.visible], [h.sum(axis=0) for h in hidden]
        one = 1 if case.statistics == "samples" else 65536
        gradients = [difference(ones[0], 1, case.rows), difference(ones[1], one, case.rows)]
        force = None
        if "sparsity_cost" in self.settings:
            mean = ones[1][DATA].astype(f32) * mean_factor(one, case.rows[DATA])
            damping = get("sparsity_damping")
            self.mean_activation = damping * inputs.mean_activation + (f32(1) - damping) * mean
            force = get("sparsity_cost") * (get("sparsity_target") - self.mean_activation)
            gradients[1] = gradients[1] + force
            self.mean_visible = ones[0][DATA].astype(f32) * mean_factor(1, case.rows[DATA])
        self.bias_velocities = []
        self.biases = []
        for bias, velocity, gradient in zip(
            inputs.biases, inputs.bias_velocities, gradients, strict=True
        ):
            change = momentum * velocity + rate * gradient if momentum else rate * gradient
            self.bias_velocities.append(change if momentum else np.zeros_like(change))
            self.biases.append(bias + change)
        if case.statistics == "dithered":
            step = FIRST_STEP + MINIBATCH
            offset = int(_core.draws(SEED, "rounding", 1, step, 0, 1, 1)[0, 0]) >> 26
            hidden = [dithered(p, offset) for p in inputs.p]
        pairs = [
            h.astype(np.int64).T @ v.astype(np.int64)
            for h, v in zip(hidden, inputs.visible, strict=True)
        ]
        gradient = difference(pairs, case.one, case.rows)
        w = inputs.weights
        if force is not None:
            gradient = gradient + self.mean_visible[None, :] * force[:, None]
        gradient = gradient - decay * w - l1 * np.sign(w)
        step = rate * gradient
        if momentum:
            step = momentum * inputs.velocity + step
            self.velocity = step
        self.weights = w + step


class Learned:
    """The same by the kernel, and what else it leaves."""

    def __init__(self, device, case, inputs, shape, exponent=None):
        settings = {"learning_rate": 0.05, **case.settings}
        n_visible, n_hidden = case.n_visible, case.n_hidden
        if exponent is None:
            exponent = _core.weight_scale_exponent(inputs.weights, case.narrow)
        row_words = layouts.state_stride(max(case.rows))
        n_data, n_chains = case.rows
        state = run_state(
            exponent,
            n_data * MINIBATCH + n_data,
            batch_size=n_data,
            n_chains=0 if n_data == n_chains else n_chains,
            minibatch=MINIBATCH,
            seed=SEED,
            first_step=FIRST_STEP,
            **settings,
        )
        put = device.put
        self.images = put_images(device, np.zeros_like(inputs.weights), exponent, case.n_slices)
        a = Learn(
            run=device.put_state(state),
            visible_bits=tuple(put(layouts.pack(v.T, row_words)) for v in inputs.visible),
            row_words=row_words,
            n_visible=n_visible,
            n_hidden=n_hidden,
            weights=put(inputs.weights),
            velocity=put(inputs.velocity) if settings.get("momentum") else 0,
            to_hidden=self.images[0],
            to_visible=self.images[1],
            hidden_norms=put(np.zeros((n_hidden, 2), np.uint64)),
            visible_norms=put(np.zeros((n_visible, 2), np.uint64)),
            visible_bias=put(inputs.biases[0]),
            hidden_bias=put(inputs.biases[1]),
            visible_velocity=put(inputs.bias_velocities[0]),
            hidden_velocity=put(inputs.bias_velocities[1]),
        )
        if case.statistics == "samples":
            a.hidden_bits = tuple(put(layouts.pack(h.T, row_words)) for h in inputs.samples)
        else:
            a.probabilities = tuple(put(layouts.probabilities(p, row_words)) for p in inputs.p)
        bias_blocks = 3
        if "sparsity_cost" in settings:
            a.mean_activation = put(inputs.mean_activation)
            a.mean_visible = put(np.zeros(n_visible, f32))
            a.force = put(np.zeros(n_hidden, f32))
            device.launch("udl_learn_biases", (2,), 256, a)
            bias_blocks = 0
        statistics = case.statistics
        name, blocks, threads, shared = learn_launch(
            shape, statistics, case.n_slices, n_visible, n_hidden, bias_blocks
        )
        if n_data != n_chains:
            a.chain_means = put(np.zeros(blocks[0] * threads * 32, f32))
        device.launch(name, blocks, threads, a, shared)
        self.device, self.case, self.addresses, self.inputs = device, case, a, inputs
        self.state = device.get_state(a.run)
        get = device.get
        self.weights = get(a.weights, inputs.weights)
        self.velocity = get(a.velocity, inputs.velocity) if a.velocity else None
        self.biases = [
            get(at, b) for at, b in zip((a.visible_bias, a.hidden_bias), inputs.biases, strict=True)
        ]
        self.bias_velocities = [
            get(at, b)
            for at, b in zip((a.visible_velocity, a.hidden_velocity), inputs.biases, strict=True)
        ]
        if a.force:
            self.mean_activation = get(a.mean_activation, inputs.mean_activation)

    def image_pair(self):
        z = np.zeros_like(self.weights, dtype=np.int64)
        likes = layouts.images(z, self.case.n_slices), layouts.images(z.T, self.case.n_slices)
        return [self.device.get(at, like) for at, like in zip(self.images, likes, strict=True)]

    def norms(self):
        a, case = self.addresses, self.case
        zero = np.zeros((case.n_hidden, 2), np.uint64), np.zeros((case.n_visible, 2), np.uint64)
        return [self.device.get(a.hidden_norms, zero[0]), self.device.get(a.visible_norms, zero[1])]


def bits(array):
    return np.asarray(array).view(np.uint32)


def check(learned, expected, exponent):
    assert np.array_equal(learned.weights, expected.weights)
    if learned.velocity is not None:
        assert np.array_equal(learned.velocity, expected.velocity)
    for layer in range(2):
        assert np.array_equal(learned.biases[layer], expected.biases[layer])
        assert np.array_equal(learned.bias_velocities[layer], expected.bias_velocities[layer])
    if hasattr(expected, "mean_activation"):
        assert np.array_equal(learned.mean_activation, expected.mean_activation)
    case, state = learned.case, learned.state
    z = quantise(expected.weights, exponent)
    for found, integers in zip(learned.image_pair(), (z, z.T), strict=True):
        assert np.array_equal(found, layouts.images(integers, case.n_slices))
    assert not any(norms.any() for norms in learned.norms())
    next_exponent = _core.weight_scale_exponent(expected.weights, case.narrow)
    assert state.exponent == next_exponent
    assert (state.scale, state.inverse_scale) == (2.0**next_exponent, 2.0**-next_exponent)
    assert state.minibatch == MINIBATCH + 1
    assert state.rescaled == (state.minibatch if next_exponent != exponent else 0)
    assert (state.finished, state.largest_bits, state.largest_norm) == (0, 0, 0)
    assert not state.not_finite


MORE = {"momentum": 0.5, "weight_decay": 0.0003, "l1": 0.0001}
SPARSITY = {"sparsity_target": 0.1, "sparsity_cost": 0.4, "sparsity_damping": 0.9}
CASES = {
    "means": Case(),
    "momentum, decay and l1": Case(settings=MORE),
    "sparsity": Case(settings={**SPARSITY, "momentum": 0.9}),
    "samples": Case(statistics="samples", settings=MORE),
    "dithered": Case(statistics="dithered", n_slices=2),
    "dithered, many rows": Case(
        65, 66, (130, 130), "dithered", 2, settings={"momentum": 0.5}, size=0.05
    ),
    "samples of fast": Case(70, 70, statistics="samples", n_slices=2),
    "other chains": Case(70, 33, rows=(40, 100), settings=MORE),
    "other chains, samples": Case(70, 33, rows=(24, 7), statistics="samples"),
    "other chains, dithered": Case(70, 33, (24, 33), "dithered", 2),
    "other chains, sparsity": Case(70, 33, rows=(40, 20), settings=SPARSITY),
    "one of all": Case(1, 1, rows=(1, 1)),
    "small": Case(7, 33, rows=(3, 3), settings={"momentum": 0.5}),
}


@pytest.mark.parametrize("shape", LEARN_SHAPES)
@pytest.mark.parametrize("name", CASES)
def test_parameters_images_and_scale(device, name, shape):
    case = CASES[name]
    inputs = Inputs(case)
    exponent = _core.weight_scale_exponent(inputs.weights, case.narrow)
    check(Learned(device, case, inputs, shape), Expected(case, inputs), exponent)


@pytest.mark.parametrize("n_slices", [2, 3])
@pytest.mark.parametrize("off", [-3, 2])
def test_a_scale_that_was_wrong_is_found(device, n_slices, off):
    """Whatever the scale was: of integers out of range nothing follows."""
    statistics = "dithered" if n_slices == 2 else "means"
    case = Case(70, 70, (3, 3), statistics, n_slices)
    inputs = Inputs(case)
    right = _core.weight_scale_exponent(inputs.weights, case.narrow)
    learned = Learned(device, case, inputs, "small", right + off)
    expected = Expected(case, inputs)
    assert learned.state.exponent == _core.weight_scale_exponent(expected.weights, case.narrow)
    assert learned.state.rescaled == MINIBATCH + 1


@pytest.mark.parametrize("n_slices", [2, 3])
@pytest.mark.parametrize("signs", [(1, 1), (-1, -1), (1, -1)], ids=str)
def test_norms_bind_where_many_units_are_large(device, n_slices, signs):
    """The largest integer would fit one bit more. Positive and negative ones are added up apart."""
    case = Case(600, 1, (3, 3), "dithered" if n_slices == 2 else "means", n_slices)
    inputs = Inputs(case)
    inputs.weights[:] = 0.9 * np.tile(signs, 300)
    learned = Learned(device, case, inputs, "small")
    expected = Expected(case, inputs)
    exponent = _core.weight_scale_exponent(expected.weights, case.narrow)
    of_one = _core.weight_scale_exponent(expected.weights[:, :1], case.narrow)
    assert exponent > of_one
    check(learned, expected, _core.weight_scale_exponent(inputs.weights, case.narrow))
    # From where integers are in range and their sums are not.
    assert Learned(device, case, inputs, "small", of_one).state.exponent == exponent


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_no_number_ends_learning(device, value):
    case = Case(33, 7, (3, 3))
    inputs = Inputs(case)
    inputs.weights[6, 32] = value
    learned = Learned(device, case, inputs, "large", exponent=-24)
    assert learned.state.not_finite == 1
    assert learned.state.minibatch == MINIBATCH + 1
    assert learned.state.exponent == -24
    before = learned.weights.copy()
    name, blocks, threads, shared = learn_launch("large", "means", 3, 33, 7, 3)
    device.launch(name, blocks, threads, learned.addresses, shared)
    assert np.array_equal(bits(device.get(learned.addresses.weights, before)), bits(before))


@pytest.mark.parametrize("n_slices", [2, 3])
@pytest.mark.parametrize("due", [True, False])
def test_images_are_made_anew_where_the_scale_has_changed(device, n_slices, due):
    rng = np.random.default_rng(8)
    weights = (rng.standard_normal((70, 150)) * 0.1).astype(f32)
    exponent = _core.weight_scale_exponent(weights, n_slices == 2)
    state = run_state(exponent, 200, batch_size=40, minibatch=3, rescaled=3 if due else 2)
    empty = put_images(device, np.zeros_like(weights), exponent, n_slices)
    arguments = Rescale(device.put_state(state), device.put(weights), 150, 70, *empty)
    device.launch(f"udl_rescale_{n_slices}", (3, 2), 256, arguments)
    z = quantise(weights, exponent) if due else np.zeros((70, 150), np.int64)
    for address, integers in zip(empty, (z, z.T), strict=True):
        expected = layouts.images(integers, n_slices)
        assert np.array_equal(device.get(address, expected), expected)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("off", [-2, 0, 5])
@pytest.mark.parametrize("size", [0.05, 20])
def test_a_scale_is_found_from_weights_alone(device, narrow, off, size):
    rng = np.random.default_rng(3)
    weights = (rng.standard_normal((70, 130)) * size).astype(f32)
    right = _core.weight_scale_exponent(weights, narrow)
    state = run_state(right + off, 40, minibatch=4, rescaled=1)
    arguments = FindScale(device.put_state(state), device.put(weights), 130, 70, narrow)
    device.launch("udl_find_scale", (1,), 256, arguments)
    found = device.get_state(arguments.run)
    assert found.exponent == right
    assert (found.scale, found.inverse_scale) == (2.0**right, 2.0**-right)
    assert (found.rescaled, found.minibatch, found.not_finite) == (4, 4, 0)


def test_weights_that_are_no_numbers_have_no_scale(device):
    weights = np.full((3, 5), np.nan, f32)
    arguments = FindScale(device.put_state(run_state(-20, 3)), device.put(weights), 5, 3, 0)
    device.launch("udl_find_scale", (1,), 256, arguments)
    found = device.get_state(arguments.run)
    assert (found.exponent, found.not_finite) == (-20, 1)
