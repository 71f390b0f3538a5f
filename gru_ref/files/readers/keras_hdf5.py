"""Files of HDF5: the legacy .h5 of Keras 1, 2 and 3, whole models or weights alone; .weights.h5.

In the legacy format every layer has a group with the list ``weight_names`` of its arrays. The
lists' order counts, not that of HDF5. `gru_ref.files.readers.weights_h5` reads the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gru_ref.files.formats import hdf5
from gru_ref.files.formats.hdf5 import HDF5Dataset, HDF5Group
from gru_ref.files.formats.json_object import parse_object
from gru_ref.files.formats.part import open_file
from gru_ref.files.interpretation import keras_1, model_config, stored_gru
from gru_ref.files.interpretation.found import Found
from gru_ref.files.interpretation.grouping import is_gru
from gru_ref.files.interpretation.layer_names import names_in_scope
from gru_ref.files.interpretation.model_config import Leaf
from gru_ref.files.interpretation.path_wrappers import with_stacks
from gru_ref.files.limits import Budget
from gru_ref.files.readers import weights_h5
from gru_ref.provenance import Inference

MODEL = "model_weights"
# What Keras and TensorFlow add to a name: ":0", and "_1" to the second of one name.
_ADDED = re.compile(r"(_\d+)?(:\d+)?$")

# What TensorFlow 1.13 to 1.15 name as their Keras; older files may name none. 2.0 names the same,
# and writes the same for reset_after=False, which is not its default.
_TENSORFLOW_1 = (None, "2.2.4-tf")
# What Keras 1 puts behind the name of a layer.
_KERAS_1 = re.compile(r"_W(_z)?$")
# The same of its LSTM, nine of whose twelve arrays have the shapes of a GRU's.
_LSTM_OF_KERAS_1 = re.compile(r"_W_[icfo]$")


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of the file, in the order of the model.

    Raises
    ------
    MalformedFileError
        It is damaged, hostile or beyond the limits, or an array that is listed is not there.
    """
    with open_file(path, budget) as stream, hdf5.open_hdf5(stream, budget) as root:
        if MODEL in root.names() or strings(root, "layer_names") is not None:
            return _read_legacy(root, budget)
        return [
            stored_gru.with_config(stored, None, None) for stored in weights_h5.stored_grus(root)
        ]


def _read_legacy(root: HDF5Group, budget: Budget) -> list[Found]:
    weights = root.group(MODEL) or root
    config = root.strings("model_config")
    leaves: list[Leaf] = []
    if config:
        model = parse_object(config[0], "model_config", budget)
        leaves = model_config.leaves(model, budget)
    versions = root.strings("keras_version") or weights.strings("keras_version")
    version = versions[0] if versions else None
    pairs: list[tuple[Found, Leaf | None]] = []
    by_layer: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        if leaf.could_be_gru and leaf.names:
            by_layer.setdefault(leaf.names[0], []).append(leaf)
    for layer in strings(weights, "layer_names") or []:
        group = weights.group(layer)
        if group is None:
            raise budget.error(layer, "the layer is listed, but not there")
        stored = _stored_grus(group, layer, version, budget)
        pairs += _match_configs(stored, by_layer.get(layer, []))
    order = {id(leaf): place for place, leaf in enumerate(leaves)}
    pairs.sort(key=lambda pair: order.get(id(pair[1]), len(order)))
    return [stored_gru.with_config(stored, leaf, version) for stored, leaf in pairs]


def strings(group: HDF5Group, name: str) -> list[str] | None:
    """Return a list of strings, which Keras splits into name0, name1, … where it is long."""
    whole = group.strings(name)
    if whole is not None:
        return whole
    parts: list[str] = []
    number = 0
    while (part := group.strings(f"{name}{number}")) is not None:
        parts += part
        number += 1
    return parts if number else None


