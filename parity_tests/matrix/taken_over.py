"""Live layers that gru_ref takes over, and live layers that it refuses: printable data only."""

from typing import Any

from parity_tests.matrix.objects import bidirectional, function, rnn

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 4, 6, 5

_ANY = {"dtype": "float64", "bias_initializer": "random_normal"}
_CELL = {"class": "GRUCell", "units": UNITS, **_ANY}
_CELLS = [{**_CELL, "units": 3}, {**_CELL, "reset_after": False}]
_STACK = {"class": "StackedRNNCells", "cells": _CELLS, "dtype": "float64"}
_GRU = {"class": "GRU", "units": UNITS, **_ANY}
_DROPS = {"dropout": 0.5, "recurrent_dropout": 0.25}
_RECORDS = {"stateful": True, "return_sequences": True, "return_state": True, "dtype": "float64"}
# Ledger row bidirectional_state_mask_fails: not with return_state.
_BOTH = {**_RECORDS, "return_state": False}

# name → row. layer: what is constructed; or construct: the step that makes it, and class: what takes
# it over. oracles: where not all. frozen: a layer within that is not trainable. built: whether it is
# built and called before. training: whether calls drop. config: whether its config is compared, which
# cannot hold a function.
TAKEN_OVER: dict[str, dict[str, Any]] = {
    "GRU": {"layer": {**_GRU, **_RECORDS, "go_backwards": True}},
    "GRU, reset before": {
        "layer": {**_GRU, "reset_after": False, "implementation": 1, "autocast": False},
    },
    "GRU with a function of the user's": {
        "layer": {**_GRU, "activation": function("double")}, "config": False,
    },
    "GRU with a penalty of the user's": {
        "layer": {**_GRU, "kernel_regularizer": function("penalty")}, "config": False,
    },
    "GRU of a class of the user's": {
        "construct": ["construct_subclass", ["GRU"], {"units": UNITS, **_ANY, **_RECORDS}],
        "class": "GRU",
    },
    "GRU in training": {
        "layer": {**_GRU, **_DROPS, "seed": 7},
        "training": True,
        "oracles": ("keras3",),  # where the numbers to come stand on the layer
    },
    "GRU in training with a seed": {
        "layer": {**_GRU, "dropout": 0.5, "seed": 7}, "training": True,
    },
    "GRUCell": {"layer": _CELL},
    "GRUCell with masks kept": {"layer": {**_CELL, **_DROPS}, "training": True},
    "GRUCell with masks kept by gate": {
        "layer": {**_CELL, **_DROPS, "implementation": 1}, "training": True,
    },
    "StackedRNNCells": {"layer": _STACK},
    "RNN": {"layer": rnn(_CELL, **_RECORDS)},
    "RNN of a stack": {"layer": rnn(_STACK, **_RECORDS, activity_regularizer="l2")},
    "RNN of one cell in two places": {
        "construct": [
            "construct_shared",
            # The stack that Keras makes of a list is of float32, and cells have to be of its dtype.
            [2, {**_CELL, "units": FEATURES, "dtype": "float32"}], {},
        ],
        "class": "RNN",
    },
    "RNN of one cell in two places, in training": {
        "construct": [
            "construct_shared",
            [2, {**_CELL, **_DROPS, "units": FEATURES, "dtype": "float32", "seed": 3}], {},
        ],
        "class": "RNN",
        "training": True,
        "oracles": ("keras3",),
    },
    "GRU, not built": {"layer": {**_GRU, "seed": 7}, "built": False},
    "Bidirectional": {
        "layer": bidirectional(
            {**_GRU, **_BOTH, "kernel_regularizer": "l1", "activity_regularizer": "l2"},
            merge_mode="sum", dtype="float64",
        ),
        "frozen": "forward_layer",
    },
    "Bidirectional around stacks": {
        "layer": bidirectional(
            rnn(_STACK, **_BOTH),
            backward_layer=rnn(_CELL, **_BOTH, go_backwards=True),
            dtype="float64",
        ),
    },
    "Bidirectional, not built": {
        "layer": bidirectional(_GRU, merge_mode=None, dtype="float64"), "built": False,
    },
}  # fmt: skip

