"""Layers models of TensorFlow.js: a model.json with Keras's config, and its shards beside it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.files.formats.json_object import read_object
from gru_ref.files.formats.part import file_size, open_file, read_stretch
from gru_ref.files.interpretation import grouping, leaf_match, model_config, stored_gru
from gru_ref.files.interpretation.found import Found
from gru_ref.files.interpretation.model_config import Leaf
from gru_ref.files.limits import Budget
from gru_ref.provenance import Inference

_MANIFEST, _TOPOLOGY = "weightsManifest", "modelTopology"
# dtype of the manifest → NumPy's; quantised arrays are stored in one of the last three.
_STORED = {
    "float32": "<f4", "int32": "<i4", "bool": "|u1", "complex64": "<c8",
    "float16": "<f2", "uint8": "|u1", "uint16": "<u2",
}  # fmt: skip
_OWN = "tfjs-layers"


@dataclass(frozen=True)
class Weight:
    """One array of the manifest.

    Parameters
    ----------
    shape : tuple of int
    dtype : str
        In which it is stored: of quantised arrays that of the quantisation.
    start : int or None
        Where its bytes begin in those of its group; None where that cannot be told.
    group : int
    scale : (float, float) or None
        Quantised in whole numbers: what they are multiplied by, and what is added then.
    """

    shape: tuple[int, ...]
    dtype: str
    start: int | None
    group: int
    scale: tuple[float, float] | None

    @property
    def size(self) -> int:
        """The number of its bytes."""
        return math.prod(self.shape) * np.dtype(_STORED[self.dtype]).itemsize


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of the model, in its order.

    Raises
    ------
    MalformedFileError
        It is damaged or a graph model; a shard is missing, or lies elsewhere than beside the file.

    Source
    ------
    write_weights.py and converters/keras_h5_conversion.py of tensorflowjs 4.22.0, which wrote what
    this was tried on.
    """
    model = read_object(path, "", budget)
    leaves, version = layers_of(model, budget)
    groups = model.get(_MANIFEST)
    if not isinstance(groups, list):
        raise budget.error(
            "", f"it is a model.json without {_MANIFEST}, expected where its weights are"
        )
    shards = [_shards(group, budget) for group in groups]
    weights = _weights(groups, budget)
    shapes = {name: weight.shape for name, weight in weights.items()}
    found = []
    for group in grouping.groups_by_name(shapes):
        one = grouping.found_group(
            group, lambda name: _array(path, name, weights[name], shards, budget)
        )
        names = [name for name in group[1:] if name is not None]
        quantised = {weights[name].dtype for name in names} - {"float32"}
        if quantised:
            note = f"quantised: the weights are those of {', '.join(sorted(quantised))}"
            one = replace(one, notes=(*one.notes, note))
        found.append(one)
    pairs = leaf_match.match_leaves(found, [leaf for leaf in leaves if leaf.could_be_gru])
    if version is None or not version.startswith(_OWN):
        return [stored_gru.with_config(one, leaf, version) for one, leaf in pairs]
    generation = {"keras_version": Inference("2", f"{version}, whose functions are Keras 2's")}
    return [
        replace(stored_gru.with_config(one, leaf, None), inferred=generation) for one, leaf in pairs
    ]


def layers_of(model: Mapping[str, Any], budget: Budget) -> tuple[list[Leaf], str | None]:
    """Return the layers of the model, and the release that it says."""
    topology = model.get(_TOPOLOGY)
    if model.get("format") == "graph-model" or (
        isinstance(topology, Mapping) and "node" in topology
    ):
        raise budget.error(
            "",
            "it is a graph model of TensorFlow.js, whose layers are taken apart, expected a layers "
            "model: give the SavedModel or the .h5 it was made from, or convert that with "
            "--output_format=tfjs_layers_model",
        )
    if not isinstance(topology, Mapping):
        return [], None
    config = topology.get("model_config")
    version = topology.get("keras_version")
    leaves = model_config.leaves(config if isinstance(config, Mapping) else topology, budget)
    return leaves, version if isinstance(version, str) else None


def _shards(group: Any, budget: Budget) -> list[str]:
    """Return the names of the files that hold a group's bytes."""
    paths = group.get("paths") if isinstance(group, Mapping) else None
    if not isinstance(paths, list):
        raise budget.error(_MANIFEST, f"it holds {shown(group)}, expected paths and weights")
    budget.take_objects(len(paths), _MANIFEST)
    names = [name.removeprefix("./") if isinstance(name, str) else "" for name in paths]
    for name in names:
        if name in ("", ".", "..") or any(letter in name for letter in "/\\:\0"):
            raise budget.error(_MANIFEST, f"{shown(name)} is no name of a file beside this one")
    return names


