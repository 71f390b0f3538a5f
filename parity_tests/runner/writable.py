"""Sees before a run that what it is to write can be written: a run takes minutes to hours."""

from __future__ import annotations

import tempfile
from pathlib import Path

from parity_tests import environment


def check(prefix: str, report: Path | None, junit: Path | None, markdown: Path | None) -> None:
    """See that what the three options name can be written; nothing is made.

    Parameters
    ----------
    prefix : str
        What the names of the options begin with.
    report : Path, optional
        A folder, there or in one that is; without it that of `environment.report_folder`, which a
        run may make with all around it.
    junit, markdown : Path, optional
        Files, in a folder that is there or in that of the report, which a run makes.

    Raises
    ------
    ValueError
        Something cannot be written; it is named.
    """
    usual = environment.report_folder()
    check_folder(f"{prefix}report", report, usual)
    made = (report or usual).absolute()
    for name, path in (("junit", junit), ("markdown", markdown)):
        if path is not None and (path.exists() or path.absolute().parent != made):
            _check_file(f"{prefix}{name}", path)


def check_folder(option: str, folder: Path | None, usual: Path) -> None:
    """See that files can be made in a folder, or the folder in the one around it.

    Parameters
    ----------
    option : str
    folder : Path or None
        None is `usual`.
    usual : Path
        The folder without the option, which a run makes with all around it.

    Raises
    ------
    ValueError
        They cannot, or neither folder is there.
    """
    if folder is None or folder == usual:
        around = (usual, *usual.absolute().parents)
        _check_folder(option, usual, next(path for path in around if path.exists()))
    else:
        _check_folder(option, folder, folder if folder.exists() else folder.parent)


def _check_file(option: str, path: Path) -> None:
    if path.is_dir():
        raise ValueError(f"{option} is {path}, a folder, expected a file")
    _check_folder(option, path, path.parent)
    if path.exists():
        try:
            path.open("a").close()
        except OSError as error:
            raise _refusal(option, path, error) from None


def _check_folder(option: str, path: Path, folder: Path) -> None:
    """See that files can be made in a folder; `path` is what the option names.

    Raises
    ------
    ValueError
        They cannot, or there is no such folder.
    """
    if not folder.exists():
        raise ValueError(
            f"{option} is {path}, expected one in a folder that is there: make {folder}"
        )
    try:
        # os.access would say yes to root on a read-only disk.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _refusal(option, path, error) from None


def _refusal(option: str, path: Path, error: OSError) -> ValueError:
    return ValueError(f"{option} is {path}, which cannot be written: {error.strerror}")
