"""Invalid and doubtful arguments of the constructor, but for those of the weights."""

from __future__ import annotations

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    KERNEL,
    NAN,
    OBJECT,
    RECURRENT,
    WEIGHTS,
    Steps,
    array,
    build,
    call,
    call_once,
    construct,
    each_value,
    error,
    errors,
    fault,
    framework,
    prepare,
    row,
)
from parity_tests.matrix.objects import function

UNITS = (
    *each_value(
        construct,
        "units",
        ("zero", "units is 0", 0, error("ValueError", "0")),
        ("negative", "units is negative", -1, error("ValueError", "-1")),
        ("string", "units is a string", "5", error("TypeError", "'5'")),
        ("none", "units is None", None, error("TypeError", "None")),
        ("list", "units is a list", [5], error("TypeError", "[5]")),
    ),
    *each_value(
        build,
        "units",
        (
            "fraction",
            "units is no whole number: Keras 2 finds out when it builds",
            2.5,
            error("TypeError", "2.5"),
            error("ValueError", "2.5", at=0),
        ),
        (
            "whole-float",
            "units is a whole number, but a float",
            5.0,
            error("TypeError", "5.0"),
            error("ValueError", "5.0", at=0),
        ),
        (
            "nan",
            "units is NaN: no comparison refuses it",
            NAN,
            error("TypeError", "nan"),
            error("ValueError", "nan", at=0),
        ),
        (
            "true",
            "units is True: Keras 3 takes it as 1",
            True,
            error("ValueError", "True"),
            ACCEPTED,
        ),
        (
            "numpy-integer",
            "units is a NumPy integer: Keras 3 wants Python's own",
            {"$": "numpy.int64", "value": 5},
            ACCEPTED,
            error("ValueError", "5", at=0),
        ),
    ),
    row("units-missing", "no units", (("construct", {}),), error("TypeError", "units")),
    row(
        "units-twice",
        "units by position and by name",
        (("construct", [5], {"units": 5}),),
        error("TypeError", "units"),
    ),
)

_ORDER = "gru_ref has the order of TensorFlow 2.1–2.3, where it is implementation"
_UNKNOWN = "for gru_ref it is an unknown argument like any other"
_BY_POSITION = [5, "tanh", "sigmoid", True, "zeros", "zeros", "zeros", *[None] * 7, 0.0, 0.0]

