"""Protocol Buffers' wire format: the fields of one message, nothing nested, nothing by schema."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from gru_ref.files.formats.part import FilePart

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: "<Q", FIXED32: "<I"}
_WIDEST = 10  # bytes of a 64-bit varint


def varint(part: FilePart, start: int) -> tuple[int, int]:
    """Return the unsigned integer at `start` and where it ends.

    Raises
    ------
    MalformedFileError
        It does not end within the part, or is wider than 64 bits.
    """
    data = part.data
    if start < len(data) and data[start] < 0x80:  # most are of one byte
        return data[start], start + 1
    value = 0
    for i, byte in enumerate(data[start : start + _WIDEST]):
        value |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            if value >> 64:
                break
            return value, start + i + 1
    raise part.error(f"the number at byte {start:,} does not end, or is wider than 64 bits")


def to_signed(value: int) -> int:
    """Return the int32 or int64 that an unsigned 64-bit varint stands for.

    Examples
    --------
    >>> to_signed(5), to_signed(2**64 - 1)
    (5, -1)
    """
    return value - (1 << 64) if value >> 63 else value


def scan(part: FilePart, per_thing: int = 1) -> Iterator[tuple[int, int | FilePart]]:
    """Yield the number and the value of every field of a message, in their order.

    Parameters
    ----------
    part : FilePart
    per_thing : int
        How many fields count as one thing to look at. More than one is for messages whose fields
        are passed over, not kept.

    Raises
    ------
    MalformedFileError
        The bytes are no message, or its fields are more than the limits allow.
    """
    at = seen = 0
    while at < len(part):
        tag, at = varint(part, at)
        number, kind = tag >> 3, tag & 7
        value: int | FilePart
        if kind == VARINT:
            value, at = varint(part, at)
        elif kind == BYTES:
            size, at = varint(part, at)
            value = part.cut(at, size)
            at += size
        elif kind in _FIXED:
            value = part.number(_FIXED[kind], at)
            at += 8 if kind == FIXED64 else 4
        else:
            raise part.error(f"field {number} is of wire type {kind}, expected 0, 1, 2, 5")
        if seen % per_thing == 0:
            part.budget.take_objects(1, part.place)
        seen += 1
        yield number, value


@dataclass(frozen=True)
class Message:
    """The fields of one message: numbers and stretches of bytes, by field number, in their order.

    Parameters
    ----------
    part : FilePart
        Where the message lies.
    fields : dict
    """

    part: FilePart
    fields: dict[int, list[int | FilePart]]

    @classmethod
    def parse(cls, part: FilePart) -> Message:
        """Take a message apart; what is inside its fields stays unread.

        Raises
        ------
        MalformedFileError
            The bytes are no message, or its fields are more than the limits allow.
        """
        fields: dict[int, list[int | FilePart]] = {}
        for number, value in scan(part):
            fields.setdefault(number, []).append(value)
        return cls(part, fields)

    def numbers(self, number: int) -> list[int]:
        """Return every number of a repeated field, packed or not."""
        found: list[int] = []
        for value in self.fields.get(number, ()):
            if isinstance(value, int):
                found.append(value)
                continue
            at = 0
            while at < len(value):
                one, at = varint(value, at)
                value.budget.take_objects(1, value.place)
                found.append(one)
        return found

    def number(self, number: int, default: int = 0) -> int:
        """Return a single number; the last one counts."""
        found = self.numbers(number)
        return found[-1] if found else default

    def floats(self, number: int) -> list[float]:
        """Return every float32 of a repeated field, packed or not.

        Raises
        ------
        MalformedFileError
            A packed one does not end with the field.
        """
        found: list[float] = []
        for value in self.fields.get(number, ()):
            data = struct.pack("<Q", value)[:4] if isinstance(value, int) else value.data
            if len(data) % 4:
                raise self.part.error(f"field {number} takes {len(data)} bytes, expected floats")
            found += struct.unpack(f"<{len(data) // 4}f", data)
        self.part.budget.take_objects(len(found), self.part.place)
        return found

    def parts(self, number: int) -> list[FilePart]:
        """Return the stretches of a repeated field of bytes, text or messages.

        Raises
        ------
        MalformedFileError
            It holds a number.
        """
        found: list[FilePart] = []
        for value in self.fields.get(number, ()):
            if isinstance(value, int):
                raise self.part.error(f"field {number} is a number, expected bytes")
            found.append(value)
        return found

    def messages(self, number: int) -> Iterator[Message]:
        """Yield the messages of a repeated field."""
        return map(Message.parse, self.parts(number))

    def message(self, number: int) -> Message:
        """Return a single message; an empty one if it is missing."""
        parts = self.parts(number)
        return Message.parse(parts[-1]) if parts else Message(self.part, {})

    def text(self, number: int) -> str:
        """Return a single text; empty if it is missing."""
        parts = self.parts(number)
        return parts[-1].text() if parts else ""
