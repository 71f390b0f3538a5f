"""Zip archives, folders, shards, and paths that are no file."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from pathlib import Path

from parity_tests.tests.files.attacks import honest
from parity_tests.tests.files.attacks.honest import GROUP, MIB, gru_config, keras, patch
from parity_tests.tests.files.attacks.table import attack


def _plain(folder: Path, content: bytes) -> Path:
    """Write bytes in the place of a .keras archive."""
    path = folder / "model.keras"
    path.write_bytes(content)
    return path


def _map_of_weights(folder: Path, shard: str) -> Path:
    """Write the map of a model whose weights are in one other file."""
    path = folder / "model.weights.json"
    path.write_text(json.dumps({"weight_map": {f"/{GROUP}": shard}}))
    return path


# ---- zip


@attack("max_ratio")
def zip_bomb(folder: Path) -> Path:
    return keras(folder, b" " * (7 * MIB) + b"{}", method=zipfile.ZIP_DEFLATED)


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
    return patch(path, struct.pack("<I", size), struct.pack("<I", size - 998))


@attack("2 members")
def duplicate_members(folder: Path) -> Path:
    path = keras(folder)
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("config.jsom")
        archive.writestr(info, json.dumps(gru_config(activation="relu")))
    return patch(path, b"config.jsom", b"config.json")


@attack(None)
def names_that_climb(folder: Path) -> Path:
    path = keras(folder)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../climbed", b"x")
        archive.writestr("/tmp/climbed", b"x")
    return path


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
    data = keras(folder).read_bytes()
    start = data.index(b"PK\x01\x02")
    entry = data[start : data.index(b"PK\x01\x02", start + 1)]
    table = entry * 100_000
    closing = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 34464, 34464, len(table), start, 0)
    return _plain(folder, data[:start] + table + closing)


@attack("it is a pickle")
def pickled_weights(folder: Path) -> Path:
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(gru_config()))
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.npz", b"\x80\x04.")
    return path


# ---- folders, shards and other paths


@attack("symbolic link")
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
    return _map_of_weights(folder, "../../etc/passwd")


@attack("symbolic link")
def linked_shard(folder: Path) -> Path:
    inner = honest.close(honest.weights(folder))
    inner.rename(folder / "secret")
    inner.symlink_to(folder / "secret")
    return _map_of_weights(folder, inner.name)


@attack("neither a file nor a folder")
def pipe(folder: Path) -> Path:
    path = folder / "model.keras"
    os.mkfifo(path)
    return path


@attack("is a pickle")
def pickle(folder: Path) -> Path:
    return _plain(folder, b"\x80\x04cos\nsystem\n(S'touch /tmp/gru_ref_was_here'\ntR.")


@attack("it is empty")
def nothing(folder: Path) -> Path:
    return _plain(folder, b"")


@attack("it is text that opens with")
def text(folder: Path) -> Path:
    return _plain(folder, b"A recipe for bread.\n")
