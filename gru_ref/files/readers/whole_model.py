"""A whole model of Keras 1 or 2: its config, and the arrays of every layer, whatever its class.

The three kinds of files name arrays in three ways; `StoredModel.arrays` keeps the one of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.files.formats import hdf5
from gru_ref.files.formats.hdf5 import HDF5Dataset, HDF5Group
from gru_ref.files.formats.json_object import parse_object
from gru_ref.files.formats.object_graph import ObjectGraph
from gru_ref.files.formats.part import open_file
from gru_ref.files.formats.tensor_bundle import OBJECT_GRAPH, TensorBundle
from gru_ref.files.interpretation import model_config
from gru_ref.files.interpretation.model_config import Style
from gru_ref.files.limits import Budget
from gru_ref.files.readers import keras_hdf5, keras_zip, saved_model, weights_h5

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class ListedArrays:
    """Arrays of a legacy .h5: every layer of the model has one list, nested layers included.

    Parameters
    ----------
    layers : mapping
        Name of the layer → name and array of each weight, in Keras's order: trained ones first.
    """

    layers: Mapping[str, Sequence[tuple[str, Array]]]


@dataclass(frozen=True, eq=False)
class GroupedArrays:
    """Arrays of the .keras format: every layer, nested or not, has a group.

    Parameters
    ----------
    groups : mapping
        Path of the group → its arrays in order.
    style : Style
        How the release names the groups.
    """

    groups: Mapping[str, Sequence[Array]]
    style: Style


@dataclass(frozen=True, eq=False)
class TrackedArrays:
    """Variables of a SavedModel: they hang in a graph of objects, under the names of attributes."""

    bundle: TensorBundle
    graph: ObjectGraph

    def variable(self, path: Sequence[str]) -> Array | None:
        """Return the variable at a path from the model, or None if there is none."""
        number = self.graph.at(tuple(path))
        found = None if number is None else self.graph.variable(number)
        return None if found is None else self.bundle.tensor(found[1])


StoredArrays = ListedArrays | GroupedArrays | TrackedArrays


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A model as a file holds it.

    Parameters
    ----------
    config : mapping
        ``{"class_name": …, "config": …}``, as Keras serialized it.
    keras_version : str or None
        As the file names it.
    backend : str or None
        As the file names it: Theano's convolutions turn their kernels.
    compiled : bool
        Whether the file holds an optimizer, or how the model was compiled.
    arrays : ListedArrays, GroupedArrays or TrackedArrays
    supplied : bool
        Whether the config is the caller's.
    """

    config: Mapping[str, Any]
    keras_version: str | None
    backend: str | None
    compiled: bool
    arrays: StoredArrays
    supplied: bool = False


# The readers of `load_layers` whose files may hold a whole model of Keras.
FORMATS = ("keras_hdf5", "keras_zip", "saved_model")


def read_model(
    path: Path, file_format: str, budget: Budget, config: Mapping[str, Any] | None = None
) -> StoredModel | None:
    """Return the model that a file holds, or None if it holds no config of one.

    Parameters
    ----------
    path : Path
    file_format : str
        As `gru_ref.files.sniff.detect_format` names it.
    budget : Budget
    config : mapping, optional
        Config of the model, as ``model.to_json()`` writes it, for a file of weights alone.

    Raises
    ------
    ImportError
        h5py is not installed.
    MalformedFileError
        It is damaged, hostile or beyond the limits.
    """
    if file_format == "keras_hdf5":
        return _read_hdf5(path, budget, config)
    if file_format == "keras_zip":
        return _read_zip(path, budget)
    if file_format == "saved_model":
        return _read_saved_model(path, budget, config)
    return None


