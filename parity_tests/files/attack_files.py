"""Hostile model files, each built from nothing but its own attack, around one honest GRU.

`ATTACKS` maps the name of an attack to the function that writes its file into a folder and returns
the path. `REASONS` says what the refusal of each names; an attack without one is harmless: the file
is read as if the attack were not there.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

UNITS, FEATURES = 5, 6
SECRET = b"what no file may show " * 100
GROUP = "layers/gru/cell/vars"
MIB = 1 << 20

Attack = Callable[[Path], Path]
ATTACKS: dict[str, Attack] = {}
REASONS: dict[str, str] = {}


def attack(reason: str | None) -> Callable[[Attack], Attack]:
    """Register the function below under its own name."""

    def register(function: Attack) -> Attack:
        name = function.__name__
        ATTACKS[name] = function
        if reason is not None:
            REASONS[name] = reason
        return function

    return register


# ---- the honest parts


def arrays() -> list[np.ndarray]:
    """Return the arrays of the honest GRU."""
    draws = np.random.default_rng(7)
    shapes = (FEATURES, 3 * UNITS), (UNITS, 3 * UNITS), (2, 3 * UNITS)
    return [draws.normal(size=shape).astype("float32") for shape in shapes]


def weights(folder: Path, skip: int = 3) -> h5py.File:
    """Return a new .weights.h5 with the honest arrays, but for the one that is the attack's."""
    file = h5py.File(folder / "model.weights.h5", "w")
    group = file.create_group(GROUP)
    for k, array in enumerate(arrays()):
        if k != skip:
            group[str(k)] = array
    return file


def gru_config(**changed: Any) -> dict[str, Any]:
    """Return the config of a model of the honest GRU."""
    config = {"name": "gru", "units": UNITS, "activation": "tanh", "reset_after": True}
    config |= {"recurrent_activation": "sigmoid", "use_bias": True, "go_backwards": False}
    return model_of({"class_name": "GRU", "config": config | changed})


def model_of(*layers: Any) -> dict[str, Any]:
    """Return the config of a Sequential."""
    return {"class_name": "Sequential", "config": {"name": "model", "layers": list(layers)}}


def keras(
    folder: Path,
    config: Any = None,
    metadata: Any = None,
    *,
    method: int = zipfile.ZIP_STORED,
    more: tuple[tuple[str, bytes], ...] = (),
) -> Path:
    """Write a .keras archive of the honest GRU, its parts replaced by those given."""
    with weights(folder) as file:
        inner = Path(file.filename)
    config = gru_config() if config is None else config
    metadata = {"keras_version": "3.15.1"} if metadata is None else metadata
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, value in (("config.json", config), ("metadata.json", metadata)):
            text = value if isinstance(value, (str, bytes)) else json.dumps(value)
            archive.writestr(name, text)
        archive.write(inner, "model.weights.h5")
        for name, content in more:
            archive.writestr(name, content)
    inner.unlink()
    return path


def legacy(folder: Path, config: Any = None, names: Any = None) -> h5py.File:
    """Return a new whole-model .h5 of the honest GRU."""
    file = h5py.File(folder / "model.h5", "w")
    text = config if isinstance(config, str) else json.dumps(config or gru_config())
    file.attrs["model_config"] = text
    file.attrs["keras_version"] = "2.15.0"
    layers = file.create_group("model_weights")
    layers.attrs["layer_names"] = [b"gru"]
    gru = layers.create_group("gru")
    honest = ["gru/gru_cell/kernel:0", "gru/gru_cell/recurrent_kernel:0", "gru/gru_cell/bias:0"]
    for name, array in zip(honest, arrays(), strict=True):
        gru[name] = array
    gru.attrs["weight_names"] = [name.encode() for name in names or honest]
    return file


def closed(file: h5py.File) -> Path:
    """Close the file and return its path."""
    path = Path(file.filename)
    file.close()
    return path


def patched(path: Path, old: bytes, new: bytes) -> Path:
    """Replace bytes that are there."""
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


# ---- HDF5: what lies elsewhere


@attack("in another file")
def external_storage(folder: Path) -> Path:
    secret = folder / "secret"
    secret.write_bytes(SECRET)
    file = weights(folder, skip=2)
    file[GROUP].create_dataset(
        "2", (2, 15), "float32", external=[(os.fspath(secret), 0, h5py.h5f.UNLIMITED)]
    )
    return closed(file)


@attack("soft or external link")
def external_link(folder: Path) -> Path:
    with h5py.File(folder / "secret.h5", "w") as secret:
        secret["2"] = np.ones((2, 15), "float32")
    file = weights(folder, skip=2)
    file[GROUP]["2"] = h5py.ExternalLink(folder / "secret.h5", "/2")
    return closed(file)


