"""Bundles: GRUs in one .npz with where they come from, and probes that are checked when read.

`docs/bundle.md` describes the format, `gru_ref.files.bundles` writes it.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import shown
from gru_ref.files import probe as probes
from gru_ref.files.formats.json_object import parse_object
from gru_ref.files.formats.part import FilePart, open_file
from gru_ref.files.formats.zip_members import Archive
from gru_ref.files.interpretation.as_layer import array_sha256, as_layer
from gru_ref.files.interpretation.found import ROLES, Array, Found
from gru_ref.files.limits import Budget
from gru_ref.files.malformed import MalformedFileError
from gru_ref.files.probe import BundleProbe
from gru_ref.files.readers.numpy_arrays import npy_array
from gru_ref.keras.layers.gru import GRU

META, META_SHA256 = "gru_ref_bundle", "gru_ref_bundle_sha256"
KIND, VERSION = "gru_ref bundle", 1
SUFFIX = ".npy"
# Arguments of GRU that no config of Keras has, or not that of every release → their defaults.
FURTHER: Mapping[str, Any] = {"implementation": 2, "use_cudnn": "auto", "execution": "eager"}
_PROBE = tuple(field.name for field in fields(BundleProbe))
# What a bundle may hold of a GRU besides, by `gru-ref vectors`: the gates of the probe's timesteps,
# and the kernels as whole numbers.
MORE = frozenset((
    "z", "r", "candidate", "kernel_codes", "kernel_scales", "recurrent_kernel_codes",
    "recurrent_kernel_scales",
))  # fmt: skip

T = TypeVar("T")


class BundleEntry(NamedTuple):
    """One GRU of a bundle: what it was read as, its probe, and all that the bundle says of it."""

    found: Found
    layer: GRU
    probe: BundleProbe
    said: Mapping[str, Any]


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of a bundle, if its probe holds.

    Raises
    ------
    MalformedFileError
        The weights, the config or the probe are not those that were written, or it is no bundle.
    """
    with open_file(path, budget) as stream:
        return [entry.found for entry in entries(stream, budget)]


def entries(stream: BinaryIO, budget: Budget) -> list[BundleEntry]:
    """Return everything in an open bundle, checked.

    Raises
    ------
    MalformedFileError
        As `read`.
    """
    archive = Archive(stream, budget)
    meta = _meta(archive, budget)
    arrays = _arrays(archive, meta, budget)
    listed = _value(meta, "layers", list, META, budget)
    made = [_entry(number, said, arrays, budget) for number, said in enumerate(listed)]
    if arrays:
        raise budget.error(next(iter(arrays)), "the array is there, expected none: no layer's")
    return made


# ---- the archive


def _meta(archive: Archive, budget: Budget) -> Mapping[str, Any]:
    """Return the JSON that describes the bundle, its own hash checked."""
    budget.check_json(archive.size(f"{META}{SUFFIX}"), META)
    text, expected = (_text(archive, name, budget) for name in (META, META_SHA256))
    actual = hashlib.sha256(text).hexdigest()
    if actual.encode() != expected:
        raise _alteration(budget, META, "sha256", actual, expected.decode("latin-1"))
    meta = parse_object(text, META, budget)
    for key, value in (("format", KIND), ("version", VERSION)):
        if meta.get(key) != value:
            raise budget.error(META, f"{key} is {shown(meta.get(key))}, expected {value!r}")
    return meta


def _arrays(archive: Archive, meta: Mapping[str, Any], budget: Budget) -> dict[str, Array]:
    """Return every array that the bundle lists; it has to list them all."""
    listed = _value(meta, "arrays", dict, META, budget)
    there = {name.removesuffix(SUFFIX) for name in archive.names} - {META, META_SHA256}
    for name in sorted(there ^ set(listed)):
        lacks = "does not list it" if name in there else "lists it, and it is not there"
        raise budget.error(name, f"an array was added or taken out: {META} {lacks}")
    arrays = {}
    for name, said in listed.items():
        array = _array(archive, name, budget)
        actual = {
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "sha256": array_sha256(array),
        }
        for key, value in actual.items():
            expected = said.get(key) if isinstance(said, dict) else None
            if value != expected:
                raise _alteration(budget, name, key, value, expected)
        arrays[name] = array
    return arrays


def _array(archive: Archive, name: str, budget: Budget) -> Array:
    return npy_array(FilePart(memoryview(archive.read(f"{name}{SUFFIX}")), name, budget))


