"""Threads, CPU targets and what this installation is made of."""

import operator
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from . import (
    _core,
    _devices,
    _threadpool,  # noqa: F401  registers the thread pool with threadpoolctl
)

__all__ = ["forced_target", "get_num_threads", "resolve_n_jobs", "set_num_threads", "show_config"]

# Instruction sets that decide which target can run (cmake/targets.cmake), as Linux spells them.
_RELEVANT_CPU_FLAGS = (
    "avx2", "fma", "bmi1", "bmi2", "popcnt", "abm",
    "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vbmi", "avx512_vbmi2",
    "avx512_vpopcntdq", "asimd",
)  # fmt: skip


def set_num_threads(n: int) -> None:
    """Set how many threads are used where ``n_jobs`` is None.

    Parameters
    ----------
    n : int
        From 1 to 256, or 0 to return to the environment's number: ``UDL_FAST_NUM_THREADS``, else
        the processors this process may use, lowered by ``OMP_NUM_THREADS``.

    Raises
    ------
    TypeError
        If `n` is not an integer.
    ValueError
        If `n` is out of range.

    Notes
    -----
    Results do not depend on the number of threads. ``threadpoolctl.threadpool_limits`` limits it
    for the duration of a ``with`` block.

    Examples
    --------
    >>> from udl_fast.runtime import get_num_threads, set_num_threads
    >>> set_num_threads(2)
    >>> get_num_threads()
    2
    >>> set_num_threads(0)
    """
    n = _as_index(n, "set_num_threads: n")
    if not 0 <= n <= _core.MAX_THREADS:
        raise ValueError(
            f"set_num_threads: n must be from 1 to {_core.MAX_THREADS}, or 0 for the environment's "
            f"number, got {n}"
        )
    _core.set_num_threads(n)


def get_num_threads() -> int:
    """Number of threads used where ``n_jobs`` is None.

    Returns
    -------
    int
        From 1 to 256.

    Raises
    ------
    ValueError
        If the environment variable ``UDL_FAST_NUM_THREADS`` is set and not a number in that range.

    Examples
    --------
    >>> from udl_fast.runtime import get_num_threads
    >>> get_num_threads() >= 1
    True
    """
    return _core.num_threads()


def resolve_n_jobs(n_jobs: int | None) -> int:
    """Turn the ``n_jobs`` of an estimator into a number of threads.

    Parameters
    ----------
    n_jobs : int or None
        None takes `get_num_threads`. Negative numbers count from all usable processors, as in
        joblib: -1 is all of them, -2 all but one, and never less than one.

    Returns
    -------
    int
        From 1 to 256.

    Raises
    ------
    TypeError
        If `n_jobs` is neither None nor an integer.
    ValueError
        If `n_jobs` is 0 or above 256.

    Examples
    --------
    >>> from udl_fast.runtime import resolve_n_jobs
    >>> resolve_n_jobs(3)
    3
    """
    if n_jobs is None:
        return _core.num_threads()
    n = _as_index(n_jobs, "n_jobs", "an integer or None")
    if n == 0 or n > _core.MAX_THREADS:
        raise ValueError(
            f"n_jobs must be None, negative, or from 1 to {_core.MAX_THREADS}, got {n}"
        )
    return n if n > 0 else max(1, _core.usable_processors() + 1 + n)


def _as_index(value: Any, name: str, expected: str = "an integer") -> int:
    """`value` as an int; True and 2.0 are slips, not counts."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {expected}, got {value!r}") from None


@contextmanager
def forced_target(name: str) -> Iterator[None]:
    """Run a ``with`` block on one CPU target; for tests and comparisons.

    The target belongs to the process, so other threads see it too.

    Parameters
    ----------
    name : str
        One of the available targets of `show_config`, such as "baseline".

    Raises
    ------
    TypeError
        If `name` is no string.
    ValueError
        If this build or this CPU does not have the target.

    Examples
    --------
    >>> from udl_fast.runtime import forced_target
    >>> with forced_target("baseline"):
    ...     pass
    """
    if not isinstance(name, str):
        raise TypeError(f"forced_target: name must be a string, got {name!r}")
    before = _core.current_target()
    _core.set_target(name)
    try:
        yield
    finally:
        _core.set_target(before)


def show_config(as_dict: bool = False) -> dict[str, Any] | None:
    """Print, or return, what this installation is made of and what it uses on this machine.

    Parameters
    ----------
    as_dict : bool, default=False
        Return the facts instead of printing them.

    Returns
    -------
    dict or None
        Keys ``version``, ``python``, ``numpy``, ``scipy``, ``scikit_learn``, ``platform``,
        ``cpu``, ``cpu_flags``, ``compiled_targets``, ``available_targets``, ``target``,
        ``n_threads``, ``n_threads_source``, ``usable_processors`` and ``cuda``; None when printed.

    Raises
    ------
    ValueError
        If ``UDL_FAST_TARGET`` or ``UDL_FAST_NUM_THREADS`` has an invalid value.

    Examples
    --------
    >>> from udl_fast.runtime import show_config
    >>> "baseline" in show_config(as_dict=True)["compiled_targets"]
    True
    """
    config = _collect_config()
    if as_dict:
        return config
    width = max(map(len, config))
    for key, value in config.items():
        text = " ".join(value) if isinstance(value, list) else str(value)
        print(f"{key:<{width}}  {text}")
    return None


def _collect_config() -> dict[str, Any]:
    model, flags = _describe_cpu()
    return {
        "version": _core.__version__,
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "scipy": metadata.version("scipy"),
        "scikit_learn": metadata.version("scikit-learn"),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": model,
        "cpu_flags": flags,
        "compiled_targets": _core.compiled_targets(),
        "available_targets": _core.available_targets(),
        "target": _core.current_target(),
        "n_threads": _core.num_threads(),
        "n_threads_source": _core.num_threads_source(),
        "usable_processors": _core.usable_processors(),
        "cuda": _devices.cuda_status(),
    }


def _describe_cpu() -> tuple[str, list[str]]:
    """Model and relevant flags; without /proc/cpuinfo what `platform` knows, and no flags."""
    if sys.platform != "linux":
        return platform.processor() or platform.machine(), []
    fields: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())  # the first processor stands for all
    flags = set(fields.get("flags", fields.get("Features", "")).split())
    model = fields.get("model name") or platform.machine()
    return model, [flag for flag in _RELEVANT_CPU_FLAGS if flag in flags]
