"""Python for the browser: Pyodide, from npm, the library beside it, and the two as they are in memory once started."""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")


def package() -> Path | None:
    """Where the npm package is: in CHAINRULE_PYODIDE, here, or on NODE_PATH. None too where there is no node."""
    if shutil.which("node") is None:
        return None
    places = [os.environ.get("CHAINRULE_PYODIDE", ""), str(ROOT / "node_modules" / "pyodide")]
    places += [f"{p}/pyodide" for p in os.environ.get("NODE_PATH", "").split(":")]
    return next((Path(p).resolve() for p in places if p and (Path(p) / "pyodide.mjs").exists()), None)


def write(folder: Path) -> bool:
    """Pyodide and the library as the playground loads them; False without the npm package or node."""
    found = package()
    if found is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    for name in CORE:
        shutil.copy(found / name, folder / name)
    archive(folder / "chainrule.zip")
    made = subprocess.run(["node", str(ROOT / "docs" / "snapshot.mjs"), str(folder)])
    if made.returncode:  # it is no promise of Pyodide's
        print("this pyodide gives no snapshot of its memory, so the playground's Python will start in its own time")
    return True


def archive(path: Path) -> None:
    """The library, and the playground's own module."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sources():
            packed.write(file, file.relative_to(ROOT))
        packed.write(ROOT / "docs" / "playground.py", "playground.py")


def wheel(path: Path) -> None:
    """The library as a wheel of Python alone: no engine in C."""
    about = f"{path.name.rsplit('-', 3)[0]}.dist-info"
    name, version = about.removesuffix(".dist-info").split("-")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sources():
            packed.write(file, file.relative_to(ROOT))
        packed.writestr(f"{about}/METADATA", f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n")
        packed.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        packed.writestr(f"{about}/RECORD", "")


def sources() -> Iterator[Path]:
    for name in ("autograd", "nn"):
        for file in sorted((ROOT / name).rglob("*")):
            if file.suffix in (".py", ".html", ".js", ".css", ".csv", ".typed") and "core/c/" not in file.as_posix():
                yield file
