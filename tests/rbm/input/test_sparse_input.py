"""Sparse matrices given to models: repeated places, orders, malformed indices, memory."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from scipy import sparse

from udl_fast import RBM

FORMATS = ("csr", "csc", "coo", "bsr")


@pytest.fixture(scope="module")
def model():
    return RBM(3, n_iter=1, random_state=0).fit(np.eye(4, dtype=np.float32))


def repeated(dtype, format, values=(128, 128)):
    """One row with two values in one place, of column 2, and nothing else."""
    data, indices, indptr = np.array(values, dtype), np.array([2, 2]), np.array([0, 2])
    if format == "coo":
        return sparse.coo_array((data, (np.array([0, 0]), indices)), (1, 4))
    if format == "csc":
        starts = np.array([0, 0, 0, 2, 2])
        return sparse.csc_array((data, np.array([0, 0]), starts), (1, 4))
    if format == "bsr":
        return sparse.bsr_array((data.reshape(2, 1, 1), indices, indptr), (1, 4))
    return sparse.csr_array((data, indices, indptr), (1, 4))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("dtype", "values", "total"),
    [
        (np.uint8, (128, 128), 256),
        (np.int8, (100, 100), 200),
        (np.uint8, (1, 1), 2),
        (bool, (1, 1), 1),
        (np.float32, (0.25, 0.5), 0.75),
        (np.int64, (1, -1), 0),
    ],
)
@pytest.mark.filterwarnings("ignore:.*values from 0 to:UserWarning")
def test_values_of_one_place_are_added(model, format, dtype, values, total):
    """In uint8, 128 and 128 would be 0."""
    expected = model.mean_hidden(np.array([[0, 0, total, 0]], np.float32))
    given = repeated(dtype, format, values)
    np.testing.assert_array_equal(model.transform(given), expected)
    np.testing.assert_array_equal(model.mean_hidden(given), expected)
    assert given.nnz == 2, "the caller's matrix is left as it was"


@pytest.mark.parametrize("format", FORMATS)
def test_thresholds_meet_the_sum(format):
    model = RBM(3, n_iter=1, random_state=0, binarize=199.5).fit(255 * np.eye(4))
    on, off = (model.transform(np.array([[0, 0, x, 0]])) for x in (256.0, 0.0))
    assert (on != off).any()
    np.testing.assert_array_equal(model.transform(repeated(np.uint8, format)), on)


def test_a_threshold_is_compared_in_the_dtype_of_the_data():
    """As NumPy does: float32(0.1) is above the double 0.1, not above itself."""
    model = RBM(3, n_iter=1, random_state=0, binarize=0.1).fit(np.eye(4))
    row = sparse.csr_array(np.array([[0.1, 0, 0, 0.2]], np.float32))
    np.testing.assert_array_equal(
        model.transform(row), model.transform(np.array([[False, False, False, True]]))
    )


def test_order_and_explicit_zeros_change_nothing(model):
    dense = np.array([[0.5, 0, 0.25, 1.0], [0, 0, 0, 1.0]], np.float32)
    data, indices = np.array([1, 0.25, 0, 0.5, 0, 1], np.float32), np.array([3, 2, 1, 0, 0, 3])
    given = sparse.csr_array((data, indices, np.array([0, 4, 6])), (2, 4))
    np.testing.assert_array_equal(model.transform(given), model.transform(dense))
    np.testing.assert_array_equal(model.free_energy(given), model.free_energy(dense))
    np.testing.assert_array_equal(given.indices, indices)


def csr(indptr=(0, 1, 3), indices=(0, 1, 3), n_values=3):
    """A matrix of 2 x 4 whose arrays are changed after SciPy has seen them."""
    rows = sparse.csr_matrix(np.array([[1, 0, 0, 0], [0, 1, 0, 1]], np.float32))
    rows.indptr, rows.indices = np.array(indptr), np.array(indices)
    rows.data = np.ones(n_values, np.float32)
    return rows


def other(format, **arrays):
    """The same of another format."""
    rows = sparse.csr_matrix(np.array([[1, 0, 0, 0], [0, 1, 0, 1]], np.float32)).asformat(format)
    for name, values in arrays.items():
        setattr(rows, name, values)
    return rows


def lists(columns):
    rows = other("lil")
    rows.rows[0] = columns
    return rows


MALFORMED = {
    "ends beyond the data": (csr(indptr=(0, 1, 7)), "indptr ends at 7, but there are 3 indices"),
    "ends far beyond": (csr(indptr=(0, 1, 2**60)), "but there are 3 indices and 3 values"),
    "fewer values": (csr(n_values=2), "3 indices and 2 values"),
    "decreases": (csr(indptr=(0, 3, 2)), "indptr decreases after entry 1"),
    "decreases within": (csr(indptr=(0, -5, 3)), "indptr decreases after entry 0"),
    "does not start with 0": (csr(indptr=(1, 2, 3)), "indptr starts with 1"),
    "too short": (csr(indptr=(0, 3)), "indptr has 2 entries, expected 3"),
    "negative index": (csr(indices=(0, -1, 3)), "indices has -1, expected 0 to 3"),
    "index too large": (csr(indices=(0, 1, 4)), "indices has 4, expected 0 to 3"),
    "index of 64 bits": (csr(indices=(0, 1, 2**40)), "indices has 1099511627776"),
    "indices that are no integers": (csr(indices=(0.0, 1.0, 3.0)), "dtype float64"),
    "csc": (
        other("csc", indices=np.array([0, 1, 2])),
        "CSC matrix of shape .*: indices has 2, expected 0 to 1",
    ),
    "csc, starts": (other("csc", indptr=np.array([0, 1, 2, 2, 9])), "indptr ends at 9"),
    "bsr": (other("bsr", indices=np.array([0, 1, 7])), "BSR matrix of shape .*: indices has 7"),
    "coo": (other("coo", col=np.array([0, 1, 4], np.int32)), "col has 4, expected 0 to 3"),
    "coo, rows": (other("coo", row=np.array([0, -1, 1], np.int32)), "row has -1, expected 0 to 1"),
    "coo, lengths": (other("coo", data=np.ones(2, np.float32)), "entries of row for 2 values"),
    "lil": (lists([9]), "indices has 9, expected 0 to 3"),
    "lil, lengths": (lists([0, 1]), "row 0 has 2 indices and 1 values"),
}


@pytest.mark.parametrize(("given", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_matrices_are_refused(model, given, message):
    """Before SciPy's compiled code, which would read and write beyond its arrays."""
    with pytest.raises(ValueError, match="X is a malformed .*" + message):
        model.transform(given)
    with pytest.raises(ValueError, match="X is a malformed .*" + message):
        RBM(2, n_iter=1).fit(given)
    with pytest.raises(ValueError, match="v is a malformed .*" + message):
        model.gibbs(given)


