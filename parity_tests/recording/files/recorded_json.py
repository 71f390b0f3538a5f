"""The files of fixtures/files/json-2.21.0.tar.xz, and what is expected of each."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity_tests.environment import FIXTURES
from parity_tests.recording.files.archives import read_archive

ARCHIVE = FIXTURES / "files" / "json-2.21.0.tar.xz"
_EXPECTED = ".expected.npz"
_ROLES = ("kernel", "recurrent_kernel", "bias")


class LiveGRU(NamedTuple):
    """One GRU of the live model: its arrays, an input and the live output."""

    arrays: list[NDArray[Any]]
    x: NDArray[Any]
    y: NDArray[Any]


@functools.cache
def members() -> dict[str, bytes]:
    """Return all files by their paths."""
    return read_archive(ARCHIVE)


def names(kind: str) -> list[str]:
    """Return the models that are there in a kind: "tfjs", "tfjs_uint8", "fdeep", "rtneural"."""
    return sorted(
        {name.partition(".")[0] for name in members() if name.split("/")[0].split(".")[1] == kind}
    )


def write(name: str, kind: str, folder: Path) -> Path:
    """Write the files of one model, and return the JSON among them."""
    found = {path: data for path, data in members().items() if path.startswith(f"{name}.{kind}")}
    found = {p: d for p, d in found.items() if p[len(f"{name}.{kind}")] in "/."}
    for path, data in found.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)
    return folder / next(path for path in found if path.endswith(".json"))


def live(name: str) -> list[LiveGRU]:
    """Return the GRUs of a live model, in its order."""
    with np.load(io.BytesIO(members()[name + _EXPECTED])) as found:
        count = sum(key.endswith("/x") for key in found)
        return [
            LiveGRU(
                [found[f"{i}/{role}"] for role in _ROLES if f"{i}/{role}" in found],
                found[f"{i}/x"],
                found[f"{i}/y"],
            )
            for i in range(count)
        ]
