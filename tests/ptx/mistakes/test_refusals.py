"""Mistakes that are planted in kernels: each is refused, with its instruction, thread and address."""

import numpy as np
import pytest

from ..calls import Unwritten
from ..interpreter.errors import AccessError, PtxError, UnknownOperationError
from .planted import Launcher, filled, ints, source_of

SHARED = "__shared__ int part[64]; const int t = threadIdx.x;"
ASSEMBLY = 'float x; asm volatile("{0} %0, %1{1};" : "=f"(x) : "f"(1.0f)); out[0] = x;'
UNKNOWN = ("ex2.approx.f32", "add.ftz.f32", "add.rz.f32", "div.approx.f32", "mul.sat.f32")


BODIES = {
    "bound": "const int i = blockIdx.x * 32 + threadIdx.x; out[i] = a[i];",
    "copied": "out[threadIdx.x] = a[threadIdx.x];",
    "shifted": "out[threadIdx.x] = a[threadIdx.x + 5];",
    "misaligned": "out[threadIdx.x] = *(const int*)((const char*)a + threadIdx.x % 8 / 7);",
    "misaligned_vector": "const int4 x = *(const int4*)(a + threadIdx.x); out[0] = x.x + x.y + x.z + x.w;",
    "shared_end": "extern __shared__ int d[]; d[threadIdx.x] = a[0]; out[threadIdx.x] = d[threadIdx.x];",
    "shared_unwritten": SHARED + "if (t != 5) part[t] = 1; __syncthreads(); out[t] = part[t ^ 1];",
    "by_zero": "out[threadIdx.x] = 7 / a[threadIdx.x];",
    "endless": "while (*(volatile const int*)a == 0) ; out[0] = 1;",
    "called": 'printf("%d", a[0]);',
    "stopped": "if (threadIdx.x == 3) __trap(); out[threadIdx.x] = 1;",
}
for i, name in enumerate(UNKNOWN):
    BODIES[f"unknown{i}"] = filled(ASSEMBLY, name, "" if name.startswith("ex2") else ", %1")


@pytest.fixture(scope="module")
def launch(device_of):
    source = source_of(BODIES, "cstdint", "cstdio")
    source += '\nextern "C" __global__ void __launch_bounds__(64) bounded(int n) { }'
    return Launcher(device_of(source))


# ---- accesses ----
def test_a_missing_bound(launch):
    launch("bound", ints(64), ints(64), blocks=2)
    where = r"ld\.global.*thread \(8, 0, 0\) of block \(1, 0, 0\), address 0x7f\w+: outside every"
    with pytest.raises(AccessError, match=where):
        launch("bound", ints(40), ints(64), blocks=2)
    with pytest.raises(AccessError, match=r"st\.global.*thread \(9, 0, 0\).*outside every"):
        launch("bound", ints(64), ints(41), blocks=2)


def test_memory_nobody_wrote(launch):
    with pytest.raises(AccessError, match=r"ld\.global.*thread \(0, 0, 0\).*nobody wrote"):
        launch("copied", Unwritten(128), ints(32))
    launch("copied", ints(32), Unwritten(128))


def test_a_null_pointer(launch):
    with pytest.raises(AccessError, match="address 0x14: no device memory is there"):
        launch("shifted", np.uint64(0), ints(32))


def test_a_misaligned_access(launch):
    with pytest.raises(AccessError, match=r"ld\.global.*thread \(7, 0, 0\).*aligned to 4 bytes"):
        launch("misaligned", ints(32), ints(32))
    with pytest.raises(AccessError, match=r"v4.*thread \(1, 0, 0\).*aligned to 16 bytes"):
        launch("misaligned_vector", ints(64), ints(32))


def test_shared_memory_beyond_its_end(launch):
    launch("shared_end", ints(1), ints(64), threads=64, shared=256)
    where = r"st\.shared.*thread \(63, 0, 0\).*outside the block's 252 bytes"
    with pytest.raises(AccessError, match=where):
        launch("shared_end", ints(1), ints(64), threads=64, shared=252)


def test_shared_memory_nobody_wrote(launch):
    with pytest.raises(AccessError, match=r"ld\.shared.*thread \(4, 0, 0\).*nobody wrote"):
        launch("shared_unwritten", ints(1), ints(64), threads=64)


def test_memory_that_was_freed(launch):
    device = launch.device
    address = np.uint64(device.allocate(128))
    launch("copied", ints(32), address)
    device.free(int(address))
    with pytest.raises(AccessError, match="outside every allocation"):
        launch("copied", ints(32), address)


# ---- what is not known ----
@pytest.mark.parametrize("instruction", UNKNOWN)
def test_an_instruction_that_is_not_known(launch, instruction):
    name = f"unknown{UNKNOWN.index(instruction)}"
    where = rf"{name}, line \d+: `{instruction.replace('.', '[.]')} .*` is not known"
    with pytest.raises(UnknownOperationError, match=where):
        launch(name, ints(1), ints(1), threads=1)


def test_a_function_that_is_not_known(launch):
    with pytest.raises(
        UnknownOperationError, match=r"called, line \d+: `call.* vprintf, .*` is not"
    ):
        launch("called", ints(1), ints(1))


def test_a_division_by_zero(launch):
    with pytest.raises(PtxError, match=r"thread \(3, 0, 0\).*division by zero"):
        launch("by_zero", ints(32) - 3, ints(32))


def test_a_trap(launch):
    with pytest.raises(PtxError, match=r"thread \(3, 0, 0\).*the kernel stops here"):
        launch("stopped", ints(1), ints(32))


def test_a_launch_that_the_device_would_refuse(launch):
    n = np.int32(1)
    launch("bounded", n, threads=64)
    with pytest.raises(PtxError, match="at most 64 threads a block"):
        launch("bounded", n, threads=96)
    with pytest.raises(PtxError, match="no such grid"):
        launch("bounded", n, blocks=(1, 65536))
    with pytest.raises(PtxError, match="at most 232448 bytes of shared memory"):
        launch("bounded", n, shared=1 << 18)
    with pytest.raises(PtxError, match="no kernel is called bounds; there are"):
        launch("bounds", n)


def test_a_loop_without_an_end(launch, monkeypatch):
    monkeypatch.setattr("tests.ptx.interpreter.running.machine.LIMIT", 1000)
    with pytest.raises(PtxError, match="does not end after 1000 pieces"):
        launch("endless", np.zeros(1, np.int32), ints(1))
