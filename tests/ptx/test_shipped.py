"""Every instruction of the library's kernels is known, also where no launch of the tests comes by."""

import pytest

from .compile import compile_ptx, compile_text, shipped
from .interpreter.batch.frame import Frame, Shape, Symbols
from .interpreter.batch.spaces import Spaces
from .interpreter.code.inline import kernel
from .interpreter.code.parse import Module, read
from .interpreter.errors import UnknownOperationError
from .interpreter.memory.device import DeviceMemory
from .interpreter.running.pieces import Pieces, leaders


def decode_all(module: Module) -> int:
    """Decode all kernels of a module for one warp; how many instructions they have."""
    memory, n_instructions = DeviceMemory(1 << 16), 0
    variables = module.variables.values()
    addresses = {v.name: memory.allocate(v.size) for v in variables if v.space != "shared"}
    symbols = Symbols(addresses, [v for v in variables if v.space == "shared"])
    for name in module.kernels:
        function = kernel(module, name)
        frame = Frame(function, Shape((32, 1, 1), 1, 0), memory, symbols)
        frame.spaces = Spaces(frame)
        pieces = Pieces(frame)
        starts = [at for at in leaders(function) if at < len(function.code)]
        # The instruction that ends a piece is the machine's, and is decoded with none.
        n_instructions += sum(len(pieces[at].operations) for at in starts)
    return n_instructions


@pytest.mark.parametrize("source", shipped(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_all_instructions_are_known(need_nvcc, source):
    assert decode_all(read(compile_ptx(source))) > 20


def test_one_that_is_not_known_is_found_where_nobody_comes_by(device_of):
    text = """
    extern "C" __global__ void hidden(float* out) {
      if (out[0] == 7.0f) asm volatile("ex2.approx.f32 %0, %0;" : "+f"(out[1]));
    }"""
    device = device_of(text)
    address = device.allocate(256)
    device.fill(address, 0, 256)
    device.launch("hidden", (1, 1, 1), (32, 1, 1), 0, address.to_bytes(8, "little"))
    with pytest.raises(UnknownOperationError, match=r"hidden.*ex2[.]approx.*is not known"):
        decode_all(read(compile_text(text)))
