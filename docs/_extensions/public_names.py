"""Writes api/index.rst from `__all__`: a page for each public name, so that new names need no listing."""

import shutil
from importlib import import_module
from inspect import getmembers, ismodule
from pathlib import Path
from typing import Any

PACKAGE = "udl_fast"


def public_modules() -> list[str]:
    """The package and its public modules."""
    package = import_module(PACKAGE)
    inner = [name for name in package.__all__ if ismodule(getattr(package, name))]
    return [PACKAGE, *(f"{PACKAGE}.{name}" for name in inner)]


def documented_names(module: str) -> list[str]:
    """Names in the module's `__all__` that get a page: neither submodules nor dunder names, nor
    what has its page as a name of the package itself."""
    found, package = import_module(module), import_module(PACKAGE)
    return [
        name
        for name in found.__all__
        if not name.startswith("__")
        and not ismodule(getattr(found, name))
        and (module == PACKAGE or name not in package.__all__)
    ]


def own_methods(class_name: str) -> list[str]:
    """Public methods that this package defines; scikit-learn documents its own."""
    module, _, name = class_name.rpartition(".")
    methods = getmembers(getattr(import_module(module), name), callable)
    return [
        method
        for method, value in methods
        if not method.startswith("_")
        and (getattr(value, "__module__", None) or "").startswith(PACKAGE)
    ]


def index_text() -> str:
    """The page that lists all modules and names."""
    lines = ["API reference", "=============", ""]
    for module in public_modules():
        summary = (import_module(module).__doc__ or "").strip().split("\n")[0]
        lines += [module, "-" * len(module), "", summary, "", f".. currentmodule:: {module}", ""]
        lines += [".. autosummary::", "   :toctree: generated", "   :nosignatures:", ""]
        lines += [*(f"   {name}" for name in documented_names(module)), ""]
    return "\n".join(lines)


def write_index(app: Any, _config: Any) -> None:
    """Before Sphinx looks for pages. If a name came or went, pages made for the old names go."""
    path = Path(app.srcdir, "api", "index.rst")
    text = index_text()
    if path.is_file() and path.read_text() == text:
        return
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir()
    path.write_text(text)


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("config-inited", write_index)
    return {"parallel_read_safe": True}
