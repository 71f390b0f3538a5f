"""The files in fixtures/files that `record_wholes` wrote, and what the live layers returned."""

from __future__ import annotations

import functools
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity_tests.environment import FIXTURES
from parity_tests.recording.files.archives import read_archive
from parity_tests.recording.files.record_wholes import NAMES, RELEASES

Array = NDArray[Any]

_FOLDER = FIXTURES / "files"


class LiveCall(NamedTuple):
    """One call of a live layer: what it took and returned."""

    layer: str
    case: str
    x: Array
    mask: Array | None
    states: list[Array]
    outputs: list[Array]


@functools.cache
def members(release: str) -> dict[str, bytes]:
    """Return the files that a release wrote, by their paths."""
    return read_archive(_FOLDER / f"wholes-{release}.tar.xz")


def endings(release: str, model: str = "wholes") -> list[str]:
    """Return the endings of the files of a model: "keras", "saved_model", …."""
    names = {path.partition("/")[0] for path in members(release)}
    kinds = {name.partition(".")[2] for name in names if name.startswith(f"{model}.")}
    return sorted(kinds - {"expected.npz"})


def write(release: str, model: str, ending: str, folder: Path) -> Path:
    """Write a file, or the files of a folder, and return the path that a reader is given."""
    name = f"{model}.{ending}"
    for path, data in members(release).items():
        if path == name or path.startswith(f"{name}/"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    return folder / name / "ckpt" if ending == "checkpoint" else folder / name


@functools.cache
def calls(release: str) -> list[LiveCall]:
    """Return the calls of the live layers, in the order in which they were made."""
    found = _arrays(release, "wholes")
    cases = json.loads(str(found["about"]))["cases"]
    return [
        LiveCall(
            case["layer"],
            case["case"],
            found[f"{k}/x"],
            found.get(f"{k}/mask"),
            [found[name] for name in _numbered(found, f"{k}/h")],
            [found[name] for name in _numbered(found, f"{k}/y")],
        )
        for k, case in enumerate(cases)
    ]


def kernels(release: str) -> dict[str, dict[str, Array]]:
    """Return the kernel of each layer by its name, by the key of `NAMES`."""
    found = _arrays(release, "names")
    return {
        key: {name: found[f"{key}/{i}"] for i, name in enumerate(names)}
        for key, names in NAMES.items()
        if f"{key}/0" in found
    }


def _arrays(release: str, name: str) -> dict[str, Array]:
    with np.load(io.BytesIO(members(release)[f"{name}.expected.npz"])) as found:
        return dict(found)


def _numbered(found: dict[str, Array], start: str) -> list[str]:
    return [f"{start}/{i}" for i in range(len(found)) if f"{start}/{i}" in found]


__all__ = ["RELEASES", "LiveCall", "calls", "endings", "kernels", "members", "write"]
