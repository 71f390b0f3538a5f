"""fixtures/drift: what each release did, as `make drift ARGS=--write` recorded it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from parity_tests.environment import FIXTURES
from parity_tests.runner.drift.releases import RELEASES

FOLDER = FIXTURES / "drift"


class ReleaseRecord(NamedTuple):
    """One release.

    Parameters
    ----------
    keras_version : str
        What gru_ref calls it.
    provenance : mapping
        The versions of keras, tensorflow, python and numpy.
    cells : mapping
        Row of the ledger → ``{"value": …}`` or ``{"not_applicable": reason}``.
    registries : mapping
        activations, initializers, regularizers, constraints → the names that resolve.
    matrix : mapping
        What comparing gru_ref with it came to; see `parity_tests.runner.drift.sweep.run`.
    """

    keras_version: str
    provenance: Mapping[str, str]
    cells: Mapping[str, Mapping[str, Any]]
    registries: Mapping[str, list[str]]
    matrix: Mapping[str, Any]


def write(name: str, data: ReleaseRecord) -> Path:
    """Write one release; return the file."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(text(data._asdict()), encoding="utf-8")
    return path


def text(data: Mapping[str, Any]) -> str:
    """Return the JSON text of one file: a cell a line, a registry a line."""
    lines = []
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            rows = ",\n".join(f"  {_line(name)}: {_line(item)}" for name, item in value.items())
            lines.append(f" {_line(key)}: {{\n{rows}\n }}")
        else:
            lines.append(f" {_line(key)}: {_line(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def read(path: Path) -> ReleaseRecord:
    """Return what one file holds."""
    return ReleaseRecord(**json.loads(path.read_text(encoding="utf-8")))


@functools.cache
def load() -> dict[str, ReleaseRecord]:
    """Return every recorded release of the table, in its order."""
    places = {release.name: FOLDER / f"{release.name}.json" for release in RELEASES}
    return {name: read(path) for name, path in places.items() if path.exists()}
