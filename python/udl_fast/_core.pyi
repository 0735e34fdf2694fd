"""The compiled module: checked arrays in, arrays out. Private; the classes above it are the
interface."""

from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

__version__: str
CUDA_STATUS: str
MAX_THREADS: int

def compiled_targets() -> list[str]: ...
def available_targets() -> list[str]: ...
def current_target() -> str: ...
def set_target(name: str) -> None: ...
def num_threads() -> int: ...
def num_threads_source() -> (
    str
): ...  # "set_num_threads", an environment variable or "usable processors"
def set_num_threads(n: int) -> None: ...
def usable_processors() -> int: ...

# Random numbers and elementary functions, for tests and for Python code that needs the same draws.
def philox4x32(counters: NDArray[np.uint32], key: tuple[int, int]) -> NDArray[np.uint32]: ...
def draws(
    seed: int, stream: str, layer: int, step: int, first_chain: int, n_chains: int, n_units: int
) -> NDArray[np.uint32]:
    """The (n_chains, n_units) 32-bit draws of one half step."""

def exp_negative(x: NDArray[np.float32]) -> NDArray[np.float32]: ...
def normal_from_bits(bits: NDArray[np.uint32]) -> NDArray[np.float32]:
    """The standard normal number that each draw stands for."""

def swap_probability(beta_a: float, beta_b: float, energy_a: float, energy_b: float) -> float:
    """Of states with these energies at two temperatures, in parallel tempering."""

