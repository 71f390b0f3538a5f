"""Read the GRUs of files: `load_layers` finds the reader of a file's format.

The format is told by the content, never by the name. A reader is imported when a file needs it.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from gru_ref.errors import shown
from gru_ref.files.interpretation.as_layer import as_layer
from gru_ref.files.interpretation.found import Found
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
        Which Keras the layers are, for a file that does not name the one that wrote it.
    **supplied
        Arguments of GRU that the file does not say, for every GRU in it: a file of weights alone
        says neither activations nor go_backwards. For the backward layer of a Bidirectional
        go_backwards is the opposite.

    Returns
    -------
    dict
        The path of each GRU within the file → the layer, in the order of the model where the file
        gives it. Empty if there is none. ``layer.origin`` says what came from where, and
        ``layer.origin.unknown`` what the file does not say.

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
        A supplied value contradicts the file.

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
    layers: dict[str, GRU] = {}
    for one in found:
        if one.path in layers:
            raise MalformedFileError(place, one.path, f"two GRUs are at {shown(one.path)}")
        layers[one.path] = as_layer(
            one, supplied, file=place, file_format=file_format, keras_version=keras_version
        )
    return layers
