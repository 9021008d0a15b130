"""The optional C engine, built where there is a compiler and left out where there is none. All else: pyproject.toml."""

import runpy
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

C = Path("autograd", "core", "c")


class BuildEngine(build_ext):
    """Write the rules in C from the table first; without a compiler, say in one line what runs instead."""

    def build_extension(self, extension):
        try:
            Path(self.build_temp).mkdir(parents=True, exist_ok=True)
            runpy.run_path(str(C / "rules.py"))["main"](Path(self.build_temp, "rules.h"))
            extension.include_dirs = [*extension.include_dirs, self.build_temp, str(C)]
            super().build_extension(extension)
        except Exception as reason:
            print(f"the C engine was not built, the pure one will run ({type(reason).__name__}: {reason})")


class Wheel(bdist_wheel):
    """One without the engine is for every machine, and says so."""

    def get_tag(self):
        self.root_is_pure = not any(Path(self.bdist_dir).rglob("_engine.*"))
        return super().get_tag()


# A free-threaded interpreter has no stable ABI, and the engine relies on one thread at a time.
stable = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
# One rounding for each operation, as in Python: no multiply and add in one.
exact = ["/O2", "/fp:precise"] if sys.platform == "win32" else ["-O2", "-ffp-contract=off"]
engine = Extension(
    "autograd.core._engine",
    [str(C / name) for name in ("module.c", "memory.c", "node.c", "arithmetic.c", "sweep.c", "second.c")],
    depends=[
        str(C / "node.h"),
        str(C / "rules.py"),
        str(C / "scope.py"),
        "autograd/core/primitives.py",
        "autograd/core/ieee.py",
        "autograd/core/fast/__init__.py",
    ],
    extra_compile_args=exact,
    py_limited_api=True,
    optional=True,
)
setup(
    cmdclass={"build_ext": BuildEngine, "bdist_wheel": Wheel},
    ext_modules=[engine] if stable else [],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if stable else {},
)
