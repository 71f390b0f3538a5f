"""What Flax's two cells share: functions of jax.nn, and the arguments of the cell and its RNN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.core.weights import GRUWeights
from gru_ref.keras.activations.tables import KERAS_3, Function
from gru_ref.layouts.conversion_input import ConversionInput, conversion_input
from gru_ref.layouts.reading import Read, flag, named_functions

# Names of Keras, of which jax.nn has most as well.
_NAMES = (
    "tanh", "sigmoid", "linear", "relu", "relu6", "hard_sigmoid", "hard_tanh", "hard_silu", "elu",
    "selu", "celu", "silu", "softplus", "softsign", "log_sigmoid", "squareplus", "sparse_plus",
    "sparse_sigmoid",
)  # fmt: skip
_OTHER_NAMES = {"linear": "identity", "softsign": "soft_sign"}
_KNOWN: Mapping[Function, str] = {KERAS_3[name]: _OTHER_NAMES.get(name, name) for name in _NAMES}


def flax_input(given: Any, runtime: str) -> ConversionInput:
    """Return what is to be converted to a cell of Flax, as `conversion_input` does."""
    return conversion_input(given, runtime, reset_after=True, activations=_KNOWN)


def cell_arguments(source: ConversionInput) -> dict[str, Any]:
    """Return the arguments of a cell and of the RNN around it."""
    return {
        "gate_fn": source.recurrent_activation,
        "activation_fn": source.activation,
        "reverse": bool(source.config.go_backwards),
    }


def read_cell(mapping: Mapping[str, Any], weights: GRUWeights) -> Read:
    """Return the weights of a cell with what its arguments, and those of its RNN, say."""
    reverse = flag(mapping, "reverse")
    functions = named_functions(mapping, _KNOWN, "gate_fn", "activation_fn")
    return Read.from_weights(weights, reset_after=True, go_backwards=reverse, **functions)
