"""PTX of CUDA sources, made by nvcc once and kept in a temporary folder by the hash of what went in."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"
KERNELS = CSRC / "kernels" / "cuda"
OPTIONS = ("-std=c++17", "-O3", "-fmad=false", "-Werror", "all-warnings", f"-I{CSRC}")


def nvcc() -> str | None:
    """The compiler, or None."""
    return os.environ.get("CUDACXX") or shutil.which("nvcc")


def cache() -> Path:
    """Where PTX is kept between sessions."""
    folder = Path(tempfile.gettempdir()) / f"udl_fast_ptx_{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def shipped() -> list[Path]:
    """All CUDA sources of the library."""
    return sorted(KERNELS.rglob("*.cu"))


def headers_hash() -> bytes:
    """Of all headers that kernels may include."""
    digest = hashlib.sha256()
    folders = [CSRC / "base", KERNELS]
    for path in sorted(p for f in folders for p in f.rglob("*.h")):
        digest.update(path.read_bytes())
    return digest.digest()


def compile_ptx(source: Path, architecture: str = "compute_80") -> Path:
    """PTX of a source file.

    Parameters
    ----------
    source : Path
        A ``.cu`` file; it includes headers by their path below ``csrc``.
    architecture : str
        As nvcc calls it.

    Returns
    -------
    Path
        The PTX.
    """
    compiler = nvcc()
    assert compiler is not None
    digest = hashlib.sha256(source.read_bytes() + headers_hash())
    digest.update(repr((architecture, OPTIONS, Path(compiler).resolve())).encode())
    made = cache() / f"{source.stem}_{architecture}_{digest.hexdigest()[:20]}.ptx"
    if not made.exists():
        partial = made.with_suffix(f".{os.getpid()}")
        command = [compiler, *OPTIONS, f"-arch={architecture}", "-ptx", "-o", partial, source]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
        partial.replace(made)
    return made


def compile_text(text: str, architecture: str = "compute_80") -> Path:
    """PTX of CUDA source given as text."""
    name = hashlib.sha256(text.encode()).hexdigest()[:20]
    source = cache() / f"text_{name}.cu"
    if not source.exists():
        partial = source.with_suffix(f".{os.getpid()}")
        partial.write_text(text)
        partial.replace(source)
    return compile_ptx(source, architecture)