def shuffled_order(n: int, seed: int, epoch: int) -> NDArray[np.uint32]: ...
def weight_scale_exponent(weights: NDArray[np.float32], narrow: bool = False) -> int: ...
def active_sums(
    weights: NDArray[np.float32],
    states: Rows,
    to_hidden: bool,
    by_lists: bool,
    narrow: bool = False,
    kept: bool = False,
) -> NDArray[np.int32]: ...
def activate_gaussian(
    inputs: NDArray[np.float32],
    deviation: NDArray[np.float32],
    factors: NDArray[np.float32],
    seed: int,
    stream: str,
    layer: int,
    step: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Means, and samples times `factors`, of Gaussian units; row r is chain r."""

class Rows:
    """A matrix of states or of values in one of three forms; `kind` is "bits", "dense" or "csr"."""

    @staticmethod
    def from_array(x: NDArray[Any], n_threads: int | None = None) -> Rows:
        """2-D float32, float64, uint8 or bool array of any strides. Held as bits (copied, 1 bit a
        value) when every value is 0 or 1; otherwise as float32 values (a reference if x already is
        C-contiguous float32)."""
    @staticmethod
    def from_threshold(  # bit = x > threshold
        x: NDArray[Any], threshold: float, n_threads: int | None = None
    ) -> Rows: ...
    @staticmethod
    def from_packed(packed: NDArray[np.uint8], n_columns: int) -> Rows: ...
    @staticmethod
    def from_csr(
        indptr: NDArray[Any],
        indices: NDArray[Any],
        data: NDArray[Any],
        n_columns: int,
        threshold: float | None = None,
        n_threads: int | None = None,
    ) -> Rows:
        """A checked copy. Values of one place are added up, in double. "bits" when every sum is 0 or 1,
        or with a threshold, above which they are 1: packed or as lists of the ones, whichever is
        smaller. Otherwise "csr", 12 bytes a value."""
    @property
    def kind(self) -> str: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def nbytes(self) -> int: ...  # memory held
    def value_range(self, n_threads: int = 1) -> tuple[float, float]: ...  # smallest, largest
    def column_means(self) -> NDArray[np.float64]: ...
    def to_array(self, dtype: str, first: int = 0, count: int | None = None) -> NDArray[Any]:
        """Rows first .. first + count - 1 as "bool", "uint8", "float32" or "float64"."""
    def select(self, indices: NDArray[np.integer]) -> Rows: ...  # the rows of these numbers, a copy
    def take(self, indices: NDArray[np.integer], dtype: str) -> NDArray[Any]:
        """The rows of these numbers as "float32" or "float64"."""
    def flipped_once(self, first: int, count: int, dtype: str) -> Rows:
        """A copy of rows first .. first + count - 1 with the unit of evaluation.flipped_units flipped
        in each, v to 1 - v. Real values are of dtype "float32" or "float64"."""
    def to_packed(
        self,
    ) -> NDArray[np.uint8]: ...  # bits only: (n, ceil(n_columns / 8)), bit order "little"

class RbmEngine:
    """Weights, biases, optimiser state and chains of one RBM on the CPU."""

    def __init__(
        self,
        n_visible: int,
        n_hidden: int,
        precision: str,  # "fixed", "fast" or "float64"
        visible: str = "bernoulli",  # kinds of units, by the names of base/units.h
        hidden: str = "bernoulli",
        visible_groups: list[int] | None = None,  # sizes, of softmax units
    ) -> None: ...  # NotImplementedError where the precision has no such units yet
    @property
    def n_visible(self) -> int: ...
    @property
    def n_hidden(self) -> int: ...
    @property
    def precision(self) -> str: ...
    @property
    def visible(self) -> str: ...
    @property
    def hidden(self) -> str: ...
    @property
    def visible_groups(self) -> list[int] | None: ...
    def set_parameters(
        self,
        weights: NDArray[Any],
        hidden_bias: NDArray[Any],
        visible_bias: NDArray[Any],
        log_variance: NDArray[Any] | None = None,  # None leaves that of Gaussian visible units
    ) -> None: ...
    def weights(self) -> NDArray[Any]: ...  # (n_hidden, n_visible), float32 or float64
    def hidden_bias(self) -> NDArray[Any]: ...
    def visible_bias(self) -> NDArray[Any]: ...
    def log_variance(self) -> NDArray[Any]: ...  # log sigma^2 of Gaussian visible units
    def optimizer_state(self) -> dict[str, NDArray[Any]]:
        """weight_velocity, hidden_velocity, visible_velocity, mean_activation, hidden_offset,
        visible_offset, log_variance_velocity: what resume needs beside the parameters."""
    def set_optimizer_state(self, state: dict[str, NDArray[Any]]) -> None: ...
    def chains(self) -> NDArray[Any]:
        """(n_chains, n_hidden), hidden states of PCD: bool, or reals where states are no bits."""
    @property
    def n_chains(self) -> int: ...
    def set_chains(self, hidden: NDArray[Any]) -> None: ...
    def betas(self) -> NDArray[Any]: ...  # of adaptive tempering; empty before
    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that learning changes: weights, hidden_bias, visible_bias, log_variance, chains and
        the arrays of optimizer_state()."""
    def set_state(self, arrays: dict[str, NDArray[Any]]) -> None: ...  # checked; all or nothing
    def snapshot(
        self,
    ) -> int: ...  # keeps a copy of parameters, optimiser state and chains; its number
    def restore(self) -> None: ...  # returns to the last snapshot
    def snapshot_state(self, number: int) -> dict[str, NDArray[Any]] | None:
        """state() as it was at the snapshot of this number; None if there is none or a later one."""
    def change_since_snapshot(self) -> tuple[float, float, float]:
        """Euclidean norms of the change of the weights and of the weights, and max |w|."""
    def train(
        self,
        rows: Rows,
        order: NDArray[np.uint32] | None,  # presentation order of the rows; None = as they are
        settings: dict[str, Any],
        seed: int,
        step: int,  # Gibbs steps made so far by this stream
        n_threads: int,
        poll: Callable[[int], bool]
        | None = None,  # poll(n_rows_done), about every 50 ms; True stops
    ) -> dict[str, Any]:
        """One pass over the rows in minibatches. settings: batch_size, algorithm "cd"|"pcd"|"pt", k,
        learning_rate, momentum, weight_decay, l1, sparsity_target (None = off), sparsity_cost,
        sparsity_damping, sample_visibles, learn_sigma, binarize_sample, data_step (presentation
        counter); with "pt" n_temperatures and beta_min; and, if they are not to be False and 0 (no
        limit), centered and max_norm.
        Returns n_updates, n_rows, step, stopped, finite, seconds."""
    def mean_hidden(self, rows: Rows, n_threads: int) -> NDArray[Any]: ...
    def mean_visible(self, rows: Rows, n_threads: int) -> NDArray[Any]: ...
    def sample_hidden(
        self, rows: Rows, seed: int, stream: str, step: int, first_chain: int, n_threads: int
    ) -> Rows: ...
    def sample_visible(
        self, rows: Rows, seed: int, stream: str, step: int, first_chain: int, n_threads: int
    ) -> Rows: ...
    def gibbs(
        self,
        rows: Rows,
        n_steps: int,
        seed: int,
        stream: str,
        step: int,
        first_chain: int,
        n_threads: int,
        clamp: tuple[Rows, Rows] | None = None,
        beta: float = 1.0,
    ) -> tuple[Rows, Rows]:
        """n_steps of hidden then visible from visible states; returns (visible, hidden) of the
        last step. `clamp` is (mask, values), bits, each one row for all chains or one for each: visible
        units of the mask keep their values, which `rows` has to hold already. `beta` in [0, 1] times the
        energy is that of the model that is sampled."""
    def gibbs_means(
        self,
        rows: Rows,
        n_steps: int,
        seed: int,
        stream: str,
        step: int,
        first_chain: int,
        n_threads: int,
        clamp: tuple[Rows, Rows] | None = None,
        beta: float = 1.0,
    ) -> NDArray[Any]:
        """The same chains: P(v | h) of the last step, and the values of held units."""
    def free_energy(self, rows: Rows, n_threads: int) -> NDArray[np.float64]: ...
    def group_energies(self, rows: Rows, group: int, n_threads: int) -> NDArray[np.float64]:
        """Free energies of rows with each unit of a group of several softmax units on, (n, its units)."""
    def pseudo_likelihood(self, rows: Rows, n_threads: int) -> NDArray[np.float64]: ...
    @overload
    def log_partition_exact(self, n_threads: int, lengths: None = None) -> float:
        """Enumerates the smaller side of Bernoulli units; float64, fixed order of sums. With `lengths`, words
        of rows of replicated softmax units, one for each."""
    @overload
    def log_partition_exact(self, n_threads: int, lengths: list[int]) -> NDArray[np.float64]: ...
    def anneal(
        self,
        betas: NDArray[np.float32],  # ascending or descending within [0, 1]
        base_bias: NDArray[Any],  # (n_visible,), visible biases of the base model
        start: Rows | None,  # n_runs visible states; None: of the base model, at betas[0] == 0
        n_runs: int,
        seed: int,
        step: int,  # draws at betas[k] are those of step + k of the stream "ais"
        n_threads: int,
        watch: Callable[[int], None] | None = None,
    ) -> NDArray[np.float64]:
        """Log importance weights of annealed runs, whose weights have the mean Z_last / Z_first. `watch`
        is called now and then with runs times temperatures done so far, and may raise."""

def train_up_down(
    recognition: list[RbmEngine],  # from the rows upwards: visible units are those below
    generative: list[RbmEngine],  # from the rows upwards: visible units are those above
    top: RbmEngine,  # visible units: the last hidden ones of recognition, then labels
    rows: Rows,
    labels: Rows | None,  # a one at the class of each row, or none
    order: NDArray[np.uint32] | None,
    settings: dict[str, Any],
    seed: int,
    step: int,  # Gibbs steps at the top made so far by this stream
    n_threads: int,
    poll: Callable[[int], bool] | None = None,
) -> dict[str, Any]:
    """One pass of the up-down algorithm. Settings, of all layers, and what is returned are those of
    RbmEngine.train with "cd"; directed layers are engines of Bernoulli units, whose visible biases
    stay. NotImplementedError for engines of float64."""

class GradientWorkspace:
    """What calls of NetEngine.gradient with the same arguments keep from one to the next; None of its own."""

    def __init__(self) -> None: ...

def lbfgs_direction(
    gradient: NDArray[np.float64],
    steps: Sequence[NDArray[Any]],
    changes: Sequence[NDArray[Any]],
    curvatures: Sequence[float],
    n_threads: int,
) -> NDArray[np.float64]:
    """Minus the inverse of the Hessian times the gradient, where pairs of steps and changes of the gradient, all
    of float32 or all of float64, oldest first, tell that inverse. The same for any number of threads."""

class NetEngine:
    """Parameters and optimiser memory of a net of dense layers on the CPU."""

    def __init__(
        self,
        sizes: Sequence[int],  # units, inputs first
        activations: Sequence[str],  # a layer: "linear", "logistic", "tanh", "relu"; last "softmax"
        loss: str,  # "squared", "cross_entropy" of logistic outputs, "multinomial" of softmax
        precision: str,  # "float32", "fast" or "float64"
        tied: Sequence[int] | None = None,  # a layer: that whose transposed weights it uses, or -1
    ) -> None: ...
    @property
    def sizes(self) -> list[int]: ...
    @property
    def activations(self) -> list[str]: ...
    @property
    def loss(self) -> str: ...
    @property
    def tied(self) -> list[int]: ...
    @property
    def precision(self) -> str: ...
    @property
    def n_parameters(self) -> int: ...
    def parameters(self) -> NDArray[np.float64]:
        """All of them: of layer after layer the weights (outputs, inputs), unless they are tied, and the bias."""
    def set_parameters(self, flat: NDArray[np.float64]) -> None: ...
    def state(self) -> dict[str, NDArray[Any]]:
        """layers.0/weights of shape (outputs, inputs) and layers.0/bias of each layer; once they are used, of each
        parameter a velocity (layers.0/weight_velocity, layers.0/bias_velocity) or Adam's mean and square
        (layers.0/weight_mean ..) with adam_steps of shape (1,)."""
    def set_state(self, arrays: dict[str, NDArray[Any]]) -> None: ...  # checked; all or nothing
    def snapshot(self) -> int: ...  # keeps a copy of all that learning changes; its number
    def restore(self) -> None: ...  # returns to the last snapshot
    def snapshot_state(self, number: int) -> dict[str, NDArray[Any]] | None:
        """state() as it was at the snapshot of this number; None if there is none or a later one."""
    def change_since_snapshot(self) -> tuple[float, float, float]:
        """Euclidean norms of the change of the weights and of the weights, and max |w|."""
    def train(
        self,
        rows: Rows,
        order: NDArray[np.uint32] | None,  # presentation order of the rows; None = as they are
        settings: dict[str, Any],
        seed: int,
        step: int,  # updates made so far by this stream
        n_threads: int,
        poll: Callable[[int], bool]
        | None = None,  # poll(n_rows_done), about every 50 ms; True stops
        targets: Rows | None = None,  # a row for each; classes as one bit of a row; None = the rows
    ) -> dict[str, Any]:
        """One pass over the rows in minibatches. settings: batch_size, solver "sgd"|"adam", learning_rate,
        momentum and, where they differ from PyTorch's, nesterov, square_decay, epsilon; and the objective:
        weight_decay, l1, sparsity_target, sparsity_cost, corruption
        "none"|"masking"|"salt_and_pepper"|"gaussian", corruption_level, dropout, code_layer, code_noise,
        fixed_code_noise, rounded_code, each left out where it is not wanted.
        Returns n_updates, n_rows, step, stopped, finite, loss (mean over the rows), seconds."""
    def gradient(
        self,
        rows: Rows,
        objective: dict[str, Any],
        seed: int,
        step: int,
        n_threads: int,
        order: NDArray[np.uint32] | None = None,
        targets: Rows | None = None,
        workspace: GradientWorkspace | None = None,  # of calls with the same rows, which are alive
    ) -> tuple[float, NDArray[np.float64]]:
        """The objective over all rows, mean of their losses and penalties, and its gradient in the order of
        parameters()."""
    def forward(
        self,
        rows: Rows,
        n_threads: int,
        first: int = 0,
        last: int | None = None,
        rounding: str | None = None,
    ) -> NDArray[Any]:
        """Outputs of layer last - 1 given inputs of layer `first`; None is all layers. `rounding` is of both
        factors of products: "int16", "int8" or None."""
    def forward_and_range(
        self,
        rows: Rows,
        n_threads: int,
        first: int = 0,
        last: int | None = None,
        rounding: str | None = None,
    ) -> tuple[NDArray[Any], float, float]:
        """The same, and what `rows.value_range` tells; 0 and 1 of bits."""
    def backward(self, rows: Rows, output_gradient: NDArray[Any], n_threads: int) -> NDArray[Any]:
        """Adds the gradient of sum(output_gradient * outputs) to that which update() follows; returns it by the
        inputs."""
    def update(self, settings: dict[str, Any], n_threads: int) -> None:
        """One step of the solver by what backward() added up since the last; settings as of train, without
        batch_size."""

# Hamming search. Codes and queries are packed rows of one width.
# ids: id of each code, None = its position; ascending: they never decrease. allowed: bitmap over positions
# in words of 64. Neighbours are ordered by (distance, id).
def hamming_search(
    codes: NDArray[np.uint8],
    queries: NDArray[np.uint8],
    k: int,
    n_threads: int,
    ids: NDArray[np.int64] | None = None,
    ascending: bool = False,
    allowed: NDArray[np.uint64] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """(distances, ids), each (n_queries, k), filled with 2147483647 and -1."""

def hamming_range(
    codes: NDArray[np.uint8],
    queries: NDArray[np.uint8],
    largest: int,
    n_threads: int,
    ids: NDArray[np.int64] | None = None,
    ascending: bool = False,
    allowed: NDArray[np.uint64] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """(limits, distances, ids) of all codes at a distance <= largest, in the order of ids."""

def hamming_distances(
    codes: NDArray[np.uint8], queries: NDArray[np.uint8], n_threads: int
) -> NDArray[np.int32]: ...  # (n_queries, n_codes)
def hamming_histogram(
    codes: NDArray[np.uint8],
    queries: NDArray[np.uint8],
    n_threads: int,
    allowed: NDArray[np.uint64] | None = None,
) -> NDArray[np.int64]: ...  # (n_queries, n_bits + 1), codes at each distance
def hamming_pairs(
    codes: NDArray[np.uint8],
    largest: int,
    n_threads: int,
    ids: NDArray[np.int64] | None = None,
    ascending: bool = False,
    watch: Callable[[float], None] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """(first, second, distances) of all pairs of codes at a distance <= largest, first < second, in order.
    `watch` is called now and then with the share of the work that is done, and may raise."""

class HammingTables:
    """Tables of buckets of all codes, for multi-index hashing; they hold no codes."""

    def __init__(
        self, codes: NDArray[np.uint8], n_tables: int, n_threads: int
    ) -> None: ...  # n_tables 0: as many as suit the number of codes
    @property
    def n_tables(self) -> int: ...
    @property
    def n_codes(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def prices(self) -> dict[str, float]:
        """Seconds of one thread as measured when they were built: row_word and tile_word (a word of a code in
        a scan for few queries, and for many), query (asking tables at all), key, code (of a bucket)."""
    def set_prices(
        self, *, row_word: float, tile_word: float, query: float, line: float, code: float
    ) -> None: ...  # others than were measured, for tests; no search may run meanwhile
    @property
    def tally(self) -> dict[str, float]:
        """n_asked and n_answered queries, and the largest_loss on a query that was then scanned, in scans."""
    def positions(self, table: int, code: NDArray[np.uint8], radius: int) -> NDArray[np.int64]:
        """Positions in one table's buckets whose keys differ from the code's in exactly `radius` bits."""

# The searches above through tables of the first n_codes of the codes. The last value is the number of queries
# (codes) answered from the tables alone; the others were scanned because that is cheaper, or never if `always`.
def hamming_hash_search(
    tables: HammingTables,
    codes: NDArray[np.uint8],
    queries: NDArray[np.uint8],
    k: int,
    n_threads: int,
    ids: NDArray[np.int64] | None = None,
    allowed: NDArray[np.uint64] | None = None,
    always: bool = False,
) -> tuple[NDArray[np.int32], NDArray[np.int64], int]: ...
def hamming_hash_range(
    tables: HammingTables,
    codes: NDArray[np.uint8],
    queries: NDArray[np.uint8],
    largest: int,
    n_threads: int,
    ids: NDArray[np.int64] | None = None,
    ascending: bool = False,
    allowed: NDArray[np.uint64] | None = None,
    always: bool = False,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], int]: ...
def hamming_hash_pairs(
    tables: HammingTables,
    codes: NDArray[np.uint8],
    largest: int,
    n_threads: int,
    ids: NDArray[np.int64] | None = None,
    ascending: bool = False,
    always: bool = False,
    watch: Callable[[float], None] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], int]: ...

# Prices that decide whether tables are built: seconds of one thread for one query, and for building. The first
# call measures, for some 10 ms.
def dense_product(
    weights: NDArray[np.float32],
    values: NDArray[np.float32],
    to_inputs: bool,
    activation: str,
    of_units: NDArray[np.float32],
    outputs: NDArray[np.float32] | None,
    by_value: NDArray[np.float32] | None,
    task_panels: int,
    task_rows: int,
    by_lists: bool = False,
) -> NDArray[np.float32]:
    """Weights (n_outputs, n_inputs) times rows of values on one side, finished on the other: activated with
    biases `of_units` and noise `by_value`, or, given `outputs`, the errors with terms and scales of these."""

def dense_update(
    weights: NDArray[np.float32],
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    terms: list[tuple[NDArray[np.float32], NDArray[np.float32]]],
    rule: str,
    numbers: dict[str, float],
    task_panels: int,
    task_units: int,
    by_lists: bool = False,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """One step of an optimizer with the gradient of (inputs, errors) pairs: weights and its two moments."""

def dense_step(
    weights: NDArray[np.float32],
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    gradient: NDArray[np.float32],
    rule: str,
    numbers: dict[str, float],
    in_halves: bool,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The step alone; in between, weights may lie in halves."""

def dense_row_sums(values: NDArray[np.float32]) -> NDArray[np.float32]: ...
def dense_loss(
    sums: NDArray[np.float32],
    targets: NDArray[np.float32],
    activation: str,
    loss: str,
    factor: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """(outputs, factor times the derivative of the loss by the sums, loss) of an output layer."""

def hamming_scan_seconds(n_codes: int, n_words: int, n_queries: int, n_threads: int) -> float: ...
def hamming_hash_seconds(n_codes: int, n_bits: int, n_tables: int, radius: int) -> float: ...
def hamming_build_seconds(n_codes: int, n_tables: int) -> float: ...
def hamming_default_tables(n_codes: int, n_bits: int) -> int: ...
def hamming_tile_codes() -> int: ...  # codes of a sliced tile of the current target
def hamming_scan_rows(
    codes: NDArray[np.uint8],
    query: NDArray[np.uint8],
    threshold: int,
    allowed: NDArray[np.uint64] | None = None,
) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """One kernel call on at most 2048 codes, for tests: (positions, distances) within the threshold."""

def hamming_scan_tile(
    codes: NDArray[np.uint8],
    queries: NDArray[np.uint8],
    limits: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """One kernel call on at most a tile of codes, for tests: (n_queries, n_codes), within the query's limit."""

# Single kernels, for benchmarks; who calls takes the time.
CEILING_BLOCK: int  # rows of sixteen lanes in a block

def run_multiply_adds(n_blocks: int, n_threads: int) -> None:
    """Each thread multiplies and adds n_blocks blocks of rows in registers: what bounds a dense product."""

def run_entry_additions(n_blocks: int, n_threads: int) -> None:
    """Each thread loads and adds n_blocks blocks of 64-byte table entries from its L1 cache: what bounds a
    product of bits by tables."""

class KernelRates:
    """The kernels of a training step on one minibatch, each by itself: "hidden", "visible", "gradient" (of one
    phase), "pair_counts", "dense_hidden", "dense_gradient", "sample" and "sample_and_mean" (epilogues of the
    hidden side, each tile with the sums of tile 0 and no bias). One thread of Python at a time."""

    def __init__(
        self, visible: Rows, hidden: Rows, weights: NDArray[np.float32], narrow: bool = False
    ) -> None: ...  # (n, n_visible) and (n, n_hidden) bits, weights (n_hidden, n_visible)
    def run(self, kernel: str, n: int, n_threads: int) -> None: ...  # n times all tiles
    def total(self, kernel: str) -> float: ...  # sum of all that one run yields, for tests

class LayerRates:
    """The products of one layer of a net with a minibatch, each by itself: "forward", "input_gradient" and
    "update". One thread of Python at a time."""

    def __init__(
        self, n_rows: int, n_inputs: int, n_outputs: int, precision: str
    ) -> None: ...  # "float32" or "fast"
    def run(self, product: str, n: int, n_threads: int) -> None: ...  # n times
    def total(self, product: str) -> float: ...  # of what one run yields, for tests
