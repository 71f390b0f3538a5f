"""What `gru-ref inspect` knows about one GRU, as data: the table and ``--json`` are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.keras.layers.gru import GRU
from gru_ref.provenance import Origin

_NAMES = ("kernel", "recurrent_kernel", "bias")
# Said of each GRU, in this order.
_ARGUMENTS = (
    "reset_after", "activation", "recurrent_activation", "use_bias", "go_backwards",
    "return_sequences", "return_state", "stateful", "unroll", "time_major", "zero_output_for_mask",
    "dropout", "recurrent_dropout",
)  # fmt: skip


def of_layer(layer: GRU) -> dict[str, Any]:
    """Return everything about one GRU that was read from a file, ready for JSON.

    Parameters
    ----------
    layer : GRU
        As `gru_ref.load_layers` returns it.
    """
    origin = layer.origin
    assert origin is not None  # load_layers sets it
    weights = dict(zip(_NAMES, layer.get_weights(), strict=False))
    units, features = layer.config.units, int(weights["kernel"].shape[0])
    return {
        "path": origin.path,
        "class_name": origin.class_name,
        "name": layer.name,
        "units": units,
        "features": features,
        "dtype": origin.dtype,
        "arguments": {name: _plain(getattr(layer.config, name)) for name in _ARGUMENTS},
        "parameters": {
            "count": layer.count_params(),
            "formula": _formula(weights.get("bias")),
            "U": units,
            "F": features,
        },
        "keras_version": origin.keras_version,
        "computed_as": layer.keras_version,
        "unknown": list(origin.unknown),
        "notes": list(origin.notes),
        "arrays": {name: _array(array, name, origin) for name, array in weights.items()},
        "config": _plain(origin.config),
    }


def _formula(bias: NDArray[Any] | None) -> str:
    """Return the formula of the parameter count for this form of bias."""
    if bias is None:
        return "3*(U*F + U*U)"
    return "3*(U*F + U*U + 2*U)" if bias.ndim == 2 else "3*(U*F + U*U + U)"


def _array(array: NDArray[Any], name: str, origin: Origin) -> dict[str, Any]:
    """Return the shape, the range of the finite numbers, what is not finite, and the hash."""
    finite = array[np.isfinite(array)]
    return {
        "shape": list(array.shape),
        "min": float(finite.min()) if finite.size else None,
        "max": float(finite.max()) if finite.size else None,
        "nan": int(np.isnan(array).sum()),
        "infinite": int(np.isinf(array).sum()),
        "sha256": origin.sha256[name],
    }


def _plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: NaN and infinities as text, anything unknown as repr."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return repr(value)
