"""The activations of jax.nn that Keras has as well: what Flax's cells take as functions."""

from __future__ import annotations

from collections.abc import Mapping

from gru_ref.keras.activations.tables import KERAS_3, Function

# Keras's name → the name in jax.nn.
_NAMES = {
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "linear": "identity",
    "relu": "relu",
    "relu6": "relu6",
    "hard_sigmoid": "hard_sigmoid",
    "hard_tanh": "hard_tanh",
    "hard_silu": "hard_silu",
    "elu": "elu",
    "selu": "selu",
    "celu": "celu",
    "silu": "silu",
    "softplus": "softplus",
    "softsign": "soft_sign",
    "log_sigmoid": "log_sigmoid",
    "squareplus": "squareplus",
    "sparse_plus": "sparse_plus",
    "sparse_sigmoid": "sparse_sigmoid",
}
KNOWN: Mapping[Function, str] = {KERAS_3[name]: jax_name for name, jax_name in _NAMES.items()}