KEYWORDS = (
    row(
        "positional-after-recurrent-dropout",
        "a seventeenth positional argument: return_sequences in Keras 2, seed in Keras 3",
        (("construct", [*_BY_POSITION, 2]),),
        error("TypeError", "position", keras=None, why=_ORDER),
    ),
    row(
        "positional-too-many",
        "more positional arguments than the signature has",
        (("construct", [*_BY_POSITION, *[False] * 11]),),
        error("TypeError", "position"),
    ),
    row(
        "argument-unknown",
        "a misspelt argument",
        construct(unit=7),
        *errors("TypeError", "ValueError", "unit", "7"),
    ),
    row(
        "argument-cell",
        "cell is RNN's argument",
        construct(cell=None),
        error("TypeError", "cell", "None"),
        error("ValueError", "cell", "None", keras="TypeError", why=_UNKNOWN),
    ),
    row(
        "argument-constants",
        "constants is no argument of GRU",
        construct(constants=None),
        *errors("TypeError", "ValueError", "constants", "None"),
    ),
    *(
        row(
            f"time-major-{value}".lower(),
            f"time_major is {value}: Keras 3 does not have it, in any value",
            construct(time_major=value),
            ACCEPTED,
            error("ValueError", "time_major", str(value)),
        )
        for value in (True, False)
    ),
    row(
        "use-cudnn-auto",
        "use_cudnn is an argument of Keras 3 alone",
        call_once(use_cudnn="auto"),
        error("TypeError", "use_cudnn", "'auto'", at=0),
        ACCEPTED,
    ),
    row(
        "use-cudnn-true",
        "use_cudnn is True and there is no cuDNN: Keras 3 refuses the call, not the constructor",
        call_once(use_cudnn=True),
        error("TypeError", "use_cudnn", "True", at=0),
        error("ValueError", "use_cudnn", "True"),
    ),
    row(
        "use-cudnn-string",
        "use_cudnn is neither 'auto' nor a boolean",
        construct(use_cudnn="no"),
        *errors("TypeError", "ValueError", "use_cudnn", "'no'"),
    ),
    *(
        row(
            f"seed-{name}",
            f"seed is {text}: Keras 2 takes anything",
            construct(seed=value),
            ACCEPTED,
            error("ValueError", "seed", shown),
        )
        for name, text, value, shown in (
            ("string", "a string", "3", "'3'"),
            ("float", "a float", 3.5, "3.5"),
            ("numpy-integer", "a NumPy integer", {"$": "numpy.int64", "value": 3}, "3"),
            ("true", "True", True, "True"),
        )
    ),
    row(
        "name-slash",
        "name contains '/'",
        construct(name="a/b"),
        ACCEPTED,
        error("ValueError", "name", "'a/b'"),
    ),
    row(
        "name-number",
        "name is a number",
        construct(name=5),
        *errors("TypeError", "ValueError", "name", "5"),
    ),
    row(
        "trainable-string",
        "trainable is a string: the one flag that is not taken by its truth",
        construct(trainable="no"),
        *errors("TypeError", "ValueError", "trainable", "'no'"),
    ),
    *(
        row(
            f"argument-{name.replace('_', '-')}",
            f"{name} is an argument of Keras 2 alone",
            construct(**{name: value}),
            ACCEPTED,
            error("ValueError", name),
        )
        for name, value in {
            "batch_input_shape": (2, 3, 4),
            "batch_size": 2,
            "input_length": 3,
            "weights": WEIGHTS,
            "dynamic": True,
            "enable_caching_device": True,
            "force_generator": True,
            "return_runtime": True,
        }.items()
    ),
    row(
        "rng-type-unknown",
        "rng_type names no random generator",
        construct(rng_type="foo"),
        error("ValueError", "rng_type", "'foo'"),
        error("ValueError", "rng_type"),
    ),
    row(
        "input-shape-number",
        "input_shape is no tuple: Keras 3 keeps it unseen",
        construct(input_shape=4),
        error("TypeError", "input_shape", "4"),
        ACCEPTED,
    ),
    row(
        "input-dim",
        "input_dim of other features than x: nothing looks at it",
        (
            *construct(input_dim=6, kernel_initializer="ones", recurrent_initializer="zeros"),
            call(),
        ),
        ACCEPTED,
    ),
    row(
        "weights-argument-shape",
        "weights= in another shape: Keras 2 finds out at the first call",
        (*construct(weights=[RECURRENT, RECURRENT, array(2, 15)]), call()),
        error("ValueError", "kernel", "(5, 15)", "(4, 15)"),
        error("ValueError", "weights", at=0),
    ),
    row(
        "weights-argument-count",
        "weights= without the bias",
        (*construct(weights=[KERNEL, RECURRENT]), call()),
        error("ValueError", "weights", "2", "3"),
        error("ValueError", "weights", at=0),
    ),
    *(
        row(
            f"implementation-{name}",
            f"implementation is {value!r}: anything but 1 means the gates together",
            call_once(implementation=value),
            ACCEPTED,
        )
        for name, value in {"zero": 0, "none": None, "string": "2", "negative": -1}.items()
    ),
    row(
        "flags-strings",
        "flags are taken by their truth: 'no' is true",
        call_once(
            use_bias="no",
            reset_after="no",
            go_backwards="no",
            unroll="no",
            stateful="no",
            return_sequences="no",
            return_state="no",
            zero_output_for_mask="no",
        ),
        ACCEPTED,
    ),
    row(
        "flags-none",
        "flags are taken by their truth: None is false",
        call_once(go_backwards=None, unroll=None, return_sequences=None, return_state=None),
        ACCEPTED,
    ),
)

DTYPES = (
    row(
        "dtype-unknown",
        "dtype names nothing",
        construct(dtype="float99"),
        *errors("TypeError", "ValueError", "dtype", "'float99'"),
    ),
    *each_value(
        build,
        "dtype",
        (
            "integer",
            "dtype is an integer type: found out when the weights are made",
            "int32",
            error("ValueError", "'int32'"),
            framework(
                "InvalidArgumentError",
                "ValueError",
                "'int32'",
                why="a random operation of TensorFlow refuses it",
            ),
        ),
        (
            "boolean",
            "dtype is bool: found out when the weights are made",
            "bool",
            error("ValueError", "'bool'"),
        ),
        (
            "complex",
            "dtype is complex: found out when the weights are made",
            "complex64",
            error("ValueError", "'complex64'"),
        ),
    ),
    row("dtype-none", "dtype is None: float32", call_once(dtype=None), ACCEPTED),
)

_RATE_ONE = "rate 1, after clamping: Keras 2 refuses it in training, Keras 3.14 drops nothing"


def _train(**constructor: object) -> Steps:
    return (*prepare(**constructor), call(training=True))


