"""Threads, CPU targets and show_config: what decides them, and the errors of wrong values."""

import os
import subprocess
import sys

import numpy as np
import pytest
import threadpoolctl

from udl_fast import _core, _devices, runtime

ENVIRONMENT = ("UDL_FAST_NUM_THREADS", "OMP_NUM_THREADS", "UDL_FAST_TARGET")


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs code in a fresh process: environment variables count from the start of one."""
    clean = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    return subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True
    )


def printed(code: str, **environment: str) -> str:
    result = run(code, **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture
def restored_threads():
    yield
    _core.set_num_threads(0)


# Where the number of threads comes from

THREADS = "from udl_fast import _core; print(_core.num_threads(), _core.num_threads_source())"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"UDL_FAST_NUM_THREADS": "3"}, "3 UDL_FAST_NUM_THREADS"),
        ({"UDL_FAST_NUM_THREADS": "256", "OMP_NUM_THREADS": "1"}, "256 UDL_FAST_NUM_THREADS"),
        ({"UDL_FAST_NUM_THREADS": ""}, f"{_core.usable_processors()} usable processors"),
        ({"OMP_NUM_THREADS": "9999"}, f"{_core.usable_processors()} usable processors"),
        ({"OMP_NUM_THREADS": "many"}, f"{_core.usable_processors()} usable processors"),
    ],
)
def test_environment_decides_number_of_threads(environment, expected):
    assert printed(THREADS, **environment) == expected


@pytest.mark.skipif(_core.usable_processors() < 2, reason="one processor cannot be lowered")
@pytest.mark.parametrize("value", ["1", "1,4"])
def test_openmp_lowers_number_of_threads(value):
    assert printed(THREADS, OMP_NUM_THREADS=value) == "1 OMP_NUM_THREADS"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no processor affinity here")
def test_affinity_limits_number_of_threads():
    one = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, [{one}]);" + THREADS
    assert printed(code) == "1 usable processors"


@pytest.mark.parametrize("value", ["0", "-1", "257", "two", "2.5", "3 4", "99999999999999999999"])
def test_bad_number_of_threads_in_environment_is_named(value):
    result = run(THREADS, UDL_FAST_NUM_THREADS=value)
    assert result.returncode == 1
    message = f"UDL_FAST_NUM_THREADS must be a whole number from 1 to 256, got '{value}'"
    assert f"ValueError: {message}" in result.stderr


def test_set_num_threads_wins_and_zero_returns(restored_threads):
    before = runtime.get_num_threads()
    runtime.set_num_threads(before + 1)
    assert runtime.get_num_threads() == before + 1
    assert _core.num_threads_source() == "set_num_threads"
    runtime.set_num_threads(0)
    assert runtime.get_num_threads() == before


@pytest.mark.parametrize("n", [-1, 257, 2**70, -(2**70)])
def test_set_num_threads_out_of_range(n, restored_threads):
    with pytest.raises(ValueError, match=f"set_num_threads: n must be from 1 to 256, .* got {n}"):
        runtime.set_num_threads(n)


@pytest.mark.parametrize("n", [1.0, "2", None, True])
def test_set_num_threads_wants_an_integer(n, restored_threads):
    with pytest.raises(TypeError, match="set_num_threads: n must be an integer, got"):
        runtime.set_num_threads(n)


# n_jobs


def test_n_jobs_as_in_joblib(restored_threads):
    processors = _core.usable_processors()
    runtime.set_num_threads(5)
    assert runtime.resolve_n_jobs(None) == 5
    assert runtime.resolve_n_jobs(7) == 7
    assert runtime.resolve_n_jobs(np.int64(2)) == 2
    assert runtime.resolve_n_jobs(-1) == processors
    assert runtime.resolve_n_jobs(-2) == max(1, processors - 1)
    assert runtime.resolve_n_jobs(-10_000) == 1


@pytest.mark.parametrize("n_jobs", [0, 257])
def test_n_jobs_out_of_range(n_jobs):
    with pytest.raises(ValueError, match=f"n_jobs must be None, negative, .* got {n_jobs}"):
        runtime.resolve_n_jobs(n_jobs)


@pytest.mark.parametrize("name", [None, 2, b"baseline"])
def test_forced_target_wants_a_name(name):
    wanted = f"forced_target: name must be a string, got {name!r}"
    with pytest.raises(TypeError, match=wanted), runtime.forced_target(name):
        pass


@pytest.mark.parametrize("n_jobs", [2.0, "2", False])
def test_n_jobs_of_a_wrong_type(n_jobs):
    with pytest.raises(TypeError, match="n_jobs must be an integer or None, got"):
        runtime.resolve_n_jobs(n_jobs)


# threadpoolctl


def test_threadpoolctl_sees_and_limits_the_threads(restored_threads):
    runtime.set_num_threads(3)
    (found,) = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "udl_fast"]
    assert found["num_threads"] == 3
    assert found["version"] == _core.__version__
    with threadpoolctl.threadpool_limits(1):
        assert runtime.get_num_threads() == 1
    assert runtime.get_num_threads() == 3


def test_threadpoolctl_limit_survives_a_bad_environment():
    code = "import udl_fast.runtime, threadpoolctl; threadpoolctl.threadpool_info(); print('fine')"
    assert printed(code, UDL_FAST_NUM_THREADS="many") == "fine"


# CPU targets


def test_targets_are_ordered_and_start_with_baseline():
    order = ["baseline", "avx2", "avx512"]
    compiled = _core.compiled_targets()
    available = _core.available_targets()
    assert compiled == [name for name in order if name in compiled]
    assert available == [name for name in compiled if name in available]
    assert available[0] == "baseline"


def test_best_available_target_is_the_default():
    code = "from udl_fast import _core; print(_core.current_target())"
    assert printed(code) == _core.available_targets()[-1]


def test_environment_forces_each_target(target):
    code = "from udl_fast import _core; print(_core.current_target())"
    assert printed(code, UDL_FAST_TARGET=target) == target


def test_unknown_target_in_environment_is_an_error_that_lists_the_others():
    result = run("from udl_fast import _core; _core.current_target()", UDL_FAST_TARGET="avx9")
    assert result.returncode == 1
    assert "ValueError: UDL_FAST_TARGET must be one of the targets of this build" in result.stderr
    assert "got 'avx9'; available on this CPU: " in result.stderr
    assert ", ".join(_core.available_targets()) in result.stderr


def test_forced_target_ends_with_the_block(target):
    before = _core.current_target()
    with runtime.forced_target("baseline"):
        assert _core.current_target() == "baseline"
    assert _core.current_target() == before


def test_unknown_target_changes_nothing():
    before = _core.current_target()
    with (
        pytest.raises(ValueError, match=r"set_target: name must be one of .* got 'sse'"),
        runtime.forced_target("sse"),
    ):
        pytest.fail("the block of an unknown target ran")
    assert _core.current_target() == before


def test_target_this_cpu_lacks_is_an_error():
    lacking = set(_core.compiled_targets()) - set(_core.available_targets())
    if not lacking:
        pytest.skip("this CPU runs every compiled target")
    name = lacking.pop()
    with pytest.raises(ValueError, match=f"'{name}', which this CPU cannot run; available"):
        _core.set_target(name)


# show_config


def test_show_config_prints_what_it_returns(capsys):
    config = runtime.show_config(as_dict=True)
    assert runtime.show_config() is None
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines.keys() == config.keys()
    assert lines["version"] == _core.__version__
    assert lines["target"] == _core.current_target()
    assert lines["available_targets"].split() == _core.available_targets()
    assert lines["cuda"] == _devices.cuda_status()


def test_cpu_flags_explain_the_targets():
    config = runtime.show_config(as_dict=True)
    if not config["cpu_flags"]:
        pytest.skip("this system does not list CPU flags")
    assert ("avx2" in config["cpu_flags"]) >= ("avx2" in config["available_targets"])
    assert ("avx512f" in config["cpu_flags"]) >= ("avx512" in config["available_targets"])
