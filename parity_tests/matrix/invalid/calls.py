"""Invalid and doubtful inputs, initial states and masks of a call."""

from __future__ import annotations

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    NAN,
    OBJECT,
    SHAPES_REFUSED,
    TENSORS_WANTED,
    H,
    X,
    array,
    call,
    call_with,
    construct,
    dtype_refused,
    each_value,
    error,
    errors,
    fault,
    framework,
    full,
    prepare,
    row,
    shape_refused,
)
from parity_tests.matrix.objects import tensor

INPUTS = (
    row("x-missing", "no x", (*prepare(), ("call", {})), error("TypeError", "missing")),
    *(
        row(
            f"x-{name}",
            f"x has {text}",
            call_with(x=value),
            error("ValueError", "x", "ndim=3", shown),
        )
        for name, text, value, shown in (
            ("rank-one", "one axis", array(4), "(4,)"),
            ("rank-two", "two axes", array(2, 4), "(2, 4)"),
            ("rank-four", "four axes", array(2, 3, 4, 1), "(2, 3, 4, 1)"),
            ("rank-zero", "no axes", full(dtype="float32", value=1.0), "()"),
        )
    ),
    *(
        row(
            f"x-{name}",
            f"x is {text}",
            call_with(x=value),
            *errors(cls, "ValueError", "x", shown),
        )
        for name, text, value, cls, shown in (
            ("none", "None", None, "TypeError", "None"),
            ("string", "a string", "abc", "TypeError", "'abc'"),
            ("object", "an object", OBJECT, "TypeError", "object"),
            ("number", "a number", 1.0, "ValueError", "1.0"),
            ("nested-lists", "nested lists", [[[0.5] * 4] * 3] * 2, "AttributeError", "[[[0.5"),
            ("empty-list", "an empty list", [], "IndexError", "[]"),
            (
                "tuple-with-state",
                "a tuple of x and a state",
                (tensor(X), tensor(H)),
                "ValueError",
                "tuple",
            ),
            (
                "list-of-three",
                "a list of x and two states",
                [tensor(X), tensor(H), tensor(H)],
                "ValueError",
                "list",
            ),
        )
    ),
    *each_value(
        call_with,
        "x",
        (
            "list-with-state",
            "a list of x and the initial state",
            [tensor(X), tensor(H)],
            ACCEPTED,
            error("ValueError"),
        ),
        (
            "list-with-array",
            "a list of x and the initial state, an array",
            [X, H],
            framework("ValueError", None, why=TENSORS_WANTED),
            error("ValueError"),
        ),
        ("list-of-one", "a list of x alone", [X], ACCEPTED, error("AttributeError", "shape")),
        ("tuple-of-one", "a tuple of x", (X,), error("AttributeError", "shape")),
        ("dict", "a dict of x", {"x": X}, error("AttributeError", "shape")),
        ("complex", "x is complex", array(2, 3, 4, dtype="complex64"), dtype_refused("complex64")),
        (
            "float64",
            "x has another float dtype: it is cast",
            array(2, 3, 4, dtype="float64"),
            ACCEPTED,
        ),
        (
            "features",
            "x has other features than the layer was built for",
            array(2, 3, 6),
            error("ValueError", "(2, 3, 6)", "4"),
            shape_refused("(2, 3, 6)", "4"),
        ),
        ("no-timesteps", "x has no timesteps", array(2, 0, 4), shape_refused("(2, 0, 4)")),
        ("no-batch", "x has no rows: nor has the output", array(0, 3, 4), ACCEPTED),
        ("nan", "x is not looked at", full(2, 3, 4, value=NAN), ACCEPTED),
    ),
    row(
        "x-list-and-initial-state",
        "a list of x and the initial state, and initial_state too",
        call_with(x=[tensor(X), tensor(H)], initial_state=tensor(H)),
        error("AssertionError", "initial_state"),
        error("ValueError", "x"),
    ),
    *(
        row(
            f"x-{name}",
            f"x has dtype {dtype}",
            call_with(x=array(2, 3, 4, dtype=dtype)),
            dtype_refused("x", dtype),
            ACCEPTED,
        )
        for name, dtype in (("integers", "int32"), ("booleans", "bool"))
    ),
    row(
        "x-float64-no-autocast",
        "x has another float dtype, and autocast is False",
        call_with({"autocast": False}, x=array(2, 3, 4, dtype="float64")),
        dtype_refused("x", "float64"),
        ACCEPTED,
    ),
    row(
        "x-no-timesteps-unroll",
        "x has no timesteps to unroll",
        call_with({"unroll": True}, x=array(2, 0, 4)),
        error("ValueError", "x", "(2, 0, 4)"),
        shape_refused("x", "(2, 0, 4)"),
    ),
    row(
        "x-no-features",
        "x has no features: the bias and the state remain",
        (
            *construct(kernel_initializer="zeros", recurrent_initializer="zeros"),
            call(x=array(2, 3, 0)),
        ),
        ACCEPTED,
    ),
    row(
        "mask-by-position",
        "mask is the third positional argument in Keras 3, in Keras 2 it is constants",
        (*prepare(), ("call", [X, tensor(H), tensor(full(2, 3, dtype="bool"))])),
        error("TypeError", "positional"),
        error("TypeError", "positional", keras=None, why="gru_ref takes it by name alone"),
    ),
    row(
        "call-unknown-argument",
        "a misspelt argument",
        call_with(masks=None),
        error("TypeError", "masks"),
    ),
    row(
        "call-constants",
        "GRU takes no constants",
        call_with(constants=tensor(H)),
        error("TypeError", "constants"),
    ),
    *(
        row(
            f"training-{name}",
            f"training is {value!r}: Keras 2 knows booleans, 0 and 1",
            call_with({"dropout": 0.5}, training=value),
            error("AttributeError", "training", repr(value)),
            ACCEPTED,
        )
        for name, value in {"string": "yes", "empty-string": "", "two": 2, "list": [True]}.items()
    ),
    *(
        row(
            f"training-{name}",
            f"training is {value!r}",
            call_with({"dropout": 0.5}, training=value),
            ACCEPTED,
        )
        for name, value in {"one": 1, "zero": 0, "none": None}.items()
    ),
    row(
        "training-string-no-dropout",
        "without dropout nothing looks at training",
        call_with(training="yes"),
        ACCEPTED,
    ),
)

