"""PRODUCT: the full product of the structural axes, which `make parity-full` compares.

Every level of every axis of the oracle, those of `fixed` alone held to some of theirs; in the
saturated lane what Keras 2 would compute on its fused path. The axes in `calls` belong to a call:
one layer is called with every combination of them.
"""

from __future__ import annotations

PRODUCT = {
    "fixed": {
        "implementation": (2, 1),
        "stateful": ("off", "two-calls"),
        "use_cudnn": ("auto",),
    },
    "why": {
        "implementation": "0 takes the branch of 2; make parity compares it",
        "stateful": "reset-between adds a call that starts as the first one does",
        "use_cudnn": "there is no cuDNN on a CPU; make parity compares False",
    },
    # In the exact lane under dropout, by the level of `stateful`; elsewhere the lane's own. Dropout
    # doubles or quadruples what it keeps, and a gate that stays below 6 keeps states exact still.
    "dropout_activations": {
        "off": (("relu6", "relu6"), ("relu", "relu6"), ("linear", "relu6")),
        "two-calls": (("relu6", "relu6"), ("relu", "relu6")),
    },
    "calls": ("mask", "initial_state"),
    "lanes": ("exact", "saturated"),
    "mistakes_in_one_of": 16,  # layers
    # Of the table of mistakes: so many layers cannot try them all.
    "mistakes": (
        "z and r swapped",
        "z and candidate swapped",
        "bias rows swapped",
        "bias rows merged",
        "recurrent bias dropped",
        "recurrent kernel transposed",
        "units permuted",
        "features permuted",
        "reset before for after",
        "reset after for before",
        "1 - z for z",
        "go_backwards ignored",
        "mask ignored",
        "zero_output_for_mask ignored",
        "state not carried",
        "recorded state dropped",
        "initial_state ignored",
        "dropout mask ignored",
        "recurrent dropout mask ignored",
    ),
    "layers_in_a_block": 8,
}
