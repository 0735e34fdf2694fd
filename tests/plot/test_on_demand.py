"""Matplotlib is imported where something is drawn, and not before."""

import subprocess
import sys

import numpy as np
import pytest

from udl_fast.plot import WeightsDisplay


def test_import_and_tiles_do_without_matplotlib():
    code = (
        "import sys, numpy, udl_fast.plot as p; p.tile_images(numpy.ones((2, 4)));"
        "sys.exit(any(m.split('.')[0] == 'matplotlib' for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_missing_matplotlib_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"WeightsDisplay needs matplotlib.*udl-fast\[plot\]"):
        WeightsDisplay.from_values(np.ones((2, 4)))
