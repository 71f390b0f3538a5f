"""TensorFlow's TensorBundle: the index of a checkpoint, and the tensors in its data files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gru_ref.files.formats import leveldb_table
from gru_ref.files.formats.crc32c import crc32c, unmask
from gru_ref.files.formats.float_arrays import Array, float_array
from gru_ref.files.formats.part import FilePart, open_file, read_file, read_stretch
from gru_ref.files.formats.protobuf import Message, to_signed, varint
from gru_ref.files.limits import Budget

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"

# DataType of TensorFlow: types.proto
_STRING = 7
_FLOATS = {1: "float32", 2: "float64", 19: "float16", 14: "bfloat16"}
_LITTLE_ENDIAN = 0
_SLICE = b"\0"  # opens the keys of a partitioned variable's pieces


@dataclass(frozen=True)
class TensorEntry:
    """What the index says of one tensor.

    Parameters
    ----------
    dtype : int
        TensorFlow's DataType.
    shape : tuple of int
    shard, offset, size : int
        Which data file, and where in it.
    crc : int
        The masked CRC-32C of the bytes.
    sliced : bool
        Whether the tensor lies in several pieces under other keys.
    """

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int
    sliced: bool


class TensorBundle:
    """The tensors of one checkpoint.

    Parameters
    ----------
    index : Path
        ``PREFIX.index``; the data lies in ``PREFIX.data-00000-of-00001``, … beside it.
    budget : Budget

    Raises
    ------
    MalformedFileError
        The index is damaged, or of a kind that is not read: big-endian, compressed.

    Source
    ------
    tensor_bundle.proto, tensor_bundle.cc and table/ of TensorFlow 2.21.
    """

    def __init__(self, index: Path, budget: Budget) -> None:
        self.budget = budget
        self.prefix = index.with_suffix("")
        self.entries: dict[str, TensorEntry] = {}
        self._tensors: dict[str, Array] = {}
        table = read_file(index, budget, index.name)
        pairs = leveldb_table.entries(table)
        key, value = next(pairs, (None, table))
        if key != b"":
            raise table.error("its first entry is no header of a TensorFlow checkpoint")
        header = Message.parse(value)
        if any(isinstance(field, FilePart) for field in header.fields.get(1, ())):
            raise table.error(
                "it is a checkpoint of TensorFlow 1's first format (V1): load it there and save it "
                "with tf.compat.v1.train.Saver(write_version=tf.compat.v1.train.SaverDef.V2)"
            )
        self.shards = header.number(1)
        if header.number(2) != _LITTLE_ENDIAN:
            raise table.error(
                "it was written on a big-endian machine, expected little-endian: load and save it "
                "again with TensorFlow on another machine"
            )
        for key, value in pairs:
            assert key is not None
            if key.startswith(_SLICE):
                continue
            name = FilePart(memoryview(key), table.place, budget).text()
            self.entries[name] = _entry(Message.parse(value))

    def shape(self, key: str) -> tuple[int, ...]:
        """Return the shape that the index claims of a tensor."""
        return self._entry(key).shape

    def dtype(self, key: str) -> str:
        """Return what NumPy calls the dtype of a floating tensor; empty for any other."""
        return _FLOATS.get(self._entry(key).dtype, "")

    def is_bfloat16(self, key: str) -> bool:
        """Return whether a tensor is stored as bfloat16."""
        return self.dtype(key) == "bfloat16"

    def tensor(self, key: str) -> Array:
        """Return a floating tensor, read once; bfloat16 as the float32 that it stands for.

        Raises
        ------
        MalformedFileError
            The tensor is missing, damaged, partitioned, of another dtype or beyond the limits.
        """
        if key in self._tensors:
            return self._tensors[key]
        entry = self._entry(key)
        if entry.sliced:
            raise self.budget.error(
                key,
                "it is a partitioned variable, expected it in one piece: load the model in "
                "TensorFlow without a partitioner and save it again",
            )
        if entry.dtype not in _FLOATS:
            raise self.budget.error(
                key,
                f"its dtype is number {entry.dtype} of TensorFlow, expected a floating one: "
                f"{sorted(_FLOATS)}",
            )
        raw = self._bytes(key, entry)
        array = float_array(raw, _FLOATS[entry.dtype], entry.shape)
        if crc32c(raw.data) != unmask(entry.crc):
            raise raw.error("its CRC is wrong: the file is damaged")
        self._tensors[key] = array
        return array

    def string(self, key: str) -> FilePart:
        """Return the bytes of a tensor that is one string.

        Raises
        ------
        MalformedFileError
            The tensor is damaged, or not one string.
        """
        entry = self._entry(key)
        if entry.dtype != _STRING or entry.shape != () or entry.sliced:
            raise self.budget.error(key, "it is not one string")
        raw = self._bytes(key, entry)
        length, at = varint(raw, 0)
        text = raw.cut(at + 4, len(raw) - at - 4)
        if length != len(text):
            raise raw.error(f"it claims {length:,} bytes, expected {len(text):,}")
        width = 4 if length < 1 << 32 else 8
        start = length.to_bytes(width, "little")
        if crc32c(start) != unmask(raw.number("<I", at)):
            raise raw.error("the CRC of its length is wrong: the file is damaged")
        if crc32c(b"".join([start, raw.data[at:]])) != unmask(entry.crc):
            raise raw.error("its CRC is wrong: the file is damaged")
        return text

    def _entry(self, key: str) -> TensorEntry:
        if key not in self.entries:
            raise self.budget.error(key, "the object graph names it, the index does not")
        return self.entries[key]

    def _bytes(self, key: str, entry: TensorEntry) -> FilePart:
        if not 0 <= entry.shard < self.shards:
            raise self.budget.error(
                key, f"it lies in data file {entry.shard} of {self.shards}, which does not exist"
            )
        name = f"{self.prefix.name}.data-{entry.shard:05d}-of-{self.shards:05d}"
        with open_file(self.prefix.with_name(name), self.budget, name) as stream:
            return read_stretch(stream, entry.offset, entry.size, key, self.budget)


def _entry(message: Message) -> TensorEntry:
    """Take a BundleEntryProto apart."""
    shape = message.message(2)
    return TensorEntry(
        dtype=message.number(1),
        shape=tuple(to_signed(size.number(1)) for size in shape.messages(2)),
        shard=to_signed(message.number(3)),
        offset=to_signed(message.number(4)),
        size=to_signed(message.number(5)),
        crc=message.number(6) & 0xFFFFFFFF,
        sliced=bool(message.parts(7)),
    )
