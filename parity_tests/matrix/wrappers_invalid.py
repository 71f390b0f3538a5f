"""Invalid and doubtful calls around the layer, and what each Keras and gru_ref make of them.

A step is a method, its positional arguments and its keywords, as `oracles.live_wrappers` takes them;
the outcomes are those of tf_keras 2.21 and Keras 3.15.1, each seen live.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from parity_tests.matrix import objects
from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    Invalid,
    dtype_refused,
    error,
    errors,
    fault,
    framework,
    row,
    shape_refused,
)

Steps = tuple[Any, ...]

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 4, 6, 5
SHAPE = (BATCH, TIMESTEPS, FEATURES)

X = (np.arange(48) % 7 - 3).reshape(SHAPE).astype("float32") / 4
X0 = X[:, 0]
H = (np.arange(10) % 3 - 1).reshape(BATCH, UNITS).astype("float32")
H3 = H[:, :3].copy()
MASK = np.array([[True, False, True, True], [True, True, True, False]])

PLAIN = {"kernel_initializer": "ones", "recurrent_initializer": "zeros"}
CELL = {"class": "GRUCell", "units": UNITS, **PLAIN}
CELL3 = {**CELL, "units": 3}
GRU = {"class": "GRU", "units": UNITS, **PLAIN}
BACK = {**GRU, "go_backwards": True}

NO_CELLS = "a stack without cells has no output of its own: refused"
EARLIER = "refused where it is given, before an operation of TensorFlow refuses it"


def construct(spec: dict[str, Any]) -> Steps:
    """Construct a layer."""
    return (("construct", (), spec),)


def cell(**arguments: Any) -> dict[str, Any]:
    """Return a GRUCell as data."""
    return {**CELL, **arguments}


def gru(**arguments: Any) -> dict[str, Any]:
    """Return a GRU as data."""
    return {**GRU, **arguments}


def rnn(cell: Any = CELL, **arguments: Any) -> dict[str, Any]:
    """Return an RNN as data."""
    return objects.rnn(cell, **arguments)


def stack(**arguments: Any) -> dict[str, Any]:
    """Return an RNN around two cells as data."""
    return rnn([CELL3, CELL], **arguments)


def both(layer: Any = GRU, **arguments: Any) -> dict[str, Any]:
    """Return a Bidirectional as data."""
    return objects.bidirectional(layer, **arguments)


def call(spec: dict[str, Any], *positional: Any, **keywords: Any) -> Steps:
    """Construct a layer and call it."""
    return (*construct(spec), ("call", positional or (X,), keywords))


def then(spec: dict[str, Any], method: str, *positional: Any, calls: bool = True) -> Steps:
    """Construct a layer, call it, and carry out a method."""
    steps = call(spec) if calls else construct(spec)
    return (*steps, (method, positional, {}))


UNKNOWN = error("TypeError", "foo"), error("ValueError", "foo")
STATE_COUNT = error("ValueError", "initial_state")

AROUND_INVALID: tuple[Invalid, ...] = (
    # ---- GRUCell
    row("cell-unknown-argument", "an argument no cell has", construct(cell(foo=1)), *UNKNOWN),
    row(
        "cell-return-state",
        "an argument of the loop",
        construct(cell(return_state=True)),
        *errors("TypeError", "ValueError", "return_state")),
    row("cell-units-zero", "no units", construct(cell(units=0)), error("ValueError", "units", "0")),
    row("cell-units-string", "units that are a string", construct(cell(units="5")), error("TypeError", "units")),
    row(
        "cell-use-cudnn",
        "use_cudnn",
        construct(cell(use_cudnn=True)),
        *errors("TypeError", "ValueError", "use_cudnn")),
    row(
        "cell-seed-string",
        "a seed that is a string",
        construct(cell(seed="a")),
        ACCEPTED,
        error("ValueError", "seed"),
    ),
    row(
        "cell-activity-regularizer",
        "a penalty of every timestep's output",
        construct(cell(activity_regularizer="l2")),
        error("TypeError", "activity_regularizer", keras=None, why="Keras adds it at every timestep, and once more: refused"),
        error("ValueError", "activity_regularizer", keras=None, why="Keras adds it at every timestep, and once more: refused"),
    ),
    row(
        "cell-autocast-float64",
        "an input of float64, autocast off",
        call(cell(autocast=False), X0.astype("float64"), H),
        framework("InvalidArgumentError", "TypeError", "inputs", why=EARLIER),
    ),
    row("cell-no-states", "no state", call(CELL, X0), error("TypeError", "states")),
    row(
        "cell-states-none",
        "None as the state",
        call(CELL, X0, None),
        *errors("AttributeError", "ValueError", "states")),
    row("cell-states-empty", "an empty list of states", call(CELL, X0, []), error("IndexError", "states")),
    row(
        "cell-states-units",
        "a state of other units",
        call(CELL, X0, [H3]),
        shape_refused("states"),
    ),
    row(
        "cell-states-batch",
        "a state of another batch",
        call(CELL, X0, [np.ones((3, UNITS), "float32")]),
        shape_refused("states"),
    ),
    row("cell-states-batch-1", "a state of batch 1", call(CELL, X0, [H[:1]]), ACCEPTED),
    row("cell-two-states", "two states, of which the first counts", call(CELL, X0, [H, H3]), ACCEPTED),
    row(
        "cell-inputs-3d",
        "a sequence",
        call(CELL, np.ones((3, 4, 6), "float32"), [np.ones((3, UNITS), "float32")]),
        shape_refused("inputs"),
    ),
    row(
        "cell-inputs-float64",
        "inputs of another float dtype",
        call(CELL, X0.astype("float64"), [H]),
        ACCEPTED,
    ),
    row(
        "cell-state-float64",
        "a state of another float dtype",
        call(CELL, X0, [H.astype("float64")]),
        dtype_refused("states"),
        ACCEPTED,
    ),
    row(
        "cell-state-int",
        "a state of integers",
        call(CELL, X0, [H.astype("int32")]),
        dtype_refused("states"),
    ),
    row(
        "cell-mask",
        "a mask",
        call(CELL, X0, [H], mask=None),
        error("TypeError", "mask"),
    ),
    row("cell-build-empty", "build of no sizes", then(CELL, "build", (), calls=False), error("IndexError", "input_shape")),
    row("cell-build-three", "build of three sizes: the last counts", then(CELL, "build", SHAPE, calls=False), ACCEPTED),
    row(
        "cell-initial-state-nothing",
        "get_initial_state of nothing",
        then(CELL, "get_initial_state", calls=False),
        error("ValueError", "batch_size"),
    ),
    row("cell-params-unbuilt", "count_params before build", then(CELL, "count_params", calls=False), error("ValueError")),
    # ---- RNN and StackedRNNCells
    row("rnn-no-cell", "None as the cell", construct(rnn(None)), error("ValueError", "cell")),
    row(
        "rnn-around-gru",
        "a GRU as the cell",
        construct(rnn(GRU)),
        error("ValueError", "cell"),
        error("ValueError", "cell", keras=None, why="Keras 3 fails in the first call"),
    ),
    row(
        "rnn-empty-list",
        "no cells",
        call(rnn([])),
        error("ValueError", "cells", keras=None, why=NO_CELLS),
        error("ValueError", "cells", keras="IndexError", why=NO_CELLS),
    ),
    row("rnn-number-in-list", "a number among the cells", construct(rnn([5])), error("ValueError", "cells")),
    row("rnn-unknown-argument", "an argument no RNN has", construct(rnn(foo=1)), *UNKNOWN),
    row(
        "rnn-seed",
        "a seed, which the cell has",
        construct(rnn(seed=1)),
        *errors("TypeError", "ValueError", "seed")),
    row(
        "rnn-time-major",
        "time_major",
        construct(rnn(time_major=True)),
        ACCEPTED,
        error("ValueError", "time_major"),
    ),
    row(
        "rnn-dtype-of-the-cell",
        "a cell of another dtype",
        call(rnn(cell(dtype="float64"))),
        dtype_refused("dtype"),
        ACCEPTED,
    ),
    row(
        "stack-dtype-of-the-cells-masked",
        "cells of the RNN's dtype in a stack of another, and a mask",
        call(rnn({"class": "StackedRNNCells", "cells": [CELL3, CELL], "dtype": "float64"}), mask=MASK),
        ACCEPTED,
        dtype_refused("mask"),
    ),
    row(
        "stack-reverse-order",
        "reverse_state_order, cells of two sizes",
        call(rnn({"class": "StackedRNNCells", "cells": [CELL3, CELL], "reverse_state_order": True})),
        error("ValueError", "reverse_state_order", keras="InvalidArgumentError", why=EARLIER),
        error("ValueError", "reverse_state_order", at=0),
    ),
    row("rnn-name-slash", "a name with a slash", construct(rnn(name="a/b")), ACCEPTED, error("ValueError", "name")),
    row(
        "rnn-name-number",
        "a number as the name",
        construct(rnn(name=5)),
        *errors("TypeError", "ValueError", "name")),
    row(
        "rnn-two-states",
        "two states for one cell",
        call(rnn(), initial_state=[H, H]),
        STATE_COUNT,
    ),
    *(
        each
        for name, spec in (("rnn", rnn()), ("stack", stack()))
        for each in (
            row(
                f"{name}-no-states",
                "an empty list of states in the call that builds: Keras 2 counts the states there",
                call(spec, initial_state=[]),
                *errors("ValueError", "IndexError", "initial_state"),
            ),
            row(
                f"{name}-no-states-built",
                "an empty list of states in a later call: None for Keras 2",
                (*call(spec), ("call", (X,), {"initial_state": []})),
                ACCEPTED,
                error("IndexError", "initial_state"),
            ),
        )
    ),
    row("stack-three-states", "three states for two cells", call(stack(), initial_state=[H3, H, H]), STATE_COUNT),
    row(
        "stack-one-state",
        "one state for two cells",
        call(stack(return_state=True), initial_state=[H3]),
        STATE_COUNT,
        ACCEPTED,
    ),
    row(
        "stack-swapped-states",
        "the states in the wrong order",
        call(stack(), initial_state=[H, H3]),
        STATE_COUNT,
        shape_refused("initial_state"),
    ),
    row(
        "stack-unit-mask",
        "a mask of every unit, cells of two sizes",
        call(stack(), mask=np.ones((*SHAPE[:2], UNITS), bool)),
        shape_refused("mask"),
    ),
    row(
        "rnn-mask-list",
        "a list of a mask",
        call(rnn(return_sequences=True), mask=[MASK]),
        ACCEPTED,
        error("AttributeError", "mask"),
    ),
    row(
        "rnn-mask-tuple",
        "a tuple of a mask",
        call(rnn(return_sequences=True), mask=(MASK,)),
        ACCEPTED,
        error("AttributeError", "mask"),
    ),
    row(
        "rnn-mask-empty",
        "an empty list of masks",
        call(rnn(), mask=[]),
        *errors("IndexError", "AttributeError", "mask")),
    row("rnn-states-empty-keras2", "no states recorded", then(stack(), "states"), ACCEPTED),
    row(
        "rnn-reset-not-stateful",
        "reset_states of a layer that is not stateful",
        then(rnn(), "reset_states"),
        error("AttributeError", "stateful"),
        ACCEPTED,
    ),
    row(
        "stack-reset",
        "reset_states of a stack",
        then(stack(stateful=True), "reset_states"),
        ACCEPTED,
        fault("AttributeError", "Keras 3 cannot reset the states of a stack"),
    ),
    row(
        "stack-reset-values",
        "reset_states with the states of a stack",
        (*then(stack(stateful=True), "reset_states", [H3, H]), ("states", (), {})),
        ACCEPTED,
        error("TypeError", "states", at=2),
    ),
    row(
        "stack-reset-one-value",
        "reset_states with one state for two cells",
        then(stack(stateful=True), "reset_states", [H3]),
        *errors("ValueError", "TypeError", "states")),
    row(
        "rnn-stateful-batch-unknown",
        "stateful without a batch",
        then(rnn(stateful=True), "build", (None, TIMESTEPS, FEATURES), calls=False),
        error("ValueError", "batch"),
    ),
    row(
        "rnn-other-batch",
        "another batch of a stateful layer",
        (*call(rnn(stateful=True)), ("call", (X[:1],), {})),
        error("ValueError", "batch"),
    ),
    row(
        "rnn-set-weights-short",
        "two arrays of three",
        (*then(rnn(), "build", SHAPE, calls=False), ("set_weights", ([np.ones((6, 15)), np.ones((5, 15))],), {})),
        error("ValueError", "weights"),
    ),
    row("rnn-from-config-empty", "an empty config", (("from_config", ("RNN", {}), {}),), error("KeyError", "cell")),
    row("stack-from-config-empty", "an empty config", (("from_config", ("StackedRNNCells", {}), {}),), error("KeyError", "cells")),
    # ---- Bidirectional
    row("both-number", "a number as the layer", construct(both(5)), error("ValueError", "layer")),
    row("both-backward-number", "a number as backward_layer", construct(both(backward_layer=5)), error("ValueError", "backward_layer")),
    row(
        "both-around-cell",
        "a cell as the layer",
        construct(both(CELL)),
        *errors("KeyError", "TypeError", "layer")),
    row("both-merge-mode", "an unknown merge_mode", construct(both(merge_mode="max")), error("ValueError", "merge_mode")),
    row("both-merge-mode-list", "a list as merge_mode", construct(both(merge_mode=["sum"])), error("ValueError", "merge_mode")),
    row("both-unknown-argument", "an argument it does not have", construct(both(foo=1)), *UNKNOWN),
    row(
        "both-go-backwards",
        "a layer that goes backwards",
        call(both(BACK)),
        ACCEPTED,
        error("ValueError", "go_backwards", at=0),
    ),
    row("both-same-direction", "two layers in one direction", construct(both(backward_layer=GRU)), error("ValueError", "go_backwards")),
    row(
        "both-return-state-differs",
        "one layer that returns its state",
        construct(both(backward_layer={**BACK, "return_state": True})),
        error("ValueError", "return_state"),
    ),
    row(
        "rnn-reset-keyword",
        "reset_states with states by name",
        (*call(rnn(stateful=True)), ("reset_states", (), {"states": [H]}), ("states", (), {})),
        ACCEPTED,
        error("TypeError", "states", at=-2),
    ),
    row(
        "both-units-differ",
        "a sum of different units",
        call(both(backward_layer={**BACK, "units": 3}, merge_mode="sum")),
        shape_refused("backward_layer", "merge_mode"),
    ),
    row(
        "both-units-one",
        "a sum of five units and one, which broadcasts",
        call(both(backward_layer={**BACK, "units": 1}, merge_mode="sum")),
        ACCEPTED,
    ),
    row(
        "both-reset-keyword",
        "reset_states with states by name",
        (*call(both(gru(stateful=True))), ("reset_states", (), {"states": [H, H]})),
        ACCEPTED,
        error("TypeError", "states"),
    ),
    row("both-x-none", "no input", call(both(), None), *errors("TypeError", "ValueError", "x")),
    row("both-weights", "weights, which no Keras uses", call(both(weights=[np.ones((6, 15), "float32")] * 2)), ACCEPTED),
    row("both-states-tuple", "a tuple of states", call(both(), initial_state=(H, H)), ACCEPTED),
    row(
        "both-one-state",
        "one state for two layers",
        call(both(), initial_state=[H]),
        *errors("ValueError", "IndexError", "initial_state")),
    row(
        "both-three-states",
        "three states for two layers",
        call(both(), initial_state=[H, H, H]),
        error("ValueError", "initial_state"),
        ACCEPTED,
    ),
    row(
        "both-four-states",
        "four states for two layers",
        call(both(), initial_state=[H, H, H, H]),
        error("ValueError", "initial_state"),
        ACCEPTED,
    ),
    row(
        "both-state-array",
        "one array as the states, which Keras 3 splits along the batch",
        call(both(), initial_state=H),
        error("ValueError", "initial_state"),
        ACCEPTED,
    ),
    row("both-no-states", "an empty list of states", call(both(), initial_state=[]), error("IndexError", "initial_state")),
    row(
        "both-reset-not-stateful",
        "reset_states of layers that are not stateful",
        then(both(), "reset_states"),
        error("AttributeError", "stateful"),
    ),
    row(
        "both-reset-array",
        "reset_states with one array",
        then(both(gru(stateful=True)), "reset_states", H),
        *errors("ValueError", "TypeError", "states")),
    row(
        "both-reset-three",
        "reset_states with three states",
        then(both(gru(stateful=True)), "reset_states", [H, H, H]),
        *errors("ValueError", "TypeError", "states")),
    row(
        "both-states",
        "the attribute states",
        then(both(gru(stateful=True)), "states"),
        error("AttributeError", "states"),
        ACCEPTED,
    ),
    row(
        "both-stateful-with-state",
        "a stateful layer that returns its states",
        call(both(gru(stateful=True, return_state=True))),
        ACCEPTED,
        fault("TypeError", "Keras 3 multiplies a generator for the masks of the states"),
    ),
    row("both-from-config-empty", "an empty config", (("from_config", ("Bidirectional", {}), {}),), error("KeyError", "layer")),
    row("both-params-unbuilt", "count_params before build", then(both(), "count_params", calls=False), error("ValueError")),
    # ---- ragged input
    row("ragged", "rows of different lengths", call(GRU, ragged_lengths=[2, 4]), ACCEPTED, error("ValueError", "ragged_lengths")),
    row("ragged-rnn", "the same, of an RNN", call(rnn(), ragged_lengths=[2, 4]), ACCEPTED, error("ValueError", "ragged_lengths")),
    row(
        "ragged-mask",
        "a mask too",
        call(GRU, ragged_lengths=[2, 4], mask=MASK),
        error("ValueError", "mask"),
        error("ValueError", "ragged_lengths"),
    ),
    row(
        "ragged-unroll",
        "ragged rows unrolled",
        call(gru(unroll=True), ragged_lengths=[2, 4]),
        error("ValueError", "unroll"),
        error("ValueError", "ragged_lengths"),
    ),
    row(
        "ragged-time-major",
        "ragged rows, timesteps first",
        call(gru(time_major=True), ragged_lengths=[2, 4]),
        shape_refused("time_major"),
        error("ValueError", "time_major", at=0),
    ),
    row(
        "ragged-no-timestep",
        "rows without a timestep",
        call(GRU, ragged_lengths=[0, 0]),
        shape_refused("ragged_lengths"),
        error("ValueError", "ragged_lengths"),
    ),
)  # fmt: skip
