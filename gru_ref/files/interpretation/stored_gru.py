"""The arrays of one GRU as an HDF5 file stores them, and what becomes of them with a config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gru_ref.files.formats.hdf5 import HDF5Dataset
from gru_ref.files.interpretation import keras_1
from gru_ref.files.interpretation.found import Found, convert_cudnn
from gru_ref.files.interpretation.grouping import is_backward
from gru_ref.files.interpretation.model_config import Leaf
from gru_ref.files.limits import Budget


def read_gru(
    path: str, datasets: Sequence[HDF5Dataset], known: Mapping[str, Any] | None = None
) -> Found:
    """Read the datasets of one GRU: two, three with a bias, or Keras 1's nine.

    Parameters
    ----------
    path : str
        Where they are.
    datasets : sequence
        They have the shapes of a GRU's.
    known : mapping, optional
        Arguments of GRU that the file says beside them.
    """
    arrays, dtypes = zip(*(dataset.read() for dataset in datasets), strict=True)
    if len(arrays) == 9:
        arrays = tuple(keras_1.join_arrays(arrays))
    kernel, recurrent_kernel, *bias = arrays
    return Found(
        path,
        kernel,
        recurrent_kernel,
        bias[0] if bias else None,
        already_known=known or {},
        stored_dtype=dtypes[0],
        backward=is_backward(path),
    )


def with_config(stored: Found, leaf: Leaf | None, keras_version: str | None) -> Found:
    """Return arrays and config together, a CuDNNGRU's arrays converted."""
    found = replace(stored, keras_version=keras_version)
    if leaf is not None:
        found = replace(
            found,
            class_name=stored.class_name or leaf.class_name,
            config=leaf.config,
            already_known={},
            assumed={},
            notes=(*stored.notes, *leaf.notes),
            backward=stored.backward or leaf.backward,
            names=leaf.names,
            within=leaf.within,
        )
    return convert_cudnn(found)


def layer_group(path: str) -> str:
    """Return the group of the layer whose arrays are at `path`: its own, or that of its cell."""
    above, _, last = path.rpartition("/")
    return above if last == "cell" else path


def match_configs(
    stored: Iterable[Found],
    leaves: Sequence[Leaf],
    keras_version: str | None,
    budget: Budget,
) -> list[Found]:
    """Return the GRUs in the order of the config, then those that it does not list.

    Parameters
    ----------
    stored : iterable
        Their paths are groups of the .keras format.
    leaves : sequence
    keras_version : str or None
        The release that wrote the file.
    budget : Budget

    Raises
    ------
    MalformedFileError
        The config lists a GRU that has no arrays, and there are none that it does not list.
    """
    by_group = {layer_group(item.path): item for item in stored}
    listed, missing = [], []
    for leaf in leaves:
        item = by_group.pop(layer_group(leaf.path), None)
        if item is not None:
            listed.append((item, leaf))
        elif leaf.is_gru:
            missing.append(leaf)
    # A layer that is listed in two models has its arrays in the first.
    configs = {leaf.names[-1]: leaf.config for _, leaf in listed}
    missing = [leaf for leaf in missing if configs.get(leaf.names[-1]) != leaf.config]
    if missing and not by_group:
        raise budget.error(
            "/".join(missing[0].names),
            f"the config lists a GRU here, expected its arrays at {missing[0].path}",
        )
    rest = [(item, None) for item in by_group.values()]
    return [with_config(item, leaf, keras_version) for item, leaf in [*listed, *rest]]
