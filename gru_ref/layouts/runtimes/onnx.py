"""The GRU node of ONNX: its inputs W, R, B and its attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import shown
from gru_ref.keras.activations import tables
from gru_ref.keras.activations.tables import Function, sigmoid, tanh
from gru_ref.layouts.blocks import bias_rows, transposed_kernels
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, attribute, check_keys, floating, read_kernels

FACTS = Facts(
    name="onnx",
    title="ONNX GRU",
    gates=("z", "r", "h"),
    arrays={
        "W": "(1, 3u, f) input weights",
        "R": "(1, 3u, u) recurrent weights",
        "B": "(1, 6u) input bias, then recurrent bias; absent without a bias",
        "linear_before_reset": "1 for the reset after the product, 0 for before",
        "direction": "'forward' or 'reverse'",
        "activations": "[gates, candidate]: 'Sigmoid', 'Tanh'",
        "activation_alpha": "one number for each activation that has one, in order",
        "activation_beta": "likewise",
        "hidden_size": "u",
    },
    transposes="kernel and recurrent_kernel, whole",
    bias="B is row 0, then row 1; for reset-before the bias, then zeros",
    formula=(
        "z = f(x W_zᵀ + h R_zᵀ + Wb_z + Rb_z)",
        "r = f(x W_rᵀ + h R_rᵀ + Wb_r + Rb_r)",
        "ĥ = g(x W_hᵀ + r ∘ (h R_hᵀ + Rb_h) + Wb_h)      linear_before_reset = 1",
        "ĥ = g(x W_hᵀ + (r ∘ h) R_hᵀ + Rb_h + Wb_h)      linear_before_reset = 0",
        "h' = (1 − z) ∘ ĥ + z ∘ h",
    ),
    reset_forms=("after (linear_before_reset=1)", "before (linear_before_reset=0, the default)"),
    activations="Tanh, Sigmoid, Relu, HardSigmoid(alpha, beta), LeakyRelu, Elu, Softplus, "
    "Softsign, ThresholdedRelu, Affine; HardSigmoid's default alpha is 0.2, which is Keras 2's",
    direction="direction='reverse'; the output Y is in the order of the input",
    reversed_output="as the input",
    round_trip="bit-exact; for reset-before the two bias halves come back added, and "
    "use_bias=False needs B to be absent",
    verified="onnxruntime 1.32.0",
    source="onnx/defs/rnn/defs.cc, GRU-14",
    mistakes=(
        (
            "reset before for after, bias rows added",
            "linear_before_reset is left out: the default is 0.",
        ),
        ("reversed output not flipped", "Y of direction='reverse' is in the order of the input."),
        (
            "hard_sigmoid of the other generation",
            "HardSigmoid is written without alpha: 0.2, where Keras 3 has 1/6.",
        ),
    ),
)


class OnnxActivation(NamedTuple):
    """An activation of ONNX; alpha and beta are None where it has none."""

    name: str
    alpha: float | None = None
    beta: float | None = None

    def __str__(self) -> str:
        given = {"alpha": self.alpha, "beta": self.beta}
        shown = [f"{name}={value:g}" for name, value in given.items() if value is not None]
        return f"{self.name}({', '.join(shown)})" if shown else self.name


KERAS_2, KERAS_3 = tables.KERAS_2, tables.KERAS_3
KNOWN: Mapping[Function, OnnxActivation] = {
    tanh: OnnxActivation("Tanh"),
    sigmoid: OnnxActivation("Sigmoid"),
    KERAS_2["relu"]: OnnxActivation("Relu"),
    KERAS_2["hard_sigmoid"]: OnnxActivation("HardSigmoid", 0.2, 0.5),
    KERAS_3["hard_sigmoid"]: OnnxActivation("HardSigmoid", 1 / 6, 0.5),
    KERAS_2["leaky_relu"]: OnnxActivation("LeakyRelu", 0.2),
    KERAS_2["LeakyReLU"]: OnnxActivation("LeakyRelu", 0.3),
    KERAS_2["elu"]: OnnxActivation("Elu", 1.0),
    KERAS_2["ThresholdedReLU"]: OnnxActivation("ThresholdedRelu", 1.0),
    KERAS_2["softplus"]: OnnxActivation("Softplus"),
    KERAS_2["softsign"]: OnnxActivation("Softsign"),
    KERAS_2["linear"]: OnnxActivation("Affine", 1.0, 0.0),
}
# Activation → its parameters, each with what leaving it out means to ONNX's operators and to ONNX
# Runtime; None where the two do not agree.
PARAMETERS: Mapping[str, Mapping[str, float | None]] = {
    "Affine": {"alpha": None, "beta": 0.0},
    "Elu": {"alpha": 1.0},
    "HardSigmoid": {"alpha": 0.2, "beta": 0.5},
    "LeakyRelu": {"alpha": 0.01},
    "ScaledTanh": {"alpha": None, "beta": None},
    "ThresholdedRelu": {"alpha": None},
}
ALL = (
    "Affine", "Elu", "HardSigmoid", "LeakyRelu", "Relu", "ScaledTanh", "Sigmoid", "Softplus",
    "Softsign", "Tanh", "ThresholdedRelu",
)  # fmt: skip
_PROPER = {name.lower(): name for name in ALL}
_ATTRIBUTES = ("linear_before_reset", "direction", "activations", "hidden_size")
_OPTIONAL = ("B", "activation_alpha", "activation_beta")


def to_layout(given: Any) -> dict[str, Any]:
    """Return the inputs and attributes of the node.

    Returns
    -------
    dict
        W (1, 3u, f), R (1, 3u, u), with a bias B (1, 6u), in the weights' dtype; the attributes
        linear_before_reset, direction, activations, hidden_size and, where the activations have
        them, activation_alpha and activation_beta.

    Raises
    ------
    NotRepresentableError
        An activation is none of ONNX's.
    """
    weights, config, candidate, gates = conversion_input(given, FACTS.label, activations=KNOWN)
    layout = transposed_kernels(weights, ("W", "R"), leading=True)
    if weights.bias is not None:
        layout["B"] = np.concatenate(bias_rows(weights))[np.newaxis]
    layout |= {
        "linear_before_reset": int(config.reset_after),
        "direction": "reverse" if config.go_backwards else "forward",
        "activations": [gates.name, candidate.name],
        "hidden_size": weights.units,
    }
    for attribute_name in ("alpha", "beta"):
        values = [getattr(f, attribute_name) for f in (gates, candidate)]
        numbers = [value for value in values if value is not None]
        if numbers:
            layout[f"activation_{attribute_name}"] = numbers
    return layout


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the inputs and attributes of a node of one direction.

    Raises
    ------
    TypeError, ValueError
        Names, shapes or attributes do not fit, or an activation is none of Keras's.
    """
    check_keys(mapping, ("W", "R", *_ATTRIBUTES), _OPTIONAL)
    reset_after = attribute(mapping, "linear_before_reset", (0, 1)) == 1
    reverse = attribute(mapping, "direction", ("forward", "reverse")) == "reverse"
    kernels = read_kernels(mapping, ("W", "R"), transposed=True, leading=True)
    units = kernels[1].shape[0]
    attribute(mapping, "hidden_size", (units,))
    bias = None
    if "B" in mapping:
        rows = floating(mapping, "B", 1, 6 * units).reshape(2, 3 * units)
        bias = rows if reset_after else rows[0] + rows[1]
    weights = GRUWeights(*kernels, bias)
    functions = _functions(mapping)
    return Read.from_weights(weights, reset_after=reset_after, go_backwards=reverse, **functions)


