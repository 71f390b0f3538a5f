"""HDF5 files of strangers: only hard links are followed, and every size is checked before use.

Nothing but the open file itself is read: soft and external links, external storage and virtual
datasets are refused. h5py is imported when a file needs it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import itertools
import math
import mmap
import re
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from gru_ref.files.formats import hdf5_strings
from gru_ref.files.formats.float_arrays import BFLOAT16, from_bfloat16
from gru_ref.files.formats.part import FilePart
from gru_ref.files.limits import Budget
from gru_ref.files.malformed import MalformedFileError

Array = NDArray[Any]

_NUMBER = re.compile(r"(\d+)")
_MAX_RANK = 2
_MAX_RANK_OF_ANY = 8  # of a layer of any class
_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3


_CUT_SHORT = re.compile(r"truncated file: eof = (\d+), .*stored_eof = (\d+)")


@contextlib.contextmanager
def open_hdf5(stream: BinaryIO, budget: Budget, place: str = "") -> Iterator[HDF5Group]:
    """Open HDF5 from an open file, or from bytes in memory, and yield its root.

    Parameters
    ----------
    stream : binary file
        Read through Python: HDF5 itself opens nothing by a name.
    budget : Budget
    place : str
        What to call the stream in messages, if it is a part of the file.

    Raises
    ------
    ImportError
        h5py is not installed.
    MalformedFileError
        It is no HDF5, or damaged.
    """
    source = HDF5File(stream, budget, place)
    with source.refusing(""):
        file = source.h5py.File(stream, "r")
    with contextlib.closing(file):
        with source.refusing(""):
            root = source.h5py.h5g.open(file.id, b"/")
        yield HDF5Group(root, "", source)


class HDF5Group:
    """One group of an open file.

    Parameters
    ----------
    identifier : h5py.h5g.GroupID
    path : str
        Below the root, without a leading "/".
    source : HDF5File
    """

    def __init__(self, identifier: Any, path: str, source: HDF5File) -> None:
        self._id = identifier
        self.path = path
        self._source = source
        self._children: list[str] | None = None

    def names(self) -> list[str]:
        """Return the names of the children, numbers within them in numeric order."""
        if self._children is None:
            with self._source.refusing(self.path):
                count = int(self._id.get_num_objs())
                self._source.budget.take_objects(count, self.path)
                names = [name.decode("utf-8") for name in self._id]
            self._children = sorted(names, key=_numerically)
        return self._children

    def child(self, path: str) -> HDF5Group | HDF5Dataset | None:
        """Return what lies at `path` below this group, or None if nothing does.

        Raises
        ------
        MalformedFileError
            On the way is a link that is not hard, or something that is no group.
        """
        here: HDF5Group | HDF5Dataset = self
        for name in path.strip("/").split("/"):
            if not isinstance(here, HDF5Group):
                raise self._source.error(here.path, "it is an array, expected a group")
            below = here._step(name)
            if below is None:
                return None
            here = below
        return here

    def group(self, path: str) -> HDF5Group | None:
        """Return the group at `path`, or None if nothing or an array is there."""
        found = self.child(path)
        return found if isinstance(found, HDF5Group) else None

    def strings(self, name: str) -> list[str] | None:
        """Return the attribute `name`, a string or an array of them, or None if it is absent."""
        return self._source.strings(self._id, self.path, name)

    def walk(self) -> Iterator[HDF5Group]:
        """Yield this group and all below it, each once, a parent before its children.

        Raises
        ------
        MalformedFileError
            A link below is not hard, or the nesting is too deep.
        """
        seen = set()
        todo = [(self, 0)]
        while todo:
            group, depth = todo.pop()
            self._source.budget.check_depth(depth, group.path)
            with self._source.refusing(group.path):
                address = self._source.h5py.h5o.get_info(group._id).addr
            if address in seen:  # a second hard link, maybe to a parent
                continue
            seen.add(address)
            yield group
            children = [group._step(name) for name in group.names()]
            todo += [
                (child, depth + 1) for child in reversed(children) if isinstance(child, HDF5Group)
            ]

    def _step(self, name: str) -> HDF5Group | HDF5Dataset | None:
        """Return the child `name`, over a hard link."""
        h5py = self._source.h5py
        path = f"{self.path}/{name}" if self.path else name
        with self._source.refusing(path):
            encoded = name.encode("utf-8")
            if not name or name == "." or encoded not in self._id:
                return None
            if self._id.links.get_info(encoded).type != h5py.h5l.TYPE_HARD:
                raise self._source.error(path, "it is a soft or external link, expected a hard one")
            found = h5py.h5o.open(self._id, encoded)
            if isinstance(found, h5py.h5g.GroupID):
                return HDF5Group(found, path, self._source)
            if isinstance(found, h5py.h5d.DatasetID):
                return HDF5Dataset(found, path, self._source)
        raise self._source.error(path, "it is a stored datatype, expected a group or an array")


class HDF5Dataset:
    """One array of an open file; nothing of it is read before `read`."""

    def __init__(self, identifier: Any, path: str, source: HDF5File) -> None:
        self._id = identifier
        self.path = path
        self._source = source

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the file claims; () for what has none."""
        with self._source.refusing(self.path):
            return tuple(self._id.shape or ())

    def read(self, *, any_layer: bool = False) -> tuple[Array, str]:
        """Return the numbers, and the name of their dtype on file.

        Parameters
        ----------
        any_layer : bool
            Whether it may be what a layer of any class has: more axes, none at all, or integers.

        Returns
        -------
        array : float16, float32 or float64, in the byte order of this machine
            bfloat16 becomes float32, exactly.
        dtype : str
        """
        said = self._source.strings(self._id, self.path, "dtype")
        with self._source.refusing(self.path):
            return self._numbers(said, any_layer)

    def _numbers(self, said: list[str] | None, any_layer: bool) -> tuple[Array, str]:
        """Return the numbers, and the name of their dtype on file.

        Raises
        ------
        MalformedFileError
            It is not a float array of at most two axes that is stored in this file, whole, within
            the limits, packed by nothing but deflate, shuffle and fletcher32.
        """
        h5py, budget = self._source.h5py, self._source.budget
        properties = self._id.get_create_plist()
        if properties.get_external_count():
            raise self._error("its numbers are said to lie in another file")
        layout = properties.get_layout()
        if layout not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED):
            raise self._error("it is a virtual dataset, expected one that is stored here")
        dtype, name = self._dtype(said, any_layer)
        extents = (h5py.h5s.SIMPLE, h5py.h5s.SCALAR) if any_layer else (h5py.h5s.SIMPLE,)
        if self._id.get_space().get_simple_extent_type() not in extents:
            raise self._error("it has no shape, expected an array")
        shape = tuple(int(size) for size in self._id.shape)
        most = _MAX_RANK_OF_ANY if any_layer else _MAX_RANK
        if len(shape) > most:
            raise self._error(f"it has {len(shape)} axes, expected up to {most}")
        size = math.prod(shape) * dtype.itemsize
        stored = int(self._id.get_storage_size())
        budget.check_ratio(stored, size, self.path)
        budget.take_bytes(size, self.path)
        if layout == h5py.h5d.CHUNKED:
            array = self._read_chunks(properties, shape, dtype)
        else:
            if stored < size:
                raise self._error(f"{stored:,} bytes are stored, expected {size:,}")
            array = np.empty(shape, dtype)
            self._id.read(h5py.h5s.ALL, h5py.h5s.ALL, array)
        if name == "bfloat16":
            return from_bfloat16(array), name
        return array.astype(dtype.newbyteorder("="), copy=False), name

    def _dtype(self, said: list[str] | None, any_layer: bool) -> tuple[np.dtype[Any], str]:
        """Return the dtype that the numbers are read in, and its name."""
        h5py = self._source.h5py
        kind = self._id.get_type()
        kind_class, size = kind.get_class(), int(kind.get_size())
        if any_layer and kind_class == h5py.h5t.INTEGER and size in (1, 2, 4, 8):
            dtype = np.dtype(kind.dtype)
            return dtype, dtype.newbyteorder("=").name
        if kind_class == h5py.h5t.OPAQUE and size == 2 and said in (None, ["bfloat16"]):
            return BFLOAT16, "bfloat16"
        if kind_class != h5py.h5t.FLOAT or size not in (2, 4, 8):
            raise self._error("its elements are no float16, bfloat16, float32 or float64")
        dtype = np.dtype(kind.dtype)
        if dtype.kind != "f" or dtype.itemsize != size:
            raise self._error("its elements are floats of an unknown kind")
        return dtype, dtype.newbyteorder("=").name

    def _read_chunks(self, properties: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Put together an array that is stored in pieces.

        They are unpacked here: HDF5 sets no limit to that.
        """
        filters = [properties.get_filter(k)[0] for k in range(properties.get_nfilters())]
        if unknown := set(filters) - {_DEFLATE, _SHUFFLE, _FLETCHER32}:
            raise self._error(f"it is packed by filter {min(unknown)}, expected 1, 2 or 3")
        chunk = tuple(int(size) for size in properties.get_chunk())
        size = math.prod(chunk) * dtype.itemsize
        budget = self._source.budget
        budget.take_bytes(size, self.path)
        starts = [range(0, total, step) for total, step in zip(shape, chunk, strict=True)]
        budget.take_objects(math.prod(len(along) for along in starts), self.path)
        array = np.empty(shape, dtype)
        for start in itertools.product(*starts):
            info = self._id.get_chunk_info_by_coord(start)
            last = self._source.size - info.size
            if info.byte_offset is None or not 0 <= info.byte_offset <= last:
                raise self._error(f"the piece at {start} is not in the file")
            if info.size > size + size // 8 + 64:
                raise self._error(f"the piece at {start} is larger packed than unpacked")
            mask, packed = self._id.read_direct_chunk(start)
            applied = [code for k, code in enumerate(filters) if not mask >> k & 1]
            piece = _unpack(packed, applied, size, dtype.itemsize)
            if piece is None:
                raise self._error(f"the piece at {start} is damaged")
            block = np.frombuffer(piece, dtype).reshape(chunk)
            inside = tuple(slice(a, a + step) for a, step in zip(start, chunk, strict=True))
            here = array[inside]
            here[...] = block[tuple(slice(0, length) for length in here.shape)]
        return array

    def _error(self, reason: str) -> MalformedFileError:
        return self._source.error(self.path, reason)


class HDF5File:
    """An open HDF5 file, which everything that reads it shares.

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
        self.h5py = import_h5py()
        self.size = stream.seek(0, 2)
        self.budget = budget
        self._stream = stream
        self._place = place

    def error(self, path: str, reason: str) -> MalformedFileError:
        """Return the error to raise about `path` within the stream."""
        return self.budget.error(self._full_place(path), reason)

    @contextlib.contextmanager
    def refusing(self, path: str) -> Iterator[None]:
        """Turn whatever h5py raises about a damaged file into `MalformedFileError`."""
        try:
            yield
        except (MalformedFileError, ImportError):
            raise
        except Exception as error:  # h5py raises nearly every class there is
            said = " ".join(str(error).split())
            if cut := _CUT_SHORT.search(said):
                there, whole = (f"{int(count):,}" for count in cut.groups())
                raise self.error(
                    path,
                    f"it has {there} of the {whole} bytes that its HDF5 says, expected all of "
                    "them: download or copy it again",
                ) from None
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

    def _bytes(self, path: str) -> FilePart:
        """Return the whole file, which is not read before it is looked at."""
        if isinstance(self._stream, io.BytesIO):
            view = self._stream.getbuffer()
        else:
            view = memoryview(mmap.mmap(self._stream.fileno(), 0, access=mmap.ACCESS_READ))
        return FilePart(view, self._full_place(path), self.budget)

    def _full_place(self, path: str) -> str:
        return "/".join(part for part in (self._place, path) if part)


class _Holder:
    """What h5py's AttributeManager asks of the object whose attributes it reads."""

    def __init__(self, identifier: Any) -> None:
        self.id = identifier


def import_h5py() -> Any:
    """Return the package h5py.

    Raises
    ------
    ImportError
        It is not installed.
    """
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise ImportError(
            "files of Keras (.keras, .h5, .weights.h5) need h5py, which is not installed: "
            "pip install 'gru-ref[hdf5]'"
        ) from error


def _numerically(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts gru_2 before gru_10."""
    return [
        (int(part), "") if part.isdecimal() and part.isascii() else (-1, part)
        for part in _NUMBER.split(name[:1000])
    ]


def _unpack(packed: bytes, filters: list[int], size: int, itemsize: int) -> bytes | None:
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
