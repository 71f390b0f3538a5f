"""One HDF5 dataset as an array: every claim of its header is checked before memory is taken."""

from __future__ import annotations

import itertools
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.files.formats.halves import from_bfloat16
from gru_ref.files.formats.hdf5_source import Source

Array = NDArray[Any]

_MAX_RANK = 2
_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3


def read(
    dataset: Any, said_dtype: list[str] | None, path: str, source: Source
) -> tuple[Array, str]:
    """Return the numbers of an h5py DatasetID, and the name of their dtype on file.

    Raises
    ------
    MalformedFileError
        It is not a float array of at most two axes that is stored in this file, whole, within the
        limits, packed by nothing but deflate, shuffle and fletcher32.
    """
    h5py = source.h5py
    properties = dataset.get_create_plist()
    if properties.get_external_count():
        raise source.error(path, "its numbers are said to lie in another file")
    layout = properties.get_layout()
    if layout not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED):
        raise source.error(path, "it is a virtual dataset, expected one that is stored here")
    dtype, name = _dtype(dataset, said_dtype, path, source)
    if dataset.get_space().get_simple_extent_type() != h5py.h5s.SIMPLE:
        raise source.error(path, "it has no shape, expected an array")
    shape = tuple(int(size) for size in dataset.shape)
    if len(shape) > _MAX_RANK:
        raise source.error(path, f"it has {len(shape)} axes, expected up to {_MAX_RANK}")
    size = math.prod(shape) * dtype.itemsize
    stored = int(dataset.get_storage_size())
    source.budget.check_ratio(stored, size, path)
    source.budget.take_bytes(size, path)
    if layout == h5py.h5d.CHUNKED:
        array = _chunked(dataset, properties, shape, dtype, path, source)
    else:
        if stored < size:
            raise source.error(path, f"{stored:,} bytes are stored, expected {size:,}")
        array = np.empty(shape, dtype)
        dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, array)
    if name == "bfloat16":
        return from_bfloat16(array), name
    return array.astype(dtype.newbyteorder("="), copy=False), name


def _dtype(
    dataset: Any, said: list[str] | None, path: str, source: Source
) -> tuple[np.dtype[Any], str]:
    """Return the dtype that the numbers are read in, and its name."""
    h5py = source.h5py
    kind = dataset.get_type()
    kind_class, size = kind.get_class(), int(kind.get_size())
    if kind_class == h5py.h5t.OPAQUE and size == 2 and said in (None, ["bfloat16"]):
        return np.dtype("V2"), "bfloat16"
    if kind_class != h5py.h5t.FLOAT or size not in (2, 4, 8):
        raise source.error(path, "its elements are no float16, bfloat16, float32 or float64")
    dtype = np.dtype(kind.dtype)
    if dtype.kind != "f" or dtype.itemsize != size:
        raise source.error(path, "its elements are floats of an unknown kind")
    return dtype, dtype.newbyteorder("=").name


def _chunked(
    dataset: Any,
    properties: Any,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    path: str,
    source: Source,
) -> Array:
    """Put together an array that is stored in pieces, unpacked here: HDF5 sets no limit to that."""
    filters = [properties.get_filter(k)[0] for k in range(properties.get_nfilters())]
    if unknown := set(filters) - {_DEFLATE, _SHUFFLE, _FLETCHER32}:
        raise source.error(path, f"it is packed by filter {min(unknown)}, expected 1, 2 or 3")
    chunk = tuple(int(size) for size in properties.get_chunk())
    size = math.prod(chunk) * dtype.itemsize
    source.budget.take_bytes(size, path)
    starts = [range(0, total, step) for total, step in zip(shape, chunk, strict=True)]
    source.budget.take_objects(math.prod(len(along) for along in starts), path)
    array = np.empty(shape, dtype)
    for start in itertools.product(*starts):
        info = dataset.get_chunk_info_by_coord(start)
        if info.byte_offset is None or not 0 <= info.byte_offset <= source.size - info.size:
            raise source.error(path, f"the piece at {start} is not in the file")
        if info.size > size + size // 8 + 64:
            raise source.error(path, f"the piece at {start} is larger packed than unpacked")
        mask, packed = dataset.read_direct_chunk(start)
        applied = [code for k, code in enumerate(filters) if not mask >> k & 1]
        piece = _unpacked(packed, applied, size, dtype.itemsize)
        if piece is None:
            raise source.error(path, f"the piece at {start} is damaged")
        block = np.frombuffer(piece, dtype).reshape(chunk)
        inside = tuple(slice(a, a + step) for a, step in zip(start, chunk, strict=True))
        here = array[inside]
        here[...] = block[tuple(slice(0, length) for length in here.shape)]
    return array


def _unpacked(packed: bytes, filters: list[int], size: int, itemsize: int) -> bytes | None:
    """Return the bytes of one piece, the filters undone, or None if they do not fit."""
    piece = packed
    for code in reversed(filters):
        if code == _FLETCHER32:
            piece, stored = piece[:-4], piece[-4:]
            if _fletcher32(piece) != tuple(np.frombuffer(stored, "<u2") % 0xFFFF):
                return None
        elif code == _DEFLATE:
            unpacking = zlib.decompressobj()
            # One more than there may be, to see one that is too long.
            piece = unpacking.decompress(piece, size + 5)
        else:
            whole = len(piece) // itemsize * itemsize
            planes = np.frombuffer(piece[:whole], np.uint8).reshape(itemsize, -1)
            piece = planes.T.tobytes() + piece[whole:]
    return piece if len(piece) == size else None


def _fletcher32(data: bytes) -> tuple[int, int]:
    """Return both sums of HDF5's checksum, each modulo 65535: that of bytes, that of sums."""
    words = np.frombuffer(data + b"\0" * (len(data) % 2), ">u2").astype(np.uint64)
    weights = np.arange(len(words), 0, -1, dtype=np.uint64) % np.uint64(0xFFFF)
    return int(words.sum() % 0xFFFF), int((words * weights).sum() % 0xFFFF)
