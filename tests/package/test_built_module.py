"""The compiled modules are hardened and show nothing of their inside."""

import shutil
import subprocess
import sys

import pytest

from udl_fast import _core

from ..support.cuda import cuda_module

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into a file of ELF"),
    pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf"),
]


MODULES = tuple(filter(None, (_core, cuda_module())))
EXPORTED = {
    "_core": {
        "PyInit__core",
        "udl_fast_get_num_threads",  # both for threadpoolctl
        "udl_fast_set_num_threads",
    },
    "_cuda": {"PyInit__cuda"},
}


@pytest.fixture(params=MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def module(request):
    return request.param


def readelf(module, option):
    command = ["readelf", "--wide", option, module.__file__]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic_symbols(module):
    """(section, name) of each symbol that the module shows or needs; section "UND" means needs. What is
    listed as local, where its own addresses are put in at load, is neither."""
    lines = [line.split() for line in readelf(module, "--dyn-syms").splitlines()]
    symbols = [line for line in lines if len(line) >= 8 and line[0][:-1].isdigit()]
    return [(line[6], line[7]) for line in symbols if line[4] != "LOCAL"]


def test_only_what_others_call_is_exported(module):
    exported = {name for section, name in dynamic_symbols(module) if section != "UND"}
    assert exported == EXPORTED[module.__name__.rpartition(".")[2]]


def test_addresses_are_resolved_at_load_and_read_only_then(module):
    assert "NOW" in readelf(module, "--dynamic")
    segments = readelf(module, "--program-headers")
    assert "GNU_RELRO" in segments
    (stack,) = [line for line in segments.splitlines() if "GNU_STACK" in line]
    assert "RWE" not in stack


def needed_symbols(module):
    return {name.split("@")[0] for section, name in dynamic_symbols(module) if section == "UND"}


def test_stacks_are_guarded(module):
    assert "__stack_chk_fail" in needed_symbols(module)


def test_calls_of_the_c_library_are_fortified():
    assert any(name.endswith("_chk") for name in needed_symbols(_core))


@pytest.mark.skipif(cuda_module() is None, reason="built without CUDA")
def test_no_library_of_a_driver_is_asked_for():
    """Nor of the CUDA toolkit: the module loads on a machine that has neither."""
    asked_for = [
        line for line in readelf(cuda_module(), "--dynamic").splitlines() if "NEEDED" in line
    ]
    assert asked_for
    assert not [line for line in asked_for if "cuda" in line or "nvidia" in line.lower()]