@attack("soft or external link")
def soft_link(folder: Path) -> Path:
    file = weights(folder, skip=2)
    file["elsewhere"] = arrays()[2]
    file[GROUP]["2"] = h5py.SoftLink("/elsewhere")
    return closed(file)


@attack("virtual dataset")
def virtual_dataset(folder: Path) -> Path:
    with h5py.File(folder / "secret.h5", "w") as secret:
        secret["2"] = np.ones((2, 15), "float32")
    file = weights(folder, skip=2)
    layout = h5py.VirtualLayout((2, 15), "float32")
    layout[:] = h5py.VirtualSource(folder / "secret.h5", "2", (2, 15))
    file[GROUP].create_virtual_dataset("2", layout)
    return closed(file)


# ---- HDF5: what claims to be larger than it is


@attack("max_ratio")
def three_tebibytes_of_nothing(folder: Path) -> Path:
    file = h5py.File(folder / "model.weights.h5", "w")
    group = file.create_group(GROUP)
    for name, rows in (("0", 1 << 20), ("1", 1 << 18)):
        group.create_dataset(
            name, (rows, 3 << 18), "float32", chunks=(1024, 1024), compression="gzip"
        )
    return closed(file)


@attack("max_ratio")
def unallocated_array(folder: Path) -> Path:
    file = h5py.File(folder / "model.weights.h5", "w")
    group = file.create_group(GROUP)
    group.create_dataset("0", (1 << 20, 3 << 10), "float32")
    group.create_dataset("1", (1 << 10, 3 << 10), "float32")
    return closed(file)


