"""The layer law, Python -> bindings -> runtime -> kernel contracts -> base, and the order of rooms; the stub."""

import ast
import operator
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from udl_fast import _core

from ..support.cuda import cuda_module

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"
LAYERS = ("base", "kernels", "runtime", "bindings")
# The rooms of the layers from bottom to top: each may include itself and those on the lines before it.
# A header that states what others implement is a room of its own.
ROOMS = (
    ("base",),
    ("kernels/rbm", "kernels/dense"),
    ("kernels",),
    ("kernels/cpu/simd",),
    ("kernels/cpu/rbm/units",),
    ("kernels/cpu/rbm", "kernels/cpu/dense", "kernels/cpu/hamming"),
    ("kernels/cpu/rbm/learning",),
    ("kernels/cpu",),
    ("kernels/cuda",),
    ("kernels/cuda/plain", "kernels/cuda/tensor", "kernels/cuda/hamming"),
    ("kernels/cuda/tensor/sampling", "kernels/cuda/tensor/scale"),
    ("kernels/cuda/tensor/learning",),
    ("runtime/memory", "runtime/dispatch", "runtime/threads"),
    ("runtime/data",),
    ("runtime/rbm/model/units", "runtime/rbm/model/scale"),
    ("runtime/rbm/model",),
    ("runtime/rbm/precision.h", "runtime/rbm/settings.h"),
    ("runtime/rbm/engine.h",),
    ("runtime/rbm/stateful_engine.h",),
    ("runtime/rbm/steps/products", "runtime/rbm/steps/tempering"),
    ("runtime/rbm/steps",),
    ("runtime/rbm/train/statistics", "runtime/rbm/train/chains"),
    ("runtime/rbm/train/rules",),
    ("runtime/rbm/train", "runtime/rbm/evaluate"),
    ("runtime/rbm/up_down",),
    ("runtime/rbm/plain",),
    ("runtime/rbm",),
    (
        "runtime/dense/gradient_workspace.h",
        "runtime/dense/shape.h",
        "runtime/dense/precision.h",
        "runtime/dense/settings.h",
        "runtime/dense/sparsity.h",
    ),
    ("runtime/dense/engine.h", "runtime/dense/noise.h"),
    ("runtime/dense/stateful_engine.h",),
    ("runtime/dense/fast/state.h", "runtime/dense/fast/values"),
    ("runtime/dense/fast/stages",),
    ("runtime/dense/plain", "runtime/dense/fast"),
    ("runtime/dense",),
    ("runtime/hamming",),
    ("runtime/hamming/hash",),
    ("runtime/bench",),
    ("runtime/cuda",),
    ("runtime/cuda/arrays",),
    ("runtime/cuda/hamming",),
    ("runtime/cuda/tensor",),
    ("runtime/cuda/rbm/model",),
    ("runtime/cuda/rbm/steps",),
    ("runtime/cuda/rbm/train", "runtime/cuda/rbm/arrays"),
    ("runtime/cuda/rbm",),
    ("bindings/numpy",),
    ("bindings/engines",),
    ("bindings/rbm", "bindings/dense", "bindings/hamming"),
    ("bindings/cuda",),
    ("bindings",),
)
HEIGHT = {room: height for height, rooms in enumerate(ROOMS) for room in rooms}
MODULES = tuple(filter(None, (_core, cuda_module())))
FAMILIES = ("rbm", "dense", "hamming")  # folders of runtime that know nothing of each other
INCLUDE = re.compile(r'#include ["<]([^">]+)[">]')
OWN_INCLUDE = re.compile(r'#include "([^"]+)"')


def sources(folder):
    return sorted(p for p in (CSRC / folder).rglob("*") if p.suffix in (".h", ".cpp", ".cu"))


def includes(path):
    return INCLUDE.findall(path.read_text())


def own_includes(path):
    """Those of the library's files: paths below csrc."""
    return OWN_INCLUDE.findall(path.read_text())


def room_of(name):
    """The room of a path below csrc."""
    return name if name in HEIGHT else str(Path(name).parent)


