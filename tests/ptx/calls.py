"""Calls of a test's own kernels with NumPy arrays as arguments."""

from dataclasses import dataclass

import numpy as np

from .interpreter.driver import Interpreter


@dataclass(frozen=True)
class Unwritten:
    """Device memory that nobody wrote yet."""

    n_bytes: int


def call(
    device: Interpreter,
    name: str,
    *arguments: np.ndarray | np.generic | Unwritten,
    blocks: int | tuple[int, ...] = 1,
    threads: int | tuple[int, ...] = 32,
    shared: int = 0,
) -> list[np.ndarray]:
    """Launch a kernel whose parameters are pointers, where arrays are given, and numbers.

    Returns
    -------
    list of ndarray
        The arrays after the launch, in order.
    """
    packed, arrays = b"", []
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            address = device.allocate(max(argument.nbytes, 1))
            device.copy_to_device(address, argument.tobytes())
            arrays.append((address, argument))
            argument = np.uint64(address)
        elif isinstance(argument, Unwritten):
            argument = np.uint64(device.allocate(argument.n_bytes))
        packed = packed.ljust(-(-len(packed) // argument.nbytes) * argument.nbytes, b"\0")
        packed += argument.tobytes()
    device.launch(name, three(blocks), three(threads), shared, packed)
    results = []
    for address, array in arrays:
        raw = device.copy_to_host(address, array.nbytes)
        results.append(np.frombuffer(raw, array.dtype).reshape(array.shape))
    return results


def three(extent: int | tuple[int, ...]) -> tuple[int, int, int]:
    """An extent in three dimensions."""
    given = (extent,) if isinstance(extent, int) else extent
    x, y, z = (*given, 1, 1)[:3]
    return x, y, z


def operations_source(
    operations: dict[str, str], result: str, operands: list[str], constraints: str
) -> str:
    """CUDA source with a kernel for each PTX instruction, applied to one element a thread.

    Parameters
    ----------
    operations : dict
        Names of kernels and their instruction, with %0 for the result and %1, ... for operands.
    result, operands : str
        Types of C.
    constraints : str
        A letter for the result and each operand, as inline assembly wants them.
    """
    parameters = ", ".join(f"const {t}* a{i}" for i, t in enumerate(operands))
    inputs = ", ".join(f'"{k}"(a{i}[i])' for i, k in enumerate(constraints[1:]))
    return "\n".join(
        f'extern "C" __global__ void {name}({parameters}, {result}* out) {{\n'
        "  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;\n"
        f"  {result} d;\n"
        f'  asm volatile("{ptx}" : "={constraints[0]}"(d) : {inputs});\n'
        "  out[i] = d;\n}"
        for name, ptx in operations.items()
    )
