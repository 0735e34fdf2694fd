"""Registers, stack and spills of the shipped kernels stay what is recorded in ``registers.json``."""

import json
import os

import pytest

from .compile import nvcc
from .registers import TABLE, architectures, faults, measure_all, read_report

REPORT = """\
ptxas info    : 8 bytes gmem
ptxas info    : Compiling entry function 'one' for 'sm_80'
ptxas info    : Function properties for one
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 114 registers, used 1 barriers, 520 bytes cmem[0]
ptxas info    : Compiling entry function 'two' for 'sm_80'
ptxas info    : Function properties for two
    16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 40 registers, 488 bytes cmem[0]
"""


def test_reports_are_read():
    assert read_report(REPORT) == {
        "one": {"registers": 114},
        "two": {"registers": 40, "stack": 16, "spills": 20},
    }


def test_what_counts_as_worse():
    recorded = {"a": {"registers": 40}, "b": {"registers": 64, "stack": 8}}
    assert faults({"a": {"registers": 48}, "b": {"registers": 64, "stack": 8}}, recorded) == []
    now = {"a": {"registers": 49, "stack": 4}, "c": {"registers": 9, "spills": 4}}
    assert faults(now, recorded) == [
        "a uses 49 registers, recorded are 40",
        "a has a stack of 4 bytes",
        "c spills 4 bytes",
        "c is not recorded",
        "b is recorded, but is no kernel",
    ]


def examined():
    """All architectures where everything is tested, else the two that most machines have."""
    if nvcc() is None:
        return []
    known = architectures()
    return known if os.environ.get("CI") else [a for a in known if a in ("sm_80", "sm_90a")]


@pytest.mark.parametrize("architecture", examined())
def test_no_kernel_uses_more_than_is_recorded(need_nvcc, architecture):
    table = json.loads(TABLE.read_text())
    recorded = {name: uses[architecture] for name, uses in table.items() if architecture in uses}
    found = faults(measure_all(architecture), recorded)
    assert not found, "; python -m tests.ptx.registers records them anew\n" + "\n".join(found)
