"""What is varied around the layer: families of cases, their axes, and how many axes meet.

Printable data only. The first level of an axis is the default, and the id of a case names only the
levels that differ from it. `parity_tests.cases.wrappers` expands them.
"""

from parity_tests.matrix.axes import ORACLES
from parity_tests.matrix.objects import bidirectional, rnn

BATCH, TIMESTEPS, FEATURES = 2, 4, 6

# Units of the cells, by the level of `cells`: no two numbers of a case are alike.
CELLS = {"one": (5,), "two": (3, 5), "three": (3, 5, 4)}
OTHER_UNITS = 4

# Timesteps of each row, by the level of `lengths`.
LENGTHS = {"rising": (2, 4), "falling": (4, 1), "empty": (0, 3), "equal": (3, 3)}

NONE_OR_MASKS = ("none", "all-true", "right", "left", "holes", "row")
DROPOUT = ("none", "input", "recurrent", "both")

_CELL = {
    "reset_after": (True, False),
    "use_bias": (True, False),
    "implementation": (2, 1),
    "dropout": DROPOUT,
}
_LOOP = {
    "return_sequences": (False, True),
    "return_state": (False, True),
    "stateful": ("off", "two-calls", "reset-between"),
    "mask": NONE_OR_MASKS,
    "zero_output_for_mask": (False, True),
    "unroll": (False, True),
    "time_major": (False, True),
}

# strength: how many axes meet in every combination, by lane.
FAMILIES = {
    "cell": {
        "oracles": ORACLES,
        "meaning": "a GRUCell by itself, three timesteps one after the other",
        "axes": {**_CELL, "states": ("list", "tuple", "array")},
        "strength": {"exact": 5, "saturated": 3, "double": 3},
    },
    "rnn": {
        "oracles": ORACLES,
        "meaning": "RNN around a GRUCell",
        "axes": {
            **_CELL,
            **_LOOP,
            "go_backwards": (False, True),
            "initial_state": ("none", "array", "list", "tuple"),
        },
        "strength": {"exact": 3, "saturated": 2, "double": 2},
    },
    "stacked": {
        "oracles": ORACLES,
        "meaning": "RNN around several cells, given as a list or as StackedRNNCells",
        "axes": {
            **_CELL,
            **_LOOP,
            "go_backwards": (False, True),
            "cells": ("two", "three", "one"),
            "given_as": ("list", "StackedRNNCells"),
            "initial_state": ("none", "list", "tuple", "nested"),
        },
        "strength": {"exact": 3, "saturated": 2, "double": 2},
    },
    "bidirectional": {
        "oracles": ORACLES,
        "meaning": "Bidirectional around a GRU, an RNN, or an RNN of stacked cells",
        "axes": {
            **_CELL,
            **_LOOP,
            "merge_mode": ("concat", "sum", "mul", "ave", "none"),
            "layer": ("GRU", "RNN", "stack"),
            "backward_layer": ("made", "given", "other-units"),
            "initial_state": ("none", "list", "tuple"),
        },
        "strength": {"exact": 3, "saturated": 2, "double": 2},
    },
    "ragged": {
        "oracles": ("keras2",),
        "meaning": "rows of different lengths",
        "axes": {
            "layer": ("GRU", "RNN", "stack", "Bidirectional"),
            "lengths": tuple(LENGTHS),
            "return_sequences": (False, True),
            "return_state": (False, True),
            "go_backwards": (False, True),
            "stateful": ("off", "two-calls"),
            "initial_state": ("none", "list"),
            "zero_output_for_mask": (False, True),
            "dropout": ("none", "input", "both"),
        },
        "strength": {"exact": 3, "saturated": 2, "double": 2},
    },
}

# Combinations that no case holds, and why.
_TIME_MAJOR_3 = {"time_major": (True,)}  # Keras 3 has no time_major
_UNROLL_RAISES = {  # ledger row unroll_zero_last_output_fails
    "unroll": (True,),
    "zero_output_for_mask": (True,),
    "return_sequences": (False,),
    "mask": NONE_OR_MASKS[1:],
}
_NESTED = {"initial_state": ("nested",)}  # tf.nest refuses some of them within Keras 2's loop
_ONE_IN_LISTS = {  # ledger row one_cell_stack_mask_fails
    "cells": ("one",),
    "initial_state": ("none", "nested"),
    "mask": NONE_OR_MASKS[1:],
    "unroll": (False,),
}
_UNITS_DIFFER = {"backward_layer": ("other-units",), "merge_mode": ("sum", "mul", "ave")}
_STATE_MASK = {  # ledger row bidirectional_state_mask_fails
    "stateful": ("two-calls", "reset-between"),
    "return_state": (True,),
}
_STACK_RESET = {"stateful": ("reset-between",)}  # ledger row stack_reset_fails
_STACK_WITHIN = {"layer": ("stack",), **_STACK_RESET}
_GATES_FAIL = {  # ledger row implementation_1_dropout_fails: a given layer keeps its implementation
    "implementation": (1,),
    "dropout": ("input",),
    "layer": ("GRU",),
    "backward_layer": ("given", "other-units"),
}
_BACKWARDS_BOTH = {"layer": ("Bidirectional",), "go_backwards": (True,)}