INITIAL_STATES = (
    *each_value(
        call_with,
        "initial_state",
        ("array", "an array", H, framework("ValueError", None, why=TENSORS_WANTED), ACCEPTED),
        (
            "array-in-list",
            "a list of an array",
            [H],
            framework("ValueError", None, why=TENSORS_WANTED),
            ACCEPTED,
        ),
        ("in-list", "a list of one", [tensor(H)], ACCEPTED),
        ("in-tuple", "a tuple of one", (tensor(H),), ACCEPTED),
        (
            "two",
            "two states: Keras 3 drops the second",
            [tensor(H), tensor(H)],
            error("ValueError", "2", "1"),
            ACCEPTED,
        ),
        (
            "batch-one",
            "a batch of 1: Keras 3 broadcasts it",
            tensor(array(1, 5)),
            error("ValueError", "(1, 5)", "(2, 5)"),
            ACCEPTED,
        ),
        (
            "nested-lists",
            "lists in place of an array",
            [[0.5] * 5] * 2,
            error("AttributeError", "0.5"),
            shape_refused("0.5"),
        ),
        ("scalar", "a number", 0.5, error("AttributeError", "0.5"), shape_refused("0.5")),
        (
            "string",
            "a string",
            "zeros",
            error("AttributeError", "'zeros'"),
            error(
                "ValueError",
                "'zeros'",
                keras="TypeError",
                why="gru_ref raises one class for whatever is no array",
            ),
        ),
        ("none-in-list", "a list of None", [None], *errors("AttributeError", "ValueError", "None")),
        ("object", "an object", OBJECT, *errors("AttributeError", "ValueError", "object")),
    ),
    row(
        "initial-state-second",
        "the second positional argument",
        (*prepare(), ("call", [X, tensor(H)])),
        ACCEPTED,
    ),
    *(
        row(
            f"initial-state-{dtype}",
            f"dtype {dtype}: Keras 2 never casts it",
            call_with(initial_state=tensor(array(2, 5, dtype=dtype))),
            dtype_refused("initial_state", dtype),
            ACCEPTED,
        )
        for dtype in ("float64", "float16", "int32", "bool")
    ),
    row(
        "initial-state-float64-stateful",
        "a stateful layer casts it",
        call_with({"stateful": True}, initial_state=tensor(array(2, 5, dtype="float64"))),
        ACCEPTED,
    ),
    *(
        row(
            f"initial-state-{name}",
            text,
            call_with(initial_state=tensor(value)),
            shape_refused("initial_state", shown, "(2, 5)"),
        )
        for name, text, value, shown in (
            ("units", "other units", array(2, 6), "(2, 6)"),
            ("one-unit", "one unit is not broadcast", array(2, 1), "(2, 1)"),
            ("batch", "another batch", array(3, 5), "(3, 5)"),
            ("rank-one", "one axis", array(5), "(5,)"),
            ("rank-three", "three axes", array(2, 1, 5), "(2, 1, 5)"),
        )
    ),
    row(
        "initial-state-rank-three-unroll",
        "three axes, unrolled: the output of Keras 2 has three axes too",
        call_with({"unroll": True}, initial_state=tensor(array(2, 1, 5))),
        framework(
            None,
            "ValueError",
            "initial_state",
            "(2, 1, 5)",
            "(2, 5)",
            why="an accident of TensorFlow's broadcasting",
        ),
        shape_refused("initial_state", "(2, 1, 5)", "(2, 5)"),
    ),
    row(
        "initial-state-batch-one-unroll",
        "a batch of 1, unrolled: both broadcast it",
        call_with({"unroll": True}, initial_state=tensor(array(1, 5))),
        ACCEPTED,
    ),
    *(
        row(
            f"initial-state-{name}",
            f"{text}: None for Keras 2",
            call_with(initial_state=value),
            ACCEPTED,
            error("IndexError", "initial_state"),
        )
        for name, text, value in (
            ("empty-list", "an empty list", []),
            ("empty-tuple", "an empty tuple", ()),
        )
    ),
    row(
        "initial-state-empty-list-building",
        "an empty list in the call that builds the layer: Keras 2 counts the states there",
        (*construct(), call(initial_state=[])),
        *errors("ValueError", "IndexError", "initial_state"),
    ),
)

