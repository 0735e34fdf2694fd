"""Rows of minibatches, gathered and transposed by an interpreted kernel."""

import numpy as np
import pytest

from . import layouts
from .tensor_kernels import Fetch, run_state


@pytest.mark.parametrize(
    ("n_rows", "n_units", "batch_size"), [(104, 300, 40), (3, 1, 2), (64, 33, 64)]
)
@pytest.mark.parametrize("ordered", [False, True])
def test_rows_come_in_their_order_both_ways(device, n_rows, n_units, batch_size, ordered):
    rng = np.random.default_rng(n_rows)
    data = rng.random((n_rows, n_units)) < 0.4
    order = rng.permutation(n_rows).astype(np.uint32) if ordered else None
    stride = -(-n_units // 32)
    row_words = layouts.state_stride(batch_size)
    rows = np.zeros((batch_size, layouts.state_stride(n_units)), np.uint32)
    units = np.zeros((n_units, row_words), np.uint32)
    n_minibatches = -(-n_rows // batch_size)
    for minibatch in range(n_minibatches):
        state = run_state(-20, n_rows, batch_size=batch_size, minibatch=minibatch)
        arguments = Fetch(
            run=device.put_state(state),
            data=device.put(layouts.pack(data, stride)),
            order=device.put(order) if ordered else 0,
            data_stride=stride,
            n_units=n_units,
            row_words=row_words,
            row_bits=device.put(rows),
            unit_bits=device.put(units),
        )
        warps = -(-batch_size // 32) * stride
        device.launch("udl_fetch", (-(-warps // 4),), 128, arguments)
        taken = np.arange(n_rows)[minibatch * batch_size :][:batch_size]
        expected = data[order[taken] if ordered else taken]
        found = device.get(arguments.row_bits, rows)
        assert np.array_equal(layouts.unpack(found, n_units)[: len(taken)], expected)
        columns = layouts.unpack(device.get(arguments.unit_bits, units), 32 * row_words)
        assert np.array_equal(columns[:, : len(taken)], expected.T)
        assert not columns[:, len(taken) :].any()


def test_nothing_is_fetched_behind_the_last_minibatch(device):
    state = run_state(-20, 3, minibatch=1)
    rows, units = np.zeros((3, 4), np.uint32), np.zeros((5, 4), np.uint32)
    arguments = Fetch(
        run=device.put_state(state),
        data=device.put(np.full((3, 1), 31, np.uint32)),
        data_stride=1,
        n_units=5,
        row_words=4,
        row_bits=device.put(rows),
        unit_bits=device.put(units),
    )
    device.launch("udl_fetch", (1,), 128, arguments)
    assert not device.get(arguments.row_bits, rows).any()
    assert not device.get(arguments.unit_bits, units).any()
