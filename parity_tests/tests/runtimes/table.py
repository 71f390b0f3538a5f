"""Which cases every runtime runs, and how far it may be from gru_ref: data only."""

from __future__ import annotations

from typing import Any, NamedTuple

TANH_SIGMOID = ("tanh", "sigmoid", "2")
Pair = tuple[str, str, str]  # activation, recurrent_activation, keras_version


class RuntimeRow(NamedTuple):
    """What a runtime has: the cases are the product of the columns.

    `measured` is the worst float32 error seen over all its cases: of a state in (−1, 1) after 20
    timesteps, against gru_ref in float64.
    """

    reset_after: tuple[bool, ...]
    go_backwards: tuple[bool, ...]
    pairs: tuple[Pair, ...]
    measured: float
    dtypes: tuple[str, ...] = ("float32",)


# What every float32 run is held to: four times the worst measured. It is not zero because a runtime
# sums in float32, in an order of its own, and every step hands on what the one before has rounded.
BOUND = 2e-6
BOTH = (False, True)
_JAX = (
    "linear", "relu", "relu6", "hard_tanh", "hard_silu", "elu", "selu", "celu", "silu", "softplus",
    "softsign", "log_sigmoid", "squareplus", "sparse_plus", "sparse_sigmoid", "hard_sigmoid",
)  # fmt: skip
JAX_PAIRS = tuple((name, "sigmoid", "3") for name in _JAX)
JAX_GATES = (("tanh", "hard_sigmoid", "3"), ("tanh", "sparse_sigmoid", "3"))

_JS = (
    "relu", "relu6", "elu", "selu", "linear", "softplus", "softsign", "swish", "mish",
)  # fmt: skip
JS_PAIRS = (*((name, "sigmoid", "2") for name in _JS), ("tanh", "hard_sigmoid", "2"))

# PyTorch alone runs in float64 as well: four times its worst, 9.5e-16.
DOUBLE_BOUND = 4e-15

ROWS: dict[str, RuntimeRow] = {
    "torch": RuntimeRow((True,), BOTH, (TANH_SIGMOID,), 3.4e-7, ("float32", "float64")),
    "torch_cell": RuntimeRow((True,), (False,), (TANH_SIGMOID,), 2.9e-7, ("float32", "float64")),
    "onnx": RuntimeRow(
        BOTH,
        BOTH,
        (
            TANH_SIGMOID,
            ("tanh", "hard_sigmoid", "2"),
            ("tanh", "hard_sigmoid", "3"),
            ("relu", "sigmoid", "2"),
            ("leaky_relu", "sigmoid", "2"),
            ("LeakyReLU", "sigmoid", "2"),
            ("elu", "sigmoid", "2"),
            ("ThresholdedReLU", "sigmoid", "2"),
            ("softplus", "sigmoid", "2"),
            ("softsign", "sigmoid", "2"),
            ("linear", "sigmoid", "2"),
            ("hard_sigmoid", "tanh", "3"),
            ("elu", "hard_sigmoid", "3"),  # two alphas, one beta
        ),
        4.6e-7,
    ),
    "openvino": RuntimeRow(
        BOTH,
        BOTH,
        (TANH_SIGMOID, ("relu", "sigmoid", "2"), ("sigmoid", "tanh", "2")),
        2.8e-7,
    ),
    "flax_linen": RuntimeRow((True,), BOTH, (TANH_SIGMOID, *JAX_PAIRS, *JAX_GATES), 4.0e-7),
    "flax_nnx": RuntimeRow((True,), BOTH, (TANH_SIGMOID, *JAX_GATES), 4.5e-7),
    "haiku": RuntimeRow((False,), (False,), (TANH_SIGMOID,), 2.4e-7),
    "mlx": RuntimeRow((True,), (False,), (TANH_SIGMOID,), 2.8e-7),
    "tfjs": RuntimeRow((False,), BOTH, (TANH_SIGMOID, *JS_PAIRS), 1.5e-7),
}


def arguments(name: str) -> list[dict[str, Any]]:
    """Return the arguments of every case of a runtime.

    Activations other than tanh and sigmoid are tried in one direction and reset form, with a bias.
    """
    row = ROWS[name]
    found = []
    for reset_after in row.reset_after:
        for go_backwards in row.go_backwards:
            for activation, recurrent_activation, keras_version in row.pairs:
                usual = (activation, recurrent_activation) == TANH_SIGMOID[:2]
                if not usual and (go_backwards, reset_after) != (False, row.reset_after[-1]):
                    continue
                found += [
                    {
                        "activation": activation,
                        "recurrent_activation": recurrent_activation,
                        "keras_version": keras_version,
                        "reset_after": reset_after,
                        "go_backwards": go_backwards,
                        "use_bias": use_bias,
                        "dtype": dtype,
                    }
                    for use_bias in ((True, False) if usual else (True,))
                    for dtype in row.dtypes
                ]
    return found


def case_id(given: dict[str, Any]) -> str:
    """Return the one string that names a case."""
    return "+".join(
        [
            given["activation"],
            given["recurrent_activation"] + "-" + given["keras_version"],
            "after" if given["reset_after"] else "before",
            "backwards" if given["go_backwards"] else "forwards",
            "bias" if given["use_bias"] else "no_bias",
            given["dtype"],
        ]
    )


def bound(given: dict[str, Any]) -> float:
    """Return what a case is held to."""
    return DOUBLE_BOUND if given["dtype"] == "float64" else BOUND
