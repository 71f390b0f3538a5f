"""LevelDB's sorted table, as TensorFlow writes it: keys and values in checked blocks."""

from __future__ import annotations

from collections.abc import Iterator

from gru_ref.files.formats.crc32c import crc32c, unmask
from gru_ref.files.formats.part import FilePart
from gru_ref.files.formats.protobuf import varint

MAGIC = bytes.fromhex("57fb808b247547db")
_FOOTER = 48
_TRAILER = 5  # the kind of compression, the CRC


def entries(table: FilePart) -> Iterator[tuple[bytes, FilePart]]:
    """Yield every key of a table with its value, in the table's order.

    Raises
    ------
    MalformedFileError
        The table is damaged, compressed, or its keys are not in order.
    """
    if len(table) < _FOOTER or bytes(table.data[-len(MAGIC) :]) != MAGIC:
        raise table.error("it does not end in the magic bytes of a LevelDB table")
    footer = table.cut(len(table) - _FOOTER, _FOOTER)
    _, at = _handle(footer, 0)  # the meta index: TensorFlow leaves it empty
    index, _ = _handle(footer, at)
    last = b""
    for _, place in _block_entries(_block(table, *index)):
        data, _ = _handle(place, 0)
        for key, value in _block_entries(_block(table, *data)):
            if last and key <= last:
                raise table.error(f"key {key[:40]!r} follows {last[:40]!r}, expected an order")
            last = key
            yield key, value


def _handle(part: FilePart, at: int) -> tuple[tuple[int, int], int]:
    """Return place and size of a block, and where its handle ends."""
    start, at = varint(part, at)
    size, at = varint(part, at)
    return (start, size), at


def _block(table: FilePart, start: int, size: int) -> FilePart:
    """Return the contents of a block, its CRC checked."""
    stored = table.cut(start, size + _TRAILER, f"the block at byte {start:,}")
    if crc32c(stored.data[:-4]) != unmask(stored.number("<I", size + 1)):
        raise stored.error("its CRC is wrong: the file is damaged")
    if stored.data[size]:
        raise stored.error(
            f"it is compressed (kind {stored.data[size]}), expected plain blocks, which is all "
            "that TensorFlow writes: load and save the checkpoint again with TensorFlow"
        )
    return stored.cut(0, size)


def _block_entries(block: FilePart) -> Iterator[tuple[bytes, FilePart]]:
    """Yield the keys of a block, each written as what differs from the one before."""
    restarts = block.number("<I", len(block) - 4)
    end = len(block) - 4 * (restarts + 1)
    entries = block.cut(0, end)
    at, key = 0, b""
    while at < end:
        shared, at = varint(entries, at)
        unshared, at = varint(entries, at)
        size, at = varint(entries, at)
        if shared > len(key):
            raise block.error(f"a key shares {shared} letters with one of {len(key)}")
        block.budget.take_objects(1, block.place)
        block.budget.take_bytes(shared + unshared, block.place)
        key = key[:shared] + bytes(entries.cut(at, unshared).data)
        yield key, entries.cut(at + unshared, size)
        at += unshared + size
