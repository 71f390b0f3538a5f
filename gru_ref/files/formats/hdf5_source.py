"""An open HDF5 file: its errors, its budget, and the strings among its attributes.

h5py is imported when a file needs it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import mmap
from collections.abc import Iterator
from typing import Any, BinaryIO

from gru_ref.files.formats import hdf5_strings
from gru_ref.files.formats.part import Part
from gru_ref.files.limits import Budget
from gru_ref.files.malformed import MalformedFileError


class Source:
    """A stream of HDF5, and what everything that reads it shares.

    Parameters
    ----------
    stream : binary file, or bytes in memory
    budget : Budget
    place : str
        What to call the stream in messages, if it is a part of the file.

    Raises
    ------
    ImportError
        h5py is not installed.
    """

    def __init__(self, stream: BinaryIO, budget: Budget, place: str) -> None:
        self.h5py = _h5py()
        self.size = stream.seek(0, 2)
        self.budget = budget
        self._stream = stream
        self._place = place

    def error(self, path: str, reason: str) -> MalformedFileError:
        """Return the error to raise about `path` within the stream."""
        return MalformedFileError(self.budget.file, self._place_of(path), reason)

    @contextlib.contextmanager
    def refusing(self, path: str) -> Iterator[None]:
        """Turn whatever h5py raises about a damaged file into `MalformedFileError`."""
        try:
            yield
        except (MalformedFileError, ImportError):
            raise
        except Exception as error:  # h5py raises nearly every class there is
            said = " ".join(str(error).split())
            raise self.error(path, f"HDF5 cannot read it: {said or type(error).__name__}") from None

    def strings(self, identifier: Any, path: str, name: str) -> list[str] | None:
        """Return an attribute that holds a string, or an array of strings, as a list."""
        h5py, encoded = self.h5py, name.encode()
        where = f"{path}@{name}"
        with self.refusing(where):
            if not h5py.h5a.exists(identifier, encoded):
                return None
            attribute = h5py.h5a.open(identifier, encoded)
            kind = attribute.get_type()
            space = attribute.get_space()
            count = int(space.get_simple_extent_npoints())
            self.budget.take_objects(count, where)
            if count == 0:  # Keras writes an empty list as an array of no floats
                return []
            if not isinstance(kind, h5py.h5t.TypeStringID):
                raise self.error(where, "it is no string")
            if kind.is_variable_str():
                header = int(h5py.h5o.get_info(identifier).addr)
                return hdf5_strings.read(self._bytes(where), header, name, count)
            self.budget.take_bytes(count * int(kind.get_size()), where)
            value = h5py.AttributeManager(_Holder(identifier))[name]
            texts = [value] if isinstance(value, (str, bytes)) else list(value.ravel())
            return [
                text if isinstance(text, str) else bytes(text).decode("utf-8") for text in texts
            ]

    def _bytes(self, path: str) -> Part:
        """Return the whole file, which is not read before it is looked at."""
        if isinstance(self._stream, io.BytesIO):
            view = self._stream.getbuffer()
        else:
            view = memoryview(mmap.mmap(self._stream.fileno(), 0, access=mmap.ACCESS_READ))
        return Part(view, self._place_of(path), self.budget)

    def _place_of(self, path: str) -> str:
        return "/".join(part for part in (self._place, path) if part)


class _Holder:
    """What h5py's AttributeManager asks of the object whose attributes it reads."""

    def __init__(self, identifier: Any) -> None:
        self.id = identifier


def _h5py() -> Any:
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise ImportError(
            "h5py is not installed, expected it for .keras, .h5 and .weights.h5 files: "
            "pip install 'gru-ref[hdf5]'"
        ) from error
