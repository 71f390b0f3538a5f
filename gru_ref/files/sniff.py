"""Which format a file is of, by its content, and which files it is made of."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from gru_ref.files.formats import leveldb_table
from gru_ref.files.formats.zip_members import Archive
from gru_ref.files.json_kinds import json_format, shard_names
from gru_ref.files.likeness import Look, is_foreign, likeness
from gru_ref.files.limits import Budget, Limits
from gru_ref.files.malformed import MalformedFileError

_HEAD = 512  # the mark of a tar archive is at 257
_ZIP = b"PK\x03\x04"
_SHARDED = ".weights.json"
# Of a folder, the files that are read, and that a command might write over.
_READ_OF_FOLDER = (".npy", "config.json", "metadata.json", ".weights.h5")


def _is_hdf5(look: Look) -> bool:
    return look.head.startswith(b"\x89HDF\r\n\x1a\n")


def _is_keras(look: Look) -> bool:
    weights = {"model.weights.h5", "model.weights.npz"}
    return "config.json" in look.members and bool(weights & look.members)


def _is_json(look: Look) -> bool:
    return look.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def _is_saved_model(look: Look) -> bool:
    # Version 1 of the schema, then a field that only a SavedModel has as its second.
    return "saved_model.pb" in look.members or look.head.startswith(b"\x08\x01\x12")


def _is_checkpoint(look: Look) -> bool:
    if look.path.is_dir():
        return any(name.endswith(".index") for name in look.members)
    return not look.path.exists() or look.tail == leveldb_table.MAGIC


def _is_bundle(look: Look) -> bool:
    return not look.path.is_dir() and "gru_ref_bundle.npy" in look.members


def _is_numpy(look: Look) -> bool:
    if look.path.is_dir():
        return any(name.endswith(".npy") for name in look.members)
    arrays = look.members and all(name.endswith(".npy") for name in look.members)
    return bool(arrays) or look.head.startswith(b"\x93NUMPY")


def _is_tflite(look: Look) -> bool:
    return look.head[4:8] == b"TFL3"


def _is_onnx(look: Look) -> bool:
    # ir_version of 3 and more, then the tag of any field that follows it.
    opening = look.head[:3].ljust(3)
    return (
        opening[0] == 8 and 3 <= opening[1] < 128 and opening[2] in b"\x12\x1a\x22\x28\x32\x3a\x42"
    )


def _is_safetensors(look: Look) -> bool:
    return look.head[8:9] == b"{" and look.head[5:8] == bytes(3)


# The module that reads the format → whether a file is of it. The first that holds is taken; of JSON
# `gru_ref.files.json_kinds` tells which module it is.
FORMATS: dict[str, Callable[[Look], bool]] = {
    "keras_zip": _is_keras,
    "keras_hdf5": _is_hdf5,
    "saved_model": _is_saved_model,
    "checkpoint": _is_checkpoint,
    "bundle": _is_bundle,
    "numpy_arrays": _is_numpy,
    "tflite": _is_tflite,
    "onnx_initializers": _is_onnx,
    "safetensors": _is_safetensors,
    "json": _is_json,
}


def detect_format(path: Path, limits: Limits) -> str:
    """Return the name of the module that reads the file at `path`.

    Raises
    ------
    OSError
        There is nothing, or it cannot be read.
    MalformedFileError
        It is of no known format; the message says what it looks like.
    """
    look = _look(path, limits)
    if not is_foreign(look):
        for name, is_of in FORMATS.items():
            if is_of(look):
                return json_format(path, Budget(path, limits)) if name == "json" else name
    raise MalformedFileError(path, "", likeness(look))


def source_files(path: Path) -> list[Path]:
    """Return the files that a source is made of: itself, all in a folder, or those of a prefix.

    Raises
    ------
    OSError
        The folder of a prefix is not there.
    """
    if path.is_dir():
        return sorted(part for part in path.rglob("*") if part.is_file())
    if path.name.endswith(_SHARDED):
        shard = re.escape(path.name.removesuffix(_SHARDED)) + r"_.*\.weights\.h5"
        return [path, *_beside(path, shard)]
    if path.name.endswith(".json") and path.is_file():
        return [path, *_beside(path, "|".join(map(re.escape, shard_names(path))))]
    if path.exists():
        return [path]
    return _beside(path, re.escape(path.name) + r"\.(index|data-\d{5}-of-\d{5})")


def is_read(path: Path, source: Path) -> bool:
    """Return whether a file that is there is read where `source` is, which may not be there."""
    if source.is_dir():
        inside = Path(os.path.realpath(source)) in Path(os.path.realpath(path)).parents
        return inside and path.name.endswith(_READ_OF_FOLDER)
    parts = source_files(source) if source.parent.is_dir() else []
    return any(part.exists() and part.samefile(path) for part in parts)


def _beside(path: Path, pattern: str) -> list[Path]:
    """Return the files in the same folder whose names match, in the order of their names."""
    return sorted(part for part in path.parent.iterdir() if re.fullmatch(pattern, part.name))


def _look(path: Path, limits: Limits) -> Look:
    if path.is_dir():
        return Look(path, members=frozenset(entry.name for entry in path.iterdir()))
    if not path.exists() and Path(f"{path}.index").exists():
        return Look(path)
    if path.exists() and not path.is_file():  # opening a pipe would wait for its other end
        raise MalformedFileError(path, "", "it is neither a file nor a folder")
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
        if not head.startswith(_ZIP):
            handle.seek(max(0, handle.seek(0, os.SEEK_END) - len(leveldb_table.MAGIC)))
            return Look(path, head, tail=handle.read(len(leveldb_table.MAGIC)))
        return Look(path, head, frozenset(Archive(handle, Budget(path, limits)).names))
