"""Read the GRUs of files: `load_layers` finds the reader of a file's format.

The format is told by the content, never by the name. A reader is imported when a file needs it.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gru_ref.errors import AssumptionWarning, shown, warn_user
from gru_ref.files.choice import choose_layer
from gru_ref.files.file_layers import FileLayers
from gru_ref.files.interpretation.as_layer import as_layer
from gru_ref.files.interpretation.found import CALL, Found
from gru_ref.files.interpretation.given_config import GivenConfig, with_given_config
from gru_ref.files.interpretation.grouping import turned_by_name
from gru_ref.files.interpretation.layer_names import names_in_scope
from gru_ref.files.interpretation.path_wrappers import with_directions
from gru_ref.files.interpretation.whole_layers import Layer, whole_layers
from gru_ref.files.limits import Budget, Limits
from gru_ref.files.malformed import MalformedFileError
from gru_ref.files.sniff import detect_format
from gru_ref.keras.layers.gru import GRU
from gru_ref.submodules import attach

__all__ = [
    "FileLayers",
    "Found",
    "Layer",
    "Limits",
    "MalformedFileError",
    "choose_layer",
    "load_grus",
    "load_layers",
    "read_layers",
]

if not TYPE_CHECKING:  # a checker reads the files themselves
    __getattr__, __dir__ = attach(__name__)

# Formats whose paths are names of variables, as TensorFlow scopes them.
_SCOPED = ("layout_json", "numpy_arrays", "onnx_initializers", "safetensors", "tflite")


def load_layers(
    path: str | os.PathLike[str],
    *,
    limits: Limits | None = None,
    keras_version: str | None = None,
    config: GivenConfig | None = None,
    **supplied: Any,
) -> dict[str, Layer]:
    """Read every GRU layer of a file, without Keras; a Bidirectional or an RNN is one layer.

    Parameters
    ----------
    path, limits, keras_version, config
        As for `load_grus`.
    **supplied
        Also merge_mode, of a Bidirectional that the file does not describe.

    Returns
    -------
    dict
        The path of each layer within the file → `gru_ref.GRU`, `gru_ref.Bidirectional` or
        `gru_ref.RNN`, in the order of the model where the file gives it. ``layer.provenance`` says
        what was read, inferred and assumed.

    Raises
    ------
    OSError, ImportError, MalformedFileError, TypeError, ValueError
        As `load_grus`.

    Warns
    -----
    AssumptionWarning
        As `load_grus`.
    """
    found = read_layers(path, limits=limits, keras_version=keras_version, config=config, **supplied)
    warn_of_assumptions(found.layers, Path(path))
    return found.layers


def load_grus(
    path: str | os.PathLike[str],
    *,
    limits: Limits | None = None,
    keras_version: str | None = None,
    config: GivenConfig | None = None,
    **supplied: Any,
) -> dict[str, GRU]:
    """Read every single GRU of a file: also the two of a Bidirectional, and the cells of an RNN.

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
        gives it. Empty if there is none: `gru_ref.files.held.held` says what there is instead.
        ``layer.provenance`` says what was read, inferred and assumed.

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
    found = read_layers(path, limits=limits, keras_version=keras_version, config=config, **supplied)
    warn_of_assumptions(found.grus, Path(path))
    return found.grus


def read_layers(
    path: str | os.PathLike[str],
    *,
    limits: Limits | None = None,
    keras_version: str | None = None,
    config: GivenConfig | None = None,
    **supplied: Any,
) -> FileLayers:
    """Read a file once for both `load_layers` and `load_grus`, as they do, and warn of nothing."""
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
    if file_format in _SCOPED:
        found = [
            one if one.names else replace(one, names=names_in_scope(one.path)) for one in found
        ]
    of_wholes = {name: supplied.pop(name) for name in ("merge_mode",) if name in supplied}
    grus: dict[str, GRU] = {}
    members = []
    for one in with_directions(turned_by_name(found)):
        if one.path in grus:
            raise MalformedFileError(place, one.path, f"two GRUs are at {shown(one.path)}")
        layer = as_layer(
            one, supplied, file=place, file_format=file_format, keras_version=keras_version
        )
        _set_as_part(layer, one)
        grus[one.path] = layer
        members.append((one, layer))
    layers, inside, partial = whole_layers(members, of_wholes, place)
    return FileLayers(layers, grus, inside, partial)


def warn_of_assumptions(layers: Mapping[str, Layer], place: Path) -> None:
    """Emit one `AssumptionWarning` if anything is assumed of some layers that a file holds."""
    listed = []
    of_call: set[str] = set()
    for path, layer in layers.items():
        assumed = {} if layer.provenance is None else layer.provenance.assumed
        if assumed:
            listed.append(f"{path}: {', '.join(f'{k}={v!r}' for k, v in assumed.items())}")
            of_call.update(CALL.keys() & assumed.keys())
    if listed:
        but = f" but {' and '.join(sorted(of_call))}, which the call takes" if of_call else ""
        warn_user(
            f"{place} does not say all that its numbers rest on; assumed of {'; '.join(listed)}. "
            f"load_layers takes each of these by name{but}, and config=, the model's to_json()",
            AssumptionWarning,
        )


def _set_as_part(layer: GRU, found: Found) -> None:
    """Give a GRU the name that it has in Keras, and what a Bidirectional sets in its layers."""
    kinds = [wrapper.class_name for wrapper, _ in found.within]
    if found.names and kinds[-1:] in ([], ["Bidirectional"]) and "/" not in found.names[-1]:
        layer.name = found.names[-1]
    if kinds[:1] == ["Bidirectional"]:
        layer.change_loop(zero_output_for_mask=layer.config.return_sequences)