DROPOUT = (
    *(
        each
        for argument in ("dropout", "recurrent_dropout")
        for each in (
            *each_value(
                call_once,
                argument,
                ("negative", "clamped to 0", -0.5, ACCEPTED),
                ("above-one", "clamped to 1", 1.5, ACCEPTED),
                ("nan", "NaN counts as 0", NAN, ACCEPTED),
            ),
            *each_value(
                construct,
                argument,
                ("string", "a rate is a number", "0.5", error("TypeError", "'0.5'")),
                ("none", "a rate is a number", None, error("TypeError", "None")),
                ("list", "a rate is one number", [0.5], error("TypeError", "[0.5]")),
            ),
            *each_value(
                _train,
                argument,
                ("one-training", _RATE_ONE, 1.0, error("ValueError", "1.0"), ACCEPTED),
                ("true-training", _RATE_ONE, True, error("ValueError", "1.0"), ACCEPTED),
            ),
        )
    ),
    row(
        "dropout-implementation-one",
        "dropout gate by gate, in training",
        _train(dropout=0.5, implementation=1),
        ACCEPTED,
        fault(
            "InvalidArgumentError",
            "Keras 3.8 and later treat the three masks as one before they look for cuDNN",
        ),
    ),
)

_UNUSABLE = "gru_ref refuses a name that no call can use, and when the layer is constructed"

_NOT_ACTIVATIONS = {
    "number": (5, "5"),
    "list": (["tanh"], "['tanh']"),
    "object": (OBJECT, "object"),
    "bytes": ({"$": "bytes", "text": "tanh"}, "b'tanh'"),
}

ACTIVATIONS = (
    *(
        row(
            f"{argument.replace('_', '-')}-{name}",
            f"{argument} names nothing",
            construct(**{argument: value}),
            error("ValueError", argument, repr(value)),
        )
        for argument in ("activation", "recurrent_activation")
        for name, value in {"unknown": "tanhh", "case": "Tanh", "empty": ""}.items()
    ),
    *(
        row(
            f"{argument.replace('_', '-')}-{name}",
            f"{argument} is neither None nor a name nor a callable",
            construct(**{argument: value}),
            *errors("TypeError", "ValueError", argument, shown),
        )
        for argument in ("activation", "recurrent_activation")
        for name, (value, shown) in _NOT_ACTIVATIONS.items()
    ),
    row(
        "activation-dict-unknown",
        "a serialized activation that names nothing",
        construct(activation={"class_name": "nope", "config": {}}),
        *errors("ValueError", "TypeError", "activation", "'nope'"),
    ),
    *each_value(
        call_once,
        "activation",
        (
            "keras-3-name",
            "hard_silu is a name of Keras 3 alone",
            "hard_silu",
            error("ValueError", "'hard_silu'", at=0),
            ACCEPTED,
        ),
        (
            "layer-class",
            "ReLU, the class of a layer, is a name of Keras 2 alone",
            "ReLU",
            ACCEPTED,
            error("ValueError", "'ReLU'", at=0),
        ),
        (
            "glu",
            "glu halves the units: Keras 3 takes the name and refuses the call",
            "glu",
            error("ValueError", "'glu'", at=0),
            error("ValueError", "'glu'"),
        ),
        (
            "threshold",
            "threshold wants two more arguments: Keras 3 takes the name and refuses the call",
            "threshold",
            error("ValueError", "'threshold'", at=0),
            error("ValueError", "'threshold'", keras="TypeError", why=_UNUSABLE),
        ),
        (
            "returns-none",
            "a callable that returns nothing",
            function("returns-none"),
            error("ValueError"),
        ),
    ),
    row(
        "recurrent-activation-glu",
        "glu halves the units: Keras 3 takes the name and refuses the call",
        call_once(recurrent_activation="glu"),
        error("ValueError", "recurrent_activation", "'glu'", at=0),
        error("ValueError", "recurrent_activation", "'glu'"),
    ),
    *(
        row(
            f"activation-{name}",
            f"{name} is a function of the module, no activation: Keras 2 takes it until the call",
            call_once(activation=name),
            error("ValueError", "activation", f"'{name}'", keras=cls, why=_UNUSABLE),
            error("ValueError", "activation", f"'{name}'", at=0),
        )
        for name, cls in {
            "get": "TypeError",
            "serialize": "ValueError",
            "deserialize": "TypeError",
        }.items()
    ),
    row(
        "activation-two-arguments",
        "a callable that wants two arrays",
        call_once(activation=function("two-arguments")),
        error("TypeError"),
    ),
    row(
        "activation-raises",
        "an exception inside a callable reaches the caller",
        call_once(activation=function("raises")),
        error("ValueError"),
    ),
    *(
        row(
            f"{argument.replace('_', '-')}-first-unit",
            "a callable that returns one column: it is broadcast over the units",
            call_once(**{argument: function("first-unit")}),
            framework(
                None,
                "ValueError",
                argument,
                "(2, 1)",
                "(2, 5)",
                why="an accident of broadcasting: an activation keeps the shape",
            ),
        )
        for argument in ("activation", "recurrent_activation")
    ),
)
