r"""Weights of Keras 3, and of Keras 2 from 2.12 on: groups of ``vars`` named by numbers.

It is the model.weights.h5 of a .keras archive, and the whole of a .weights.h5 file, which says
neither config nor version. On Windows some releases write one group named ``layers\gru\cell`` in
place of three, which no Keras on another system finds: a backslash separates here too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from gru_ref.files.formats.hdf5 import HDF5Dataset, HDF5Group
from gru_ref.files.interpretation import stored_gru
from gru_ref.files.interpretation.found import Found
from gru_ref.files.interpretation.grouping import is_gru
from gru_ref.files.interpretation.path_wrappers import with_stacks

_VARS = "vars"
_BACKSLASH = "\\"


def stored_grus(root: HDF5Group) -> list[Found]:
    """Return the arrays of every GRU below `root`, gru_2 before gru_10."""
    everything = []
    places = []
    for group in root.walk():
        if not holds_layer(group.path):
            continue
        written = group.path[: -len(f"/{_VARS}")]
        path = written.replace(_BACKSLASH, "/")
        places.append(path)
        if datasets := gru_datasets(numbered_arrays(group)):
            names = _names(root, written)
            known = {"name": names[-1]} if names else {}
            everything.append(replace(stored_gru.read_gru(path, datasets, known), names=names))
    return with_stacks(everything, places)


def layer_groups(root: HDF5Group) -> set[str]:
    """Return the first part of every group's name."""
    return {name.partition(_BACKSLASH)[0] for name in root.names()}


def holds_layer(path: str) -> bool:
    """Return whether the group at `path` holds the variables of a layer, not of an optimizer."""
    parts = path.replace(_BACKSLASH, "/").split("/")
    return parts[-1] == _VARS and "optimizer" not in parts


def numbered_arrays(group: HDF5Group) -> dict[str, HDF5Dataset]:
    """Return the numbered arrays of a ``vars`` group."""
    children = {name: group.child(name) for name in group.names() if name.isdecimal()}
    return {name: child for name, child in children.items() if isinstance(child, HDF5Dataset)}


def gru_datasets(arrays: Mapping[str, HDF5Dataset]) -> list[HDF5Dataset]:
    """Return numbered arrays in the order of their numbers, if they are a GRU's; else none."""
    datasets = [arrays[name] for name in sorted(arrays, key=lambda name: (len(name), name))]
    if not 2 <= len(datasets) <= 3 or not is_gru(*(dataset.shape for dataset in datasets)):
        return []
    return datasets


def _names(root: HDF5Group, path: str) -> tuple[str, ...]:
    """Return the names of the layers at a path, which newer releases write beside their arrays.

    The name of the cell of a GRU is left out.
    """
    layer = re.sub(r"[/\\]cell$", "", path)
    places = [found.start() for found in re.finditer(r"[/\\]|$", layer)]
    names = []
    for place in places:
        group = root.group(f"{layer[:place]}/{_VARS}")
        written = group.strings("name") if group else None
        if written and re.split(r"[/\\]", layer[:place])[-1] != "cell":  # that of a stack
            names += written[:1]
    return tuple(names) if written else ()
