"""Invalid and doubtful dropout rates and activations."""

from __future__ import annotations

from parity_tests.matrix.invalid.form import (
    ACCEPTED,
    NAN,
    OBJECT,
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

_RATE_ONE = "rate 1, after clamping: Keras 2 refuses it in training, Keras 3.14 drops nothing"

DROPOUT = (
    *(
        row(f"{argument.replace('_', '-')}-{name}", what, steps, *outcomes)
        for argument in ("dropout", "recurrent_dropout")
        for name, what, steps, *outcomes in (
            ("negative", "clamped to 0", call_once(**{argument: -0.5}), ACCEPTED),
            ("above-one", "clamped to 1", call_once(**{argument: 1.5}), ACCEPTED),
            ("nan", "NaN counts as 0", call_once(**{argument: NAN}), ACCEPTED),
            (
                "string",
                "a rate is a number",
                construct(**{argument: "0.5"}),
                error("TypeError", argument, "'0.5'"),
            ),
            (
                "none",
                "a rate is a number",
                construct(**{argument: None}),
                error("TypeError", argument, "None"),
            ),
            (
                "list",
                "a rate is one number",
                construct(**{argument: [0.5]}),
                error("TypeError", argument, "[0.5]"),
            ),
            (
                "one-training",
                _RATE_ONE,
                (*prepare(**{argument: 1.0}), call(training=True)),
                error("ValueError", argument, "1.0"),
                ACCEPTED,
            ),
            (
                "true-training",
                _RATE_ONE,
                (*prepare(**{argument: True}), call(training=True)),
                error("ValueError", argument, "1.0"),
                ACCEPTED,
            ),
        )
    ),
    row(
        "dropout-implementation-one",
        "dropout gate by gate, in training",
        (*prepare(dropout=0.5, implementation=1), call(training=True)),
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