def _weights(groups: list[Any], budget: Budget) -> dict[str, Weight]:
    """Return the arrays of all groups by their names."""
    weights: dict[str, Weight] = {}
    for number, group in enumerate(groups):
        listed = group.get("weights")
        if not isinstance(listed, list):
            raise budget.error(_MANIFEST, f"it holds {shown(group)}, expected paths and weights")
        budget.take_objects(len(listed), _MANIFEST)
        start: int | None = 0
        for entry in listed:
            name = entry.get("name") if isinstance(entry, Mapping) else None
            if not isinstance(name, str) or name in weights:
                raise budget.error(
                    _MANIFEST, f"an array is {shown(name)}, expected a name of its own"
                )
            if entry.get("dtype") == "string" and "quantization" not in entry:
                start = None  # as long as its words are
                continue
            weights[name] = _weight(name, entry, start, number, budget)
            if start is not None:
                start += weights[name].size
    return weights


def _weight(
    name: str, entry: Mapping[str, Any], start: int | None, group: int, budget: Budget
) -> Weight:
    """Return one array of the manifest, its fields checked."""
    shape: Any = entry.get("shape")
    dtype: Any = entry.get("dtype")
    quantization, scale = entry.get("quantization"), None
    if isinstance(quantization, Mapping):
        dtype = quantization.get("dtype")
        if dtype in ("uint8", "uint16"):
            scale = (
                _number(quantization, "scale", name, budget),
                _number(quantization, "min", name, budget),
            )
    sizes = isinstance(shape, list) and len(shape) < 16
    if not sizes or not all(type(size) is int and 0 <= size < 1 << 40 for size in shape):
        raise budget.error(name, f"its shape is {shown(shape)}, expected sizes")
    if not isinstance(dtype, str) or dtype not in _STORED:
        raise budget.error(name, f"its dtype is {shown(dtype)}, expected {', '.join(_STORED)}")
    return Weight(tuple(shape), dtype, start, group, scale)


def _number(quantization: Mapping[str, Any], key: str, name: str, budget: Budget) -> float:
    value: Any = quantization.get(key)
    if type(value) not in (int, float) or not abs(value) < 1e300:
        raise budget.error(name, f"its {key} is {shown(value)}, expected a number")
    return float(value)


def _array(
    path: Path, name: str, weight: Weight, shards: list[list[str]], budget: Budget
) -> NDArray[Any]:
    """Return one array, of float32 whatever it is stored in."""
    if weight.start is None or (
        weight.dtype not in ("float32", "float16") and weight.scale is None
    ):
        raise budget.error(name, f"it is {weight.dtype} or behind text, expected float32")
    data = _bytes(path, name, weight.start, weight.size, shards[weight.group], budget)
    array = np.frombuffer(data, _STORED[weight.dtype]).reshape(weight.shape)
    if weight.scale is None:
        return array.astype(np.float32)
    budget.take_bytes(8 * array.size, name)
    return (array * weight.scale[0] + weight.scale[1]).astype(np.float32)


def _bytes(
    path: Path, name: str, start: int, size: int, shards: list[str], budget: Budget
) -> bytes:
    """Return `size` bytes from `start` on of those that the shards hold one after the other."""
    pieces: list[bytes] = []
    sizes: dict[str, int] = {}
    for shard in shards:
        if pieces and not size:
            break
        budget.take_objects(1, name)  # every array passes the shards before its own again
        if start >= sizes.get(shard, start + 1):  # listed before, and all of it before the array
            start -= sizes[shard]
            continue
        if not os.path.exists(path.parent / shard):  # False also for a name that no file can have
            raise budget.error(name, f"it is in {shard!r}, which is not beside {path.name!r}")
        with open_file(path.parent / shard, budget, shard) as stream:
            there = sizes[shard] = file_size(stream)
            if size and start < there:
                count = min(size, there - start)
                pieces.append(bytes(read_stretch(stream, start, count, shard, budget).data))
                size -= count
            start = max(0, start - there)
    if size:
        raise budget.error(name, f"its last {size:,} bytes are in none of {shown(shards)}")
    return b"".join(pieces)
