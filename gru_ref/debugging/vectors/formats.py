"""The formats of golden vectors, a row each, and which files each consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gru_ref.debugging.vectors import bundle_npz, c_header, csv_tables, json_cases, raw_arrays
from gru_ref.debugging.vectors.golden import VectorSet
from gru_ref.debugging.vectors.identifiers import check_prefix, identifier
from gru_ref.errors import shown


class VectorFormat(NamedTuple):
    """A format.

    Parameters
    ----------
    ending : str
        Of its file; of several files, of the first.
    files : callable
        Vectors, the prefix of their names, and the name of the file without the ending → the
        contents of every file by its name.
    """

    ending: str
    files: Callable[[VectorSet, str, str], Mapping[str, bytes]]


FORMATS: Mapping[str, VectorFormat] = {
    "header": VectorFormat(".h", c_header.files),
    "json": VectorFormat(".json", json_cases.files),
    "raw": VectorFormat(".bin", raw_arrays.files),
    "csv": VectorFormat(".csv", csv_tables.files),
    "npz": VectorFormat(".npz", bundle_npz.files),
}
# What one file cannot be of.
_ONLY_IN_FOLDERS = ("csv",)


def formats_of(path: Path, formats: Sequence[str] | None, option: str = "path") -> tuple[str, ...]:
    """Return the formats to write to a path: those that are named, or what its ending says.

    Parameters
    ----------
    path : Path
        A folder that is there, or a file.
    formats : sequence of str, optional
    option : str
        What the message calls the path.

    Raises
    ------
    ValueError
        A format is unknown, or is not that of the file's name.
    """
    for name in formats or ():
        if name not in FORMATS:
            raise ValueError(f"format is {shown(name)}, expected one of {', '.join(FORMATS)}")
    if path.is_dir():
        return tuple(dict.fromkeys(formats or FORMATS))
    endings = {one.ending: name for name, one in FORMATS.items() if name not in _ONLY_IN_FOLDERS}
    named = endings.get(path.suffix)
    if named is None or set(formats or (named,)) != {named}:
        asked = f" for {' and '.join(formats)}" if formats else ""
        wanted = ", ".join(endings) if not formats or len(formats) > 1 else None
        if formats and len(formats) == 1 and formats[0] not in _ONLY_IN_FOLDERS:
            wanted = FORMATS[formats[0]].ending
        expected = f"a name in {wanted}, or a folder" if wanted else "a folder"
        raise ValueError(f"{option} is {str(path)!r}, expected {expected} that is there{asked}")
    return (named,)


def contents(
    vectors: VectorSet,
    path: Path,
    formats: Sequence[str] | None = None,
    prefix: str | None = None,
) -> dict[Path, bytes]:
    """Return every file of the vectors; see `gru_ref.debugging.vectors.GoldenVectors.save`.

    Raises
    ------
    ValueError
        As `formats_of`; or the prefix is no C identifier, or a part of the layer's config no data.
    """
    chosen = formats_of(path, formats)
    if prefix is not None:
        check_prefix(prefix)
    name = prefix or identifier(vectors.layer.name)
    folder, stem = (path, name) if path.is_dir() else (path.parent, path.stem)
    return {
        folder / file: data
        for one in chosen
        for file, data in FORMATS[one].files(vectors, name, stem).items()
    }
