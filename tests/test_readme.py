"""The Python examples of README.md run, in order, as a reader would type them."""

import re
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def test_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(examples) >= 3
    names = {}
    for example in examples:
        exec(example, names)
    assert (tmp_path / "rbm.safetensors").exists()
    assert names["neighbours"].shape == (5, 10)
    assert "log" in capsys.readouterr().out
