"""Invalid and doubtful initializers, regularizers and constraints, down to `losses` and a step of fit."""

from __future__ import annotations

from typing import Any

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    BATCH,
    KERNEL,
    NAN,
    RECURRENT,
    UNITS,
    Step,
    Steps,
    X,
    array,
    build,
    call,
    call_once,
    construct,
    each_value,
    error,
    fault,
    framework,
    full,
    prepare,
    row,
)
from parity_tests.matrix.objects import function, instance

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

_FIT: Step = (
    "fit_once",
    {"x": X, "y": full(BATCH, UNITS, value=1.0), "learning_rate": 0.0},
)
_EARLY = "gru_ref validates parameters when the layer is constructed"


def _orthogonal(**config: Any) -> dict[str, Any]:
    return instance("OrthogonalRegularizer", **config)


def _losses(**constructor: Any) -> Steps:
    return (*prepare(**constructor), ("losses",))


def _fit(**constructor: Any) -> Steps:
    return (*prepare(**constructor), _FIT, ("get_weights",))


PENALTIES = (
    *each_value(
        construct,
        "kernel_regularizer",
        (
            "infinite",
            "an infinite penalty",
            instance("L1", l1={"$": "inf"}),
            error("ValueError", "inf"),
        ),
        (
            "numpy-float32",
            "a penalty of NumPy's float32, which is no float of Python's",
            instance("L2", l2={"$": "numpy.float32", "value": 0.5}),
            error("ValueError", "l2"),
        ),
        (
            "argument",
            "a serialized regularizer with an argument it does not have",
            instance("L2", foo=1),
            error("TypeError", "'foo'"),
        ),
        (
            "package",
            "a class registered in a package that is not known",
            instance("Custom>L2"),
            error("ValueError", "'Custom>L2'"),
        ),
        (
            "orthogonal-mode",
            "neither rows nor columns",
            _orthogonal(mode="diagonals"),
            error("ValueError", "'rows'", "'columns'"),
        ),
    ),
    *each_value(
        _losses,
        "kernel_regularizer",
        ("none", "a penalty of None is the default", instance("L2", l2=None), ACCEPTED),
        (
            "l",
            "the older name of the parameter, in Keras 2 alone",
            instance("L2", l=0.5),
            ACCEPTED,
            error("TypeError", "'l'", at=0),
        ),
        (
            "no-config",
            "a serialized regularizer without its config",
            {"class_name": "L2"},
            error("ValueError", "'L2'", at=0),
            ACCEPTED,
        ),
        (
            "orthogonal-int",
            "an integer factor, whose half TensorFlow cannot take",
            _orthogonal(factor=1),
            ACCEPTED,
            error("TypeError", "factor"),
        ),
        (
            "returns-none",
            "a callable that returns nothing",
            function("returns-none"),
            error(
                "TypeError",
                "None",
                keras=None,
                why="Keras 2 leaves it out of losses, Keras 3 lists None, which fit then refuses",
            ),
        ),
    ),
    row(
        "kernel-regularizer-orthogonal-float64",
        "the factor is float32 in Keras 3",
        _losses(kernel_regularizer="orthogonal_regularizer", dtype="float64"),
        ACCEPTED,
        fault("InvalidArgumentError", "a float32 factor meets float64 cosines"),
    ),
    row(
        "bias-regularizer-orthogonal-one-dimension",
        "the bias of reset_after=False has one dimension",
        (
            *build(reset_after=False, bias_regularizer=_orthogonal()),
            ("set_weights", [[KERNEL, RECURRENT, array(3 * UNITS)]]),
            ("losses",),
        ),
        error("ValueError", "bias_regularizer", "(15,)"),
    ),
    row(
        "activity-regularizer-orthogonal-sequences",
        "the outputs of return_sequences have three dimensions",
        call_once(activity_regularizer=_orthogonal(), return_sequences=True),
        error("ValueError", "activity_regularizer", "(2, 3, 5)"),
    ),
    row(
        "activity-regularizer-runtime",
        "the runtime, a scalar, counts as an output",
        call_once(activity_regularizer="l2", return_runtime=True),
        fault("InvalidArgumentError", "the runtime has no first axis"),
        error("ValueError", "return_runtime", at=0),
    ),
)

PROJECTIONS = (
    *(
        row(
            f"kernel-constraint-{name}",
            what,
            _fit(kernel_constraint=instance(cls, **config)),
            error("TypeError", "kernel_constraint", shown, keras=keras, at=3, why=_EARLY),
        )
        for name, what, cls, config, shown, keras in (
            (
                "bound-string",
                "a bound that is no number",
                "MaxNorm",
                {"max_value": "a"},
                "'a'",
                "TypeError",
            ),
            ("axis-float", "an axis that is no int", "UnitNorm", {"axis": 1.0}, "1.0", "TypeError"),
            (
                "axis-string",
                "an axis that is no int",
                "UnitNorm",
                {"axis": "a"},
                "'a'",
                "InvalidArgumentError",
            ),
        )
    ),
    *(
        row(
            f"kernel-constraint-axis-{name}",
            what,
            _fit(kernel_constraint=instance("UnitNorm", axis=axis)),
            framework(
                "InvalidArgumentError",
                "ValueError",
                "kernel_constraint",
                "(4, 15)",
                why="a sum of TensorFlow refuses the axis",
                at=3,
            ),
        )
        for name, what, axis in (
            ("two", "a weight has the axes 0 and 1", 2),
            ("twice", "the same axis twice", [0, 0]),
        )
    ),
    *each_value(
        _fit,
        "kernel_constraint",
        (
            "bound-none",
            "no upper bound: Keras 2 alone leaves it open",
            instance("MaxNorm", max_value=None),
            ACCEPTED,
            error("ValueError", "max_value", at=3, why=_EARLY),
        ),
        (
            "bounds-crossed",
            "the lower bound above the upper one: it wins",
            instance("MinMaxNorm", min_value=2.0, max_value=0.5),
            ACCEPTED,
        ),
        (
            "radial",
            "a constraint for the four dimensions of a convolution",
            "radial_constraint",
            error("ValueError", "(4, 15)", at=3),
            error("ValueError", "'radial_constraint'", at=0),
        ),
        (
            "returns-shape",
            "a callable that returns another shape",
            function("first-unit"),
            error("ValueError", "(4, 1)", "(4, 15)", at=3),
        ),
        (
            "returns-none",
            "a callable that returns nothing",
            function("returns-none"),
            error("ValueError", "None", at=3),
        ),
    ),
    row(
        "kernel-constraint-argument",
        "a serialized constraint with an argument it does not have",
        construct(kernel_constraint=instance("UnitNorm", foo=1)),
        error("TypeError", "kernel_constraint", "'foo'"),
    ),
    row(
        "kernel-constraint-non-neg-float64",
        "what is not negative is counted in float32 in Keras 2",
        _fit(kernel_constraint="non_neg", dtype="float64"),
        fault("InvalidArgumentError", "a float64 weight meets a float32 mask", at=3),
        ACCEPTED,
    ),
)
