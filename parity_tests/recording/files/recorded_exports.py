"""The files in fixtures/files that exporters of live Keras wrote, and what is expected of each."""

from __future__ import annotations

import functools
import importlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.files.formats.float_arrays import from_bfloat16
from gru_ref.files.interpretation.found import Found
from gru_ref.files.limits import Budget, Limits
from gru_ref.files.sniff import detect_format
from parity_tests.environment import FIXTURES
from parity_tests.recording.files.archives import read_archive
from parity_tests.recording.files.record_exports import GRAPHS, RECORDED

FOLDER = FIXTURES / "files"
NAMES = [
    f"{name}-{release}"
    for table in (RECORDED, GRAPHS)
    for release, names in table.items()
    for name in names.split()
]

_EXPECTED = ".expected.npz"
_ROLES = ("kernel", "recurrent_kernel", "bias")


@dataclass(frozen=True)
class Expected:
    """One GRU of the live model.

    Parameters
    ----------
    name : str
    arrays : list
        Its weights; those of bfloat16 as the float32 that they stand for.
    arguments : dict
        Of its config.
    x : (batch, timesteps, features)
    h : (batch, units) or None
        The state of a cell before its one step; None for a layer.
    y : array
        The live output.
    """

    name: str
    arrays: list[NDArray[Any]]
    arguments: dict[str, Any]
    x: NDArray[Any]
    h: NDArray[Any] | None
    y: NDArray[Any]


# `record_exports` writes the first two, `record_saved_models` the last.
_EXPORTS = ("exports", "graphs", "saved-models")


@functools.cache
def members(release: str) -> dict[str, bytes]:
    """Return the files that a release wrote, by their paths."""
    found: dict[str, bytes] = {}
    for kind in _EXPORTS:
        place = FOLDER / f"{kind}-{release}.tar.xz"
        found.update(read_archive(place) if place.exists() else {})
    return found


def release_of(name: str) -> str:
    """Return the release that wrote the file: "2.3.0-tf" has a hyphen of its own."""
    return next(release for release in RECORDED if name.endswith(f"-{release}"))


def content(name: str) -> dict[str, bytes]:
    """Return the files that one name stands for, by their paths after it: "" for the file itself.

    A folder's files are "/ckpt.index", …, a single file is ".onnx", ….
    """
    found = members(release_of(name)).items()
    return {
        path[len(name) :]: data
        for path, data in found
        if path.startswith((f"{name}/", f"{name}."))
        if path != name + _EXPECTED
    }


def write(files: dict[str, bytes], place: Path) -> Path:
    """Write the files that one name stands for below `place`, and return what a reader is given."""
    for path, data in files.items():
        target = Path(f"{place}{path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return place if place.is_dir() else Path(f"{place}{next(iter(files))}")


@functools.cache
def expectations(name: str) -> list[Expected]:
    """Return the GRUs of the live model that a file was written from."""
    data = members(release_of(name))[name + _EXPECTED]
    with np.load(io.BytesIO(data)) as found:
        layers = json.loads(str(found["meta"]))["layers"]
        return [_expectation(i, layer, dict(found)) for i, layer in enumerate(layers)]


def _expectation(i: int, layer: dict[str, Any], found: dict[str, NDArray[Any]]) -> Expected:
    arrays = [found[f"{i}/{role}"] for role in _ROLES if f"{i}/{role}" in found]
    if layer["arguments"]["dtype"] == "bfloat16":
        arrays = [from_bfloat16(array) for array in arrays]
    h = found.get(f"{i}/h")
    return Expected(layer["name"], arrays, layer["arguments"], found[f"{i}/x"], h, found[f"{i}/y"])


def read(path: Path, limits: Limits | None = None) -> list[Found]:
    """Read a file by its content, as the door does."""
    limits = limits or Limits()
    reader = importlib.import_module(f"gru_ref.files.readers.{detect_format(path, limits)}")
    found: list[Found] = reader.read(path, Budget(path, limits))
    return found


def arrays_of(found: Found) -> list[NDArray[Any]]:
    """Return the two or three arrays that were found."""
    arrays = (found.kernel, found.recurrent_kernel, found.bias)
    return [array for array in arrays if array is not None]
