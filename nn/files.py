"""Models as files: data, never code. JSON with every float exact, or safetensors, by the file's extension.

    {"format": "chainrule model", "version": 1, "class": "MLP", "architecture": {"module": "MLP", "nin": 2, …},
     "weights": {"layers.0.neurons.0.w.0": 0.25, …}}

A safetensors file holds each parameter as a scalar F64 tensor, and the rest of the above as its metadata. A file is
written beside its place, flushed to the disk and renamed: at every moment the place holds a whole file, old or new.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from nn.layers import MLP, Layer, Neuron, Sequential
from nn.modules import Module

VERSION = 1
MODEL = "chainrule model"

Path = str | os.PathLike[str]


class FileError(ValueError):
    """A file is not what it should be: the message names the file and what is wrong with it."""


def save(model: Module, path: Path) -> None:
    """Write a model's architecture and weights; a failed save leaves an older file at that place whole."""
    record = {"class": type(model).__name__, "architecture": _rebuildable(model)}
    if _is_safetensors(path):
        write(path, _to_safetensors(record, model.state_dict()))
    else:
        write_json(path, MODEL, {**record, "weights": model.state_dict()})


def load(path: Path, into: Module | None = None) -> Any:
    """The model saved at `path`: a new one, or `into` with the saved weights (for classes that are not this library's).

    FileError says what is wrong with a file that is cut off, not a model, or of a newer version.
    """
    record = _from_safetensors(path) if _is_safetensors(path) else read_json(path, MODEL)
    weights = record.get("weights")
    if not isinstance(weights, dict):
        raise FileError(f"{path}: the 'weights' are missing")
    model = into if into is not None else _built(path, record)
    try:
        model.load_state_dict(weights)
    except (KeyError, TypeError, OverflowError) as error:
        raise FileError(f"{path}: the weights are not those of this model: {error.args[0]}") from None
    return model


BUILDERS: dict[str, Callable[[dict[str, Any]], Module]] = {
    "Neuron": lambda a: Neuron(a["nin"], a["activation"], seed=0),
    "Layer": lambda a: Layer(a["nin"], a["nout"], a["activation"], seed=0),
    "MLP": lambda a: MLP(a["nin"], a["nouts"], a["activation"], a["output"], seed=0),
    "Sequential": lambda a: Sequential(*[build(step) for step in a["steps"]]),
}


def build(architecture: dict[str, Any]) -> Module:
    """A module from what its `architecture()` said, its weights yet to be set."""
    return BUILDERS[architecture["module"]](architecture)


def _rebuildable(model: Module) -> dict[str, Any] | None:
    """The architecture, if a module built from it has the same parameters."""
    architecture = model.architecture()
    if architecture is None or architecture["module"] != type(model).__name__:
        return None
    try:
        return architecture if list(build(architecture).state_dict()) == list(model.state_dict()) else None
    except KeyError:  # a module inside is of another class
        return None


def _built(path: Path, record: dict[str, Any]) -> Module:
    architecture, name = record.get("architecture"), record.get("class", "model")
    if architecture is None:
        raise FileError(
            f"{path}: it holds the weights of a {name} that only your code can build; make one and give it: "
            f"nn.load(path, into={name}(…))"
        )
    try:
        return build(architecture)
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(f"{path}: the architecture cannot be built: {type(error).__name__}: {error}") from None


def write_json(path: Path, kind: str, record: dict[str, Any]) -> None:
    import json

    write(path, json.dumps({"format": kind, "version": VERSION, **record}, indent=1, ensure_ascii=False).encode())


def read_json(path: Path, kind: str) -> dict[str, Any]:
    import json

    with open(path, "rb") as file:
        content = file.read()
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        cut = f"{len(content)} bytes, {error}" if content else "it is empty"
        raise FileError(f"{path}: not a {kind}, or cut off: not whole JSON ({cut})") from None
    return _checked(path, kind, record)


def _checked(path: Path, kind: str, record: Any) -> dict[str, Any]:
    if not isinstance(record, dict) or record.get("format") != kind:
        found = repr(record.get("format")) if isinstance(record, dict) and "format" in record else "no format"
        raise FileError(f"{path}: not a {kind}: it says {found}")
    version = record.get("version")
    if not isinstance(version, int) or version < 1:
        raise FileError(f"{path}: the version is {version!r}, which is none")
    if version > VERSION:
        raise FileError(
            f"{path}: written by a newer version of this library (format {version}; this one reads up to {VERSION}): "
            "pip install --upgrade chainrule"
        )
    return record


def write(path: Path, content: bytes) -> None:
    """Put content at path all at once: a crash at any moment leaves the old file or the new one."""
    place = os.path.realpath(path)
    if os.path.isdir(place):
        raise IsADirectoryError(f"save: {os.fspath(path)!r} is a folder; give the name of a file")
    if not os.path.isdir(os.path.dirname(place)):
        raise FileNotFoundError(f"save: there is no folder {os.path.dirname(place)!r} to write into; make it first")
    beside = f"{place}.{os.getpid()}-{threading.get_ident()}.tmp"
    try:
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, place)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
    if os.name == "posix":  # the new name must reach the disk as well
        folder = os.open(os.path.dirname(place), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _is_safetensors(path: Path) -> bool:
    return os.fspath(path).endswith(".safetensors")


def _to_safetensors(record: dict[str, Any], weights: dict[str, float]) -> bytes:
    """Eight bytes of length, a JSON header that says what lies where, and the numbers, little-endian."""
    import json
    import struct

    places = {name: {"dtype": "F64", "shape": [], "data_offsets": [8 * k, 8 * k + 8]} for k, name in enumerate(weights)}
    about = json.dumps({"format": MODEL, "version": VERSION, **record})
    header = json.dumps({"__metadata__": {"chainrule": about}, **places}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + struct.pack(f"<{len(weights)}d", *weights.values())


def _from_safetensors(path: Path) -> dict[str, Any]:
    import json
    import struct

    with open(path, "rb") as file:
        content = file.read()
    start = 8 + int.from_bytes(content[:8], "little")
    if len(content) < max(8, start):
        raise FileError(f"{path}: not a safetensors file, or cut off: its header ends beyond its {len(content)} bytes")
    try:
        places = json.loads(content[8:start])
        record = _checked(path, MODEL, json.loads(places.pop("__metadata__", {}).get("chainrule", "{}")))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: not a safetensors file: its header is no JSON ({error})") from None
    weights = {}
    for name, place in places.items():
        match place:
            case {"dtype": "F64", "shape": [], "data_offsets": [int(begin), int(end)]} if 0 <= begin <= end:
                number = content[start + begin : start + end]
            case _:
                raise FileError(f"{path}: {name!r} is not the place of one F64 number: {place!r:.100}")
        if len(number) != 8:
            raise FileError(f"{path}: cut off: {name!r} lies beyond its {len(content)} bytes")
        weights[name] = struct.unpack("<d", number)[0]
    return {**record, "weights": weights}
