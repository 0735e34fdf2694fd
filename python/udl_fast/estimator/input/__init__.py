"""What callers give, on its way to the engines.

`matrix` has X checked, `sparse` and `device` what is special about sparse matrices and those on a GPU; `rows` is
the engines' form of X, `ranges` what its values may be. `data` is all that a call which trains is given.
"""

from .data import Data
from .device import DeviceMatrix, device_matrix, is_device_array, on_host
from .matrix import (
    FLOAT_DTYPES,
    input_matrix,
    missing_explained,
    output_dtype,
    read_only,
    refuse_not_finite,
    state_matrix,
)
from .ranges import (
    beyond,
    beyond_unit_interval,
    check_finite,
    check_range,
    check_units,
    greatest_level,
    scaling,
    value_range,
)
from .rows import to_rows
from .sparse import checked_csr

__all__ = [
    "FLOAT_DTYPES",
    "Data",
    "DeviceMatrix",
    "beyond",
    "beyond_unit_interval",
    "check_finite",
    "check_range",
    "check_units",
    "checked_csr",
    "device_matrix",
    "greatest_level",
    "input_matrix",
    "is_device_array",
    "missing_explained",
    "on_host",
    "output_dtype",
    "read_only",
    "refuse_not_finite",
    "scaling",
    "state_matrix",
    "to_rows",
    "value_range",
]
