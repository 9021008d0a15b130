"""Models as files: data, never code. JSON with every float exact, or safetensors, by the file's extension.

    {"format": "chainrule model", "version": 1, "class": "MLP", "architecture": {"module": "MLP", "nin": 2, …},
     "weights": {"layers.0.neurons.0.w.0": 0.25, …}}

A safetensors file holds each parameter as a scalar F64 tensor, and the rest of the above as its metadata. Both hold a
checksum of all of it, so that a damaged file is no other model; a file without one is taken as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from autograd.files import write
from nn.layers import MLP, Layer, Neuron, Sequential
from nn.modules import Module, is_holder, items

VERSION = 1
MODEL = "chainrule model"

Path = str | os.PathLike[str]


class FileError(ValueError):
    """A file is not what it should be: the message names the file and what is wrong with it."""


def save(model: Module, path: Path) -> None:
    """Write a model's architecture and weights; a failed save leaves an older file at that place whole."""
    if (suffix := os.path.splitext(os.fsdecode(path))[1].lower()) not in ("", ".json", ".safetensors"):
        raise ValueError(
            f"save: {os.fspath(path)!r}: a model is saved as data, in .json or .safetensors; a file that ends in "
            f"{suffix} would be taken for another kind"
        )
    record = {"class": type(model).__name__, "architecture": _rebuildable(model)}
    if _is_safetensors(path):
        write(path, _to_safetensors(record, model.state_dict()))
    else:
        write_json(path, MODEL, {**record, "weights": model.state_dict()})


def load(path: Path, into: Module | None = None) -> Any:
    """The model saved at `path`: a new one, or `into` with the saved weights (for classes that are not this library's).

    FileError says what is wrong with a file that is cut off, not a model, of another model than `into`, or of a newer
    version.
    """
    record = _from_safetensors(path) if _is_safetensors(path) else read_json(path, MODEL)
    weights = record.get("weights")
    if not isinstance(weights, dict):
        raise FileError(f"{path}: the 'weights' are missing")
    for name, x in weights.items():
        if type(x) not in (int, float):
            raise FileError(f"{path}: the weight {name!r} is no number: {x!r:.40}")
    model = into if into is not None else _built(path, record)
    if into is not None and _rebuildable(into) and record.get("architecture"):
        saved = _built(path, record)
        if _outline(saved) != _outline(into) and weights.keys() == into.state_dict().keys():
            raise FileError(
                f"{path}: it holds a {saved!r}, which is another model than {into!r}; to take its weights all the "
                "same, write into.load_state_dict(nn.load(path).state_dict())"
            )
    try:
        model.load_state_dict(weights)
    except (KeyError, TypeError, OverflowError) as error:
        raise FileError(f"{path}: the weights are not those of this model: {error.args[0]}") from None
    return model


_COUNTS: dict[str, Callable[[dict[str, Any]], int]] = {
    "Neuron": lambda a: _parameters([a["nin"], 1]),
    "Layer": lambda a: _parameters([a["nin"], a["nout"]]),
    "MLP": lambda a: _parameters([a["nin"], *a["nouts"]]),
    "Sequential": lambda a: sum([_COUNTS[step["module"]](step) for step in a["steps"]]),
}


def _parameters(sizes: Sequence[int]) -> int:
    if any([type(size) is not int for size in sizes]):
        raise TypeError(f"the sizes are whole numbers, got {sizes!r:.60}")
    return sum([(nin + 1) * nout for nin, nout in pairwise(sizes)])


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
    """The architecture, if a module built from it has the same parameters, and modules inside."""
    architecture = model.architecture()
    if architecture is None:
        return None
    try:
        built = build(architecture)
    except KeyError:  # a module inside is of another class
        return None
    alike = list(built.state_dict()) == list(model.state_dict()) and _outline(built) == _outline(model)
    return architecture if alike else None


def _outline(model: Any) -> list[tuple[type, Any]]:
    """The classes of a module and of those inside it, in order, with their activations."""
    found: dict[int, Any] = {}
    waiting = [model]
    while waiting:
        x = waiting.pop()
        if is_holder(x) and id(x) not in found:
            found[id(x)] = x
            waiting += [item for _, item in items(x)]
    return [(type(x), getattr(x, "_activate", None)) for x in found.values() if isinstance(x, Module)]


def _built(path: Path, record: dict[str, Any]) -> Module:
    architecture, name = record.get("architecture"), record.get("class", "model")
    if architecture is None:
        raise FileError(
            f"{path}: it holds the weights of a {name} that only your code can build; make one and give it: "
            f"nn.load(path, into={name}(…))"
        )
    try:
        count, given = _COUNTS[architecture["module"]](architecture), len(record["weights"])
        if count != given:  # before a hundred million of them are made
            raise FileError(
                f"{path}: the weights are not those of this model: it has {count:,} parameters, there are {given:,}"
            )
        return build(architecture)
    except FileError:
        raise
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise FileError(f"{path}: the architecture cannot be built: {type(error).__name__}: {error}") from None


