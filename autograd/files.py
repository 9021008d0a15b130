"""Files written whole or not at all: what is saved is whole at every moment, the old content or the new.

A regular file is written beside its place, flushed to the disk and renamed. What is none (a device, a pipe), or has
other names (hard links), is written in place, as renaming would put a file of its own there.
"""

import os
import stat
import tempfile
from typing import Any


def write(path: "str | os.PathLike[str]", content: bytes) -> None:
    """Put content at path, keeping the permissions of what was there. An OSError speaks of the path."""
    place = os.path.realpath(path)
    folder, name = os.path.split(place)
    if os.path.isdir(place):
        raise IsADirectoryError(f"save: {os.fspath(path)!r} is a folder; give the name of a file")
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"save: there is no folder {folder!r} to write {name!r} into; make it first")
    try:
        there = os.stat(place) if os.path.lexists(place) else None
        if there is not None and not (stat.S_ISREG(there.st_mode) and there.st_nlink == 1):
            with open(place, "wb") as file:
                file.write(content)
        else:
            _replace(place, content, _usual_mode() if there is None else stat.S_IMODE(there.st_mode))
    except OSError as error:
        raise type(error)(f"save: {os.fspath(path)!r} cannot be written: {error.strerror or error}") from None


def _replace(place: str, content: bytes, mode: int) -> None:
    handle, beside = tempfile.mkstemp(dir=os.path.dirname(place), prefix=".saving.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, mode)
        os.replace(beside, place)
    except BaseException:
        if os.path.exists(beside):  # it is in place already where Ctrl-C came late
            os.unlink(beside)
        raise
    if os.name == "posix":  # the new name must reach the disk as well
        folder = os.open(os.path.dirname(place), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _usual_mode() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def printable(text: Any) -> str:
    """Text from a file as it can be shown: what would move the cursor or colour the screen is escaped."""
    return "".join([c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text)])
