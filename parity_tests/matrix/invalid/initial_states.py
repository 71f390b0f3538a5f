"""Invalid and doubtful initial states."""

from __future__ import annotations

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    DTYPES_REFUSED,
    OBJECT,
    SHAPES_REFUSED,
    TENSORS_WANTED,
    H,
    X,
    array,
    call,
    call_with,
    construct,
    error,
    errors,
    framework,
    prepare,
    row,
)
from parity_tests.matrix.objects import tensor

INITIAL_STATES = (
    row(
        "initial-state-array",
        "an array",
        call_with(initial_state=H),
        framework("ValueError", None, why=TENSORS_WANTED),
        ACCEPTED,
    ),
    row(
        "initial-state-array-in-list",
        "a list of an array",
        call_with(initial_state=[H]),
        framework("ValueError", None, why=TENSORS_WANTED),
        ACCEPTED,
    ),
    row("initial-state-in-list", "a list of one", call_with(initial_state=[tensor(H)]), ACCEPTED),
    row(
        "initial-state-in-tuple",
        "a tuple of one",
        call_with(initial_state=(tensor(H),)),
        ACCEPTED,
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
            framework(
                "InvalidArgumentError", "TypeError", "initial_state", dtype, why=DTYPES_REFUSED
            ),
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
    row(
        "initial-state-two",
        "two states: Keras 3 drops the second",
        call_with(initial_state=[tensor(H), tensor(H)]),
        error("ValueError", "initial_state", "2", "1"),
        ACCEPTED,
    ),
    *(
        row(
            f"initial-state-{name}",
            text,
            call_with(initial_state=tensor(value)),
            framework(
                "InvalidArgumentError",
                "ValueError",
                "initial_state",
                shown,
                "(2, 5)",
                why=SHAPES_REFUSED,
            ),
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
        framework(
            "InvalidArgumentError",
            "ValueError",
            "initial_state",
            "(2, 1, 5)",
            "(2, 5)",
            why=SHAPES_REFUSED,
        ),
    ),
    row(
        "initial-state-batch-one",
        "a batch of 1: Keras 3 broadcasts it",
        call_with(initial_state=tensor(array(1, 5))),
        error("ValueError", "initial_state", "(1, 5)", "(2, 5)"),
        ACCEPTED,
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
    row(
        "initial-state-nested-lists",
        "lists in place of an array",
        call_with(initial_state=[[0.5] * 5] * 2),
        error("AttributeError", "initial_state", "0.5"),
        framework("InvalidArgumentError", "ValueError", "initial_state", "0.5", why=SHAPES_REFUSED),
    ),
    row(
        "initial-state-scalar",
        "a number",
        call_with(initial_state=0.5),
        error("AttributeError", "initial_state", "0.5"),
        framework("InvalidArgumentError", "ValueError", "initial_state", "0.5", why=SHAPES_REFUSED),
    ),
    row(
        "initial-state-string",
        "a string",
        call_with(initial_state="zeros"),
        error("AttributeError", "initial_state", "'zeros'"),
        error(
            "ValueError",
            "initial_state",
            "'zeros'",
            keras="TypeError",
            why="gru_ref raises one class for whatever is no array",
        ),
    ),
    row(
        "initial-state-none-in-list",
        "a list of None",
        call_with(initial_state=[None]),
        *errors("AttributeError", "ValueError", "initial_state", "None"),
    ),
    row(
        "initial-state-object",
        "an object",
        call_with(initial_state=OBJECT),
        *errors("AttributeError", "ValueError", "initial_state", "object"),
    ),
)
