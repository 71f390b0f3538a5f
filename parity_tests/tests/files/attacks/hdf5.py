"""HDF5: what lies elsewhere, is smaller than it claims, is no numbers, or never ends."""

from __future__ import annotations

import functools
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from parity_tests.tests.files.attacks import honest
from parity_tests.tests.files.attacks.honest import GROUP, MIB, arrays, close, legacy, weights
from parity_tests.tests.files.attacks.table import Attack, attack

SECRET = b"what no file may show " * 100


def weights_attack(reason: str | None, names: str = "01") -> Callable[[Any], Attack]:
    """Register what the function below makes of a .weights.h5 of the honest arrays named."""

    def register(alter: Callable[[h5py.File], None]) -> Attack:
        @functools.wraps(alter)
        def write(folder: Path) -> Path:
            file = weights(folder, names)
            alter(file)
            return close(file)

        return attack(reason)(write)

    return register


def _secret_beside(file: h5py.File) -> Path:
    """Write an array into another file, and return its path."""
    path = Path(file.filename).with_name("secret.h5")
    with h5py.File(path, "w") as secret:
        secret["2"] = np.ones((2, 15), "float32")
    return path


# ---- what lies elsewhere


@weights_attack("in another file")
def external_storage(file: h5py.File) -> None:
    secret = Path(file.filename).with_name("secret")
    secret.write_bytes(SECRET)
    external = [(os.fspath(secret), 0, h5py.h5f.UNLIMITED)]
    file[GROUP].create_dataset("2", (2, 15), "float32", external=external)


@weights_attack("soft or external link")
def external_link(file: h5py.File) -> None:
    file[GROUP]["2"] = h5py.ExternalLink(_secret_beside(file), "/2")


@weights_attack("soft or external link")
def soft_link(file: h5py.File) -> None:
    file["elsewhere"] = arrays()[2]
    file[GROUP]["2"] = h5py.SoftLink("/elsewhere")


