"""What README and docs say about GPUs is what benchmarks/results/gpu holds, and no more."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ROOT / "benchmarks/results/gpu"
PAGE = ROOT / "docs/gpu.md"
NOT_MEASURED = "**No speed of these kernels has been measured on a GPU yet.**"
# Records of the chip and of peers alone.
OF_OTHERS = {"probes.json", "probes_2.json", "peers.json", "peers_2.json"}
CARD = re.compile(r"\b(H100|H200|A100|B200|RTX)\b")
ROW = re.compile(r"^\| ([^|]+) \| ((?:PyTorch|CuPy)[^|]*) \| (\d+) (us|ms) \|$", re.MULTILINE)
# How the peers' records begin that a row of the table stands for; times of parts do not count.
NAMES = {
    "CD-1, 784 x 500, minibatches of 100": "cd1_784x500_B100",
    "CD-1, 784 x 1024, minibatches of 512": "cd1_784x1024_B512",
    "CD-1, 784 x 4096, minibatches of 1024": "cd1_784x4096_B1024",
    "CD-1, 3072 x 8192, minibatches of 1024": "cd1_3072x8192_B1024",
    "a Gibbs step of 2,048 chains, 784 x 500": "gibbs_784x500_2048chains",
    "one query among 2 million codes of 256 bits, 100 nearest": "hamming_1x2M",
    "10,000 such queries": "hamming_10kx2M",
}


def peers():
    """(name, value, unit) of all peers' figures."""
    found = []
    for path in sorted(RECORDS.glob("peers*.json")):
        results = json.loads(path.read_text())["results"]
        found += [
            (r["name"], r["value"], r["unit"].split()[0]) for r in results if r["status"] == "ok"
        ]
    return [entry for entry in found if not entry[0].endswith("distances_only")]


def test_the_page_says_what_is_not_measured():
    """Until there is a record of our kernels; from then on the sentence is wrong."""
    ours = {path.name for path in RECORDS.glob("*.json")} - OF_OTHERS
    assert (NOT_MEASURED in " ".join(PAGE.read_text().split())) == (not ours)


def test_every_figure_of_the_table_is_a_record():
    rows = ROW.findall(PAGE.read_text())
    assert [task for task, *_ in rows] == list(NAMES)
    for task, peer, value, unit in rows:
        fastest = min((e for e in peers() if e[0].startswith(NAMES[task])), key=lambda e: e[1])
        assert (int(value), unit) == (round(fastest[1]), fastest[2]), task
        words = peer.lower().split(", ")
        assert words[-1] in fastest[0], task
        assert ("cupy" in fastest[0]) == (words[0] == "cupy"), task


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_cards_are_named_on_their_page_alone(path):
    """A figure of a GPU would name one."""
    assert path == PAGE or not CARD.search(path.read_text())
