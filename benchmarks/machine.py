"""What the figures were measured on: processor, system, Python, and the version of every engine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from pathlib import Path

ENGINES = [
    "numpy", "llvmlite", "micrograd", "jax", "torch", "casadi", "xad", "hyperjet", "num-dual", "fastdual",
    "scikit-learn",
]  # fmt: skip


def describe() -> dict[str, object]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": f"{_processor()}, {cores} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": _compiler(),
        "engines": {name: version(name) for name in ENGINES},
    }


def version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        if names:
            return names[0]
    return platform.processor() or "unknown processor"


def _compiler() -> str:
    if not shutil.which("cc"):
        return "no C compiler"
    return subprocess.run(["cc", "--version"], capture_output=True, text=True).stdout.splitlines()[0]
