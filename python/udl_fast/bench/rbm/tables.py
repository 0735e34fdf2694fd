"""Tables of the RBM benchmark's records; those of older records have fewer columns."""

from collections.abc import Sequence
from typing import Any

from ..table import rate, ratio
from .cases import FAST, OURS
from .ceilings import FLOP_OF_A_ROW, PRODUCTS

LABELS = {
    "torch": "PyTorch (torch.bernoulli)",
    "torch-rand": "PyTorch (rand < p)",
    "sklearn": "sklearn (partial_fit)",
    "sklearn-fit": "sklearn (fit)",
}
_PRODUCT_LABELS = {"torch": "PyTorch (torch.mm)", "numpy": "NumPy (matmul)"}
_SIZE = "batch x visible x hidden"
_SEVERAL = ("data", "workload")  # named in a table whose rows differ in them
_Table = tuple[list[str], list[list[str]]]


def label(name: str) -> str:
    """A contestant's name as tables show it: both PyTorch baselines say how they draw."""
    return LABELS.get(name, name)


def speed_table(record: dict[str, Any]) -> _Table:
    """Examples per second and ratios: header and rows."""
    names = list(record["contestants"])
    peers = [name for name in names if name not in (OURS, FAST)]
    several = _several(record["results"])
    header = [_SIZE, *several, *(f"{label(name)}, examples/s" for name in names)]
    header += [f"vs {label(name)}" for name in peers]
    header += [f"fast vs {label(name)}" for name in peers]
    rows = []
    for result in record["results"]:
        row = _case(result, several)
        row += [_rate(result["rates"], name) for name in names]
        row += [_ratio(result["ratios"], name) for name in peers]
        row += [_ratio(result["fast_ratios"], name) for name in peers]
        rows.append(row)
    return header, rows


def work_table(record: dict[str, Any]) -> _Table:
    """Effective Gflop/s of whole steps beside the ceilings of the machine."""
    names = list(record["contestants"])
    several = _several(record["results"])
    ceilings = {(tuple(c["size"]), c["data"]): c for c in record.get("ceilings", [])}
    header = [_SIZE, *several]
    if ceilings:
        header += ["multiply-adds, Gflop/s", "loads and additions, Gflop/s"]
    header += [f"{label(name)}, Gflop/s" for name in names]
    if ceilings:
        header += ["udl_fast of the limit", "fast of the limit"]
    rows = []
    for result in record["results"]:
        row = _case(result, several)
        if ceilings:
            found = ceilings[tuple(result["size"]), result["data"]]
            row += [rate(found[f"{kernel}_gflops"]) for kernel in FLOP_OF_A_ROW]
        row += [rate(result["gflops"][name]) if name in result["gflops"] else "" for name in names]
        row += [f"{result['of_limit'][name]:.0%}" for name in (OURS, FAST) if ceilings]
        rows.append(row)
    return header, rows


def product_table(record: dict[str, Any]) -> _Table:
    """Gflop/s of single products, ns a unit of epilogues."""
    several = [key for key in _several(record["ceilings"]) if key == "data"]
    dense = any("dense_hidden" in c["products"][OURS] for c in record["ceilings"])
    kernels = [*PRODUCTS, *(("dense_hidden", "dense_gradient") if dense else ())]
    header = [_SIZE, *several, "products"]
    header += [f"{kernel.replace('_', ' ')}, Gflop/s" for kernel in kernels]
    header += ["epilogue, ns a unit"]
    rows = []
    for found in record["ceilings"]:
        for name, gflops in found["products"].items():
            epilogues = found["epilogues"].get(name, {})
            shown = [f"{kernel.replace('_', ' ')} {ns:.2f}" for kernel, ns in epilogues.items()]
            cells = [rate(gflops[kernel]) if kernel in gflops else "" for kernel in kernels]
            row = [*_case(found, several), _PRODUCT_LABELS.get(name, name), *cells]
            rows.append([*row, ", ".join(shown)])
    return header, rows


def _several(results: Sequence[dict[str, Any]]) -> list[str]:
    return [key for key in _SEVERAL if len({result.get(key) for result in results}) > 1]


def _case(result: dict[str, Any], several: Sequence[str]) -> list[str]:
    return [" x ".join(map(str, result["size"])), *(result[key] for key in several)]


def _rate(rates: dict[str, Any], name: str) -> str:
    return rate(rates[name]["median"]) if name in rates else ""


def _ratio(ratios: dict[str, Any], name: str) -> str:
    return ratio(ratios[name]["median"]) if name in ratios else ""
