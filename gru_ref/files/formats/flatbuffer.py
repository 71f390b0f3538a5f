"""FlatBuffers: tables, vectors and strings, found through offsets that are all checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.files.formats.part import FilePart


@dataclass(frozen=True)
class FlatTable:
    """One table of a buffer.

    Parameters
    ----------
    buffer : FilePart
        All of it: offsets may lead anywhere in it.
    at : int
        Where the table is.

    Source
    ------
    The format as documented on flatbuffers.dev, "Internals".
    """

    buffer: FilePart
    at: int

    @classmethod
    def root(cls, buffer: FilePart) -> FlatTable:
        """Return the table that a buffer opens with a pointer to."""
        return cls(buffer, buffer.number("<I", 0))

    @classmethod
    def empty(cls, buffer: FilePart) -> FlatTable:
        """Return a table that leaves out every field."""
        return cls(buffer, -1)

    def number(self, field: int, form: str) -> int:
        """Return a number, by the index of its field and its `struct` format; 0 if left out."""
        place = self._place(field)
        return 0 if place is None else self.buffer.number(form, place)

    def real(self, field: int) -> float:
        """Return a float32; 0 if left out."""
        place = self._place(field)
        return (
            0.0 if place is None else float(np.frombuffer(self.buffer.cut(place, 4).data, "<f4")[0])
        )

    def table(self, field: int) -> FlatTable | None:
        """Return the table that a field points to."""
        place = self._target(field)
        return None if place is None else FlatTable(self.buffer, place)

    def tables(self, field: int) -> list[FlatTable]:
        """Return the tables of a vector of tables."""
        start, count = self._vector(field, 4)
        places = [start + 4 * i for i in range(count)]
        return [FlatTable(self.buffer, place + self.buffer.number("<I", place)) for place in places]

    def numbers(self, field: int) -> tuple[int, ...]:
        """Return a vector of int32."""
        start, count = self._vector(field, 4)
        return tuple(np.frombuffer(self.buffer.cut(start, 4 * count).data, "<i4").tolist())

    def array(self, field: int, form: str) -> NDArray[Any]:
        """Return a vector of numbers of a NumPy dtype."""
        size = np.dtype(form).itemsize
        start, count = self._vector(field, size)
        return np.frombuffer(self.buffer.cut(start, size * count).data, form)

    def bytes(self, field: int) -> FilePart:
        """Return a vector of bytes, or a string."""
        start, count = self._vector(field, 1)
        return self.buffer.cut(start, count)

    def _vector(self, field: int, size: int) -> tuple[int, int]:
        """Return where the elements of a vector start, and how many there are."""
        place = self._target(field)
        if place is None:
            return 0, 0
        count = self.buffer.number("<I", place)
        self.buffer.cut(place + 4, size * count)
        if size > 1:
            self.buffer.budget.take_objects(count, self.buffer.place)
        return place + 4, count

    def _target(self, field: int) -> int | None:
        place = self._place(field)
        return None if place is None else place + self.buffer.number("<I", place)

    def _place(self, field: int) -> int | None:
        """Return where a field lies, or None if the table leaves it out."""
        if self.at < 0:
            return None
        kinds = self.at - self.buffer.number("<i", self.at)
        size = self.buffer.number("<H", kinds)
        entry = 4 + 2 * field
        if entry + 2 > size:
            return None
        offset = self.buffer.number("<H", kinds + entry)
        return self.at + offset if offset else None
