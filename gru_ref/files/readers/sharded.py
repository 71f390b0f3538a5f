"""Weights of Keras 3 in shards: a .weights.json beside the .weights.h5 files that it names."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gru_ref.files.formats import hdf5
from gru_ref.files.formats.hdf5 import HDF5Dataset, HDF5Group
from gru_ref.files.formats.json_object import read_object
from gru_ref.files.formats.part import open_file
from gru_ref.files.interpretation import stored_gru
from gru_ref.files.interpretation.found import Found
from gru_ref.files.interpretation.path_wrappers import with_stacks
from gru_ref.files.limits import Budget
from gru_ref.files.readers import weights_h5

_MAP = "weight_map"


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of the shards.

    Raises
    ------
    MalformedFileError
        A shard is missing, or lies elsewhere than beside the file, or is damaged.
    """
    groups = _files_of_groups(path, budget)
    stored = []
    with contextlib.ExitStack() as stack:
        roots: dict[str, HDF5Group] = {}
        for group, files in groups.items():
            arrays: dict[str, HDF5Dataset] = {}
            for file in files:
                if file not in roots:
                    roots[file] = _open_shard(path, file, budget, stack)
                shard = roots[file].group(group)
                arrays.update(weights_h5.numbered_arrays(shard) if shard else {})
            if datasets := weights_h5.gru_datasets(arrays):
                place = group.replace("\\", "/").strip("/").rpartition("/")[0]
                stored.append(stored_gru.read_gru(place, datasets))
    places = [group.strip("/").rpartition("/")[0] for group in groups]
    return with_stacks([stored_gru.with_config(item, None, None) for item in stored], places)


def _files_of_groups(path: Path, budget: Budget) -> dict[str, list[str]]:
    """Return the group of every layer's arrays → the shards that they lie in."""
    weight_map = read_object(path, "", budget).get(_MAP)
    if not isinstance(weight_map, Mapping):
        raise budget.error("", f"it is JSON without {_MAP!r}, expected .weights.json")
    groups = {}
    for group, files in weight_map.items():
        listed = _names(files)
        budget.take_objects(len(listed), group)
        for name in listed:
            if name in ("", ".", "..") or any(letter in name for letter in "/\\:\0"):
                raise budget.error(group, f"{name!r} is no name of a file beside this one")
        if weights_h5.holds_layer(group):
            groups[group] = listed
    return groups


def _names(files: Any) -> list[str]:
    return [
        name for name in (files if isinstance(files, list) else [files]) if isinstance(name, str)
    ]


def _open_shard(path: Path, name: str, budget: Budget, stack: contextlib.ExitStack) -> HDF5Group:
    stream = stack.enter_context(open_file(path.parent / name, budget, name))
    return stack.enter_context(hdf5.open_hdf5(stream, budget, name))
