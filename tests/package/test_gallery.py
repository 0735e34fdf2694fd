"""The scripts of the gallery run in their short form, without a warning, and draw something."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "docs" / "gallery").glob("plot_*.py"))

# `plt.show` has nothing to show without a screen; the figures stay, and are written at the end.
RUN = """
import runpy, sys
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.show = lambda: None
runpy.run_path(sys.argv[1])
for number in plt.get_fignums():
    plt.figure(number).savefig(f"figure{number}.png", dpi=60)
"""


def test_there_is_a_gallery():
    assert len(SCRIPTS) >= 5


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_runs(script, tmp_path):
    from matplotlib.image import imread

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, str(script)],
        cwd=tmp_path,
        env={**os.environ, "UDL_FAST_GALLERY_QUICK": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    pictures = list(tmp_path.glob("figure*.png"))
    assert pictures
    for picture in pictures:
        assert np.ptp(imread(picture)) > 0.5, f"{picture.name} is blank"
