"""Masks that Keras 2 gives to a recurrent layer, and Keras 3 does not.

Called with an initial state, a recurrent layer of Keras 3 does not take the mask of its inputs unless
the call names it (3.15.1: ``Layer.__call__`` looks for an argument ``sequences_mask``). So the mask
is computed by operations of the graph, from the input of the layer that makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gru_ref.errors import shown
from gru_ref.files.writers.keras3_model.graph import Call, Tensor, tensors_in
from gru_ref.files.writers.keras3_model.layer_table import ALIASES, MERGES_MASKS, PASSES_MASK
from gru_ref.files.writers.keras3_model.operations import Operation
from gru_ref.files.writers.keras3_model.report import NotCarriedError

_NUMPY = "keras.src.ops.numpy"


class MaskedLayer(NamedTuple):
    """What the way of a mask through a layer depends on.

    Parameters
    ----------
    class_name : str
        As the file names it; of a placeholder as well.
    config : mapping
        Keras 3's.
    makes_mask : bool
        It, or a layer in it, makes a mask.
    is_model : bool
    """

    class_name: str
    config: Mapping[str, Any]
    makes_mask: bool
    is_model: bool


class MaskOrigin(NamedTuple):
    """Where a mask is made: of which tensor, and what value of it is masked.

    Parameters
    ----------
    layer : str
        The layer that makes it.
    tensor : Tensor
    value : float
    whole_step : bool
        Whether a step is masked where all its features have the value.
    """

    layer: str
    tensor: Tensor
    value: float
    whole_step: bool


def mask_of(
    tensor: Tensor, layers: Mapping[str, MaskedLayer], calls: Mapping[str, list[Call]]
) -> MaskOrigin | Tensor | None:
    """Return the mask of a tensor: where it is made, or a tensor that is given as one; None if none.

    Raises
    ------
    NotCarriedError
        Several masks come together on the way.
    """
    for _ in range(1 + sum(map(len, calls.values()))):  # more steps than that are a circle
        layer = layers[tensor.layer]
        if not calls[tensor.layer]:
            return None
        call = calls[tensor.layer][tensor.call]
        class_name = ALIASES.get(layer.class_name, layer.class_name)
        inputs = list(tensors_in(call.first))
        if class_name in ("Embedding", "Masking") and layer.makes_mask and inputs:
            value = 0.0 if class_name == "Embedding" else layer.config.get("mask_value", 0.0)
            return MaskOrigin(tensor.layer, inputs[0], value, class_name == "Masking")
        given = call.kwargs.get("mask")
        if class_name in PASSES_MASK or _passes_sequences(layer, tensor):
            if isinstance(given, Tensor):
                return given
            tensor = inputs[0]
            continue
        unclear = class_name in MERGES_MASKS or layer.is_model
        if unclear and (
            (layer.is_model and layer.makes_mask)
            or any(mask_of(one, layers, calls) is not None for one in inputs)
        ):
            raise NotCarriedError(
                f"a mask through {shown(tensor.layer)} to a layer with an initial state",
                "Keras 3 does not give such a layer the mask of its inputs",
            )
        return None
    return None


def _passes_sequences(layer: MaskedLayer, tensor: Tensor) -> bool:
    """Return whether a tensor is the sequence that a recurrent layer returns."""
    config = layer.config.get("layer", {}).get("config", {})
    returns = layer.config.get("return_sequences", config.get("return_sequences"))
    return bool(returns) and tensor.output == 0


def operations_of(origin: MaskOrigin) -> list[Operation]:
    """Return the operations that compute a mask, one after the other, without the first argument."""
    found = [Operation(_NUMPY, "NotEqual", {}, [origin.value])]
    if origin.whole_step:
        found.append(Operation(_NUMPY, "Any", {"axis": -1, "keepdims": False}, []))
    return found