@weights_attack("virtual dataset")
def virtual_dataset(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((2, 15), "float32")
    layout[:] = h5py.VirtualSource(_secret_beside(file), "2", (2, 15))
    file[GROUP].create_virtual_dataset("2", layout)


# ---- what claims to be larger than it is


@weights_attack("max_ratio", names="")
def three_tebibytes_of_nothing(file: h5py.File) -> None:
    packed = {"chunks": (1024, 1024), "compression": "gzip"}
    for name, rows in (("0", 1 << 20), ("1", 1 << 18)):
        file[GROUP].create_dataset(name, (rows, 3 << 18), "float32", **packed)


@weights_attack("max_ratio", names="")
def unallocated_array(file: h5py.File) -> None:
    file[GROUP].create_dataset("0", (1 << 20, 3 << 10), "float32")
    file[GROUP].create_dataset("1", (1 << 10, 3 << 10), "float32")


@weights_attack("max_ratio", names="")
def gzip_bomb(file: h5py.File) -> None:
    """2.7 MiB that unpack to 2.6 GiB."""
    group = file[GROUP]
    packed = zlib.compress(bytes(16 * MIB))
    units = 1 << 12
    for name, rows in (("0", 160 * 16 * MIB // (12 * units)), ("1", units)):
        shape, chunk = (rows, 3 * units), (16 * MIB // (12 * units), 3 * units)
        array = group.create_dataset(name, shape, "float32", chunks=chunk, compression="gzip")
        for start in range(0, rows, chunk[0]):
            array.id.write_direct_chunk((start, 0), packed)


@weights_attack("damaged", names="")
def overlong_chunk(file: h5py.File) -> None:
    """A piece of 768 KiB that unpacks to 64 MiB."""
    shape = (256, 3 * 256)
    array = file[GROUP].create_dataset("0", shape, "float32", chunks=shape, compression="gzip")
    array.id.write_direct_chunk((0, 0), zlib.compress(bytes(64 * MIB)))
    file[GROUP]["1"] = np.ones(shape, "float32")


@weights_attack("max_bytes")
def chunk_larger_than_its_array(file: h5py.File) -> None:
    packed = {"maxshape": (None, None), "chunks": (1 << 14, 1 << 12), "compression": "gzip"}
    array = file[GROUP].create_dataset("2", (2, 15), "float32", **packed)
    array.id.write_direct_chunk((0, 0), zlib.compress(b""))


@attack("HDF5 cannot read it")
def truncated_array(folder: Path) -> Path:
    """The header says that the numbers lie where no file is."""
    file = weights(folder, "01")
    array = file[GROUP].create_dataset("2", data=arrays()[2])
    offset = array.id.get_offset()
    path = close(file)
    return honest.patch(path, struct.pack("<QQ", offset, 120), struct.pack("<QQ", 1 << 40, 120))


@attack("max_bytes")
def one_string_many_times(folder: Path) -> Path:
    """4,000 names in 64 kB that are all one string of 1 MiB."""
    file = legacy(folder)
    layers = file["model_weights"]
    del layers.attrs["layer_names"]
    names = ["x" * MIB] + ["y"] * 3999
    layers.attrs.create("layer_names", names, dtype=h5py.string_dtype())
    path = close(file)
    data = path.read_bytes()
    heap = data.rindex(b"GCOL", 0, data.index(b"x" * 1000))
    at = data.index(struct.pack("<IQ", MIB, heap))
    first = data[at : at + 16]
    path.write_bytes(data[:at] + first * 4000 + data[at + 16 * 4000 :])
    return path


# ---- what is no array of floats


@weights_attack("no float16")
def variable_length(file: h5py.File) -> None:
    array = file[GROUP].create_dataset("2", (2, 15), h5py.vlen_dtype("float32"))
    array[0, 0] = np.ones(9, "float32")


@weights_attack("no float16")
def references(file: h5py.File) -> None:
    array = file[GROUP].create_dataset("2", (2, 15), h5py.ref_dtype)
    array[0, 0] = file.ref


@weights_attack("no float16")
def integers(file: h5py.File) -> None:
    file[GROUP]["2"] = np.ones((2, 15), "int8")


@weights_attack(None, names="012")
def null_dataspace(file: h5py.File) -> None:
    """No array at all: no GRU is found in its group, and the honest one beside it is."""
    file["layers/gru_1/cell/vars/0"] = h5py.Empty("float32")
    file["layers/gru_1/cell/vars/1"] = arrays()[1]


@weights_attack("filter 32000")
def unknown_filter(file: h5py.File) -> None:
    file[GROUP].create_dataset("2", data=arrays()[2], compression="lzf")


@weights_attack("stored datatype", names="012")
def stored_datatype(file: h5py.File) -> None:
    file[f"{GROUP}/4"] = np.dtype("float32")


# ---- what never ends


@weights_attack(None, names="012")
def cycle_of_hard_links(file: h5py.File) -> None:
    file["layers/gru/again"] = file["layers"]


@weights_attack(None, names="012")
def doubling_of_hard_links(file: h5py.File) -> None:
    """2**40 paths through 40 groups."""
    here = file.create_group("many")
    for _ in range(40):
        below = here.create_group("a")
        here["b"] = below
        here = below


@weights_attack("max_depth", names="012")
def deep_groups(file: h5py.File) -> None:
    here = file
    for _ in range(800):
        here = here.create_group("g")


@attack(None)
def endless_heap(folder: Path) -> Path:
    """A heap whose free space has no length: HDF5 itself looks for its end for ever."""
    path = close(legacy(folder))
    data = bytearray(path.read_bytes())
    start = data.index(b"GCOL")
    at = start + 16
    while data[at : at + 2] != b"\0\0":
        length = int.from_bytes(data[at + 8 : at + 16], "little")
        at += 16 + length + -length % 8
    data[at + 8 : at + 16] = bytes(8)
    path.write_bytes(data)
    return path
