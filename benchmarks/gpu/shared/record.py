"""One file a date, GPU and commit. It is written after every line, so that what a run measured is kept
when it is stopped; a later run of the same day, card and commit replaces the lines that it measures
again.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from udl_fast.bench.record import check_writable, new_record, write_json

from .device import Device, clocks

ROOT = Path(__file__).resolve().parents[3]
# What a line is about: a later line that agrees in all of these takes the place of an earlier one.
_KEY = ("phase", "name", "precision", "who")


def slug(text: str) -> str:
    """A name as file names have it."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Record:
    """The file of one run."""

    def __init__(self, folder: Path, device: Device, command: list[str]) -> None:
        head = new_record("gpu", command, ROOT)
        # A copy of the sources without their history does not know its commit.
        head["commit"] = head["commit"] or os.environ.get("UDL_FAST_COMMIT", "unknown")
        self.path = folder / f"{head['date']}_{slug(device.card)}_{slug(head['commit'])}.json"
        check_writable(self.path)
        self._record: dict[str, Any] = {**head, "card": device.card, "clocks": [], "results": []}
        if self.path.exists():
            before = json.loads(self.path.read_text())
            self._record["clocks"], self._record["results"] = before["clocks"], before["results"]
        self.note_clocks()

    @property
    def results(self) -> list[dict[str, Any]]:
        """All lines, also those of earlier runs."""
        return list(self._record["results"])

    def note_clocks(self) -> None:
        """As they are now."""
        now = clocks()
        if now:
            self._record["clocks"].append(now)
        self._write()

    def add(self, phase: str, name: str, status: str, **fields: Any) -> None:
        """A line: `status` is "ok", "wrong", "failed", "timeout" or "left out"."""
        line = {"phase": phase, "name": name, "status": status, **fields}
        key = [line.get(field) for field in _KEY]
        kept = [r for r in self._record["results"] if [r.get(field) for field in _KEY] != key]
        self._record["results"] = [*kept, line]
        self._write()
        print(json.dumps(line), flush=True)

    def _write(self) -> None:
        try:
            write_json(self.path, self._record)
        except OSError as error:  # the lines are on the console
            print(f"cannot write {self.path}: {error}", file=sys.stderr, flush=True)
