"""What the commands write: files whole or not at all, and nothing overwritten unasked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from gru_ref.atomic_write import write_all
from gru_ref.cli.standard_streams import STANDARD, write_standard_output
from gru_ref.files.sniff import is_read
from gru_ref.presentation.text import one_line


def check_output(
    option: str,
    path: Path | None,
    sources: Mapping[str, Path | None],
    *,
    force: bool,
    endings: tuple[str, ...] = ("",),
    stdout: bool = False,
) -> None:
    """Refuse an output path before any work is done for it.

    Parameters
    ----------
    option : str
        For the messages: "--picture".
    path : Path or None
        None is never refused: nothing will be written.
    sources : mapping
        Every option, and FILE → the path that is read for it, if any.
    force : bool
        Whether an existing file may be overwritten.
    endings : tuple of str
        What its name may end in; anything by default.
    stdout : bool
        Whether it may be ``-``, standard output.

    Raises
    ------
    ValueError
        It has another ending, is a file that is read, a folder, in no folder, or there already
        without `force`.
    """
    if path is None or (stdout and path == STANDARD):
        return
    if path == STANDARD:
        raise ValueError(f"{option} is -, standard output, expected the path of a file")
    check_ending(option, path, endings)
    if path.is_dir():
        raise ValueError(f"{option} is the folder {str(path)!r}, expected the path of a file")
    if not path.parent.is_dir():
        raise ValueError(f"{option} is {str(path)!r}, expected a folder that is there")
    if not path.exists():
        return
    for name, source in sources.items():
        if source is not None and is_read(path, source):
            raise ValueError(
                f"{option} is {str(path)!r}, which is read as {name}, expected another file"
            )
    if not force:
        raise ValueError(
            f"{option} is {str(path)!r}, which is there already, expected a new name, or --force"
        )


def check_ending(option: str, path: Path, endings: tuple[str, ...]) -> None:
    """Refuse a name that ends otherwise.

    Raises
    ------
    ValueError
        It has none of the endings.
    """
    if not path.name.endswith(endings):
        raise ValueError(f"{option} is {str(path)!r}, expected a name in {' or '.join(endings)}")


def write_files(contents: Mapping[Path, bytes], facts: str = "", *, quiet: bool = False) -> None:
    """Write files, all or none, and say which.

    Parameters
    ----------
    contents : mapping
        Path → bytes.
    facts : str
        What to say of them.
    quiet : bool
        Whether to say nothing: the command prints JSON.

    Raises
    ------
    OSError
        As `gru_ref.atomic_write.write_all`.
    """
    write_all({path: data for path, data in contents.items() if path != STANDARD})
    if STANDARD in contents:
        write_standard_output(contents[STANDARD])
    if not quiet:
        named = ("standard output" if p == STANDARD else one_line(str(p)) for p in contents)
        click.echo(", ".join(named) + facts, err=STANDARD in contents)


def npy_bytes(array: Any) -> bytes:
    """Return an array in the bytes of a `.npy`."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def npz_bytes(arrays: dict[str, Any], comment: str = "") -> bytes:
    """Return arrays, and attributes as arrays, in the bytes of an `.npz`.

    `comment` is that of the zip archive, which NumPy passes over.

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
    if comment:
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.comment = comment.encode()
    return buffer.getvalue()
