"""frugally-deep's JSON: Keras's config of a model, and the arrays of each layer in base64."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.files.formats.json_numbers import number_array
from gru_ref.files.formats.json_object import read_object
from gru_ref.files.interpretation import model_config, stored_gru
from gru_ref.files.interpretation.found import Found
from gru_ref.files.interpretation.model_config import Leaf
from gru_ref.files.limits import Budget

_MODEL, _ARRAYS = "architecture", "trainable_params"


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of the model, in its order.

    Notes
    -----
    The converter has already brought the kernels of a CuDNNGRU into the order of GRU's.

    Raises
    ------
    MalformedFileError
        It is damaged, or a GRU of the config has no arrays, or arrays of another size.

    Source
    ------
    keras_export/convert_model.py of frugally-deep; read, not run.
    """
    model = read_object(path, "", budget)
    config, arrays = model.get(_MODEL), model.get(_ARRAYS)
    if not isinstance(config, Mapping) or not isinstance(arrays, Mapping):
        raise budget.error("", f"it holds no {_MODEL} and {_ARRAYS}, expected both objects")
    version = config.get("keras_version")
    version = version if isinstance(version, str) else None
    return [
        stored_gru.with_config(_gru(leaf, arrays, budget), leaf, version)
        for leaf in model_config.leaves(config, budget)
        if leaf.is_gru
    ]


def _gru(leaf: Leaf, arrays: Mapping[str, Any], budget: Budget) -> Found:
    """Return the arrays of a layer, flat in the file, in the shapes that its config asks for."""
    before = f"{leaf.role}_" if leaf.role else ""
    keys = [f"{before}{role}" for role in ("weights", "recurrent_weights", "bias")]
    for count in range(len(leaf.names), 0, -1):  # a wrapper's name stands for the layer in it
        name = "_".join(leaf.names[:count])
        entry = arrays.get(name)
        if isinstance(entry, Mapping) and keys[0] in entry and keys[1] in entry:
            break
    else:
        place = "/".join(leaf.names)
        raise budget.error(place, f"the config lists a GRU here, expected its {keys[0]}")
    flat = [_numbers(entry[key], f"{name}/{key}", budget) for key in keys if key in entry]
    units = math.isqrt(flat[1].size // 3)
    columns = 3 * units
    rows = flat[0].size // columns if columns else 0
    fits = units and flat[1].size == columns * units and flat[0].size == columns * rows and rows
    biases = {columns: (columns,), 2 * columns: (2, columns)}
    if not fits or (len(flat) > 2 and flat[2].size not in biases):
        raise budget.error(
            name,
            f"its arrays hold {', '.join(f'{array.size:,}' for array in flat)} numbers, expected "
            "3uf, 3uu, and 3u or 6u",
        )
    bias = flat[2].reshape(biases[flat[2].size]) if len(flat) > 2 else None
    kernel, recurrent_kernel = flat[0].reshape(rows, columns), flat[1].reshape(units, columns)
    found = Found(
        f"{name}/{leaf.role}_layer" if leaf.role else name, kernel, recurrent_kernel, bias
    )
    return replace(found, backward=leaf.backward)


def _numbers(value: Any, place: str, budget: Budget) -> NDArray[Any]:
    """Return numbers that are stored as base64 of float32, in pieces, or one by one."""
    if not isinstance(value, list) or not value:
        raise budget.error(place, f"it is {shown(value)}, expected a list of base64 or of numbers")
    if not all(isinstance(piece, str) for piece in value):
        return number_array(value, place, budget).reshape(-1)
    budget.take_bytes(2 * sum(map(len, value)), place)
    try:
        data = base64.b64decode("".join(value).encode("ascii"), validate=True)
        return np.frombuffer(data, "<f4").copy()
    except (binascii.Error, UnicodeEncodeError, ValueError) as error:
        raise budget.error(place, f"it is no base64 of float32: {error}") from None
