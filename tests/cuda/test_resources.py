"""Registers, stack and spills of kernels of tensor cores, against a table that is committed."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ..ptx.compile import KERNELS, compile_ptx

PTXAS = shutil.which("ptxas")
TABLE = json.loads((Path(__file__).parent / "resources.json").read_text())
ARCHITECTURES = ("80", "90", "100", "120")
MORE_REGISTERS = 8  # than in the table, which another version of the compiler may need
SOURCES = sorted((KERNELS / "tensor").glob("*.cu"))
KERNEL = re.compile(
    r"Compiling entry function '(\w+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores, "
    r"(\d+) bytes spill loads.*?Used (\d+) registers",
    re.DOTALL,
)


def resources(source, architecture):
    """{kernel: (registers, bytes of stack, of spill stores, of spill loads)}."""
    command = [PTXAS, "-v", f"-arch=sm_{architecture}", "-o", "/dev/null", str(compile_ptx(source))]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return {
        name: (int(registers), *map(int, rest)) for name, *rest, registers in KERNEL.findall(text)
    }


@pytest.mark.skipif(PTXAS is None, reason="no ptxas here")
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_kernel_spills_or_takes_many_more_registers(need_nvcc, source, architecture):
    found = resources(source, architecture)
    assert set(found) == set(TABLE[source.stem])
    for kernel, (registers, *memory) in found.items():
        assert memory == [0, 0, 0], kernel
        assert registers <= TABLE[source.stem][kernel][architecture] + MORE_REGISTERS, kernel


def test_every_file_is_in_the_table():
    assert set(TABLE) == {source.stem for source in SOURCES}
