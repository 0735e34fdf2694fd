"""What the arithmetic or the memory traffic of a task takes at least on the card of
``benchmarks/results/gpu/probes.json``; of other cards nothing is said.
"""

import json

from .device import Device
from .record import ROOT

_RECORD = ROOT / "benchmarks/results/gpu/probes.json"
_SLICES = {"fixed": 3, "fast": 2}  # bytes of a weight's integer
_PROBABILITY_BYTES = 2


def _rate(name: str) -> float:
    """Tera-operations or terabytes a second that were measured."""
    results = json.loads(_RECORD.read_text())["results"]
    (value,) = (r["value"] for r in results if r["name"] == name)
    return float(value)


def _is_known(device: Device) -> bool:
    return "H200" in device.card


def of_operations(device: Device, n: float, name: str) -> dict[str, float]:
    """Microseconds of n operations at the rate of that name, as a field of a line."""
    return {"floor_us": round(n / _rate(name) * 1e-6, 3)} if _is_known(device) else {}


def of_half_steps(device: Device, n: float, precision: str) -> dict[str, float]:
    """Of n multiplications of bits by weights."""
    return of_operations(device, 2 * n * _SLICES[precision], "wgmma_int8_n256")


def of_learning(device: Device, half_steps: float, gradient: float, precision: str):
    """Of so many multiplications in half steps and in gradients."""
    n = 2 * (half_steps * _SLICES[precision] + gradient * _PROBABILITY_BYTES)
    return of_operations(device, n, "wgmma_int8_n256")


def of_bytes(device: Device, n: float) -> dict[str, float]:
    """Of n bytes that are read once."""
    return of_operations(device, n, "read_64MB_cold")
