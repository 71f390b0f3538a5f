"""Invalid and doubtful initial states."""

from __future__ import annotations

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    OBJECT,
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
    framework,
    prepare,
    row,
    shape_refused,
)
from parity_tests.matrix.objects import tensor

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
        (
            "scalar",
            "a number",
            0.5,
            error("AttributeError", "0.5"),
            shape_refused("0.5"),
        ),
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
        (
            "none-in-list",
            "a list of None",
            [None],
            *errors("AttributeError", "ValueError", "None"),
        ),
        (
            "object",
            "an object",
            OBJECT,
            *errors("AttributeError", "ValueError", "object"),
        ),
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
