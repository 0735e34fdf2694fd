"""The rooms of the Python package have an order: a room imports those below it, never those above."""

import ast
from pathlib import Path

import pytest

from udl_fast import registry

PACKAGE = Path(__file__).resolve().parents[2] / "python" / "udl_fast"

# From the bottom to the top. A module belongs to the longest name that leads to it.
ROOMS = (
    "_core",
    "_cuda",
    "_devices",
    "_device_arrays",
    "exceptions",
    "locks",
    "_threadpool",
    "runtime",
    "progress",
    "registry",  # names rooms above it, but only as strings
    "packing",
    "estimator.parameters",  # below the rest of its folder: callbacks check their parameters too
    "persistence",
    "datasets",
    "hamming",
    "evaluation",
    "plot",
    "callbacks",
    "estimator.input",
    "estimator.engine",  # this and the next two: what training asks of a model, and a model of its engine
    "estimator.declarations",
    "estimator.kind",
    "estimator.training",
    "estimator",
    "nets",
    "rbm.units",
    "rbm.rules",
    "rbm.inference",
    "rbm.arrays",
    "rbm.sampling",
    "rbm.likelihood",
    "rbm.training",
    "rbm.exchange",
    "rbm",
    "dbn.layers",
    "dbn.fitted",
    "dbn.up_down",
    "dbn",
    "autoencoder",
    "hashing",
    "presets",  # door to those of all models
    "bernoulli",  # doors for old pickles, which nobody else opens
    "index",
    "bench",
    "commands.inputs",
    "commands.shared",
    "commands.demo",
    "commands",
    "cli",
    "__main__",
)


def module_names():
    """Dotted names below the package and their files; the package itself is a table of contents."""
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.glob("*.pyi")]
    for path in sorted(files):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if parts:
            yield ".".join(parts), path


FILES = dict(module_names())


def homes_of_models():
    entries = [registry.find(name) for name in registry.names()]
    rooms = {entry.name: entry.room.partition(".") for entry in entries}
    return {name: room for name, (package, _, room) in rooms.items() if package == "udl_fast"}


def lazy_names():
    """Name -> module of what `from udl_fast import NAME` finds."""
    for node in ast.parse((PACKAGE / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOMES":
            return ast.literal_eval(node.value) | homes_of_models()
    raise AssertionError("udl_fast/__init__.py has no table _HOMES")


HOMES = lazy_names()


def room_of(module):
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in ROOMS:
            return ".".join(parts[:length])
    pytest.fail(f"{module} is in no room of the list in {Path(__file__).name}")


def source_of(node, module):
    """What a `from ... import` names, below the package ("" is the package); None for others."""
    if not node.level:
        package, _, rest = (node.module or "").partition(".")
        return rest if package == "udl_fast" else None
    is_folder = FILES[module].name == "__init__.py"
    n_up = node.level - 1 if is_folder else node.level
    parts = module.split(".")
    return ".".join([*parts[: len(parts) - n_up], *filter(None, [node.module])])


def imports(module):
    """Modules of ours that this one imports, at once, within functions, or for types only."""
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        source = source_of(node, module)
        if source is None:
            continue
        for alias in node.names:
            inner = f"{source}.{alias.name}".lstrip(".")
            if inner in FILES:
                yield inner
            elif source:
                yield source
            elif alias.name in HOMES:
                yield HOMES[alias.name]


def arrows():
    """(module, imported module) wherever the two live in different rooms."""
    for module in FILES:
        for imported in imports(module):
            if room_of(imported) != room_of(module):
                yield module, imported


def test_every_room_has_modules():
    assert {room_of(module) for module in FILES} == set(ROOMS)


def test_no_room_imports_one_above():
    upwards = [
        f"{module} imports {imported}"
        for module, imported in arrows()
        if ROOMS.index(room_of(imported)) > ROOMS.index(room_of(module))
    ]
    assert not upwards


def test_imports_are_found():
    """At once, within a function, by a name of the package: else the test above sees nothing."""
    found = set(arrows())
    assert ("estimator.model", "callbacks._support") in found
    assert ("estimator.model", "persistence.model_file") in found
    assert ("commands.demo.command", "rbm") in found


def test_only_commands_import_benchmarks():
    users = {room_of(module) for module, imported in arrows() if room_of(imported) == "bench"}
    assert users == {"commands"}


def test_nobody_uses_the_doors_for_old_pickles():
    assert not [module for module, imported in arrows() if imported in ("bernoulli", "index")]
