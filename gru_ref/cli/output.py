"""What the commands write: files whole or not at all, nothing overwritten unasked, and JSON."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np


def check_output(
    path: Path,
    source: Path,
    *,
    force: bool,
    endings: tuple[str, ...] = (),
    option: str = "output",
) -> None:
    """Refuse an output path before any work is done for it.

    Parameters
    ----------
    path : Path
    source : Path
        The file that is read.
    force : bool
        Whether an existing file may be overwritten.
    endings : tuple of str
        What its name may end in; anything by default.
    option : str
        For the message on the ending: "--picture".

    Raises
    ------
    ValueError
        It has another ending, is the file that is read, a folder, in no folder, or there already
        without `force`.
    """
    if endings and not path.name.endswith(endings):
        raise ValueError(f"{option} is {str(path)!r}, expected a name in {' or '.join(endings)}")
    if path.is_dir():
        raise ValueError(f"output is the folder {str(path)!r}, expected the path of a file")
    if not path.parent.is_dir():
        raise ValueError(f"output is {str(path)!r}, expected a folder that is there")
    if path.exists():
        if source.exists() and path.samefile(source):
            raise ValueError(f"output is {str(path)!r}, expected another file than the one read")
        if not force:
            raise ValueError(
                f"output is {str(path)!r}, which is there already, expected a new name, or --force"
            )


def npz_bytes(arrays: dict[str, Any]) -> bytes:
    """Return arrays, and attributes as arrays, in the bytes of an `.npz`.

    Raises
    ------
    ValueError
        A value is neither numbers nor text.
    """
    converted: dict[str, Any] = {name: np.asarray(value) for name, value in arrays.items()}
    for name, array in converted.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name} is no array of numbers or text, expected one for .npz")
    buffer = io.BytesIO()
    np.savez(buffer, **converted)
    return buffer.getvalue()


def print_json(data: dict[str, Any]) -> None:
    """Print data as JSON, which has no NaN and no infinity: see `plain_data`."""
    click.echo(json.dumps(plain_data(data), indent=2, allow_nan=False))


def plain_data(value: Any) -> Any:
    """Return `value` as JSON can hold it: NaN and infinities as None, anything unknown as repr."""
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return repr(value)
