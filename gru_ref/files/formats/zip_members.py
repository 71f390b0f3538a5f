"""Members of a zip archive, read in memory: nothing is extracted."""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from gru_ref.files.limits import Budget, MiB
from gru_ref.files.malformed import MalformedFileError

# zipfile reads an archive's table of members at once and makes an object of every 46 bytes of it.
_TABLE = 4 * MiB
_BLOCK = 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_ERRORS = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError
)  # fmt: skip


class Archive:
    """An open zip archive whose members are read by name, each within the budget.

    Parameters
    ----------
    handle : binary file
    budget : Budget

    Raises
    ------
    MalformedFileError
        It is no archive, or one with too large a table.
    """

    def __init__(self, handle: IO[bytes], budget: Budget) -> None:
        self._budget = budget
        with self._refusing(""):
            self._zip = zipfile.ZipFile(_Blockwise(handle))
        self._members: dict[str, list[zipfile.ZipInfo]] = {}
        budget.take_objects(len(self._zip.infolist()), "")
        for info in self._zip.infolist():
            self._members.setdefault(info.filename, []).append(info)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the members in their order, as written: not safe to use as paths."""
        return tuple(self._members)

    def read(self, name: str) -> bytes:
        """Return the content of the one member of that name.

        Raises
        ------
        MalformedFileError
            There is none or several, or it is encrypted, packed in another way than deflated,
            damaged, or larger than it says or than the limits.
        """
        info = self._info(name)
        if info.flag_bits & _ENCRYPTED:
            raise self._budget.error(name, "it is encrypted")
        if info.compress_type not in _METHODS:
            raise self._budget.error(
                name, f"compression method is {info.compress_type}, expected stored or deflated"
            )
        self._budget.check_ratio(info.compress_size, info.file_size, name)
        self._budget.take_bytes(info.file_size, name)
        content = bytearray()
        with self._refusing(name), self._zip.open(info) as member:
            while block := member.read(_BLOCK):
                content += block
        if len(content) != info.file_size:
            raise self._budget.error(
                name, f"it is cut short: {len(content):,} of {info.file_size:,} bytes"
            )
        return bytes(content)

    @property
    def comment(self) -> bytes:
        """The comment of the archive."""
        return self._zip.comment

    def size(self, name: str) -> int:
        """Return the unpacked size that the one member of that name claims."""
        return self._info(name).file_size

    def _info(self, name: str) -> zipfile.ZipInfo:
        members = self._members.get(name, [])
        if len(members) != 1:
            raise self._budget.error(
                name, f"there are {len(members)} members of this name, expected 1"
            )
        return members[0]

    @contextlib.contextmanager
    def _refusing(self, place: str) -> Iterator[None]:
        try:
            yield
        except MalformedFileError:
            raise
        except _ERRORS as error:
            raise self._budget.error(
                place, f"the zip archive is damaged or cut short: {error}"
            ) from None


class _Blockwise(io.RawIOBase):
    """A file that hands out no more than an archive's table may have, in one piece."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._handle.seek(offset, whence)

    def tell(self) -> int:
        return self._handle.tell()

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            size = _TABLE
        if size > _TABLE:
            raise ValueError(
                f"its table of members takes {size:,} bytes, expected up to {_TABLE:,}"
            )
        return self._handle.read(size)
