"""Attributes of strings of variable length, read from the bytes of an HDF5 file itself.

HDF5 (1.14 and 2.0) takes as much memory for each such string as a damaged file claims, up to 4 GiB,
reads one string as often as an attribute points at it, and loops for ever in a damaged heap. So the
three structures that lead to a string are read here, and every step in them is checked.

Source
------
HDF5 File Format Specification 3.0: IV.A "Data Object Headers", IV.A.2.m "The Attribute Message",
III.E "Global Heap".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gru_ref.files.formats.part import FilePart

_CONTINUATION, _ATTRIBUTE = 0x10, 0x0C
_SHARED = 0x02
_REFERENCE = 16  # bytes: the length, the place of a heap, the number within it


class HeaderMessage(NamedTuple):
    """One message of an object header."""

    kind: int
    flags: int
    body: FilePart


def read(file: FilePart, header: int, name: str, count: int) -> list[str]:
    """Return the strings of an attribute.

    Parameters
    ----------
    file : FilePart
        The whole file.
    header : int
        Where the header of the object lies.
    name : str
    count : int
        How many strings the attribute holds.

    Raises
    ------
    MalformedFileError
        A place lies outside the file, a step leads nowhere, or the limits are passed.
    """
    data = _data(file, header, name, count * _REFERENCE)
    heaps: dict[int, dict[int, FilePart]] = {}
    strings = []
    for start in range(0, count * _REFERENCE, _REFERENCE):
        length = data.number("<I", start)
        heap, number = data.number("<Q", start + 4), data.number("<I", start + 12)
        if length == 0:
            strings.append("")
            continue
        if heap not in heaps:
            heaps[heap] = dict(_objects(file, heap))
        if number not in heaps[heap]:
            raise data.error(f"its string {number} at byte {heap:,} is not there")
        file.budget.take_bytes(length, data.place)
        text = heaps[heap][number].cut(0, length).text()
        strings.append(text.partition("\0")[0])
    return strings


def _data(file: FilePart, header: int, name: str, size: int) -> FilePart:
    """Return the bytes of the attribute, which the header of its object holds."""
    for kind, flags, body in _messages(file, header):
        if kind != _ATTRIBUTE or flags & _SHARED:
            continue
        version = body.number("B", 0)
        lengths = [body.number("<H", at) for at in (2, 4, 6)]
        if version == 1:  # each part is filled up to a multiple of eight
            lengths = [lengths[0], *(length + -length % 8 for length in lengths[1:])]
            padding = -lengths[0] % 8
        else:
            padding = 0
        start = 9 if version == 3 else 8
        found = bytes(body.cut(start, lengths[0]).data).partition(b"\0")[0]
        if found == name.encode("utf-8", "surrogatepass"):
            return body.cut(start + sum(lengths) + padding, size)
    raise file.error(f"the attribute {name!r} is stored in a way that only newer files have")


def _messages(file: FilePart, header: int) -> Iterator[HeaderMessage]:
    """Yield every message in the header of an object, its continuations included."""
    modern = bytes(file.cut(header, 4).data) == b"OHDR"
    tracked = False
    if modern:
        flags = file.number("B", header + 5)
        tracked = bool(flags & 0x04)
        start = header + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        size = int.from_bytes(file.cut(start, width).data, "little")
        blocks = [(start + width, size)]
    else:
        blocks = [(header + 16, file.number("<I", header + 8))]
    opening = (6 if tracked else 4) if modern else 8
    for start, size in blocks:  # grows while it is read
        block = file.cut(start, size)
        at = 0
        while at + opening <= size:
            file.budget.take_objects(1, file.place)
            width = 1 if modern else 2
            kind = block.number("B" if modern else "<H", at)
            length, flags = block.number("<H", at + width), block.number("B", at + width + 2)
            body = block.cut(at + opening, length)
            if kind == _CONTINUATION:
                place, extent = body.number("<Q", 0), body.number("<Q", 8)
                # A newer continuation has four letters before its messages, and a checksum behind.
                blocks.append((place + 4, extent - 8) if modern else (place, extent))
            yield HeaderMessage(kind, flags, body)
            at += opening + length


def _objects(file: FilePart, heap: int) -> Iterator[tuple[int, FilePart]]:
    """Yield the number and the bytes of every object in one heap."""
    if bytes(file.cut(heap, 8).data) != b"GCOL\x01\0\0\0":
        raise file.error(f"it is damaged: there is no heap of strings at byte {heap:,}")
    everything = file.cut(heap, file.number("<Q", heap + 8))
    at = 16
    while at + 16 <= len(everything):
        file.budget.take_objects(1, file.place)
        number, length = everything.number("<H", at), everything.number("<Q", at + 8)
        if number == 0:  # the free space, which is the last
            return
        yield number, everything.cut(at + 16, length)
        at += 16 + length + -length % 8