@pytest.mark.parametrize("layer", LAYERS)
def test_every_file_is_in_a_room(layer):
    assert sources(layer)
    homeless = [p for p in sources(layer) if room_of(str(p.relative_to(CSRC))) not in HEIGHT]
    assert not homeless, "a new folder needs its place in ROOMS"


@pytest.mark.parametrize("layer", LAYERS)
def test_includes_point_down(layer):
    for path in sources(layer):
        name = str(path.relative_to(CSRC))
        room = room_of(name)
        for included in own_includes(path):
            below = HEIGHT[room_of(included)] < HEIGHT[room]
            assert below or room_of(included) == room, f"{name} includes {included}"


@pytest.mark.parametrize("layer", LAYERS)
def test_own_files_are_included_by_their_path(layer):
    for path in sources(layer):
        own = [name for name in includes(path) if name.split("/")[0] in LAYERS]
        assert own == own_includes(path), path.relative_to(ROOT)


def test_rooms_that_are_listed_exist():
    assert not [room for room in HEIGHT if not (CSRC / room).exists()]


@pytest.mark.parametrize("family", FAMILIES)
def test_families_stand_alone(family):
    others = tuple(f"runtime/{other}/" for other in FAMILIES if other != family)
    for path in sources(f"runtime/{family}"):
        wrong = [name for name in own_includes(path) if name.startswith(others)]
        assert not wrong, f"{path.relative_to(ROOT)} includes {wrong}"


def test_contracts_know_no_implementation():
    """The runtime reaches them through the tables of the contracts."""
    for path in sources("runtime") + sources("bindings"):
        assert not [name for name in includes(path) if "/cpu/" in name], path.name


def test_python_stays_in_the_bindings():
    for layer in LAYERS[:-1]:
        for path in sources(layer):
            text = path.read_text()
            assert "pybind11" not in text, path.name
            assert "Python.h" not in text, path.name


def test_only_the_rooms_of_cuda_know_it():
    """Engines of a device reach it through a driver: one file alone calls the CUDA runtime for that."""
    callers = {"runtime/cuda/device.cpp", "runtime/cuda/cudart_driver.cpp"}
    for layer in LAYERS:
        for path in sources(layer):
            name = str(path.relative_to(CSRC))
            assert ("cuda_runtime_api.h" in includes(path)) == (name in callers), name
            if "/cuda" not in name:
                assert not [n for n in own_includes(path) if "/cuda/" in n], name


def test_kernels_of_a_device_know_base_alone():
    for path in sources("kernels/cuda"):
        for included in own_includes(path):
            assert included.startswith(("base/", "kernels/cuda/")), (
                f"{path.name} includes {included}"
            )


def test_intrinsics_stay_in_the_simd_headers():
    for layer in LAYERS:
        for path in sources(layer):
            is_of_warps = path.parent == CSRC / "kernels/cuda" and path.stem.startswith("warp")
            if path.parent != CSRC / "kernels/cpu/simd" and not is_of_warps:
                assert "immintrin.h" not in includes(path), path.name
                code = re.sub(r"//.*", "", path.read_text())
                assert not re.findall(r"\b_mm(?:256|512)?_(?!pause)|\basm\b", code), path.name


def test_kernels_use_no_containers_strings_or_threads():
    """Such code in a file with instruction-set flags leaves weak symbols the linker may pick for all."""
    for path in sources("kernels/cpu"):
        forbidden = re.findall(
            r"std::(?:vector|string|thread|map|function)\b|omp_", path.read_text()
        )
        assert not forbidden, f"{path.name}: {forbidden}"


def test_base_includes_only_the_language():
    for path in sources("base"):
        for name in includes(path):
            assert name.startswith("base/") or "/" not in name, f"{path.name} includes {name}"


def test_settings_and_the_schedule_of_draws_are_for_any_device():
    for name in (
        "rbm/settings.h",
        "rbm/steps/draw_schedule.h",
        "dense/settings.h",
        "dense/noise.h",
    ):
        settings = f"runtime/{name.partition('/')[0]}/settings.h"
        for included in own_includes(CSRC / "runtime" / name):
            assert included.startswith("base/") or included == settings, name


