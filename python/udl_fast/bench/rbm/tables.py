"""Tables of the RBM benchmark's records; those of older records have fewer columns."""

from collections.abc import Sequence
from typing import Any

from ..table import rate, ratio
from .cases import FAST, OURS
from .ceilings import FLOP_OF_A_ROW, PRODUCTS

LABELS = {"sklearn": "sklearn (partial_fit)", "sklearn-fit": "sklearn (fit)"}
FORMS = {
    "torch": "float32, torch.bernoulli",
    "torch-rand": "float32, rand < p",
    "torch-compiled": "float32, compiled",
    "torch-bfloat16": "bfloat16 products",
    "torch-bfloat16-compiled": "bfloat16 products, compiled",
}
_PRODUCT_LABELS = {"torch": "PyTorch (torch.mm)", "numpy": "NumPy (matmul)"}
_SIZE = "batch x visible x hidden"
_SEVERAL = ("data", "workload")  # named in a table whose rows differ in them
_Table = tuple[list[str], list[list[str]]]


def label(name: str) -> str:
    """A contestant's name as tables show it: PyTorch's forms say what they are."""
    return f"PyTorch ({FORMS[name]})" if name in FORMS else LABELS.get(name, name)


def forms_of(record: dict[str, Any]) -> list[str]:
    """The forms of PyTorch that took part."""
    return [name for name in record["contestants"] if name in FORMS]


def speed_table(record: dict[str, Any]) -> _Table:
    """Examples per second and ratios: header and rows. Of PyTorch the best form of each row."""
    forms = forms_of(record)
    ours = [name for name in record["contestants"] if name in (OURS, FAST)]
    others = [name for name in record["contestants"] if name not in (*ours, *forms)]
    best = ["best PyTorch"] if forms else []
    peers = [*map(label, others), *best]
    several = _several(record["results"])
    header = [_SIZE, *several, *(f"{name}, examples/s" for name in [*ours, *peers])]
    header += ["its form"] if forms else []
    header += [f"vs {peer}" for peer in peers] + [f"fast vs {peer}" for peer in peers]
    rows = []
    for result in record["results"]:
        fastest = _fastest(result, forms)
        compared = [*others, *([fastest] if forms else [])]
        row = _case(result, several)
        row += [_rate(result["rates"], name) for name in [*ours, *compared]]
        row += [FORMS.get(fastest, "")] if forms else []
        row += [_ratio(result["ratios"], name) for name in compared]
        row += [_ratio(result["fast_ratios"], name) for name in compared]
        rows.append(row)
    return header, rows


def forms_table(record: dict[str, Any]) -> _Table:
    """Every form of PyTorch: examples per second, and ours beside it."""
    forms, several = forms_of(record), _several(record["results"])
    header = [_SIZE, *several, *(f"{label(name)}, examples/s" for name in forms)]
    header += [f"udl_fast vs {FORMS[name]}" for name in forms]
    rows = [
        [
            *_case(result, several),
            *(_rate(result["rates"], name) for name in forms),
            *(_ratio(result["ratios"], name) for name in forms),
        ]
        for result in record["results"]
    ]
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


def _fastest(result: dict[str, Any], names: Sequence[str]) -> str:
    """The name with the highest median rate; "" where none was timed."""
    timed = [name for name in names if name in result["rates"]]
    return max(timed, key=lambda name: float(result["rates"][name]["median"]), default="")


def _rate(rates: dict[str, Any], name: str) -> str:
    return rate(rates[name]["median"]) if name in rates else ""


def _ratio(ratios: dict[str, Any], name: str) -> str:
    return ratio(ratios[name]["median"]) if name in ratios else ""
