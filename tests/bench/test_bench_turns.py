"""The benchmark harness: turns are fair, and contestants live in processes of their own."""

import os
import signal

import pytest

from tests.support.contestants import contestant_file
from udl_fast.bench import harness, process


class Clockwork:
    """Takes exactly `unit` seconds a unit and writes down when it ran."""

    def __init__(self, name, unit, diary):
        self.name, self.unit, self.diary = name, unit, diary

    def seconds(self, n):
        self.diary.append((self.name, n))
        return n * self.unit


def test_units_fill_the_sample():
    assert harness.units_for(Clockwork("a", 0.001, []), 0.5) == 500
    assert harness.units_for(Clockwork("a", 10.0, []), 0.5) == 1
    assert harness.units_for(Clockwork("a", 1e-7, []), 0.5) == 5_000_000


def test_rounds_rotate_and_pair():
    diary = []
    contestants = [Clockwork("a", 0.001, diary), Clockwork("b", 0.004, diary)]
    timings = harness.interleave(
        contestants, rounds=4, seconds=0.4, units_per_run=10, settle=0, progress=None
    )
    timed = [(name, n) for name, n in diary[-16:] if n in (400, 100)]
    assert [name for name, _ in timed] == ["a", "b", "b", "a"] * 2
    assert timings.median("a") == pytest.approx(10_000)
    assert timings.ratios("a", "b") == pytest.approx([4.0] * 4)
    written = timings.as_record("a")
    assert written["ratios"]["b"] == {"median": 4.0, "smallest": 4.0, "largest": 4.0}
    assert len(written["rates"]["b"]["samples"]) == 4


def test_a_contestant_answers_from_its_own_process(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    path = contestant_file(
        tmp_path,
        """
        import os, time
        class Echo:
            def __init__(self, n_threads):
                print("a peer that prints at import does not disturb the pipe")
                self.n_threads = n_threads
            def versions(self):
                print("nor later")
                return {"threads": self.n_threads, "pid": os.getpid(), "env": dict(os.environ)}
            def run(self, n):
                time.sleep(0.01 * n)
        """,
    )
    with process.Contestant("echo", path, "Echo", 3) as contestant:
        answer = contestant.call("versions")
        assert answer["threads"] == 3
        assert answer["pid"] != os.getpid()
        assert answer["env"]["OMP_NUM_THREADS"] == answer["env"]["UDL_FAST_NUM_THREADS"] == "3"
        assert "OPENBLAS_CORETYPE" not in answer["env"]
        assert 0.02 <= contestant.seconds(2) < 2


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_a_contestant_without_a_traceback(tmp_path, capfd):
    path = contestant_file(
        tmp_path,
        """
        import os, signal
        class Pressed:
            def __init__(self, n_threads):
                pass
            def run(self, n):
                os.kill(os.getpid(), signal.SIGINT)
        """,
    )
    ended = pytest.raises(process.ContestantError, match=f"ended with code {-signal.SIGINT}")
    with process.Contestant("pressed", path, "Pressed", 1) as contestant, ended:
        contestant.seconds(1)
    assert "Traceback" not in capfd.readouterr().err


def test_a_failure_is_reported_and_the_process_goes_on(tmp_path):
    path = contestant_file(
        tmp_path,
        """
        class Moody:
            def __init__(self, n_threads): pass
            def run(self, n):
                if n > 1: raise ValueError("too much")
        """,
    )
    with process.Contestant("moody", path, "Moody", 1) as contestant:
        with pytest.raises(process.ContestantError, match="moody: ValueError: too much"):
            contestant.seconds(2)
        assert contestant.seconds(1) >= 0


def test_a_dead_process_is_reported(tmp_path):
    path = contestant_file(
        tmp_path,
        """
        import os
        class Mortal:
            def __init__(self, n_threads): pass
            def run(self, n): os._exit(7)
        """,
    )
    with process.Contestant("mortal", path, "Mortal", 1) as contestant:
        with pytest.raises(process.ContestantError, match="mortal: its process ended with code 7"):
            contestant.seconds(1)
        with pytest.raises(process.ContestantError, match="mortal: its process ended"):
            contestant.seconds(1)


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("import no_such_library", process.ContestantMissing, "no_such_library"),
        ("1 / 0", process.ContestantError, "ZeroDivisionError"),
    ],
)
def test_a_contestant_that_cannot_start(body, kind, message, tmp_path):
    with pytest.raises(kind, match=message):
        process.Contestant("late", contestant_file(tmp_path, body), "Late", 1)
