"""Checkpoints written by hand, for the lies that TensorFlow does not tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gru_ref.files.formats.crc32c import crc32c

_MAGIC = bytes.fromhex("57fb808b247547db")
STRING, FLOAT = 7, 1

# One GRU of two features and two units, without a bias.
KERNEL, RECURRENT = (np.arange(n, n + 12, dtype="<f4").tobytes() for n in (0, 12))
NODES: list[dict[str, Any]] = [{"gru": 1}, {"kernel": 2, "recurrent_kernel": 3}]
NODES += [{"VARIABLE_VALUE": key} for key in "ab"]


def varint(value: int) -> bytes:
    """Return an unsigned number as Protocol Buffers and LevelDB write it."""
    if value <= 0x7F:
        return bytes((value,))
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def field(number: int, value: int | bytes) -> bytes:
    """Return one field of a message: a number, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value % (1 << 64))
    return varint(number << 3 | 2) + varint(len(value)) + value


def mask_crc(data: bytes) -> int:
    """Return the CRC of some bytes as it is stored."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def table(pairs: list[tuple[bytes, bytes]], *, compression: int = 0) -> bytes:
    """Return a LevelDB table of one block."""
    written = b""
    handles = []
    for block in (pairs, []):
        handles.append((len(written), len(_block(block))))
        written += _checked_block(_block(block), compression)
    data, meta = (varint(start) + varint(size) for start, size in handles)
    index = _block([(b"\xff", data)])
    handle = varint(len(written)) + varint(len(index))
    return written + _checked_block(index, 0) + (meta + handle).ljust(40, b"\0") + _MAGIC


def entry(
    data: bytes,
    shape: tuple[int, ...],
    *,
    dtype: int = FLOAT,
    offset: int = 0,
    size: int | None = None,
    shard: int = 0,
    sliced: bool = False,
) -> bytes:
    """Return a BundleEntryProto for bytes at an offset; every field may be a lie."""
    sizes = b"".join(field(2, field(1, one)) for one in shape)
    written = field(1, dtype) + field(2, sizes) + field(3, shard) + field(4, offset)
    written += field(5, len(data) if size is None else size)
    written += varint(6 << 3 | 5) + mask_crc(data).to_bytes(4, "little")
    return written + (field(7, b"") if sliced else b"")


def string(text: bytes) -> bytes:
    """Return a tensor of one string, its length and the length's CRC before it."""
    length = len(text).to_bytes(4, "little")
    return varint(len(text)) + mask_crc(length).to_bytes(4, "little") + text


def string_entry(text: bytes, offset: int) -> bytes:
    """Return the entry of `string(text)`."""
    length = len(text).to_bytes(4, "little")
    hashed = length + mask_crc(length).to_bytes(4, "little") + text
    return entry(hashed, (), dtype=STRING, offset=offset, size=len(string(text)))


def object_graph(nodes: list[dict[str, int | str]]) -> bytes:
    """Return an object graph: per node its children by name, a text being the key of a variable."""
    written = b""
    for node in nodes:
        inside = b""
        for name, value in node.items():
            if isinstance(value, int):
                inside += field(1, field(1, value) + field(2, name.encode()))
            else:
                inside += field(2, field(1, name.encode()) + field(3, value.encode()))
        written += field(1, inside)
    return written


def write(
    folder: Path,
    pairs: dict[str, bytes],
    data: bytes,
    *,
    header: bytes = field(1, 1),
    compression: int = 0,
) -> Path:
    """Write a checkpoint of one data file, and return its prefix."""
    folder.mkdir(exist_ok=True)
    keys = [
        (b"", header),
        *sorted((key.encode(errors="surrogateescape"), value) for key, value in pairs.items()),
    ]
    (folder / "ckpt.index").write_bytes(table(keys, compression=compression))
    (folder / "ckpt.data-00000-of-00001").write_bytes(data)
    return folder / "ckpt"


def write_gru(
    folder: Path,
    *,
    nodes: list[dict[str, Any]] | None = None,
    graph: bytes | None = None,
    bias: bytes = b"",
    header: bytes = field(1, 1),
    compression: int = 0,
    **lies: Any,
) -> Path:
    """Write a checkpoint of one GRU, with lies in the entry of its kernel; return its prefix."""
    objects = object_graph(nodes or NODES) if graph is None else graph
    data = KERNEL + RECURRENT + bias
    entries = {
        "a": entry(KERNEL, **{"shape": (2, 6), **lies}),
        "b": entry(RECURRENT, (2, 6), offset=48),
        "c": entry(bias, (len(bias) // 4,), offset=96),
        "_CHECKPOINTABLE_OBJECT_GRAPH": string_entry(objects, len(data)),
    }
    written = {"header": header, "compression": compression}
    return write(folder, entries, data + string(objects), **written)


def _block(pairs: list[tuple[bytes, bytes]]) -> bytes:
    entries = b"".join(
        varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in pairs
    )
    return entries + bytes(4) + (1).to_bytes(4, "little")


def _checked_block(block: bytes, compression: int) -> bytes:
    stored = block + bytes([compression])
    return stored + mask_crc(stored).to_bytes(4, "little")
