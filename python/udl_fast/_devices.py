"""The one place that picks where a model computes: the CPU, or a GPU where there is one."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import weakref
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import _core

if TYPE_CHECKING:
    from . import _cuda

_stand_ins: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

_user: int | None = None  # the process that has asked a GPU for something

_CUDA = re.compile(r"cuda(?::(\d+))?")


def is_device(name: object) -> bool:
    """Whether it is spelled as a device: "cpu", "cuda" or "cuda:" and a number."""
    return isinstance(name, str) and (name == "cpu" or _CUDA.fullmatch(name) is not None)


def cuda_number(name: str) -> int | None:
    """Number of the GPU that a device means ("cuda" is the first); None for the CPU."""
    found = _CUDA.fullmatch(name)
    return None if found is None else int(found[1] or 0)


def cuda_status() -> str:
    """What of CUDA this installation and machine have, or why there is none."""
    module, reason = _load_cuda()
    return reason if module is None else module.status()


def check_device(name: str, owner: str, argument: str = "device") -> None:
    """Raise where the device is not there.

    Raises
    ------
    RuntimeError
        With the reason why there is no GPU, or as of `check_process`.
    ValueError
        If there are GPUs, but not so many.
    """
    number = cuda_number(name)
    if number is None:
        return
    check_process(name, owner, argument)
    module, reason = _load_cuda()
    count = 0 if module is None else module.device_count()
    if count == 0:
        why = reason if module is None else module.status()
        raise RuntimeError(f"{owner}: {argument}={name!r} is not available: {why}")
    if number >= count:
        there = "cuda:0" if count == 1 else f"cuda:0 to cuda:{count - 1}"
        raise ValueError(f"{owner}: {argument}={name!r} is not there, only {there}")


def check_process(name: str, owner: str, argument: str = "device") -> None:
    """Raise in a forked child of a process that has used a GPU: CUDA does not work there.

    Raises
    ------
    RuntimeError
        Saying so, if the device is a GPU.
    """
    if cuda_number(name) is not None and _user not in (None, os.getpid()):
        raise RuntimeError(
            f"{owner}: {argument}={name!r} is not available: this process was forked from one that uses a GPU, "
            "which CUDA does not allow; start it by 'spawn' or 'forkserver' (multiprocessing.get_context)"
        )


def note_use() -> None:
    """This process uses a GPU from here on."""
    global _user
    _user = os.getpid()


def new_rbm_engine(device: str, *arguments: Any) -> _core.RbmEngine:
    """An engine there, with these arguments of `_core.RbmEngine`; errors as of `check_device`."""
    number = cuda_number(device)
    if number is None:
        return _core.RbmEngine(*arguments)
    check_device(device, "RbmEngine")
    module, _ = _load_cuda()
    assert module is not None
    note_use()
    engine: _core.RbmEngine = module.RbmEngine(*arguments, device=number)
    return engine


def place(device: str, owner: str) -> _cuda.Device:
    """That GPU, for arrays of callers: there is one of each device, with a stream of its own; errors as of
    `check_device`."""
    check_device(device, owner)
    module, _ = _load_cuda()
    assert module is not None
    note_use()
    found: _cuda.Device = _place_of(module.Device, cuda_number(device))
    return found


@functools.lru_cache(maxsize=64)
def _place_of(make: Any, number: int | None) -> Any:
    return make(number)


def stand_in(engine: Any, device: str) -> None:
    """Note that this engine of the CPU is that of a model whose device was not there when it was read."""
    _stand_ins[engine] = device


def stands_in(engine: Any, device: str) -> bool:
    """Whether it was noted to be there instead of an engine of this device."""
    return _stand_ins.get(engine) == device


def device_of(engine: Any) -> str:
    """Where an engine of any kind computes."""
    return f"cuda:{engine.device}" if _is_of_gpu(engine) else "cpu"


def same_device(engine: Any, device: str) -> bool:
    """Whether an engine computes there already."""
    number = cuda_number(device)
    return device_of(engine) == ("cpu" if number is None else f"cuda:{number}")


def on_cpu(engine: _core.RbmEngine) -> _core.RbmEngine:
    """The engine, or one of the CPU like it: for what a GPU does not do."""
    return moved(engine, "cpu") if _is_of_gpu(engine) else engine


def moved(engine: _core.RbmEngine, device: str) -> _core.RbmEngine:
    """An engine of Bernoulli units there that has the state of this one."""
    copy = new_rbm_engine(device, engine.n_visible, engine.n_hidden, engine.precision)
    copy.set_state(engine.state())
    return copy


def _is_of_gpu(engine: Any) -> bool:
    return type(engine).__module__ == "udl_fast._cuda"


def _load_cuda() -> tuple[ModuleType | None, str]:
    """The module, or why there is none. It is loaded for those alone who ask for a GPU."""
    if importlib.util.find_spec("udl_fast._cuda") is None:
        return None, _core.CUDA_STATUS
    try:
        from . import _cuda
    except ImportError as error:
        return None, f"{_core.CUDA_STATUS}, but its module cannot be loaded: {error}"
    return _cuda, ""