def write_json(path: Path, kind: str, record: dict[str, Any]) -> None:
    import json

    record = {"format": kind, "version": VERSION, "checksum": _checksum(record), **record}
    write(path, json.dumps(record, indent=1, ensure_ascii=False).encode())


def _checksum(record: dict[str, Any]) -> str:
    """Of all that a file says, whatever the layout and order in which it says it."""
    import hashlib
    import json

    said = {key: x for key, x in record.items() if key not in ("format", "version", "checksum")}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _parsed(content: bytes) -> Any:
    """JSON; ValueError also where a name is given twice: which of the two is meant?"""
    import json

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        record = dict(pairs)
        if len(record) < len(pairs):
            names = [name for name, _ in pairs]
            raise ValueError(f"{next(n for n in names if names.count(n) > 1)!r} is given twice")
        return record

    return json.loads(content, object_pairs_hook=once)


def _content(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise type(error)(f"load: {os.fsdecode(path)!r} cannot be read: {error.strerror or error}") from None


def read_json(path: Path, kind: str) -> dict[str, Any]:
    content = _content(path)
    try:
        record = _parsed(content)
    except (ValueError, RecursionError) as error:
        cut = f"{len(content)} bytes, {error}" if content else "it is empty"
        raise FileError(f"{path}: not a {kind}, or cut off: not whole JSON ({cut})") from None
    _checked(path, kind, record)
    return _undamaged(path, record)


def _undamaged(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    if "checksum" in record and record["checksum"] != _checksum(record):
        raise FileError(
            f"{path}: damaged, or changed since it was saved: its checksum is another one; if the change is yours, "
            'remove the "checksum" entry'
        )
    return record


def _checked(path: Path, kind: str, record: Any) -> dict[str, Any]:
    if not isinstance(record, dict) or record.get("format") != kind:
        found = repr(record.get("format")) if isinstance(record, dict) and "format" in record else "no format"
        raise FileError(f"{path}: not a {kind}: it says {found}")
    version = record.get("version")
    if type(version) is not int or version < 1:
        raise FileError(f"{path}: the version is {version!r}, which is none")
    if version > VERSION:
        raise FileError(
            f"{path}: written by a newer version of this library (format {version}; this one reads up to {VERSION}), "
            "which can read it"
        )
    return record


def _is_safetensors(path: Path) -> bool:
    return os.fsdecode(path).lower().endswith(".safetensors")


def _to_safetensors(record: dict[str, Any], weights: dict[str, float]) -> bytes:
    """Eight bytes of length, a JSON header that says what lies where, and the numbers, little-endian."""
    import json
    import struct

    places = {name: {"dtype": "F64", "shape": [], "data_offsets": [8 * k, 8 * k + 8]} for k, name in enumerate(weights)}
    checksum = _checksum({**record, "weights": weights})
    about = json.dumps({"format": MODEL, "version": VERSION, "checksum": checksum, **record})
    header = json.dumps({"__metadata__": {"chainrule": about}, **places}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + struct.pack(f"<{len(weights)}d", *weights.values())


def _from_safetensors(path: Path) -> dict[str, Any]:
    import struct

    content = _content(path)
    start = 8 + int.from_bytes(content[:8], "little")
    if len(content) < max(8, start):
        raise FileError(f"{path}: not a safetensors file, or cut off: its header ends beyond its {len(content)} bytes")
    try:
        places = _parsed(content[8:start])
        record = _checked(path, MODEL, _parsed(places.pop("__metadata__", {}).get("chainrule", "{}")))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: not a safetensors file: its header is no JSON ({error})") from None
    begins: dict[int, str] = {}
    for name, place in places.items():
        match place:
            case {"dtype": "F64", "shape": [], "data_offsets": [int(begin), int(end)]} if (
                end - begin == 8 and bool not in (type(begin), type(end))
            ):
                if begins.setdefault(begin, name) != name:
                    raise FileError(f"{path}: {name!r} and {begins[begin]!r} lie at the same place")
            case _:
                raise FileError(f"{path}: {name!r} is not the place of one F64 number: {place!r:.100}")
    if len(content) < start + 8 * len(begins):
        raise FileError(f"{path}: cut off: its {len(begins)} numbers end beyond its {len(content)} bytes")
    if len(content) > start + 8 * len(begins) or {*begins} != {*range(0, 8 * len(begins), 8)}:
        raise FileError(f"{path}: its {len(begins)} numbers do not fill its {len(content) - start} bytes one by one")
    weights = {name: struct.unpack_from("<d", content, start + begin)[0] for begin, name in begins.items()}
    return _undamaged(path, {**record, "weights": weights})