def _stored_grus(group: HDF5Group, layer: str, version: str | None, budget: Budget) -> list[Found]:
    """Return the GRUs among the arrays of one layer's group."""
    names = strings(group, "weight_names") or []
    arrays: dict[str, HDF5Dataset] = {}
    for name in names:
        dataset = group.child(name)
        if not isinstance(dataset, HDF5Dataset):
            raise budget.error(f"{layer}/{name}", "the array is listed, but not there")
        arrays[name] = dataset
    if len(arrays) < len(names):
        raise budget.error(layer, "two arrays are listed under one name, so one of them is lost")
    stored: list[Found] = []
    paths: set[str] = set()
    at = 0
    while at < len(names):
        count = _length_of_gru({name: arrays[name].shape for name in names[at : at + 9]})
        if count:
            path = _path(layer, names[at])
            while path in paths:  # Keras 2.3 names every cell of a stack alike
                path += "+"
            paths.add(path)
            listed = names[at : at + count]
            one = stored_gru.read_gru(path, [arrays[name] for name in listed])
            one = replace(one, names=_layer_names(layer, names[at]))
            stored.append(_with_class(one, listed, version))
        at += count or 1
    return with_stacks(stored, [_path(layer, name) for name in names])


def _with_class(stored: Found, names: Sequence[str], version: str | None) -> Found:
    """Return a GRU with what the names of its arrays show of the class that wrote them."""
    if _KERAS_1.search(names[0]):
        source = f"the names of its arrays, {names[0]} to {names[-1]}"
        return replace(stored, inferred={"keras_version": Inference("1", source)})
    units = stored.recurrent_kernel.shape[0]
    one_row = stored.bias is not None and stored.bias.shape == (3 * units,)
    of_no_cell = "cell" not in names[0] and names[0].endswith("kernel:0")
    if version in _TENSORFLOW_1 and one_row and of_no_cell:
        return replace(stored, assumed={"recurrent_activation": "hard_sigmoid"})
    return stored


def _length_of_gru(listed: Mapping[str, tuple[int, ...]]) -> int:
    """Return how many of the arrays, from the first on, are one GRU: 9, 3, 2, or 0 for none."""
    names, shapes = list(listed), list(listed.values())
    if keras_1.are_nine(shapes):
        return 0 if _LSTM_OF_KERAS_1.search(names[0]) else 9
    if len(shapes) < 2 or not is_gru(*shapes[:2]):
        return 0
    # The kernel of the next layer may have the shape of a bias.
    if len(shapes) > 2 and is_gru(*shapes[:3]) and not _ADDED.sub("", names[2]).endswith("kernel"):
        return 3
    return 2


def _path(layer: str, name: str) -> str:
    """Return the layer's group and what leads to the arrays in it, without saying a name twice."""
    above = _KERAS_1.sub("", name) if _KERAS_1.search(name) else name.rpartition("/")[0]
    scope = f"{above}/".removeprefix(f"{layer}/")
    return f"{layer}/{scope}".strip("/")


def _layer_names(layer: str, name: str) -> tuple[str, ...]:
    """Return the names of the layers around an array of a layer's group, which may hold a "/".

    TensorFlow 1 numbers the scope of a layer if a like one is there, be it in other letters.
    """
    inner = _path(layer, name).removeprefix(layer)
    names = names_in_scope(f".{inner}")[1:] if inner else ()
    if names and re.fullmatch(rf"{re.escape(layer)}(_\d+)?", names[0], re.IGNORECASE):
        names = names[1:]
    return (layer, *names)


def _match_configs(
    stored: Sequence[Found], leaves: Sequence[Leaf]
) -> list[tuple[Found, Leaf | None]]:
    """Return the arrays of one layer's group with their configs: by name, else by order."""
    left = list(leaves)
    pairs: dict[int, Leaf] = {}
    for place, item in enumerate(stored):
        parts = set(item.path.split("/"))
        named = [leaf for leaf in left if parts & leaf.own_names]
        if len({leaf.names for leaf in named}) == 1:  # one cell may be in a stack twice
            pairs[place] = named[0]
            left.remove(named[0])
    rest = [place for place in range(len(stored)) if place not in pairs]
    if len(rest) == len(left):
        pairs.update(zip(rest, left, strict=True))
    return [(item, pairs.get(place)) for place, item in enumerate(stored)]
