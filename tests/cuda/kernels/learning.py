"""Learning from one minibatch: what a test is given, what NumPy finds, and what the kernel does."""

from dataclasses import dataclass, field

import numpy as np

from udl_fast import _core

from . import layouts
from .tensor_kernels import CHAINS, DATA, Learn, learn_launch, put_images, run_state

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
