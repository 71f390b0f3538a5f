"""The bytes of a bundle: JSON that describes it, the arrays, and their hashes.

`gru_ref.files.readers.bundle` reads what is written here.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gru_ref.errors import shown
from gru_ref.files.interpretation.as_layer import array_sha256
from gru_ref.files.interpretation.found import ROLES, Array
from gru_ref.files.probe import BundleProbe, storable_dtype
from gru_ref.files.readers import bundle
from gru_ref.files.sniff import source_files
from gru_ref.files.writers.archive import zip_bytes
from gru_ref.keras.layers.gru import GRU
from gru_ref.provenance import Provenance

_BLOCK = 1 << 20


class BundleItem(NamedTuple):
    """One GRU to be written.

    Parameters
    ----------
    layer : GRU
    probe : BundleProbe
    seed : int or None
        What the inputs of the probe were drawn from.
    outputs_by : str
        Who computed its outputs.
    tolerance : float
        By how much what the layer computes may differ from the probe.
    more : mapping of str to array
        Arrays beside the probe: `gru_ref.files.readers.bundle.MORE`.
    facts : mapping
        What is said of the call.
    """

    layer: GRU
    probe: BundleProbe
    seed: int | None
    outputs_by: str
    tolerance: float
    more: Mapping[str, Array]
    facts: Mapping[str, Any]


def bundle_archive(bundled: Mapping[str, BundleItem], writer: str) -> bytes:
    """Return the bytes of a bundle: the same for the same GRUs.

    Parameters
    ----------
    bundled : mapping
        The path of each GRU → what is written of it.
    writer : str
        The version of gru_ref.

    Raises
    ------
    ValueError
        A part of a config is no data: a function, or a number that JSON does not have.
    OSError
        The file that a layer was read from cannot be read again, for its hash.
    """
    arrays: dict[str, Array] = {}
    layers = []
    for number, (path, one) in enumerate(bundled.items()):
        weights = dict(zip(ROLES, one.layer.get_weights(), strict=False))
        for name, array in {**weights, **one.probe.arrays(), **one.more}.items():
            arrays[f"{number}/{name}"] = _storable(array)
        layers.append(_layer_data(path, one))
    meta = {
        "format": bundle.KIND,
        "version": bundle.VERSION,
        "gru_ref": writer,
        "layers": layers,
        "arrays": {
            name: {
                "dtype": array.dtype.name,
                "shape": list(array.shape),
                "sha256": array_sha256(array),
            }
            for name, array in arrays.items()
        },
    }
    text = json.dumps(meta, indent=1, allow_nan=False, default=_as_data).encode("ascii")
    described = {
        bundle.META: np.array(text),
        bundle.META_SHA256: np.array(hashlib.sha256(text).hexdigest().encode()),
    }
    return zip_bytes(
        {f"{name}{bundle.SUFFIX}": _npy(array) for name, array in {**described, **arrays}.items()}
    )


def _layer_data(path: str, one: BundleItem) -> dict[str, Any]:
    """Return what the JSON says of one GRU."""
    config = one.layer.config
    further = {
        name: getattr(config, name)
        for name, default in bundle.FURTHER.items()
        if getattr(config, name) != default
    }
    if not config.behaviour.implementation_argument:
        further.pop("implementation", None)  # it follows from the other arguments
    return {
        "path": path,
        "keras_version": config.keras_version,
        "dtype": config.variable_dtype.name,
        "config": one.layer.get_config(),
        "further": further,
        "probe": {"seed": one.seed, "outputs_by": one.outputs_by, "tolerance": one.tolerance},
        **({"call": one.facts} if one.facts else {}),
        "source": None if one.layer.provenance is None else source_data(one.layer.provenance),
    }


def source_data(provenance: Provenance) -> dict[str, Any]:
    """Return where a layer comes from, without anything that names the machine."""
    path = Path(provenance.file)
    folder = path if path.is_dir() else path.parent
    return {
        "file": path.name,
        "sha256": {
            part.relative_to(folder).as_posix(): _sha256_of_file(part)
            for part in source_files(path)
        },
        "format": provenance.format,
        "path": provenance.path,
        "keras_version": provenance.keras_version,
        "class_name": provenance.class_name,
        "config": provenance.config,
        "dtype": provenance.dtype,
        "arrays_sha256": dict(provenance.sha256),
        "inferred": {name: one._asdict() for name, one in provenance.inferred.items()},
        "assumed": dict(provenance.assumed),
        "supplied": dict(provenance.supplied),
        "notes": list(provenance.notes),
    }


def _sha256_of_file(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _storable(array: Array) -> Array:
    """Return an array as NumPy writes it on any machine: bfloat16 in float32, which holds it."""
    dtype = storable_dtype(array.dtype)
    return np.ascontiguousarray(array, dtype.newbyteorder("<"))


def _as_data(value: Any) -> Any:
    """Return a value of a config as JSON can hold it."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise ValueError(f"config holds {shown(value)}, expected data: a bundle holds no code")


def _npy(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, (1, 0), allow_pickle=False)
    return buffer.getvalue()
