"""Invalid and doubtful calls of the other methods: weights, recorded states, configs and shapes."""

from __future__ import annotations

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    BIAS,
    KERNEL,
    NAN,
    RECURRENT,
    WEIGHTS,
    H,
    Steps,
    X,
    array,
    build,
    call,
    call_once,
    construct,
    error,
    errors,
    family,
    full,
    prepare,
    row,
)
from parity_tests.matrix.objects import tensor

_OTHER_INPUT = "Keras builds for another input than a GRU can be called with"
_A_SHAPE = "gru_ref says TypeError of everything that is no sequence of sizes"
_BUILT_ONCE = "a layer that is built keeps its features, and gru_ref says so at the second build"


def _build(shape: object) -> Steps:
    return (*construct(), ("build", [shape]))


BUILD = (
    *family(
        "build",
        _build,
        (
            "rank-one",
            "one size: Keras 3 takes the last one as features",
            (4,),
            error("IndexError", "input_shape", "(4,)"),
            error("IndexError", "input_shape", "(4,)", keras=None, why=_OTHER_INPUT),
        ),
        (
            "rank-two",
            "two sizes: both take the last one as features",
            (2, 4),
            error("ValueError", "input_shape", "(2, 4)", keras=None, why=_OTHER_INPUT),
        ),
        (
            "rank-four",
            "four sizes: both take the last one as features",
            (2, 3, 4, 4),
            error("ValueError", "input_shape", "(2, 3, 4, 4)", keras=None, why=_OTHER_INPUT),
        ),
        (
            "list",
            "a list of sizes: Keras 2 takes a list as that of several shapes",
            [2, 3, 4],
            error("IndexError", "input_shape", "[2, 3, 4]"),
            ACCEPTED,
        ),
        ("empty", "no sizes", (), error("IndexError", "input_shape")),
        (
            "none",
            "no shape",
            None,
            error("TypeError", "input_shape", "None", keras="ValueError", why=_A_SHAPE),
            error("TypeError", "input_shape", "None"),
        ),
        (
            "features-none",
            "unknown features",
            (None, None, None),
            *errors("TypeError", "ValueError", "input_shape", "None"),
        ),
        (
            "features-negative",
            "negative features",
            (2, 3, -1),
            *errors("TypeError", "ValueError", "input_shape", "-1"),
        ),
        (
            "features-float",
            "features that are no integer",
            (2, 3, 4.0),
            *errors("TypeError", "ValueError", "input_shape", "4.0"),
        ),
    ),
    row(
        "build-no-argument",
        "no argument",
        (*construct(), ("build",)),
        error("TypeError", "missing"),
    ),
    row(
        "build-stateful-no-batch",
        "a stateful layer of unknown batch",
        (*construct(stateful=True), ("build", [(None, 3, 4)])),
        error("ValueError", "stateful", "(None, 3, 4)"),
    ),
    row(
        "build-unroll-no-timesteps",
        "an unrolled layer of unknown timesteps: only a call needs them",
        (*construct(unroll=True), ("build", [(2, None, 4)])),
        ACCEPTED,
    ),
    row(
        "build-stateful-other-batch",
        "a stateful layer, called with another batch than it was built for",
        (*construct(stateful=True), ("build", [(7, 3, 4)]), ("set_weights", [WEIGHTS]), call()),
        error("ValueError", "batch", "2", "7"),
    ),
    row(
        "build-again",
        "a second build with other features: the weights stay, but Keras 2 then expects those",
        (*prepare(), ("build", [(2, 3, 6)]), call()),
        error("ValueError", "input_shape", "(2, 3, 6)", "4", why=_BUILT_ONCE),
        error("ValueError", "input_shape", "(2, 3, 6)", "4", keras=None, why=_BUILT_ONCE),
    ),
)


def _set(weights: object, **constructor: object) -> Steps:
    return (*build(**constructor), ("set_weights", [weights]), ("get_weights",))


