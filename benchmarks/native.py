"""The C side of the comparison: compile a file of `benchmarks/c/` with the system's compiler and load it."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

# No fast-math: it would flush denormals for the whole process. Contraction (fused multiply-add) is allowed.
FLAGS = ["-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno", "-fopenmp-simd", "-shared", "-fPIC"]


def load(name: str) -> ctypes.CDLL:
    """Build `c/<name>.c` in a temporary folder and load it."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise ModuleNotFoundError("no C compiler", name="cc")
    source = Path(__file__).parent / "c" / f"{name}.c"
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / f"{name}.so"
        subprocess.run([compiler, *FLAGS, str(source), "-o", str(library), "-lm"], check=True, capture_output=True)
        return ctypes.CDLL(str(library))


def address(array) -> ctypes.c_void_p:
    """Where a numpy array's numbers start."""
    return ctypes.c_void_p(array.ctypes.data)