IMPOSSIBLE = {
    ("keras2", "rnn"): (_UNROLL_RAISES,),
    ("keras2", "stacked"): (_UNROLL_RAISES, _NESTED),
    ("keras2", "bidirectional"): (_UNITS_DIFFER,),
    ("keras2", "ragged"): (_BACKWARDS_BOTH,),
    ("keras3", "rnn"): (_TIME_MAJOR_3,),
    ("keras3", "stacked"): (_TIME_MAJOR_3, _STACK_RESET, _ONE_IN_LISTS),
    ("keras3", "bidirectional"): (
        _TIME_MAJOR_3,
        _UNITS_DIFFER,
        _STATE_MASK,
        _STACK_WITHIN,
        _GATES_FAIL,
    ),
}

# What the lane double may differ by, in eps64 of max(1, |expected|); 6.5 measured, in an
# RNN of tf_keras 2.21.
DOUBLE_BOUND = 8.0

# Layers that draw: their weights, then the masks of two calls in training with one in inference
# between them, after set_random_seed(DRAWN_SEED) alone.
DRAWN_SEED = 5
_DRAWN = {"recurrent_initializer": "glorot_uniform"}
_IN = {"class": "GRUCell", "units": 5, "dropout": 0.5, **_DRAWN}
_BOTH = {**_IN, "units": 3, "recurrent_dropout": 0.25}
_GRU = {"class": "GRU", "units": 5, "dropout": 0.5, **_DRAWN}
_BACK = {**_GRU, "units": 3, "dropout": 0.25, "go_backwards": True}
DRAWN = {
    "cell": _IN,
    "cell-seed": {**_IN, "seed": 11},
    "cell-both": _BOTH,
    "cell-both-by-gate": {**_BOTH, "implementation": 1, "seed": 11},
    "rnn": rnn(_IN),
    "rnn-seed": rnn({**_BOTH, "seed": 11}),
    "rnn-by-gate": rnn({**_IN, "implementation": 1}),
    "stacked": rnn([_BOTH, _IN]),
    "stacked-seeds": rnn([{**_BOTH, "seed": 11}, {**_IN, "seed": 3}]),
    "bidirectional": bidirectional(_GRU),
    "bidirectional-seed": bidirectional({**_GRU, "recurrent_dropout": 0.25, "seed": 11}),
    "bidirectional-given": bidirectional(_GRU, backward_layer=_BACK),
    "bidirectional-stacked": bidirectional(rnn([_BOTH, _IN])),
}

# Layers with penalties, some of whose parts are frozen: their losses, and the order of weights.
_PENALIZED = {
    "kernel_initializer": "ones",
    "recurrent_initializer": "zeros",
    "kernel_regularizer": "l2",
    "bias_regularizer": "l1",
    "bias_initializer": "ones",
}
_CELL3 = {"class": "GRUCell", "units": 3, **_PENALIZED}
_CELL5 = {"class": "GRUCell", "units": 5, **_PENALIZED}
_GRU5 = {"class": "GRU", "units": 5, "activity_regularizer": "l1", **_PENALIZED}
_BACK3 = {
    **_GRU5,
    "units": 3,
    "activity_regularizer": "l2",
    "kernel_regularizer": "l1",
    "go_backwards": True,
}
_FROZEN = {"trainable": False}
PENALIZED = {
    "rnn": rnn(_CELL5, activity_regularizer="l2"),
    "rnn-states": rnn([_CELL3, _CELL5], activity_regularizer="l2", return_state=True),
    "rnn-frozen": rnn(_CELL5, activity_regularizer="l2", **_FROZEN),
    "stacked-frozen-first": rnn([{**_CELL3, **_FROZEN}, _CELL5]),
    "stacked-frozen-last": rnn([_CELL3, {**_CELL5, **_FROZEN}]),
    "bidirectional": bidirectional(_GRU5, backward_layer=_BACK3),
    "bidirectional-made": bidirectional(_GRU5, merge_mode=None),
    "bidirectional-frozen": bidirectional(_GRU5, **_FROZEN),
    "bidirectional-around-frozen": bidirectional({**_GRU5, **_FROZEN}),
    "bidirectional-frozen-forward": bidirectional(
        {**_GRU5, **_FROZEN}, backward_layer=_BACK3, trainable=True
    ),
    "bidirectional-frozen-backward": bidirectional(_GRU5, backward_layer={**_BACK3, **_FROZEN}),
}
SINGLE_BOUND = 8.0  # of these in eps32 of max(1, |expected|); 2.0 measured