@attack("max_ratio")
def gzip_bomb(folder: Path) -> Path:
    """2.7 MiB that unpack to 2.6 GiB."""
    file = h5py.File(folder / "model.weights.h5", "w")
    group = file.create_group(GROUP)
    packed = zlib.compress(bytes(16 * MIB))
    units = 1 << 12
    for name, rows in (("0", 160 * 16 * MIB // (12 * units)), ("1", units)):
        shape, chunk = (rows, 3 * units), (16 * MIB // (12 * units), 3 * units)
        array = group.create_dataset(name, shape, "float32", chunks=chunk, compression="gzip")
        for start in range(0, rows, chunk[0]):
            array.id.write_direct_chunk((start, 0), packed)
    return closed(file)


@attack("damaged")
def overlong_chunk(folder: Path) -> Path:
    """A piece of 768 KiB that unpacks to 64 MiB."""
    file = h5py.File(folder / "model.weights.h5", "w")
    group = file.create_group(GROUP)
    packed = zlib.compress(bytes(64 * MIB))
    units = 256
    shape = (256, 3 * units)
    array = group.create_dataset("0", shape, "float32", chunks=shape, compression="gzip")
    array.id.write_direct_chunk((0, 0), packed)
    group["1"] = np.ones((units, 3 * units), "float32")
    return closed(file)


@attack("max_bytes")
def chunk_larger_than_its_array(folder: Path) -> Path:
    file = weights(folder, skip=2)
    file[GROUP].create_dataset(
        "2",
        (2, 15),
        "float32",
        maxshape=(None, None),
        chunks=(1 << 14, 1 << 12),
        compression="gzip",
    )
    array = file[GROUP]["2"]
    array.id.write_direct_chunk((0, 0), zlib.compress(b""))
    return closed(file)


@attack("HDF5 cannot read it")
def truncated_array(folder: Path) -> Path:
    """The header says that the numbers lie where no file is."""
    file = weights(folder, skip=2)
    array = file[GROUP].create_dataset("2", data=arrays()[2])
    offset = array.id.get_offset()
    path = closed(file)
    return patched(path, struct.pack("<QQ", offset, 120), struct.pack("<QQ", 1 << 40, 120))


@attack("max_bytes")
def one_string_many_times(folder: Path) -> Path:
    """4,000 names in 64 kB that are all one string of 1 MiB."""
    file = legacy(folder)
    layers = file["model_weights"]
    del layers.attrs["layer_names"]
    names = ["x" * MIB] + ["y"] * 3999
    layers.attrs.create("layer_names", names, dtype=h5py.string_dtype())
    path = closed(file)
    data = path.read_bytes()
    heap = data.rindex(b"GCOL", 0, data.index(b"x" * 1000))
    at = data.index(struct.pack("<IQ", MIB, heap))
    first = data[at : at + 16]
    path.write_bytes(data[:at] + first * 4000 + data[at + 16 * 4000 :])
    return path


# ---- HDF5: what is no array of floats


@attack("no float16")
def variable_length(folder: Path) -> Path:
    file = weights(folder, skip=2)
    array = file[GROUP].create_dataset("2", (2, 15), h5py.vlen_dtype("float32"))
    array[0, 0] = np.ones(9, "float32")
    return closed(file)


@attack("no float16")
def references(folder: Path) -> Path:
    file = weights(folder, skip=2)
    array = file[GROUP].create_dataset("2", (2, 15), h5py.ref_dtype)
    array[0, 0] = file.ref
    return closed(file)


@attack("no float16")
def integers(folder: Path) -> Path:
    file = weights(folder, skip=2)
    file[GROUP]["2"] = np.ones((2, 15), "int8")
    return closed(file)


@attack(None)
def null_dataspace(folder: Path) -> Path:
    """No array at all: no GRU is found in its group, and the honest one beside it is."""
    file = weights(folder)
    file["layers/gru_1/cell/vars/0"] = h5py.Empty("float32")
    file["layers/gru_1/cell/vars/1"] = arrays()[1]
    return closed(file)


@attack("filter 32000")
def unknown_filter(folder: Path) -> Path:
    file = weights(folder, skip=2)
    file[GROUP].create_dataset("2", data=arrays()[2], compression="lzf")
    return closed(file)


@attack("stored datatype")
def stored_datatype(folder: Path) -> Path:
    file = weights(folder)
    file[f"{GROUP}/4"] = np.dtype("float32")
    return closed(file)


# ---- HDF5: what never ends


@attack(None)
def cycle_of_hard_links(folder: Path) -> Path:
    file = weights(folder)
    file["layers/gru/again"] = file["layers"]
    return closed(file)


@attack(None)
def doubling_of_hard_links(folder: Path) -> Path:
    """2**40 paths through 40 groups."""
    file = weights(folder)
    here = file.create_group("many")
    for _ in range(40):
        below = here.create_group("a")
        here["b"] = below
        here = below
    return closed(file)


@attack("max_depth")
def deep_groups(folder: Path) -> Path:
    file = weights(folder)
    here = file
    for _ in range(800):
        here = here.create_group("g")
    return closed(file)


@attack(None)
def endless_heap(folder: Path) -> Path:
    """A heap whose free space has no length: HDF5 itself looks for its end for ever."""
    path = closed(legacy(folder))
    data = bytearray(path.read_bytes())
    start = data.index(b"GCOL")
    at = start + 16
    while data[at : at + 2] != b"\0\0":
        length = int.from_bytes(data[at + 8 : at + 16], "little")
        at += 16 + length + -length % 8
    data[at + 8 : at + 16] = bytes(8)
    path.write_bytes(data)
    return path


# ---- names and configs


@attack("is listed, but not there")
def listed_path_outside(folder: Path) -> Path:
    return closed(legacy(folder, names=["../../../etc/passwd", "gru/gru_cell/bias:0"]))


@attack("under one name")
def one_array_listed_twice(folder: Path) -> Path:
    return closed(legacy(folder, names=["gru/gru_cell/bias:0"] * 3))


@attack("no JSON")
def deep_json(folder: Path) -> Path:
    return closed(legacy(folder, "[" * 200_000))


@attack("max_depth")
def nested_wrappers(folder: Path) -> Path:
    layer = gru_config()["config"]["layers"][0]
    for _ in range(300):
        layer = {"class_name": "TimeDistributed", "config": {"name": "t", "layer": layer}}
    return keras(folder, model_of(layer))


@attack(None)
def model_that_is_one_layer(folder: Path) -> Path:
    return keras(folder, gru_config()["config"]["layers"][0])


@attack(None)
def model_of_nothing(folder: Path) -> Path:
    return keras(folder, {})


@attack("a Bidirectional wraps a Bidirectional")
def doubling_of_wrappers(folder: Path) -> Path:
    """2**50 layers: each Bidirectional stands for two of the layer that it wraps."""
    layer = gru_config()["config"]["layers"][0]
    for _ in range(50):
        layer = {"class_name": "Bidirectional", "config": {"name": "b", "layer": layer}}
    return keras(folder, model_of(layer))


@attack("units=1000000000000")
def huge_units(folder: Path) -> Path:
    return keras(folder, gru_config(units=10**12))


@attack("activation")
def lambda_activation(folder: Path) -> Path:
    code = "__import__('os').system('touch /tmp/gru_ref_was_here')"
    function = {"class_name": "__lambda__", "config": {"value": code}}
    return keras(folder, gru_config(activation=function))


@attack("activation")
def activation_of_a_module(folder: Path) -> Path:
    function = {"module": "os", "class_name": "function", "config": "system"}
    return keras(folder, gru_config(activation=function))


@attack(None)
def layer_of_code(folder: Path) -> Path:
    """A Lambda layer, and a layer that names a module: neither is looked up."""
    evil = {"class_name": "Lambda", "module": "builtins", "config": {"function": "eval('1/0')"}}
    other = {"class_name": "system", "module": "os", "config": {"command": "touch /tmp/x"}}
    return keras(folder, model_of(evil, *gru_config()["config"]["layers"], other))


@attack(None)
def initializer_of_a_path(folder: Path) -> Path:
    """An initializer and a lookup layer that name files: nothing is opened."""
    lookup = {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}
    initializer = {"class_name": "FromFile", "config": {"path": "/etc/passwd"}}
    gru = gru_config(kernel_initializer=initializer)["config"]["layers"][0]
    return keras(folder, model_of(lookup, gru))


@attack("no GRU's")
def config_of_the_wrong_types(folder: Path) -> Path:
    return keras(folder, gru_config(dropout=["a", {"b": None}]))


@attack("keras_version")
def version_that_is_none(folder: Path) -> Path:
    return keras(folder, metadata={"keras_version": "3.0; import os"})


# ---- zip


@attack("max_ratio")
def zip_bomb(folder: Path) -> Path:
    text = b" " * (7 * MIB) + b"{}"
    return keras(folder, text, method=zipfile.ZIP_DEFLATED)


@attack("max_bytes")
def huge_member(folder: Path) -> Path:
    """Weights of 257 MiB, stored as they are."""
    path = keras(folder)
    with zipfile.ZipFile(path) as archive:
        parts = [(name, archive.read(name)) for name in ("config.json", "metadata.json")]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts:
            archive.writestr(name, content)
        with archive.open("model.weights.h5", "w", force_zip64=True) as member:
            for _ in range(257):
                member.write(bytes(MIB))
    return path


@attack("damaged")
def member_larger_than_it_says(folder: Path) -> Path:
    path = keras(folder, json.dumps(gru_config()) + " " * 999, method=zipfile.ZIP_DEFLATED)
    size = len(json.dumps(gru_config())) + 999
    return patched(path, struct.pack("<I", size), struct.pack("<I", size - 998))


@attack("2 members")
def duplicate_members(folder: Path) -> Path:
    path = keras(folder)
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("config.jsom")
        archive.writestr(info, json.dumps(gru_config(activation="relu")))
    return patched(path, b"config.jsom", b"config.json")


@attack(None)
def names_that_climb(folder: Path) -> Path:
    return keras(folder, more=(("../../climbed", b"x"), ("/tmp/climbed", b"x")))


@attack("encrypted")
def encrypted_member(folder: Path) -> Path:
    path = keras(folder)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    return path


@attack("compression method is 12")
def other_packing(folder: Path) -> Path:
    return keras(folder, method=zipfile.ZIP_BZIP2)


@attack("its table of members takes")
def huge_table(folder: Path) -> Path:
    """An archive that is hardly more than a table of 100,000 members."""
    with zipfile.ZipFile(keras(folder)) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts:
            archive.writestr(name, content)
    data = buffer.getvalue()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start : data.index(b"PK\x01\x02", start + 1)]
    table = entry * 100_000
    closing = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 34464, 34464, len(table), start, 0)
    assert end
    (folder / "model.keras").write_bytes(data[:start] + table + closing)
    return folder / "model.keras"


@attack("pickled")
def pickled_weights(folder: Path) -> Path:
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(gru_config()))
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.npz", b"\x80\x04.")
    return path


