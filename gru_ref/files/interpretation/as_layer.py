"""From what a reader found to layers: the weights, the arguments, the provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.files.interpretation import arguments
from gru_ref.files.interpretation.found import CALL, Array, Found
from gru_ref.files.interpretation.recorded_version import layer_release
from gru_ref.files.malformed import MalformedFileError
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.ledger import resolve
from gru_ref.provenance import Inference, Provenance


def as_layer(
    found: Found,
    supplied: Mapping[str, Any],
    *,
    file: object,
    file_format: str,
    keras_version: str | None = None,
) -> GRU:
    """Return the layer, built, with its weights and its `provenance`.

    Parameters
    ----------
    found : Found
    supplied : mapping
        Arguments of GRU for what the file does not say.
    file, file_format
        For messages and for the provenance.
    keras_version : str, optional
        Which Keras to be, if the file does not name the one that wrote it.

    Raises
    ------
    MalformedFileError
        The arrays are no GRU's, or the config contradicts them or is no GRU's.
    TypeError
        A supplied argument is none of GRU's.
    ValueError
        A supplied argument contradicts the file.
    """
    try:
        weights = GRUWeights(found.kernel, found.recurrent_kernel, found.bias)
    except (TypeError, ValueError) as error:
        raise MalformedFileError(file, found.path, str(error)) from None
    release = layer_release(found, keras_version, file)
    behaviour = resolve(release.name)
    said = arguments.file_arguments(found, weights, release, behaviour, file)
    used = arguments.layer_arguments(said, supplied, found, release, file)
    try:
        layer = GRU.from_config(used, keras_version=release.name)
    except arguments.CONSTRUCTOR_ERRORS as error:
        if str(error).startswith(tuple(f"{name} " for name in supplied)):
            raise
        reason = f"its config is no GRU's: {error}"
        if said.foreign:
            hint = ", ".join(f"{name}=a callable" for name in said.foreign)
            reason = f"{said.foreign[0]} is not Keras's own, supply it: {hint}; {error}"
        raise MalformedFileError(file, found.path, reason) from None
    layer.take_weights(weights)
    missing = arguments.missing_arguments(said, found, release, behaviour)
    has = {**vars(layer.config), **arguments.SETTLING, **CALL}
    given = {*supplied, *(() if keras_version is None else ("keras_version",))}
    inferred = {name: one for name, one in said.inferred.items() if name not in supplied}
    if release.told == "inferred":
        inferred["keras_version"] = Inference(release.version or release.name, release.source)
    overruled = {name: has[name] for name in said.inferred if name in supplied}
    layer.provenance = Provenance(
        file=str(file),
        format=file_format,
        path=found.path,
        names=found.names,
        keras_version=found.keras_version,
        class_name=found.class_name,
        config=found.config,
        read={name: value for name, value in said.known.items() if name not in found.assumed},
        inferred=inferred,
        assumed={name: has[name] for name in missing if name not in given},
        supplied={**{name: has[name] for name in missing if name in given}, **overruled},
        dtype=found.stored_dtype or weights.kernel.dtype.name,
        sha256={name: array_sha256(array) for name, array in weights.named().items()},
        not_finite=tuple(n for n, array in weights.named().items() if not np.isfinite(array).all()),
        notes=(*found.notes, *said.notes, *release.notes),
    )
    return layer


def array_sha256(array: Array) -> str:
    """Return the hash of an array's numbers: little-endian, in C order."""
    return hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()
