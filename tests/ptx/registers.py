"""Registers, stack and spills of every kernel on every architecture, as ptxas reports them.

``python -m tests.ptx.registers`` measures them and writes ``registers.json``, which a test holds the
kernels to. PTX and what was measured are kept in the temporary folder by the hash of the sources.
"""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from .compile import KERNELS, ROOT, cache, compile_ptx, nvcc, shipped

TABLE = Path(__file__).with_name("registers.json")
REPORT = re.compile(
    r"Compiling entry function '([^']+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores, "
    r"(\d+) bytes spill loads.*?Used (\d+) registers",
    re.S,
)
# nvcc makes the same code for these as for 8.0: no kernel asks which of the three it is compiled for.
PTX_OF = {"sm_86": "compute_80", "sm_89": "compute_80"}
OPTIONS = ("-O3", "-fmad=false", "-Werror", "all-warnings", "-Xptxas", "-v")
Use = dict[str, int]


def architectures() -> list[str]:
    """Those that the wheel has code for and this compiler knows, as in ``sm_90a``."""
    text = (ROOT / "cmake" / "cuda.cmake").read_text()
    match = re.search(r'set\(UDL_FAST_CUDA_ARCHITECTURES "([^"]+)"', text)
    assert match is not None
    compiler = nvcc()
    assert compiler is not None
    known = subprocess.run([compiler, "--list-gpu-code"], capture_output=True, text=True).stdout
    names = [f"sm_{number}" for number in match[1].split(";")]
    return [n for n in names if n.rstrip("a") in known.split()]


def measure(source: Path, architecture: str) -> dict[str, Use]:
    """What ptxas says of the kernels of a source file.

    Parameters
    ----------
    source : Path
        A ``.cu`` file below ``csrc``.
    architecture : str
        As in ``sm_80``.

    Returns
    -------
    dict
        For each kernel its ``registers``, and bytes of ``stack`` and ``spills`` where there are any.
    """
    compiler = nvcc()
    assert compiler is not None
    virtual = PTX_OF.get(architecture, architecture.replace("sm", "compute"))
    ptx = compile_ptx(source, virtual)
    digest = hashlib.sha256(ptx.name.encode() + repr(OPTIONS).encode())
    kept = cache() / f"registers_{source.stem}_{architecture}_{digest.hexdigest()[:20]}.json"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as folder:
            command = [compiler, *OPTIONS, f"-arch={architecture}"]
            command += ["-cubin", "-o", f"{folder}/out.cubin", str(ptx)]
            done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        partial = kept.with_suffix(".partial")
        partial.write_text(json.dumps(read_report(done.stderr)))
        partial.replace(kept)
    return json.loads(kept.read_text())


def read_report(text: str) -> dict[str, Use]:
    """The kernels of a report of ptxas."""
    kernels = {}
    for name, stack, stores, loads, registers in REPORT.findall(text):
        use = {"registers": int(registers), "stack": int(stack), "spills": int(stores) + int(loads)}
        kernels[name] = {key: n for key, n in use.items() if n or key == "registers"}
    return kernels


def measure_all(architecture: str) -> dict[str, Use]:
    """All kernels of the library on an architecture."""
    found: dict[str, Use] = {}
    for source in shipped():
        if KERNELS / "tensor" in source.parents and architecture.startswith("sm_7"):
            continue  # as in cmake/cuda.cmake
        found |= measure(source, architecture)
    return found


def faults(now: dict[str, Use], recorded: dict[str, Use], allowance: int = 8) -> list[str]:
    """Where kernels use more than is recorded, or are not recorded; spills are always a fault."""
    wrong = []
    for name, use in sorted(now.items()):
        if use.get("spills"):
            wrong.append(f"{name} spills {use['spills']} bytes")
        if name not in recorded:
            wrong.append(f"{name} is not recorded")
            continue
        most = recorded[name]["registers"] + allowance
        if use["registers"] > most:
            wrong.append(
                f"{name} uses {use['registers']} registers, recorded are {most - allowance}"
            )
        if use.get("stack", 0) > recorded[name].get("stack", 0):
            wrong.append(f"{name} has a stack of {use['stack']} bytes")
    return wrong + [
        f"{name} is recorded, but is no kernel" for name in sorted(recorded.keys() - now)
    ]


def main() -> None:
    """Write the table."""
    table: dict[str, dict[str, Use]] = {}
    for architecture in architectures():
        for name, use in measure_all(architecture).items():
            table.setdefault(name, {})[architecture] = use
        print(f"{architecture}: {len(table)} kernels", file=sys.stderr)
    lines = []
    for name in sorted(table):
        uses = ",\n".join(f'    "{a}": {json.dumps(u)}' for a, u in table[name].items())
        lines.append(f'  "{name}": {{\n{uses}\n  }}')
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
