"""Python in a process of its own, with the library of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def variables(**others: str) -> dict[str, str]:
    """The environment in which a process finds this library, wherever it works."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | others


def python(*arguments: str, cwd: str | Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd, env=variables(**environment), capture_output=True, encoding="utf-8", timeout=300,
    )  # fmt: skip


def printed(program: str, **environment: str) -> str:
    """What a program prints; it must not fail."""
    done = python("-c", program, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout
