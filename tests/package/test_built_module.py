"""The compiled module is hardened and shows nothing of its inside."""

import shutil
import subprocess
import sys

import pytest

from udl_fast import _core

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into a file of ELF"),
    pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf"),
]


def readelf(option):
    command = ["readelf", "--wide", option, _core.__file__]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic_symbols():
    """(section, name) of each symbol that the module shows or needs; section "UND" means needs. What is
    listed as local, where its own addresses are put in at load, is neither."""
    lines = [line.split() for line in readelf("--dyn-syms").splitlines()]
    symbols = [line for line in lines if len(line) >= 8 and line[0][:-1].isdigit()]
    return [(line[6], line[7]) for line in symbols if line[4] != "LOCAL"]


def test_only_what_others_call_is_exported():
    exported = {name for section, name in dynamic_symbols() if section != "UND"}
    assert exported == {
        "PyInit__core",
        "udl_fast_get_num_threads",  # both for threadpoolctl
        "udl_fast_set_num_threads",
    }


def test_addresses_are_resolved_at_load_and_read_only_then():
    assert "NOW" in readelf("--dynamic")
    segments = readelf("--program-headers")
    assert "GNU_RELRO" in segments
    (stack,) = [line for line in segments.splitlines() if "GNU_STACK" in line]
    assert "RWE" not in stack


def test_stacks_are_guarded_and_calls_of_the_c_library_fortified():
    needed = {name.split("@")[0] for section, name in dynamic_symbols() if section == "UND"}
    assert "__stack_chk_fail" in needed
    assert any(name.endswith("_chk") for name in needed)