def _text(archive: Archive, name: str, budget: Budget) -> bytes:
    array = _array(archive, name, budget)
    if array.dtype.kind != "S" or array.shape:
        raise budget.error(name, f"it is {array.dtype} of shape {array.shape}, expected text")
    return bytes(array.item())


# ---- one GRU


def _entry(number: int, said: Any, arrays: dict[str, Array], budget: Budget) -> BundleEntry:
    """Return one GRU, whose arrays are taken out of `arrays`, if its probe holds."""
    place = f"layers[{number}]"
    if not isinstance(said, dict):
        raise budget.error(place, f"it is {shown(said)}, expected a JSON object")
    mine = {
        name.partition("/")[2]: arrays.pop(name)
        for name in list(arrays)
        if name.partition("/")[0] == str(number)
    }
    if missing := {"kernel", "recurrent_kernel", *_PROBE} - set(mine):
        raise budget.error(place, f"it has no array {min(missing)}, expected one")
    if others := set(mine) - {*ROLES, *_PROBE, *MORE}:
        raise budget.error(place, f"it has an array {min(others)}, expected none of that name")
    further = _value(said, "further", dict, place, budget)
    if not set(further) <= set(FURTHER):
        raise budget.error(place, f"further is {shown(further)}, expected {', '.join(FURTHER)}")
    path = _value(said, "path", str, place, budget)
    found = Found(
        path,
        mine["kernel"],
        mine["recurrent_kernel"],
        mine.get("bias"),
        class_name="GRU",
        config=_value(said, "config", dict, place, budget),
        keras_version=_value(said, "keras_version", str, place, budget),
        already_known=further,
        assumed=_assumed(said.get("source")),
        notes=_notes(said.get("source")),
        stored_dtype=_value(said, "dtype", str, place, budget),
    )
    with warnings.catch_warnings():  # whoever loads the layer is warned then
        warnings.simplefilter("ignore")
        layer = as_layer(found, {}, file=budget.file, file_format="bundle")
    probe = BundleProbe(*(mine[name] for name in _PROBE))
    _check_probe(probe, layer, _value(said, "probe", dict, place, budget), path, budget)
    return BundleEntry(found, layer, probe, said)


def _check_probe(
    probe: BundleProbe, layer: GRU, said: Mapping[str, Any], path: str, budget: Budget
) -> None:
    """Refuse a probe that is not what the layer computes."""
    place = f"{path}, probe"
    config, weights = layer.config, GRUWeights.from_arrays(layer.get_weights())
    tolerance = _value(said, "tolerance", float, place, budget)
    if not 0 <= tolerance < math.inf:
        raise budget.error(place, f"tolerance is {tolerance}, expected 0 or more")
    try:
        probes.check_probe(probe, weights.features, config)
    except (TypeError, ValueError) as error:
        raise budget.error(place, str(error)) from None
    budget.take_products(probes.products(probe.inputs, config), place)
    worst = probes.worst_difference(probe, weights, config, tolerance)
    if worst is not None:
        raise budget.error(
            place,
            f"{worst} within {tolerance:.2g}: the weights, the config and the probe do not belong "
            "together",
        )


def _notes(source: Any) -> tuple[str, ...]:
    """Return what the file that a bundle was made from did not say, as a sentence."""
    if not isinstance(source, dict):
        return ()
    note = f"bundled from {source.get('file')}"
    if supplied := source.get("supplied"):
        note += f", which does not say what was supplied: {shown(supplied)}"
    return (note,)


def _assumed(source: Any) -> dict[str, Any]:
    """Return what was assumed of the file that a bundle was made from, and still is."""
    assumed = source.get("assumed") if isinstance(source, dict) else None
    return dict(assumed) if isinstance(assumed, dict) else {}


def _value(said: Mapping[str, Any], key: str, kind: type[T], place: str, budget: Budget) -> T:
    """Return a value of the JSON, if it is of its type."""
    value = said.get(key)
    if not isinstance(value, kind):
        raise budget.error(place, f"{key} is {shown(value)}, expected a JSON {kind.__name__}")
    return value


def _alteration(
    budget: Budget, name: str, key: str, actual: Any, expected: Any
) -> MalformedFileError:
    return budget.error(
        name,
        f"its {key} is {shown(actual)}, expected {shown(expected)}: it was altered after the "
        "bundle was written",
    )