# ---- folders, shards and other paths


@attack("link to another file")
def folder_of_links(folder: Path) -> Path:
    target = folder / "model"
    target.mkdir()
    with zipfile.ZipFile(keras(folder)) as archive:
        for name in archive.namelist():
            (target / name).write_bytes(archive.read(name))
    (target / "config.json").rename(folder / "secret")
    (target / "config.json").symlink_to(folder / "secret")
    return target


@attack("no name of a file beside this one")
def shard_elsewhere(folder: Path) -> Path:
    path = folder / "model.weights.json"
    path.write_text(json.dumps({"weight_map": {f"/{GROUP}": "../../etc/passwd"}}))
    return path


@attack("link to another file")
def linked_shard(folder: Path) -> Path:
    inner = closed(weights(folder))
    inner.rename(folder / "secret")
    inner.symlink_to(folder / "secret")
    path = folder / "model.weights.json"
    path.write_text(json.dumps({"weight_map": {f"/{GROUP}": inner.name}}))
    return path


@attack("neither a file nor a folder")
def pipe(folder: Path) -> Path:
    path = folder / "model.keras"
    os.mkfifo(path)
    return path


@attack("is a pickle")
def pickle(folder: Path) -> Path:
    path = folder / "model.keras"
    path.write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/gru_ref_was_here'\ntR.")
    return path


@attack("it is empty")
def nothing(folder: Path) -> Path:
    path = folder / "model.keras"
    path.touch()
    return path


@attack("it is text that opens with")
def text(folder: Path) -> Path:
    path = folder / "model.keras"
    path.write_text("A recipe for bread.\n")
    return path
