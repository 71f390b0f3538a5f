"""The .keras format of Keras 3 and of Keras 2 from 2.12 on: a zip archive, or the folder of it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from gru_ref.files.formats import hdf5
from gru_ref.files.formats.carried import KEY, carried_in
from gru_ref.files.formats.json_object import parse_object, read_object
from gru_ref.files.formats.part import open_file
from gru_ref.files.formats.zip_members import Archive
from gru_ref.files.interpretation import model_config, stored_gru
from gru_ref.files.interpretation.found import Found
from gru_ref.files.limits import Budget
from gru_ref.files.readers import weights_h5

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_PICKLED = "model.weights.npz"


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of the model, in its order.

    Raises
    ------
    MalformedFileError
        A part is missing, damaged or beyond the limits, or the arrays and the config disagree.
    """
    with parts(path, budget) as model:
        metadata = model.json(METADATA)
        config = model.json(CONFIG)
        version = metadata.get("keras_version")
        with model.stream(WEIGHTS) as stream, hdf5.open_hdf5(stream, budget, WEIGHTS) as root:
            of_2_12 = model_config.KERAS_2_12.layers in weights_h5.layer_groups(root)
            style = model_config.KERAS_2_12 if of_2_12 else model_config.KERAS_2_13
            leaves = model_config.leaves(config, budget, style)
            stored = weights_h5.stored_grus(root)
    version = version if isinstance(version, str) else None
    carried = metadata.get(KEY)
    found = stored_gru.match_configs(stored, leaves, version, budget)
    return [_with_assumed(one, carried) for one in found]


def _with_assumed(found: Found, carried: Any) -> Found:
    """Return a GRU of a converted file with what was assumed of it before."""
    name = found.config.get("name") if found.config is not None else None
    if not isinstance(carried, Mapping) or not isinstance(name, str):
        return found
    return replace(found, assumed={**found.assumed, **carried_in({KEY: carried.get(name)})})


def config_of(path: Path, budget: Budget) -> Any:
    """Return the config of the model."""
    with parts(path, budget) as model:
        return model.json(CONFIG)


class _Folder:
    """The parts of a model that was saved with zipped=False."""

    def __init__(self, path: Path, budget: Budget) -> None:
        self._path, self._budget = path, budget

    def json(self, name: str) -> Any:
        """Return a JSON object."""
        return read_object(self._path / name, name, self._budget)

    @contextlib.contextmanager
    def stream(self, name: str) -> Iterator[BinaryIO]:
        """Open a part."""
        with open_file(self._path / name, self._budget, name) as stream:
            yield stream


class _Zip:
    """The parts of a zip archive."""

    def __init__(self, archive: Archive, budget: Budget) -> None:
        self._archive, self._budget = archive, budget

    def json(self, name: str) -> Any:
        """Return a JSON object."""
        self._budget.check_json(self._archive.size(name), name)
        return parse_object(self._archive.read(name), name, self._budget)

    @contextlib.contextmanager
    def stream(self, name: str) -> Iterator[BinaryIO]:
        """Open a part in memory."""
        if name == WEIGHTS and name not in self._archive.names and _PICKLED in self._archive.names:
            raise self._budget.error(
                _PICKLED,
                "it is a pickle, which can run code when it is read: gru_ref reads none; save the "
                f"model with {WEIGHTS}",
            )
        yield io.BytesIO(self._archive.read(name))


@contextlib.contextmanager
def parts(path: Path, budget: Budget) -> Iterator[_Folder | _Zip]:
    """Open the parts of a model, in a folder or in a zip archive."""
    if path.is_dir():
        yield _Folder(path, budget)
        return
    with open_file(path, budget) as handle:
        yield _Zip(Archive(handle, budget), budget)
