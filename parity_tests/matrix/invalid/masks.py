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
    error,
    fault,
    framework,
    full,
    prepare,
    row,
)
from parity_tests.matrix.objects import tensor

_LENGTH = "a mask of another length is a mistake, and one class says so, unrolled or not"
_TRUE = full(2, 3, dtype="bool")

MASKS = (
    row(
        "mask-rank-zero",
        "no axes",
        call_with(mask=full(dtype="bool")),
        error("IndexError", "mask", "()"),
    ),
    row(
        "mask-rank-one",
        "one axis",
        call_with(mask=full(3, dtype="bool")),
        error("IndexError", "mask", "(3,)"),
    ),
    row(
        "mask-rank-three",
        "a third axis of 1",
        call_with(mask=array(2, 3, 1, dtype="bool")),
        ACCEPTED,
    ),
    row(
        "mask-per-unit",
        "a third axis of units",
        call_with(mask=array(2, 3, 5, dtype="bool")),
        ACCEPTED,
    ),
    row(
        "mask-per-unit-unroll",
        "a third axis of units, unrolled",
        call_with({"unroll": True}, mask=array(2, 3, 5, dtype="bool")),
        fault("InvalidArgumentError", "without unroll the same mask works"),
    ),
    row(
        "mask-per-feature",
        "a third axis of features",
        call_with(mask=array(2, 3, 4, dtype="bool")),
        framework("InvalidArgumentError", "ValueError", "mask", "(2, 3, 4)", why=SHAPES_REFUSED),
    ),
    row(
        "mask-rank-four",
        "four axes",
        call_with(mask=full(2, 3, 1, 1, dtype="bool")),
        error("ValueError", "mask", "(2, 3, 1, 1)"),
    ),
    row(
        "mask-batch-one",
        "a batch of 1 is broadcast",
        call_with(mask=array(1, 3, dtype="bool")),
        ACCEPTED,
    ),
    row(
        "mask-batch",
        "another batch",
        call_with(mask=full(3, 3, dtype="bool")),
        framework(
            "InvalidArgumentError", "ValueError", "mask", "(3, 3)", "(2, 3)", why=SHAPES_REFUSED
        ),
    ),
    row(
        "mask-transposed",
        "timesteps first",
        call_with(mask=full(3, 2, dtype="bool")),
        framework(
            "InvalidArgumentError", "ValueError", "mask", "(3, 2)", "(2, 3)", why=SHAPES_REFUSED
        ),
    ),
    row(
        "mask-time-major",
        "batch first for a layer with timesteps first",
        (
            *prepare(time_major=True),
            call(x=array(3, 2, 4), mask=full(2, 3, dtype="bool")),
        ),
        framework(
            "InvalidArgumentError", "ValueError", "mask", "(2, 3)", "(3, 2)", why=SHAPES_REFUSED
        ),
        error("ValueError", "time_major", at=0),
    ),
    row(
        "mask-more-timesteps",
        "more timesteps than x",
        call_with(mask=full(2, 4, dtype="bool")),
        error("ValueError", "mask", "(2, 4)", "(2, 3)"),
    ),
    row(
        "mask-more-timesteps-unroll",
        "more timesteps than x, unrolled: the surplus, last in processing order, is not looked at",
        call_with({"unroll": True, "return_sequences": True}, mask=array(2, 5, dtype="bool")),
        error("ValueError", "mask", "(2, 5)", "(2, 3)", keras=None, why=_LENGTH),
    ),
    row(
        "mask-fewer-timesteps",
        "fewer timesteps than x",
        call_with(mask=full(2, 2, dtype="bool")),
        framework("OutOfRangeError", "ValueError", "mask", "(2, 2)", "(2, 3)", why=SHAPES_REFUSED),
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
    row("mask-nan", "NaN is not 0", call_with(mask=full(2, 3, value=NAN)), ACCEPTED),
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
        "mask-in-list",
        "a list: its first element counts",
        call_with(mask=[_TRUE, None]),
        ACCEPTED,
    ),
    row("mask-none-in-list", "a list of None: no mask", call_with(mask=[None]), ACCEPTED),
    row("mask-empty-list", "an empty list", call_with(mask=[]), error("IndexError", "mask", "[]")),
    row(
        "mask-in-tuple",
        "a tuple: for Keras 3 its first element counts",
        call_with(mask=(_TRUE,)),
        error("AttributeError", "mask"),
        ACCEPTED,
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