def _read_hdf5(
    path: Path, budget: Budget, supplied: Mapping[str, Any] | None
) -> StoredModel | None:
    with open_file(path, budget) as stream, hdf5.open_hdf5(stream, budget) as root:
        said = root.strings("model_config")
        config = parse_object(said[0], "model_config", budget) if said else supplied
        if config is None:
            return None
        weights = root.group(keras_hdf5.MODEL) or root
        versions = root.strings("keras_version") or weights.strings("keras_version")
        version = versions[0] if versions else config.get("keras_version")
        backends = root.strings("backend") or weights.strings("backend")
        listed = keras_hdf5.strings(weights, "layer_names")
        arrays: StoredArrays
        if listed is None:
            arrays = GroupedArrays(_groups(root), _style(root))
        else:
            arrays = ListedArrays({name: _listed(weights, name, budget) for name in listed})
        return StoredModel(
            config,
            version if isinstance(version, str) else None,
            backends[0] if backends else _text(config.get("backend")),
            root.strings("training_config") is not None or "optimizer_weights" in root.names(),
            arrays,
            supplied=not said,
        )


def _listed(weights: HDF5Group, layer: str, budget: Budget) -> list[tuple[str, Array]]:
    """Return the arrays of one layer of a legacy file."""
    group = weights.group(layer)
    if group is None:
        raise budget.error(layer, "the layer is listed, but not there")
    arrays = []
    for name in keras_hdf5.strings(group, "weight_names") or []:
        dataset = group.child(name)
        if not isinstance(dataset, HDF5Dataset):
            raise budget.error(f"{layer}/{name}", "the array is listed, but not there")
        arrays.append((name, dataset.read(any_layer=True)[0]))
    if len({name for name, _ in arrays}) < len(arrays):
        raise budget.error(layer, "two arrays are listed under one name, so one of them is lost")
    return arrays


def _read_zip(path: Path, budget: Budget) -> StoredModel:
    with keras_zip.parts(path, budget) as parts:
        config = parts.json(keras_zip.CONFIG)
        version = parts.json(keras_zip.METADATA).get("keras_version")
        weights = keras_zip.WEIGHTS
        with parts.stream(weights) as stream, hdf5.open_hdf5(stream, budget, weights) as root:
            arrays = GroupedArrays(_groups(root), _style(root))
            compiled = "optimizer" in root.names()
    compiled = compiled or bool(config.get("compile_config"))
    return StoredModel(config, _text(version), None, compiled, arrays)


def _groups(root: HDF5Group) -> dict[str, list[Array]]:
    """Return the arrays of every layer below `root`."""
    groups: dict[str, list[Array]] = {}
    for group in root.walk():
        if not weights_h5.holds_layer(group.path):
            continue
        numbered = weights_h5.numbered_arrays(group)
        names = sorted(numbered, key=lambda name: (len(name), name))
        path = group.path.replace("\\", "/").rpartition("/")[0]
        groups[path] = [numbered[name].read(any_layer=True)[0] for name in names]
    return groups


def _style(root: HDF5Group) -> Style:
    of_2_12 = model_config.KERAS_2_12.layers in weights_h5.layer_groups(root)
    return model_config.KERAS_2_12 if of_2_12 else model_config.KERAS_2_13


def _read_saved_model(
    path: Path, budget: Budget, supplied: Mapping[str, Any] | None
) -> StoredModel | None:
    folder = path if path.is_dir() else path.parent
    bundle = TensorBundle(folder / "variables" / "variables.index", budget)
    if OBJECT_GRAPH not in bundle.entries:
        return None
    graph = ObjectGraph(bundle.string(OBJECT_GRAPH))
    metadata = saved_model.metadata_of_root(folder, budget)
    config: Mapping[str, Any] | None = supplied
    if isinstance(metadata.get("config"), Mapping) and "class_name" in metadata:
        config = metadata
    if config is None:
        return None
    compiled = "optimizer" in graph.nodes[0].children
    version = _text(metadata.get("keras_version"))
    arrays = TrackedArrays(bundle, graph)
    return StoredModel(config, version, None, compiled, arrays, supplied=config is supplied)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def check_config(config: Any, budget: Budget) -> None:
    """Refuse a supplied config that is no model's.

    Raises
    ------
    MalformedFileError
        It has no ``class_name`` and ``config``.
    """
    if not isinstance(config, Mapping) or not {"class_name", "config"} <= config.keys():
        raise budget.error(
            "the config", f"it is {shown(config)}, expected what model.to_json() writes"
        )
