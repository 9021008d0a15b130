"""From the text of a module to machine code in this process, through LLVM; kept on disk for the next one.

The object code goes into a cache directory under a name that is a hash of everything it depends on: the text itself,
LLVM, the processor. So a later process, of whatever version of this library, loads it in a millisecond. A file starts
with the checksum of the rest, and is written under another name and moved into place: a process that is killed leaves
nothing half-written. While LLVM loads a file it is moved away under the process's own name, and moved back: what
crashes LLVM is not there for a second time.
"""

from __future__ import annotations

import math
import os
import tempfile
import threading
import warnings
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from autograd.core.forks import held

MOST_FILES = 2000  # of some kilobytes each, in the cache
MISSING = 'compile needs numpy and llvmlite to run natively: pip install numpy llvmlite (or runner="python")'

lock = held(threading.RLock())  # around all that LLVM does, and imports: these have locks of their own
_loaded: dict[str, Code] = {}


class NativeUnavailable(ImportError):
    """There is no llvmlite here, or no numpy."""


class Code:
    """A loaded module."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine  # owns the code that the addresses point at

    def address(self, name: str) -> int:
        """Where a function of the module is."""
        with lock:
            place = self._engine.get_function_address(name)
        if not place:
            raise ValueError(f"no {name} in this code")
        return int(place)


def build(text: str, effort: int = 3, loops: bool = False) -> Code:
    """The machine code of a module. With effort 3 LLVM does what it can, with 1 what pays at once: its functions stay
    functions, for a tenth more time in them and a quarter of the time to build. Where `loops` carry numbers on, that
    is done without LLVM's NewGVN, of which version 22 stops at an assertion of its own (verifyIterationSettled)."""
    key = sha256("\n".join([_processor(), str(effort), *["loops"] * loops, text]).encode()).hexdigest()
    with lock:
        if key not in _loaded:
            code = _from_disk(key)
            if code is None:
                content = _compiled(text, effort, loops)
                _write(f"{key}.o", _checksum(key, content) + b"\n" + content)
                code = _link(content)
            _loaded[key] = code
        return _loaded[key]


def define(name: str, address: int) -> None:
    """Give a function of another library a name that modules can call it by."""
    with lock:
        _llvm().add_symbol(name, address)


def _from_disk(key: str) -> Code | None:
    """What the cache holds; None where it is not there, damaged, or was not survived."""
    directory = _cache_directory()
    path, mine = directory / f"{key}.o", directory / f"{key}.{os.getpid()}"
    try:
        checksum, content = path.read_bytes().split(b"\n", 1)
        if checksum != _checksum(key, content):
            return None
    except (OSError, ValueError):
        return None
    try:
        os.replace(path, mine)
    except OSError:  # a cache that can only be read
        return _link(content)
    code = _link(content)
    os.replace(mine, path)
    return code


def _checksum(key: str, content: bytes) -> bytes:
    """Of the code and of its name: a whole file under another one's name is other code."""
    return sha256(key.encode() + content).hexdigest().encode()


def _machine(effort: int) -> Any:
    llvm = _llvm()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=effort,
        codemodel="jitdefault",
    )


def _compiled(text: str, effort: int, loops: bool) -> bytes:
    llvm = _llvm()
    module = llvm.parse_assembly(f'target triple = "{llvm.get_default_triple()}"\n{text}')
    machine = _machine(effort)
    tuning = llvm.create_pipeline_tuning_options(speed_level=effort)
    tuning.loop_vectorization = tuning.slp_vectorization = False  # the text has its vectors
    builder = llvm.create_pass_builder(machine, tuning)
    if effort == 1:
        passes = llvm.create_new_module_pass_manager()
        for add in ("sroa", "new_gvn", "instruction_combine", "simplify_cfg", "aggressive_dce"):
            if not (loops and add == "new_gvn"):
                getattr(passes, f"add_{add}_pass")()
    else:
        passes = builder.getModulePassManager()
    passes.run(module, builder)
    return machine.emit_object(module)


def _link(content: bytes) -> Code:
    """Load object code into this process."""
    llvm = _llvm()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(0))
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    engine.finalize_object()
    return Code(engine)


@cache
def _llvm() -> Any:
    with lock:
        try:
            import llvmlite.binding as llvm
        except ImportError:
            raise NativeUnavailable(MISSING) from None
        if llvm.llvm_version_info[0] < 20:
            raise NativeUnavailable(f"{MISSING}; this llvmlite is too old: 0.45 or later")
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        return llvm


@cache
def _processor() -> str:
    """What machine code depends on beside its text."""
    with lock:
        llvm = _llvm()
        version = ".".join(map(str, llvm.llvm_version_info))
        return "\n".join(
            [version, llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]
        )


@cache
def has(feature: str) -> bool:
    """Has this processor these instructions? By LLVM's name of them."""
    with lock:
        return bool(_llvm().get_host_cpu_features().get(feature))


@cache
def stores_past_caches() -> bool:
    """Does it pay here to store large results past the caches? Measured on AMD's processors: in half the time; nowhere
    else so far."""
    with lock:
        return bool(_llvm().get_host_cpu_name().startswith("znver"))


@cache
def _cache_directory() -> Path:
    """CHAINRULE_CACHE, or beside this file in a checkout, or the user's cache. Where one cannot be written to, the next
    one is taken, and that is said once. What lay beside an installed file would stay when it is uninstalled, as a
    package without a file."""
    chosen, base = os.environ.get("CHAINRULE_CACHE"), os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    users = Path(base or os.path.expanduser("~/.cache")) / "chainrule"
    here = Path(__file__).parent
    beside = here / "__pycache__" / "native" if (here.parents[1] / "pyproject.toml").exists() else users
    first = Path(chosen) if chosen else beside
    if _writable(first):
        return first
    if first != users and _writable(users):
        warnings.warn(f"compile: {first} cannot be written to; compiled code is kept in {users}", stacklevel=2)
        return users
    neither = f"{first} cannot" if first == users else f"neither {first} nor {users} can"
    warnings.warn(f"compile: {neither} be written to; compiled code is not kept", stacklevel=2)
    return Path(tempfile.mkdtemp(prefix="chainrule-"))


def _writable(directory: Path) -> bool:
    if directory.parts[:1] == ("~",):  # nobody's home
        return False
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def _tidy(directory: Path) -> None:
    """Of too many files, drop the older half: code of earlier versions, and of functions nobody compiles any more."""

    def written(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except FileNotFoundError:  # another process has dropped it, or given it its name
            return math.inf

    files = list(directory.iterdir())
    if len(files) > MOST_FILES:
        for path in sorted(files, key=written)[: len(files) // 2]:
            path.unlink(missing_ok=True)


def _write(name: str, content: bytes) -> None:
    """Write a file so that it is either there whole or not at all."""
    directory = _cache_directory()
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=directory)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, directory / name)
        _tidy(directory)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        warnings.warn(
            f"compile: {directory / name} cannot be written ({error}); it is compiled again next time", stacklevel=2
        )