def activations(
    names: Sequence[str], alphas: Sequence[float], betas: Sequence[float]
) -> list[OnnxActivation]:
    """Return the activations that the attributes of a node list, in whatever case of letters.

    Raises
    ------
    ValueError
        A name is none of ONNX's, or there are more alphas or betas than activations that have one.

    Examples
    --------
    >>> activations(["HardSigmoid", "tanh"], [0.25], [])
    [OnnxActivation(name='HardSigmoid', alpha=0.25, beta=0.5), OnnxActivation(name='Tanh', \
alpha=None, beta=None)]
    """
    left = {"alpha": [float(value) for value in alphas], "beta": [float(value) for value in betas]}
    found = []
    for name in names:
        proper = _PROPER.get(str(name).lower())
        if proper is None:
            raise ValueError(f"activations has {shown(name)}, expected {', '.join(ALL)}")
        values = {}
        for parameter, default in PARAMETERS.get(proper, {}).items():
            numbers = left[parameter]
            if not numbers and default is None:
                raise ValueError(
                    f"activation_{parameter} has no number for {proper}, expected one: runtimes do "
                    "not agree on what it is by default"
                )
            values[parameter] = numbers.pop(0) if numbers else default
        found.append(OnnxActivation(proper, **values))
    if left["alpha"] or left["beta"]:
        raise ValueError(
            f"activation_alpha and activation_beta are {shown(list(alphas))} and "
            f"{shown(list(betas))}, expected one for each activation that has one"
        )
    return found


def keras_function(activation: OnnxActivation) -> Function | None:
    """Return the function of Keras that computes the same, None if there is none.

    Examples
    --------
    >>> keras_function(OnnxActivation("HardSigmoid", 0.2, 0.5)).__name__
    'hard_sigmoid_fifth'
    """
    for function, known in KNOWN.items():
        if known.name == activation.name and all(map(_close, known[1:], activation[1:])):
            return function
    return None


def _functions(mapping: Mapping[str, Any]) -> dict[str, Function]:
    """Return the functions of gates and candidate that the activation attributes name."""
    names = [str(name) for name in mapping["activations"]]
    if len(names) != 2:
        raise ValueError(f"activations is {shown(names)}, expected two names")
    parameters = (mapping.get(f"activation_{name}", ()) for name in ("alpha", "beta"))
    found = []
    for activation in activations(names, *parameters):
        function = keras_function(activation)
        if function is None:
            raise ValueError(
                f"activations has {activation}, expected an activation that some Keras has by name"
            )
        found.append(function)
    return {"gates": found[0], "candidate": found[1]}


def _close(known: float | None, value: float | None) -> bool:
    """Whether two numbers are alike in float32, in which ONNX keeps attributes."""
    if known is None or value is None:
        return known is value
    return math.isclose(known, value, rel_tol=1e-6, abs_tol=1e-9)