# Layers around others of another dtype than their own, or of several: what is cast, and where, at
# the first call and at the second. Half the state and half the input, a feature for every unit:
# nothing rounds but what the dtypes round.
DTYPE_SHAPE = 2, 2, 2  # batch, timesteps, features
_HALVED = {
    "units": 2,
    "activation": "linear",
    "recurrent_activation": "relu",
    "kernel_initializer": "zeros",
    "recurrent_initializer": "zeros",
}
_LISTED = {"return_sequences": True, "return_state": True}
_SUM_ALONE = {"return_state": False}
_SINGLE = {"class": "GRU", **_HALVED, **_LISTED}
_DOUBLE = {"dtype": "float64"}


def _around(dtype: str) -> dict[str, dict[str, object]]:
    """Return the layers with parts of one dtype, by name."""
    gru = {**_SINGLE, "dtype": dtype}
    cell = {"class": "GRUCell", **_HALVED, "dtype": dtype}
    around = rnn(cell, **_LISTED, dtype=dtype)
    stack = {"class": "StackedRNNCells", "cells": [cell, {**cell, "units": 1}], "dtype": dtype}
    return {
        f"rnn-{dtype}": around,
        f"around-{dtype}": bidirectional(gru),
        f"around-{dtype}-sum": bidirectional({**gru, **_SUM_ALONE}, merge_mode="sum"),
        f"around-rnn-{dtype}": bidirectional(around),
        f"around-stack-{dtype}": bidirectional({**around, "cell": stack}),
        f"of-{dtype}": bidirectional(_SINGLE, dtype=dtype),
        f"all-{dtype}": bidirectional(gru, dtype=dtype),
    }


def _mixed(own: str, stack: str, *cells: str, **arguments: object) -> dict[str, object]:
    """Return an RNN of one dtype around a stack of another, of cells of others."""
    made = [
        {"class": "GRUCell", **_HALVED, "units": 2 - place, "dtype": dtype}
        for place, dtype in enumerate(cells)
    ]
    around = {"class": "StackedRNNCells", "cells": made, "dtype": stack} if stack else made[0]
    return rnn(around, **_LISTED, dtype=own, **arguments)


_SEVERAL = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")
_PAIRS = [(own, cell) for own in _SEVERAL for cell in _SEVERAL]
_THREE = ("float16", "float32", "float64")
# In Keras 2 only where RNN and cells compute in one dtype: no state is cast. bfloat16 is with those
# of Keras 3 alone.
ALIKE = {
    "float16-of-mixed_float16": _mixed("float16", "", "mixed_float16"),
    "mixed_float16-of-float16-stateful": _mixed("mixed_float16", "", "float16", stateful=True),
    **{
        f"{own}-through-{stack}": _mixed(own, stack, own, own)
        for own in _THREE
        for stack in _THREE
        if own != stack
    },
}
# In Keras 3 of every dtype around every other.
UNLIKE = {
    **{f"{own}-of-{cell}": _mixed(own, "", cell) for own, cell in _PAIRS if own != cell},
    **{
        f"{own}-of-{cell}-stateful": _mixed(own, "", cell, stateful=True, unroll=True)
        for own, cell in _PAIRS
        if own != cell
    },
    **{
        f"{own}-of-{stack}-of-{first}-and-{last}": _mixed(own, stack, first, last)
        for own in _THREE
        for stack in _THREE
        for first in _THREE
        for last in _THREE
        if len({own, stack, first, last}) > 1
    },
    "around-float32-of-float16": bidirectional(_mixed("float32", "", "float16"), dtype="float64"),
}

_BACKWARDS = {"go_backwards": True}
DTYPES = {
    **ALIKE,
    **_around("float16"),
    **_around("float64"),
    **_around("mixed_float16"),
    "around-float64-stateful": bidirectional(
        {**_SINGLE, **_DOUBLE, "return_state": False, "stateful": True}
    ),
    "forward-float64": bidirectional(
        {**_SINGLE, **_DOUBLE}, backward_layer={**_SINGLE, **_BACKWARDS}, merge_mode=None
    ),
    "backward-float64": bidirectional(
        _SINGLE, backward_layer={**_SINGLE, **_DOUBLE, **_BACKWARDS}, merge_mode=None
    ),
}
