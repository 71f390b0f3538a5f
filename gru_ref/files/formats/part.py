"""A stretch of a file: bytes that know where they lie, and whose every offset is checked."""

from __future__ import annotations

import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gru_ref.files.limits import Budget
from gru_ref.files.malformed import MalformedFileError


@dataclass(frozen=True)
class FilePart:
    """Bytes of a file in memory.

    Parameters
    ----------
    data : memoryview
    place : str
        Where in the file, for the messages.
    budget : Budget
        The account of the file.
    """

    data: memoryview
    place: str
    budget: Budget

    def __len__(self) -> int:
        return len(self.data)

    def error(self, reason: str) -> MalformedFileError:
        """Return the error to raise for this place."""
        return self.budget.error(self.place, reason)

    def cut(self, start: int, size: int, place: str | None = None) -> FilePart:
        """Return `size` bytes from `start` on.

        Raises
        ------
        MalformedFileError
            They are not all inside.
        """
        _check_inside(start, size, len(self), self.place, self.budget)
        return FilePart(self.data[start : start + size], place or self.place, self.budget)

    def number(self, form: str, start: int) -> int:
        """Return the integer of `struct` format `form` at `start`."""
        size = struct.calcsize(form)
        if not 0 <= start <= len(self.data) - size:
            self.cut(start, size)  # raises, and says where
        return int(struct.unpack_from(form, self.data, start)[0])

    def text(self) -> str:
        """Return the bytes as text.

        Raises
        ------
        MalformedFileError
            They are not UTF-8.
        """
        try:
            return str(self.data, "utf-8")
        except UnicodeDecodeError:
            raise self.error(f"{bytes(self.data[:20])!r} is not UTF-8 text") from None


def read_file(path: Path, budget: Budget, place: str = "") -> FilePart:
    """Return all of a file, if the budget allows it."""
    with open_file(path, budget, place) as stream:
        return read_stretch(stream, 0, file_size(stream), place, budget)


def open_file(path: Path, budget: Budget, place: str = "") -> BinaryIO:
    """Open a file to read.

    Raises
    ------
    MalformedFileError
        It is missing, no regular file, or a link out of the folder that was asked for.
    """
    asked, place = budget.file, place or path.name
    folder = asked if asked.is_dir() else asked.parent
    try:
        if path != asked and path.resolve() != folder.resolve() / path.relative_to(folder):
            raise MalformedFileError(asked, place, "it is a symbolic link, expected a file")
        # A pipe would block here for as long as nobody writes to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    # RuntimeError: links in a circle; UnicodeError: a name that no file can have.
    except (OSError, RuntimeError, UnicodeError) as error:
        raise MalformedFileError(asked, place, f"it cannot be opened: {error}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise MalformedFileError(asked, place, "it is no regular file")
    return open(descriptor, "rb")


_BINARY = getattr(os, "O_BINARY", 0)


def file_size(stream: BinaryIO) -> int:
    """Return the size of an open file."""
    return os.fstat(stream.fileno()).st_size


def read_stretch(stream: BinaryIO, start: int, size: int, place: str, budget: Budget) -> FilePart:
    """Read `size` bytes from `start` on, if they are there and the budget allows it.

    Raises
    ------
    MalformedFileError
        They are not all inside the file, or too many.
    """
    _check_inside(start, size, file_size(stream), place, budget)
    budget.take_bytes(size, place)
    stream.seek(start)
    data = stream.read(size)
    if len(data) != size:
        raise budget.error(place, "the file shrank while it was read")
    return FilePart(memoryview(data), place, budget)


def _check_inside(start: int, size: int, there: int, place: str, budget: Budget) -> None:
    if not (0 <= start <= there and 0 <= size <= there - start):
        raise budget.error(
            place,
            f"bytes {start:,} to {start + size:,} are pointed at, expected them within the "
            f"{there:,} bytes that are there",
        )