# The class asked to take over, the live layer, and what the message says.
_LSTM_CELL = {"class": "LSTMCell", "units": UNITS}
_LSTM = {"class": "LSTM", "units": UNITS}
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "LSTM as GRU": ("GRU", _LSTM, "expected a live GRU of Keras$"),
    "SimpleRNN as GRU": (
        "GRU", {"class": "SimpleRNN", "units": UNITS}, "expected a live GRU of Keras$",
    ),
    "Dense as GRU": ("GRU", {"class": "Dense", "units": UNITS}, "expected a live GRU of Keras$"),
    "Bidirectional as GRU": (
        "GRU", bidirectional(_GRU),
        "expected a live GRU of Keras: gru_ref.Bidirectional.from_keras takes that",
    ),
    "GRU as RNN": ("RNN", _GRU, "expected a live RNN of Keras: gru_ref.GRU.from_keras takes that"),
    "LSTM as RNN": ("RNN", _LSTM, "expected a live RNN of Keras$"),
    "RNN of an LSTMCell": (
        "RNN", rnn(_LSTM_CELL),
        "the cell of the RNN is .*, expected a live GRUCell or StackedRNNCells of Keras$",
    ),
    "GRU as GRUCell": ("GRUCell", _GRU, "expected a live GRUCell of Keras: gru_ref.GRU.from_keras"),
    "stack with an LSTMCell": (
        "StackedRNNCells", {"class": "StackedRNNCells", "cells": [_CELL, _LSTM_CELL]},
        "cell 1 of the stack is .*, expected a live GRUCell of Keras$",
    ),
    "Bidirectional around an LSTM": (
        "Bidirectional",
        bidirectional(_LSTM),
        "a layer of the Bidirectional is .*, expected a live GRU or RNN of Keras$",
    ),
    "GRUCell with a penalty of its own": (
        "GRUCell", {**_CELL, "activity_regularizer": "l2"}, "activity_regularizer",
    ),
}  # fmt: skip

# The class that is derived from, the method that it overrides, and whether that is taken over.
OVERRIDES = (
    *((name, "call", False) for name in ("GRU", "GRUCell", "RNN", "StackedRNNCells")),
    ("GRU", "build", False),
    ("GRU", "get_initial_state", False),
    ("GRUCell", "get_initial_state", False),
    ("GRU", "compute_mask", False),
    ("GRU", "get_config", True),
    ("GRU", "__init__", True),
    ("GRU", "compute_output_shape", True),
    ("GRUCell", "get_config", True),
)

# Classes of the user's that double what their call returns: what is made (see
# `tests.live.take_over_worker.doubled`), and the arguments.
_DOUBLED = {
    "units": FEATURES,
    "kernel_initializer": "zeros",
    "recurrent_initializer": "zeros",
    "dtype": "float64",
}
_SEQUENCES = {"return_sequences": True}
DOUBLED: dict[str, tuple[str, dict[str, Any]]] = {
    "GRU": ("GRU", _DOUBLED),
    "GRU with a penalty": ("GRU", {**_DOUBLED, **_SEQUENCES, "activity_regularizer": "l2"}),
    "stateful GRU": ("GRU", {**_DOUBLED, "stateful": True}),
    "RNN": ("RNN", {**_DOUBLED, **_SEQUENCES}),
    "RNN of cells": ("RNN of GRUCell", _DOUBLED),
    "RNN of cells, backwards": ("RNN of GRUCell", {**_DOUBLED, **_SEQUENCES, "go_backwards": True}),
    "RNN of cells, unrolled": ("RNN of GRUCell", {**_DOUBLED, "unroll": True}),
    "RNN of cells, with zeros": (
        "RNN of GRUCell", {**_DOUBLED, **_SEQUENCES, "zero_output_for_mask": True},
    ),
    "stateful RNN of cells": ("RNN of GRUCell", {**_DOUBLED, **_SEQUENCES, "stateful": True}),
    "RNN of a stack": ("RNN of a stack", {**_DOUBLED, **_SEQUENCES}),
    "Bidirectional": ("Bidirectional", _DOUBLED),
    "Bidirectional around": ("Bidirectional of GRU", {**_DOUBLED, **_SEQUENCES}),
}  # fmt: skip