def test_only_parallel_knows_threads():
    threads = {"thread", "mutex", "condition_variable", "pthread.h"}
    for path in sources("runtime") + sources("bindings"):
        if path.parent != CSRC / "runtime/threads" and path.name != "gil.h":
            assert not threads & set(includes(path)), path.name


def test_folders_of_kernels_hold_headers():
    """Only the tables of a target are compiled with its flags: `cmake/targets.cmake` takes no folder."""
    tables = set((CSRC / "kernels/cpu").glob("*.cpp"))
    assert set((CSRC / "kernels/cpu").rglob("*.cpp")) == tables


@pytest.mark.skipif(not shutil.which("nm") or not shutil.which("g++"), reason="needs g++ and nm")
def test_target_objects_export_their_table_only(tmp_path):
    for source in sorted((CSRC / "kernels/cpu").glob("*.cpp")):
        for name in _core.compiled_targets():
            flags = {"baseline": [], "avx2": ["-mavx2", "-mfma", "-mbmi2"]}.get(name)
            if flags is None:
                continue
            objects = tmp_path / f"{source.stem}.{name}.o"
            options = ["-std=c++17", "-O1", "-w", f"-I{CSRC}", f"-DUDL_TARGET={name}"]
            options.append(f"-DUDL_TARGET_{name.upper()}=1")
            subprocess.run(["g++", *options, *flags, "-c", source, "-o", objects], check=True)
            listing = subprocess.run(
                ["nm", "-C", objects], capture_output=True, text=True, check=True
            )
            symbols = [
                line.split(maxsplit=1)[1] for line in listing.stdout.splitlines() if line[:1] != " "
            ]
            exported = [s for s in symbols if s[0] in "TDBRVWu" and s[1] == " "]
            assert [s.split("::")[-1] for s in exported] == [f"{source.stem}_kernels_{name}"], (
                exported
            )


def stub_of(module):
    return ast.parse(
        (ROOT / f"python/udl_fast/{module.__name__.rpartition('.')[2]}.pyi").read_text()
    )


def members_of_core(base):
    (node,) = [n for n in stub_of(_core).body if getattr(n, "name", None) == base]
    return {n.name for n in node.body if isinstance(n, ast.FunctionDef)}


@pytest.mark.parametrize("module", MODULES)
def test_stub_names_what_the_module_has(module):
    tree = stub_of(module)
    stub = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    stub |= {n.target.id for n in tree.body if isinstance(n, ast.AnnAssign)}
    handed_on = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.level]
    stub |= {name.asname for n in handed_on for name in n.names if name.asname}
    assert stub == {n for n in vars(module) if not n.startswith("__")} | {"__version__"}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            members = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
            members |= {n.target.id for n in node.body if isinstance(n, ast.AnnAssign)}
            found = {n for n in vars(getattr(module, node.name)) if not n.startswith("_")}
            for base in node.bases:  # a class that has the methods of one of _core
                members |= members_of_core(ast.unparse(base).removeprefix("_core."))
            assert members - {"__init__"} == found, node.name


def stub_functions():
    """(module, name, arguments) of the stubs' functions and methods."""
    for module in MODULES:
        tree = stub_of(module)
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        for prefix, body in [("", tree.body), *((f"{node.name}.", node.body) for node in classes)]:
            for node in body:
                is_property = isinstance(node, ast.FunctionDef) and node.decorator_list[:1]
                if is_property and ast.unparse(node.decorator_list[0]) == "property":
                    continue
                if isinstance(node, ast.FunctionDef):
                    arguments = [a.arg for a in node.args.args + node.args.kwonlyargs]
                    yield module, prefix + node.name, arguments


@pytest.mark.parametrize(("module", "name", "arguments"), list(stub_functions()))
def test_stub_arguments_are_the_modules(module, name, arguments):
    """The first line of a compiled function's docstring is its signature."""
    signature = (operator.attrgetter(name)(module).__doc__ or "").splitlines()[0]
    assert re.findall(r"[(,] ?(\w+):", signature) == arguments
