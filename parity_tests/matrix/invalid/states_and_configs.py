"""Invalid and doubtful recorded states, configs and shapes."""

from __future__ import annotations

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    H,
    Steps,
    X,
    array,
    call,
    call_once,
    construct,
    error,
    errors,
    row,
)

_TAKES_NOTHING = error("TypeError", "states", at=4)
_NO_ARRAY = "a value of the wrong type is a TypeError, and Keras only stumbles over it"
_THREE_SIZES = "gru_ref wants the three sizes of an input, so that none is taken for another"


def _reset(states: object) -> Steps:
    return (*call_once(stateful=True), ("reset_states", [states]), call())


STATES = (
    row(
        "stateful-batch-change",
        "a stateful layer keeps its batch",
        (*call_once(stateful=True), call(x=array(3, 3, 4))),
        error("ValueError", "batch", "3", "2"),
    ),
    row(
        "stateful-timesteps-change",
        "a stateful layer takes other timesteps",
        (*call_once(stateful=True), call(x=array(2, 5, 4))),
        ACCEPTED,
    ),
    row(
        "reset-states-not-stateful",
        "there is nothing to reset",
        (*call_once(), ("reset_states",)),
        error("AttributeError", "stateful"),
        ACCEPTED,
    ),
    row(
        "reset-states-before-build",
        "there is no state yet",
        (*construct(stateful=True), ("reset_states",)),
        error("ValueError", "built"),
        ACCEPTED,
    ),
    *(
        row(
            f"reset-states-{name}",
            f"reset_states takes {text} in Keras 2, nothing in Keras 3",
            _reset(value),
            ACCEPTED,
            _TAKES_NOTHING,
        )
        for name, text, value in (
            ("array", "an array", H),
            ("list", "a list of one array", [H]),
            ("none", "None for zeros", None),
            ("float64", "any dtype", array(2, 5, dtype="float64")),
            ("integers", "any dtype", array(2, 5, dtype="int32")),
        )
    ),
    *(
        row(
            f"reset-states-{name}",
            f"reset_states with {text}",
            _reset(value),
            error(cls, "states", *names, at=4),
            _TAKES_NOTHING,
        )
        for name, text, value, cls, names in (
            ("two", "two states", [H, H], "ValueError", ("2", "1")),
            ("empty", "no states", [], "ValueError", ("0", "1")),
            ("units", "other units", array(2, 6), "ValueError", ("(2, 6)", "(2, 5)")),
            ("batch", "another batch", array(3, 5), "ValueError", ("(3, 5)", "(2, 5)")),
            ("batch-one", "a batch of 1", array(1, 5), "ValueError", ("(1, 5)", "(2, 5)")),
            ("nested-lists", "nested lists", [[0.5] * 5] * 2, "ValueError", ()),
        )
    ),
    *(
        row(
            f"reset-states-{name}",
            f"reset_states with {text}, which has no shape",
            _reset(value),
            error("TypeError", "states", shown, keras="AttributeError", at=4, why=_NO_ARRAY),
            _TAKES_NOTHING,
        )
        for name, text, value, shown in (
            ("scalar", "a number", 0.5, "0.5"),
            ("none-in-list", "None in a list", [None], "None"),
        )
    ),
    row(
        "reset-state",
        "reset_state is a method of Keras 3 alone",
        (*call_once(stateful=True), ("reset_state",)),
        error("AttributeError", "reset_state"),
        ACCEPTED,
    ),
    row(
        "reset-state-value",
        "reset_state takes no value",
        (*call_once(stateful=True), ("reset_state", [H])),
        error(
            "TypeError",
            "reset_state",
            keras="AttributeError",
            why="Python counts the arguments before gru_ref can say that the method is not there",
        ),
        error("TypeError", "reset_state"),
    ),
)

CONFIGS = (
    row(
        "from-config-empty",
        "a config without units",
        (("from_config", [{}]),),
        error("TypeError", "units"),
    ),
    row(
        "from-config-none",
        "no config",
        (("from_config", [None]),),
        error("TypeError", "config", "None"),
    ),
    row(
        "from-config-list", "a list", (("from_config", [[5]]),), error("TypeError", "config", "[5]")
    ),
    row(
        "from-config-unknown-key",
        "a key that is no argument",
        (("from_config", [{"units": 5, "foo": 1}]),),
        *errors("TypeError", "ValueError", "foo", "1"),
    ),
    row(
        "from-config-of-keras-2",
        "a config of Keras 2 for Keras 3",
        (("from_config", [{"units": 5, "time_major": False, "implementation": 2}]),),
        ACCEPTED,
        error("ValueError", "time_major"),
    ),
    row(
        "from-config-of-keras-3",
        "a config of Keras 3, with use_cudnn, for Keras 2",
        (("from_config", [{"units": 5, "seed": None, "use_cudnn": "auto"}]),),
        error("TypeError", "use_cudnn"),
        ACCEPTED,
    ),
)

SHAPES = (
    row(
        "compute-output-shape-rank-one",
        "one size has no timesteps",
        (*construct(), ("compute_output_shape", [(4,)])),
        error("IndexError", "input_shape", "(4,)"),
    ),
    row(
        "compute-output-shape-rank-two",
        "two sizes suffice: the features are not looked at",
        (*construct(return_sequences=True), ("compute_output_shape", [(2, 4)])),
        error("ValueError", "input_shape", "(2, 4)", keras=None, why=_THREE_SIZES),
    ),
    row(
        "compute-output-shape-list",
        "a list of sizes: Keras 2 takes a list as that of several shapes",
        (*construct(), ("compute_output_shape", [[2, 3, 4]])),
        error("IndexError", "input_shape", "[2, 3, 4]"),
        ACCEPTED,
    ),
    row(
        "compute-output-shape-none",
        "no shape: Keras 2 takes it as an unknown one",
        (*construct(), ("compute_output_shape", [None])),
        error("TypeError", "input_shape", "None", keras=None, why=_THREE_SIZES),
        error("TypeError", "input_shape", "None"),
    ),
    row(
        "compute-mask-empty",
        "an empty list of masks",
        (*construct(), ("compute_mask", [X, []])),
        error("IndexError", "mask"),
    ),
)