SET_WEIGHTS = (
    row(
        "set-weights-before-build",
        "a layer that is not built has no weights to set",
        (*construct(), ("set_weights", [WEIGHTS])),
        error("ValueError", "weights", "3"),
    ),
    row(
        "set-weights-nothing-before-build",
        "no weights for a layer that has none",
        (*construct(), ("set_weights", [[]])),
        ACCEPTED,
    ),
    *family(
        "set-weights",
        _set,
        ("none", "no list", None, error("TypeError", "weights", "None", at=2)),
        (
            "count",
            "the bias is missing",
            [KERNEL, RECURRENT],
            error("ValueError", "weights", "2", "3", at=2),
        ),
        (
            "extra",
            "one array too many",
            [*WEIGHTS, BIAS],
            error("ValueError", "weights", "4", "3", at=2),
        ),
        (
            "order",
            "the kernels are exchanged",
            [RECURRENT, KERNEL, BIAS],
            error("ValueError", "kernel", "(5, 15)", "(4, 15)", at=2),
        ),
        (
            "transposed",
            "a transposed kernel",
            [array(15, 4), RECURRENT, BIAS],
            error("ValueError", "kernel", "(15, 4)", "(4, 15)", at=2),
        ),
        (
            "recurrent-shape",
            "a recurrent kernel of other units",
            [KERNEL, array(4, 15), BIAS],
            error("ValueError", "recurrent_kernel", "(4, 15)", "(5, 15)", at=2),
        ),
        (
            "flat-bias",
            "a flat bias, as CuDNNGRU has it",
            [KERNEL, RECURRENT, array(30)],
            error("ValueError", "bias", "(30,)", "(2, 15)", at=2),
        ),
        (
            "one-bias",
            "one bias row for reset_after=True",
            [KERNEL, RECURRENT, array(15)],
            error("ValueError", "bias", "(15,)", "(2, 15)", at=2),
        ),
        (
            "nested-lists",
            "lists in place of arrays",
            [[[0.0] * 15] * 4, RECURRENT, BIAS],
            error("ValueError", "kernel", at=2),
            error("AttributeError", "kernel", at=2),
        ),
        (
            "kernel-none",
            "None in place of an array",
            [None, RECURRENT, BIAS],
            error("ValueError", "kernel", at=2),
            error("AttributeError", "kernel", "None", at=2),
        ),
        ("nan", "weights are not looked at", [full(4, 15, value=NAN), RECURRENT, BIAS], ACCEPTED),
        ("tensors", "tensors are weights too", [tensor(weight) for weight in WEIGHTS], ACCEPTED),
    ),
    row(
        "set-weights-two-biases",
        "two bias rows for reset_after=False",
        _set(WEIGHTS, reset_after=False),
        error("ValueError", "bias", "(2, 15)", "(15,)", at=2),
    ),
    row(
        "set-weights-no-bias",
        "a bias for use_bias=False",
        _set(WEIGHTS, use_bias=False),
        error("ValueError", "weights", "3", "2", at=2),
    ),
    row(
        "set-weights-by-position",
        "three arguments in place of one list",
        (*build(), ("set_weights", WEIGHTS)),
        error("TypeError", "positional"),
    ),
    *(
        row(
            f"set-weights-{dtype}",
            f"weights of dtype {dtype} are cast",
            _set([array(4, 15, dtype=dtype), RECURRENT, BIAS]),
            ACCEPTED,
        )
        for dtype in ("float64", "int32", "bool")
    ),
    row("get-weights-before-build", "no weights yet", (*construct(), ("get_weights",)), ACCEPTED),
    row(
        "count-params-before-build",
        "no weights to count yet",
        (*construct(), ("count_params",)),
        error("ValueError", "built"),
    ),
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


def _from_config(config: object) -> Steps:
    return (("from_config", [config]),)


CONFIGS = (
    *family(
        "from-config",
        _from_config,
        ("empty", "a config without units", {}, error("TypeError", "units")),
        ("none", "no config", None, error("TypeError", "config", "None")),
        ("list", "a list", [5], error("TypeError", "config", "[5]")),
        (
            "unknown-key",
            "a key that is no argument",
            {"units": 5, "foo": 1},
            *errors("TypeError", "ValueError", "foo", "1"),
        ),
        (
            "of-keras-2",
            "a config of Keras 2 for Keras 3",
            {"units": 5, "time_major": False, "implementation": 2},
            ACCEPTED,
            error("ValueError", "time_major"),
        ),
        (
            "of-keras-3",
            "a config of Keras 3, with use_cudnn, for Keras 2",
            {"units": 5, "seed": None, "use_cudnn": "auto"},
            error("TypeError", "use_cudnn"),
            ACCEPTED,
        ),
    ),
)


def _output_shape(shape: object) -> Steps:
    return (*construct(), ("compute_output_shape", [shape]))


SHAPES = (
    *family(
        "compute-output-shape",
        _output_shape,
        ("rank-one", "one size has no timesteps", (4,), error("IndexError", "input_shape", "(4,)")),
        (
            "list",
            "a list of sizes: Keras 2 takes a list as that of several shapes",
            [2, 3, 4],
            error("IndexError", "input_shape", "[2, 3, 4]"),
            ACCEPTED,
        ),
        (
            "none",
            "no shape: Keras 2 takes it as an unknown one",
            None,
            error("TypeError", "input_shape", "None", keras=None, why=_THREE_SIZES),
            error("TypeError", "input_shape", "None"),
        ),
    ),
    row(
        "compute-output-shape-rank-two",
        "two sizes suffice: the features are not looked at",
        (*construct(return_sequences=True), ("compute_output_shape", [(2, 4)])),
        error("ValueError", "input_shape", "(2, 4)", keras=None, why=_THREE_SIZES),
    ),
    row(
        "compute-mask-empty",
        "an empty list of masks",
        (*construct(), ("compute_mask", [X, []])),
        error("IndexError", "mask"),
    ),
)
