"""Self-verifying bundles that lie: of their numbers, of their sizes, or of what they are."""

from __future__ import annotations

import functools
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import gru_ref
from gru_ref.files.bundles import bundle_bytes
from parity_tests.tests.files import altered_bundles as altered
from parity_tests.tests.files.altered_bundles import Members
from parity_tests.tests.files.attacks.honest import FEATURES, MIB, UNITS, arrays
from parity_tests.tests.files.attacks.table import attack


@functools.cache
def _bytes() -> bytes:
    layer = gru_ref.GRU(UNITS, recurrent_initializer="zeros")
    layer.build((None, None, FEATURES))
    layer.set_weights(arrays())
    return bundle_bytes(layer)


def honest() -> Members:
    """Return the members of a bundle of the honest GRU."""
    return altered.members_of(_bytes())


def _written(folder: Path, members: Members) -> Path:
    return altered.write_bundle(folder / "gru.npz", members)


def _saying(folder: Path, *way: Any, value: Any) -> Path:
    return _written(folder, altered.with_said(honest(), *way, value=value))


def _with_member(folder: Path, member: str, content: bytes, *, packed: bool = False) -> Path:
    """Write the honest bundle with other bytes in the place of one of its files."""
    path = folder / "gru.npz"
    with (
        zipfile.ZipFile(io.BytesIO(_bytes())) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, content if name == member else old.read(name))
    return path


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


# ---- numbers


@attack("tolerance is inf")
def endless_tolerance_of_a_bundle(folder: Path) -> Path:
    return _saying(folder, "layers", 0, "probe", "tolerance", value=float("inf"))


# ---- sizes


@attack("max_products")
def endless_probe_of_a_bundle(folder: Path) -> Path:
    """100,000 timesteps of nothing in 5 MB: each is cheap, and takes its time."""
    members = honest()
    for name in ("inputs", "mask", "outputs", "states"):
        array = members[f"0/{name}"]
        last = (UNITS,) if name == "outputs" else array.shape[2:]
        members[f"0/{name}"] = np.zeros((1, 100_000, *last), array.dtype)
    members["0/outputs"] = members["0/outputs"][:, -1]
    members["0/initial_state"] = np.zeros((1, UNITS), "float32")
    return _written(folder, altered.rehash(members))


@attack("max_ratio")
def bomb_in_a_bundle(folder: Path) -> Path:
    zeros = np.zeros((FEATURES, 3 * MIB // FEATURES), "float32")
    return _with_member(folder, "0/kernel.npy", _npy(zeros), packed=True)


@attack("and has 360 bytes of data")
def array_larger_than_it_is_in_a_bundle(folder: Path) -> Path:
    """A header that claims 4 TiB."""
    header = _npy(arrays()[0])
    claimed = header.replace(b"(6, 15), }" + b" " * 14, b"(1099511627776,), }" + b" " * 5)
    assert len(claimed) == len(header)
    assert claimed != header
    return _with_member(folder, "0/kernel.npy", claimed)


@attack("units=1000000000000")
def huge_units_in_a_bundle(folder: Path) -> Path:
    return _saying(folder, "layers", 0, "config", "units", value=10**12)


@attack("max_json_bytes")
def long_description_of_a_bundle(folder: Path) -> Path:
    return _written(folder, altered.describe(honest(), b" " * (9 * MIB)))


@attack("no JSON")
def deep_description_of_a_bundle(folder: Path) -> Path:
    return _written(folder, altered.describe(honest(), b"[" * 200_000))


# ---- what is no data


@attack("a pickle")
def pickle_in_a_bundle(folder: Path) -> Path:
    return _with_member(folder, "0/kernel.npy", _npy(np.array([{}, None])))


@attack("activation")
def lambda_in_a_bundle(folder: Path) -> Path:
    code = "__import__('os').system('touch /tmp/gru_ref_was_here')"
    function = {"class_name": "__lambda__", "config": {"value": code}}
    return _saying(folder, "layers", 0, "config", "activation", value=function)


@attack("further is")
def argument_of_another_name_in_a_bundle(folder: Path) -> Path:
    return _saying(folder, "layers", 0, "further", value={"weights": "/etc/passwd"})


@attack(None)
def source_elsewhere_of_a_bundle(folder: Path) -> Path:
    """Where it comes from is said, and never opened."""
    secret = {"file": "../../../etc/passwd", "unknown": ["activation"], "supplied": {"a": "b"}}
    return _saying(folder, "layers", 0, "source", value=secret)


@attack(None)
def paths_that_climb_in_a_bundle(folder: Path) -> Path:
    return _saying(folder, "layers", 0, "path", value="../../climbed\x1b[2J")
