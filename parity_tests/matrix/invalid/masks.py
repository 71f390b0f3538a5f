"""Invalid and doubtful masks."""

from __future__ import annotations

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    NAN,
    OBJECT,
    SHAPES_REFUSED,
    X,
    array,
    call,
    call_with,
    each_value,
    error,
    fault,
    framework,
    full,
    prepare,
    row,
    shape_refused,
)
from parity_tests.matrix.objects import tensor

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
        (
            "batch",
            "another batch",
            full(3, 3, dtype="bool"),
            shape_refused("(3, 3)", "(2, 3)"),
        ),
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
