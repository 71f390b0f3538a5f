"""Read the GRUs of files: `load_layers` finds the reader of a file's format.

The format is told by the content, never by the name. A reader is imported when a file needs it.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gru_ref.errors import AssumptionWarning, shown
from gru_ref.files.interpretation.as_layer import as_layer
from gru_ref.files.interpretation.found import Found
from gru_ref.files.interpretation.given_config import GivenConfig, with_given_config
from gru_ref.files.interpretation.grouping import turned_by_name
from gru_ref.files.limits import Budget, Limits
from gru_ref.files.malformed import MalformedFileError
from gru_ref.files.sniff import detect_format
from gru_ref.keras.layers.gru import GRU

__all__ = ["Found", "Limits", "MalformedFileError", "load_layers"]


def load_layers(
    path: str | os.PathLike[str],
    *,
    limits: Limits | None = None,
    keras_version: str | None = None,
    config: GivenConfig | None = None,
    **supplied: Any,
) -> dict[str, GRU]:
    """Read every GRU of a file, without Keras.

    Parameters
    ----------
    path : str or path
        A file or folder of any format in `gru_ref.files.sniff.FORMATS`; of a TensorFlow checkpoint
        also the prefix that its files share.
    limits : Limits, optional
        How much the file may make this call do.
    keras_version : str, optional
        Which Keras the layers are, for a file that does not name the one that wrote it. Releases
        of Keras 1 are taken as well.
    config : path or mapping, optional
        For a file without a config: the JSON file that ``model.to_json()`` wrote, or its dict.
    **supplied
        Arguments of GRU that the file does not say, for every GRU in it: a file of weights alone
        says neither activations nor go_backwards. For the backward layer of a Bidirectional
        go_backwards is the opposite. ``class_name="GRU"`` says that a class that is not Keras's
        own computes what GRU does.

    Returns
    -------
    dict
        The path of each GRU within the file → the layer, in the order of the model where the file
        gives it. Empty if there is none. ``layer.provenance`` says what was read, inferred and
        assumed.

    Raises
    ------
    OSError
        The file is not there or cannot be read.
    ImportError
        The reader of this format needs a package; the message names the extra that installs it.
    MalformedFileError
        The file is damaged, hostile, beyond the limits, or of no known kind.
    TypeError
        A supplied name is no argument of GRU.
    ValueError
        A supplied value or config contradicts the file.

    Warns
    -----
    AssumptionWarning
        The file does not say all that the numbers rest on; the message lists what is assumed.

    Notes
    -----
    Files may come from strangers: nothing of a file is executed, nothing is written, and nothing
    outside the file is opened, but for the parts that a format keeps in files beside it.
    """
    place = Path(path)
    limits = limits or Limits()
    file_format = detect_format(place, limits)
    reader = importlib.import_module(f"gru_ref.files.readers.{file_format}")
    try:
        found = reader.read(place, Budget(place, limits))
    except (RecursionError, MemoryError) as error:
        raise MalformedFileError(place, "", f"{type(error).__name__} while reading it") from None
    if config is not None:
        found = with_given_config(found, config, limits)
    layers: dict[str, GRU] = {}
    for one in turned_by_name(found):
        if one.path in layers:
            raise MalformedFileError(place, one.path, f"two GRUs are at {shown(one.path)}")
        layers[one.path] = as_layer(
            one, supplied, file=place, file_format=file_format, keras_version=keras_version
        )
    warn_of_assumptions(layers, place)
    return layers


def warn_of_assumptions(layers: Mapping[str, GRU], place: Path) -> None:
    """Emit one `AssumptionWarning` if anything is assumed of some layers that a file holds."""
    listed = []
    for path, layer in layers.items():
        assumed = {} if layer.provenance is None else layer.provenance.assumed
        if assumed:
            listed.append(f"{path}: {', '.join(f'{k}={v!r}' for k, v in assumed.items())}")
    if listed:
        warnings.warn(
            f"{place} does not say all that its numbers rest on; assumed of {'; '.join(listed)}. "
            "load_layers takes each of these by name, and config=, the model's to_json()",
            AssumptionWarning,
            stacklevel=3,
        )
