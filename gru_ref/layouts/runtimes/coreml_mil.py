"""Core ML's MIL operation gru, of the ML Program format; reset_after needs iOS 18."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.core.weights import GRUWeights
from gru_ref.layouts.blocks import bias_rows, reorder, transposed_kernels
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, attribute, check_keys, flag, read_bias_rows, read_kernels

FACTS = Facts(
    name="coreml_mil",
    title="Core ML MIL gru",
    gates=("r", "o", "z"),
    arrays={
        "weight_ih": "(3u, f) input weights",
        "weight_hh": "(3u, u) recurrent weights",
        "bias": "(3u,) bias; for reset_after the recurrent bias; absent without a bias",
        "input_bias": "(3u,) input bias, for reset_after only (iOS 18)",
        "reset_after": "True for the reset after the product (iOS 18), False for before",
        "direction": "'forward' or 'reverse'",
        "recurrent_activation": "'sigmoid'",
        "activation": "'tanh'",
    },
    transposes="kernel and recurrent_kernel, whole",
    bias="one row for reset-before; two for reset_after",
    formula=(
        "r = σ(W_ir x + b_ir + W_hr h + b_hr)",
        "z = σ(W_iz x + b_iz + W_hz h + b_hz)",
        "o = tanh(W_io x + b_io + W_ho (r ∘ h) + b_ho)      reset_after = False",
        "o = tanh(W_io x + b_io + r ∘ (W_ho h + b_ho))      reset_after = True",
        "h' = (1 − z) ∘ o + z ∘ h",
    ),
    reset_forms=("after (reset_after=True, iOS 18)", "before (the default)"),
    activations="tanh and sigmoid; others exist, whose spelling was not read, and are refused",
    direction="direction='reverse'",
    round_trip="bit-exact",
    source="coremltools/converters/mil/mil/ops/defs: iOS15/recurrent.py, iOS18/recurrent.py; "
    "that text does not say which of bias and input_bias is inside the reset",
    mistakes=(
        (
            "z and candidate swapped",
            "The blocks are laid r, z, o as elsewhere; here z is the last.",
        ),
        (
            "reset before for after, recurrent bias dropped",
            "reset_after is left out: its default is False.",
        ),
    ),
)

_ATTRIBUTES = ("reset_after", "direction", "recurrent_activation", "activation")
_KERNELS = ("weight_ih", "weight_hh")
_ORDER = "rhz"


def to_layout(given: Any) -> dict[str, Any]:
    """Return the constant inputs of the operation.

    Returns
    -------
    dict
        weight_ih (3u, f), weight_hh (3u, u), with a bias (3u,) bias and, for reset_after,
        input_bias, in the weights' dtype; reset_after, direction and the two activations.

    Raises
    ------
    NotRepresentableError
        An activation is not tanh and sigmoid.
    """
    weights, config, *_ = conversion_input(given, FACTS.label)
    layout = transposed_kernels(weights, _KERNELS, _ORDER)
    if weights.bias is not None:
        input_bias, recurrent_bias = (reorder(row, _ORDER) for row in bias_rows(weights))
        if config.reset_after:
            layout |= {"bias": recurrent_bias, "input_bias": input_bias}
        else:
            layout["bias"] = input_bias
    return layout | {
        "reset_after": bool(config.reset_after),
        "direction": "reverse" if config.go_backwards else "forward",
        "recurrent_activation": "sigmoid",
        "activation": "tanh",
    }


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the constant inputs of the operation.

    Raises
    ------
    TypeError, ValueError
        Names, shapes or attributes do not fit.
    """
    check_keys(mapping, (*_KERNELS, *_ATTRIBUTES), ("bias", "input_bias"))
    reset_after = flag(mapping, "reset_after")
    reverse = attribute(mapping, "direction", ("forward", "reverse")) == "reverse"
    attribute(mapping, "recurrent_activation", ("sigmoid",))
    attribute(mapping, "activation", ("tanh",))
    kernels = read_kernels(mapping, _KERNELS, order=_ORDER, transposed=True)
    bias = read_bias_rows(mapping, ("input_bias", "bias"), kernels[0], _ORDER)
    if bias is not None and not reset_after:
        if "input_bias" in mapping:
            raise ValueError("layout has input_bias, expected it with reset_after=True only")
        bias = bias[1]
    weights = GRUWeights(*kernels, bias)
    return Read.from_weights(weights, reset_after=reset_after, go_backwards=reverse)
