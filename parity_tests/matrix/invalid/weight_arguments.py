"""Invalid and doubtful initializers, regularizers and constraints."""

from __future__ import annotations

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    KERNEL,
    NAN,
    RECURRENT,
    build,
    call,
    call_once,
    construct,
    each_value,
    error,
    framework,
    row,
)
from parity_tests.matrix.objects import function

WEIGHT_ARGUMENTS = (
    *(
        row(
            f"{weight}-{kind}-{name}",
            f"{weight}_{kind} names nothing",
            construct(**{f"{weight}_{kind}": value}),
            error("ValueError", f"{weight}_{kind}", shown),
        )
        for weight in ("kernel", "recurrent", "bias")
        for kind in ("initializer", "constraint")
        for name, value, shown in (("unknown", "foo", "'foo'"), ("number", 5, "5"))
    ),
    row(
        "kernel-initializer-dict-unknown",
        "a serialized initializer that names nothing",
        construct(kernel_initializer={"class_name": "Foo", "config": {}}),
        error("ValueError", "kernel_initializer", "'Foo'"),
    ),
    row(
        "kernel-initializer-dict-argument",
        "a serialized initializer with an argument it does not have",
        construct(kernel_initializer={"class_name": "Zeros", "config": {"foo": 1}}),
        error("TypeError", "kernel_initializer", "'foo'"),
    ),
    row(
        "kernel-initializer-array",
        "an array as initializer: Keras 3 alone takes it",
        (*build(kernel_initializer=KERNEL, recurrent_initializer="zeros"), ("get_weights",)),
        error("ValueError", "kernel_initializer", "(4, 15)", at=0),
        ACCEPTED,
    ),
    row(
        "kernel-initializer-array-shape",
        "an array of another shape as initializer",
        build(kernel_initializer=RECURRENT),
        error("ValueError", "kernel_initializer", "(5, 15)", at=0),
        error("ValueError", "kernel_initializer", "(5, 15)", "(4, 15)"),
    ),
    row(
        "kernel-initializer-no-dtype",
        "a callable that takes no dtype",
        build(kernel_initializer=function("initializer-no-dtype")),
        error("TypeError", "dtype"),
    ),
    *(
        row(
            f"kernel-initializer-{name}",
            "the constant initializer by name, without its value",
            build(kernel_initializer=value),
            ACCEPTED,
            error("KeyError", "kernel_initializer", f"'{value}'", at=0),
        )
        for name, value in {"constant": "constant", "constant-class": "Constant"}.items()
    ),
    row(
        "kernel-initializer-returns-shape",
        "a callable that returns another shape: Keras 3 builds with it, and fails at the call",
        (*build(kernel_initializer=function("initializer-wrong-shape")), call()),
        error("ValueError", "kernel_initializer", "(1, 1)", "(4, 15)", at=1),
        framework(
            "InvalidArgumentError",
            "ValueError",
            "kernel_initializer",
            "(1, 1)",
            "(4, 15)",
            why="a matrix product of TensorFlow refuses it",
        ),
    ),
    *(
        row(
            f"bias-initializer-{name}",
            f"{name} is for two dimensions, the bias of reset_after=False has one",
            build(bias_initializer=name, reset_after=False),
            error("ValueError", "bias_initializer", name, "(15,)"),
        )
        for name in ("orthogonal", "identity")
    ),
    *(
        row(
            f"{weight}-regularizer-unknown",
            f"{weight}_regularizer names nothing: Keras 2 keeps it until the penalty is asked for",
            (*call_once(**{f"{weight}_regularizer": "foo"}), ("losses",)),
            error(
                "ValueError",
                f"{weight}_regularizer",
                "'foo'",
                keras="TypeError",
                at=at,
                why="gru_ref validates names when the layer is constructed",
            ),
            error("ValueError", f"{weight}_regularizer", "'foo'", at=0),
        )
        for weight, at in {"kernel": -1, "recurrent": -1, "bias": -1, "activity": 3}.items()
    ),
    *(
        row(
            f"{weight}-regularizer-number",
            f"{weight}_regularizer is a number",
            construct(**{f"{weight}_regularizer": 5}),
            error("ValueError", f"{weight}_regularizer", "5"),
        )
        for weight in ("kernel", "recurrent", "bias", "activity")
    ),
    *each_value(
        construct,
        "kernel_regularizer",
        (
            "l1-l2",
            "the name l1_l2 is of Keras 2 alone; Keras 3 says l1l2",
            "l1_l2",
            ACCEPTED,
            error("ValueError", "'l1_l2'"),
        ),
        (
            "negative",
            "a negative penalty",
            {"class_name": "L2", "config": {"l2": -0.1}},
            ACCEPTED,
            error("ValueError", "-0.1"),
        ),
        (
            "nan",
            "a penalty of NaN",
            {"class_name": "L2", "config": {"l2": NAN}},
            error("ValueError", "nan"),
        ),
        (
            "string",
            "a penalty that is no number",
            {"class_name": "L2", "config": {"l2": "a"}},
            error("ValueError", "'a'"),
        ),
    ),
    *(
        row(
            f"kernel-constraint-{value.replace('_', '-')}",
            f"{value} is a name of Keras 2 alone",
            construct(kernel_constraint=value),
            ACCEPTED,
            error("ValueError", "kernel_constraint", f"'{value}'"),
        )
        for value in ("maxnorm", "radial_constraint")
    ),
)