def test_sparse_arrays_of_one_dimension(model):
    with pytest.raises(ValueError, match="Expected 2D input"):
        model.transform(sparse.coo_array(np.ones(4)))


MEMORY = textwrap.dedent(
    """
    import resource
    import sys
    import numpy as np
    from scipy import sparse
    from udl_fast import RBM

    N_ROWS, N_FEATURES = 40_000, 50_000  # 8 GB as float32, 250 MB as bits
    grey = sys.argv[1] == "grey"
    X = sparse.random_array((N_ROWS, N_FEATURES), density=1e-4, dtype=np.float32, rng=0, format="csr")
    if not grey:
        X.data[:] = 1
    rbm = RBM(2, n_iter=1, batch_size=10, random_state=0).fit(X[:50])
    rbm.score_samples(X[:50])
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]

    def limit(megabytes):
        resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * 1_000_000, hard))

    limit(40)
    assert rbm.transform(X).shape == (N_ROWS, 2)
    assert rbm.free_energy(X).shape == rbm.score_samples(X).shape == (N_ROWS,)
    limit(120)  # states of a minibatch as bits; as float32 they would take 200 MB, twice
    rbm.set_params(batch_size=1000).partial_fit(X[:3000])
    try:
        X.toarray()
    except MemoryError:
        print("within the limit")
    """
)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["grey", "bits"])
def test_wide_sparse_rows_cost_what_is_stored(kind):
    """200,000 values: 2.4 MB, and a few copies of 2 or 3 MB that SciPy and scikit-learn may make."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, kind], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "within the limit" in done.stdout
