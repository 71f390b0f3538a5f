"""A file of HDF5: the legacy .h5 of every Keras, or .weights.h5."""

from __future__ import annotations

from pathlib import Path

from gru_ref.files.formats import hdf5
from gru_ref.files.formats.part import opened
from gru_ref.files.interpretation.found import Found
from gru_ref.files.limits import Budget, Limits
from gru_ref.files.readers import legacy_h5, weights_h5


def read(path: Path, limits: Limits) -> list[Found]:
    """Return every GRU of the file.

    Raises
    ------
    MalformedFileError
        It is damaged, hostile or beyond the limits.
    """
    budget = Budget(path, limits)
    with opened(path, budget) as stream, hdf5.opened(stream, budget) as root:
        if legacy_h5.is_legacy(root):
            return legacy_h5.read_root(root, budget)
        return weights_h5.read_root(root)
