"""Invalid and doubtful inputs of the call."""

from __future__ import annotations

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    NAN,
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
        (
            "complex",
            "x is complex",
            array(2, 3, 4, dtype="complex64"),
            dtype_refused("complex64"),
        ),
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
