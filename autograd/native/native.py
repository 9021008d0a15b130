"""Python functions compiled by Numba to machine code, kept on disk, and called through their addresses.

Every kernel is a function of a few pointers. Numba compiles it once per machine; the object code goes into a cache
directory under a name that is a hash of everything it depends on, so that later processes load it in milliseconds,
without importing Numba at all. A file is written under another name and moved into place: a process that is killed
leaves nothing half-written.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
import threading
import warnings
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

MOST_FILES = 2000  # of some kilobytes each, in the cache

_lock = threading.RLock()
_addresses: dict[str, int] = {}
_alive: list[Any] = []  # engines own the code that the addresses point at


MISSING = "compile needs numpy and numba to run natively: pip install 'chainrule[fast]' (or runner=\"python\")"


class NativeUnavailable(ImportError):
    """There is no Numba here."""


def address(
    name: str, make: Callable[[], Callable[..., None]], signature: str, text: str = "", keep: bool = True
) -> int:
    """The address of the machine code of the function that `make()` returns.

    `name` and `text` say, with the library's own source, what function it is. Where they do not (a row of the user's
    own), it is not kept on disk.
    """
    key = sha256("\n".join([_fingerprint(), name, signature, text]).encode()).hexdigest()
    with _lock:
        if key not in _addresses:
            _addresses[key] = _loaded(key, make, signature, keep)
        return _addresses[key]


def function(address: int, arguments: int, holds_gil: bool = False) -> Callable[..., int]:
    """A compiled kernel as a Python callable. As Numba has it, its first two arguments say where a result and an error
    go: NOWHERE."""
    prototype = (ctypes.PYFUNCTYPE if holds_gil else ctypes.CFUNCTYPE)(
        ctypes.c_int, *[ctypes.c_void_p] * (2 + arguments)
    )
    return prototype(address)


_nowhere = (ctypes.c_void_p * 1)()
NOWHERE = ctypes.addressof(_nowhere)


def _loaded(key: str, make: Callable[[], Callable[..., None]], signature: str, keep: bool) -> int:
    if keep:
        try:
            check, name, code = (_cache_directory() / f"{key}.o").read_bytes().split(b"\n", 2)
            if check.decode() == sha256(code).hexdigest():  # LLVM does not survive a damaged file
                return _link(name.decode(), code)
        except (OSError, ValueError):  # not there yet, or damaged: make it anew
            pass
    symbol, code = compiled(make(), signature)
    if keep:
        _write(f"{key}.o", b"\n".join([sha256(code).hexdigest().encode(), symbol.encode(), code]))
    return _link(symbol, code)


def compiled(function: Callable[..., None], signature: str) -> tuple[str, bytes]:
    """(symbol, object code) of a Python function, by Numba. IEEE arithmetic as it stands: no fast-math."""
    from numba import njit

    options: dict[str, Any] = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    dispatcher: Any = njit(signature, **options)(function)
    (result,) = dispatcher.overloads.values()
    return result.fndesc.llvm_func_name, result.library._get_compiled_object()


def _link(symbol: str, code: bytes) -> int:
    """Load object code into this process: the address of one of its functions."""
    llvm = _llvm()
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    place = engine.get_function_address(symbol)
    if not place:
        raise ValueError(f"no {symbol} in this object code")
    _alive.append(engine)
    return int(place)


@cache
def _llvm() -> Any:
    try:
        import llvmlite.binding as llvm
    except ImportError:
        raise NativeUnavailable(MISSING) from None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@cache
def _fingerprint() -> str:
    """Everything that machine code depends on, but for the function itself: this library, Numba and the processor."""
    llvm = _llvm()
    here = Path(__file__).parent
    core = here.parent / "core"
    written_for_it = ("driver.py", "encode.py", "kernels.py", "machine.py", "native.py", "native_math.py", "tape.py")
    sources = [core / "ieee.py", core / "primitives.py", *[here / name for name in written_for_it]]
    texts = [sha256(path.read_bytes()).hexdigest() for path in sources]
    versions = [f"{name} {metadata.version(name)}" for name in ("numba", "llvmlite")]
    return "\n".join([*texts, *versions, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()])


@cache
def _cache_directory() -> Path:
    """CHAINRULE_CACHE, or beside this file, or the user's cache when that cannot be written to (said once)."""
    chosen = os.environ.get("CHAINRULE_CACHE")
    beside = Path(chosen) if chosen else Path(__file__).parent / "__pycache__" / "native"
    if _writable(beside):
        return beside
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    users = Path(base) / "chainrule"
    if _writable(users):
        warnings.warn(f"compile: {beside} cannot be written to; compiled code is kept in {users}", stacklevel=2)
        return users
    elsewhere = Path(tempfile.mkdtemp(prefix="chainrule-"))
    warnings.warn(f"compile: neither {beside} nor {users} can be written to; compiled code is not kept", stacklevel=2)
    return elsewhere


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def _tidy(directory: Path) -> None:
    """Of too many files, drop the older half: code of earlier versions, and of functions nobody compiles any more."""
    files = list(directory.iterdir())
    if len(files) > MOST_FILES:
        for path in sorted(files, key=lambda path: path.stat().st_mtime)[: len(files) // 2]:
            path.unlink(missing_ok=True)


def _write(name: str, content: bytes) -> None:
    """Write a file so that it is either there whole or not at all."""
    directory = _cache_directory()
    try:
        descriptor, temporary = tempfile.mkstemp(dir=directory)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, directory / name)
        _tidy(directory)
    except OSError as error:
        warnings.warn(
            f"compile: {directory / name} cannot be written ({error}); it is compiled again next time", stacklevel=2
        )
