"""Invalid and doubtful penalties and projections, down to `losses` and a step of an optimizer."""

from __future__ import annotations

from typing import Any

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    BATCH,
    KERNEL,
    RECURRENT,
    UNITS,
    Step,
    Steps,
    X,
    array,
    build,
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
