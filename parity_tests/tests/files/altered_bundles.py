"""Bundles taken apart, altered and put together again, as somebody does it with NumPy alone."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

import gru_ref
from parity_tests.tests.support.small_gru import with_weights

META, META_SHA256 = "gru_ref_bundle", "gru_ref_bundle_sha256"
Members = dict[str, np.ndarray]


def built_gru(**arguments: Any) -> gru_ref.GRU:
    """Return a GRU of three units and two features, with weights of its own."""
    return with_weights(gru_ref.GRU(3, recurrent_initializer="zeros", **arguments), (2, None, 2))


def members_of(data: bytes) -> Members:
    """Return what `numpy.load` reads in a bundle."""
    with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
        return dict(loaded)


def description(members: Members) -> Any:
    """Return the JSON of a bundle."""
    return json.loads(members[META].item())


def describe(members: Members, said: Any) -> Members:
    """Return the members with another description, its own hash written anew."""
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    sha256 = hashlib.sha256(text).hexdigest().encode()
    return {**members, META: np.array(text), META_SHA256: np.array(sha256)}


def rehash(members: Members, said: Any = None) -> Members:
    """Return the members with every hash written anew, as they are after an alteration on purpose.

    Parameters
    ----------
    members : dict
    said : optional
        The description but for its hashes; that of the members by default.
    """
    said = description(members) if said is None else said
    for name, array in members.items():
        if name not in (META, META_SHA256):
            said["arrays"][name] = {
                "dtype": array.dtype.name,
                "shape": list(array.shape),
                "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
            }
    return describe(members, said)


def write_bundle(path: Path, members: Members) -> Path:
    """Write members as `numpy.savez` does, under a name of any ending."""
    with path.open("wb") as file:
        np.savez(file, **members)
    return path


def with_said(members: Members, *way: Any, value: Any) -> Members:
    """Return the members with one value of the description changed, which is then hashed anew."""
    said = description(members)
    here = said
    for key in way[:-1]:
        here = here[key]
    here[way[-1]] = value
    return describe(members, said)