_LENGTH = "a mask of another length is a mistake, and one class says so, unrolled or not"
_TRUE = full(2, 3, dtype="bool")

MASKS = (
    *each_value(
        call_with,
        "mask",
        ("rank-zero", "no axes", full(dtype="bool"), error("IndexError", "()")),
        ("rank-one", "one axis", full(3, dtype="bool"), error("IndexError", "(3,)")),
        ("rank-three", "a third axis of 1", array(2, 3, 1, dtype="bool"), ACCEPTED),
        ("per-unit", "a third axis of units", array(2, 3, 5, dtype="bool"), ACCEPTED),
        (
            "per-feature",
            "a third axis of features",
            array(2, 3, 4, dtype="bool"),
            shape_refused("(2, 3, 4)"),
        ),
        (
            "rank-four",
            "four axes",
            full(2, 3, 1, 1, dtype="bool"),
            error("ValueError", "(2, 3, 1, 1)"),
        ),
        ("batch-one", "a batch of 1 is broadcast", array(1, 3, dtype="bool"), ACCEPTED),
        ("batch", "another batch", full(3, 3, dtype="bool"), shape_refused("(3, 3)", "(2, 3)")),
        (
            "transposed",
            "timesteps first",
            full(3, 2, dtype="bool"),
            shape_refused("(3, 2)", "(2, 3)"),
        ),
        (
            "more-timesteps",
            "more timesteps than x",
            full(2, 4, dtype="bool"),
            error("ValueError", "(2, 4)", "(2, 3)"),
        ),
        (
            "fewer-timesteps",
            "fewer timesteps than x",
            full(2, 2, dtype="bool"),
            framework("OutOfRangeError", "ValueError", "(2, 2)", "(2, 3)", why=SHAPES_REFUSED),
        ),
        ("nan", "NaN is not 0", full(2, 3, value=NAN), ACCEPTED),
        ("in-list", "a list: its first element counts", [_TRUE, None], ACCEPTED),
        ("none-in-list", "a list of None: no mask", [None], ACCEPTED),
        ("empty-list", "an empty list", [], error("IndexError", "[]")),
        (
            "in-tuple",
            "a tuple: for Keras 3 its first element counts",
            (_TRUE,),
            error("AttributeError"),
            ACCEPTED,
        ),
    ),
    row(
        "mask-per-unit-unroll",
        "a third axis of units, unrolled",
        call_with({"unroll": True}, mask=array(2, 3, 5, dtype="bool")),
        fault("InvalidArgumentError", "without unroll the same mask works"),
    ),
    row(
        "mask-time-major",
        "batch first for a layer with timesteps first",
        (
            *prepare(time_major=True),
            call(x=array(3, 2, 4), mask=full(2, 3, dtype="bool")),
        ),
        shape_refused("mask", "(2, 3)", "(3, 2)"),
        error("ValueError", "time_major", at=0),
    ),
    row(
        "mask-more-timesteps-unroll",
        "more timesteps than x, unrolled: the surplus, last in processing order, is not looked at",
        call_with({"unroll": True, "return_sequences": True}, mask=array(2, 5, dtype="bool")),
        error("ValueError", "mask", "(2, 5)", "(2, 3)", keras=None, why=_LENGTH),
    ),
    row(
        "mask-fewer-timesteps-unroll",
        "fewer timesteps than x, unrolled",
        call_with({"unroll": True}, mask=full(2, 2, dtype="bool")),
        error("ValueError", "mask", "(2, 2)", "(2, 3)", keras="IndexError", why=_LENGTH),
    ),
    *(
        row(
            f"mask-{dtype}",
            f"dtype {dtype}: not 0 is True",
            call_with(mask=array(2, 3, dtype=dtype)),
            ACCEPTED,
        )
        for dtype in ("int32", "float32")
    ),
    *(
        row(
            f"mask-{name}",
            f"mask is {text}, which has no dtype",
            call_with(mask=value),
            error("AttributeError", "mask", shown),
        )
        for name, text, value, shown in (
            ("nested-lists", "nested lists", [[True] * 3] * 2, "[True"),
            ("scalar", "a boolean", True, "True"),
            ("string", "a string", "all", "'all'"),
            ("object", "an object", OBJECT, "object"),
        )
    ),
    row(
        "mask-unroll-zero-output",
        "a mask, unrolled, with zero_output_for_mask and the last output alone",
        call_with({"unroll": True, "zero_output_for_mask": True}, mask=array(2, 3, dtype="bool")),
        fault(
            "ValueError", "Keras 2.9 and later keep one output, and zero as many as there are masks"
        ),
        ACCEPTED,
    ),
    row(
        "dropout-mask-after-error",
        "a call in training after one that failed, with another batch",
        (
            *prepare(dropout=0.5),
            ("attempt", {"x": X, "training": True, "initial_state": tensor(array(2, 3))}),
            call(x=array(4, 3, 4), training=True),
        ),
        ACCEPTED,
        framework(
            "InvalidArgumentError",
            None,
            why="Keras 3 keeps the dropout mask of the call that failed, gru_ref keeps nothing",
        ),
    ),
)
