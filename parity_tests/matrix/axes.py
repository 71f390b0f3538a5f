"""What a case varies: the axes and their levels, the sizes, and the sweeps that combine them.

Printable data only. The first level of an axis is Keras's default, and the id of a case names
only the levels that differ from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from parity_tests.matrix.deviations import IMPOSSIBLE

ORACLES = ("keras2", "keras3")

LANES = {
    "exact": {
        "dtype": "float32",
        "meaning": "linear or relu, integer weights and inputs in {-1, 0, 1}: bit-equal",
    },
    "saturated": {
        "dtype": "float32",
        "meaning": "tanh and sigmoid, weights in {-1, 0, 1} * 2**12 or 2**16: bit-equal",
    },
    "double": {"dtype": "float64", "meaning": "generic weights: a measured bound in eps64"},
    "single": {"dtype": "float32", "meaning": "generic weights: a measured bound in eps32"},
}


class Axis(NamedTuple):
    """What a case varies: the levels, Keras's default first, and what they mean."""

    levels: tuple[Any, ...]
    meaning: str | Mapping[str, str]
    oracles: tuple[str, ...] = ORACLES


AXES = {
    "reset_after": Axis(
        (True, False), "the reset gate acts after (True) or before (False) the recurrent product"
    ),
    "use_bias": Axis((True, False), "bias rows are added, or absent"),
    "implementation": Axis(
        (2, 1, 0), "1 multiplies gate by gate and draws dropout per gate; 2 and 0 do not"
    ),
    "unroll": Axis((False, True), "a symbolic loop, or one written out step by step"),
    "go_backwards": Axis(
        (False, True), "inputs and mask are read from the last timestep to the first"
    ),
    "zero_output_for_mask": Axis(
        (False, True), "a masked step repeats the previous output, or outputs zeros"
    ),
    "return_sequences": Axis((False, True), "the last output, or the output of every timestep"),
    "return_state": Axis((False, True), "the final state is returned beside the output"),
    "time_major": Axis(
        (False, True),
        "arrays are (timesteps, batch, ...) instead of (batch, timesteps, ...)",
        ("keras2",),
    ),
    "use_cudnn": Axis(("auto", False), "a backend's own GRU may be tried, or never", ("keras3",)),
    "stateful": Axis(
        ("off", "two-calls", "reset-between"),
        {
            "off": "one call, the state is forgotten",
            "two-calls": "two calls, the second starts from the recorded state",
            "reset-between": "three calls, with reset_states() before the third",
        },
    ),
    "initial_state": Axis(
        ("none", "given"), "every call starts from the default, or is handed an initial state"
    ),
    "mask": Axis(
        ("none", "all-true", "right", "left", "holes", "first-step", "row"),
        {
            "none": "no mask",
            "all-true": "a mask that skips nothing",
            "right": "one row ends early",
            "left": "one row starts late",
            "holes": "each row skips a step of its own between used steps",
            "first-step": "one row skips its first step alone",
            "row": "one row is skipped altogether, the other has a hole",
        },
    ),
    "dropout": Axis(
        ("none", "input", "recurrent", "both"),
        {
            "none": "inference",
            "input": "training with dropout",
            "recurrent": "training with recurrent_dropout",
            "both": "training with both, at different rates",
        },
    ),
}

# One string a row of the batch, T = this step is used. Batch-major; the rows trade places at every
# further call. No mask reads the same backwards, and every level leaves one row of the output that
# is neither zero nor a repetition, whichever end the output is taken from.
MASKS = {
    "all-true": ("TTTT", "TTTT"),
    "right": ("TTFF", "TTTT"),
    "left": ("FFTT", "TTTT"),
    "holes": ("TFTT", "TTFT"),
    "first-step": ("FTTT", "TTTT"),
    "row": ("FFFF", "TTFT"),
}

# What is done to a layer, by the level of `stateful`.
CALLS = {
    "off": ("call",),
    "two-calls": ("call", "call"),
    "reset-between": ("call", "call", "reset", "call"),
}

# Different from each other and from 3, the number of gates; 4 steps are the fewest in which the
# masks above differ.
SIZES = {"batch": 2, "timesteps": 4, "features": 6, "units": 5}

DROPOUT_RATES = (0.5, 0.75)  # kept entries are scaled by exactly 2 and 4

# activation and recurrent_activation in the exact lane take turns, by the level of `stateful`: with
# neither limited below, a state soon passes 2**24 in further calls.
EXACT_ACTIVATIONS = {
    "off": (("relu", "relu"), ("linear", "relu"), ("relu", "linear"), ("linear", "linear")),
    "two-calls": (("relu", "relu"), ("linear", "relu"), ("relu", "linear")),
    "reset-between": (("relu", "relu"), ("linear", "relu"), ("relu", "linear")),
}

ACTIVATIONS = {
    "keras2": (
        "tanh", "sigmoid", "elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear",
        "log_softmax", "mish", "relu", "relu6", "selu", "silu", "softmax", "softplus", "softsign",
        "swish",
    ),
    "keras3": (
        "tanh", "sigmoid", "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid",
        "hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid",
        "log_softmax", "mish", "relu", "relu6", "selu", "silu", "soft_shrink", "softmax",
        "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish",
        "tanh_shrink",
    ),
}  # fmt: skip

# Names of layers: they compute in float32 whatever the dtype of the GRU, so float64 raises.
ACTIVATION_LAYERS = {
    "keras2": ("ELU", "LeakyReLU", "ReLU", "Softmax", "ThresholdedReLU"),
    "keras3": (),
}


@dataclass(frozen=True)
class Sweep:
    """How axes become cases.

    Parameters
    ----------
    why : str
    lanes : tuple of str
    oracles : tuple of str
    strength : int
        Every combination of so many axes is covered; 0 where `rows` name the cases.
    fixed : mapping
        Axes that are held to some of their levels.
    rows : mapping
        For each oracle products of levels, all else at its default.
    timesteps : int
        Those of SIZES unless said otherwise.
    mistakes_in_one_of : int or None
        The share of cases on which the mistakes of people who port a GRU are tried as well.
    dtypes : tuple of str
        Those of the lanes unless said otherwise.
    exact_activations : tuple or None
        Those of the lane exact; the pairs of EXACT_ACTIVATIONS take turns unless said otherwise.
    """

    why: str
    lanes: tuple[str, ...]
    oracles: tuple[str, ...] = ORACLES
    strength: int = 0
    fixed: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Mapping[str, Sequence[Any]]]] = field(default_factory=dict)
    timesteps: int = SIZES["timesteps"]
    mistakes_in_one_of: int | None = None
    dtypes: tuple[str, ...] = ()
    exact_activations: tuple[str, str] | None = None


# What Keras 2's fused path takes.
FUSED = {
    "reset_after": (True,),
    "use_bias": (True,),
    "unroll": (False,),
    "dropout": ("none", "input"),
}
# The outputs are the states.
STATES = {
    "zero_output_for_mask": (False,),
    "return_sequences": (True,),
    "stateful": ("off",),
    "mask": ("none",),
    "dropout": ("none",),
}
_SEQUENCE_AND_STATE = {"return_sequences": (True,), "return_state": (True,)}

# A case of all these levels tries the mistakes: batch and time can be swapped in no other.
PLAIN = {"stateful": "off", "initial_state": "none", "mask": "none", "dropout": "none"}

SWEEPS = {
    "structure": Sweep(
        "a mistake of structure needs few axes at once, and tolerance zero hides none",
        ("exact", "saturated"),
        strength=4,
        mistakes_in_one_of=7,
    ),
    "fused": Sweep(
        "one structural case in sixteen is fit for the fused path, too few to cover it",
        ("saturated",),
        oracles=("keras2",),
        strength=3,
        fixed=FUSED,
        mistakes_in_one_of=2,
    ),
    "rounded": Sweep(
        "tanh and sigmoid between their limits, where every step rounds",
        ("double", "single"),
        strength=2,
        mistakes_in_one_of=1,
    ),
    "fused-rounded": Sweep(
        "the fused path rounds in code of its own",
        ("double", "single"),
        oracles=("keras2",),
        strength=2,
        fixed=FUSED,
        mistakes_in_one_of=1,
    ),
    "sequences": Sweep(
        "outputs that are the states let each float32 step be judged by itself",
        ("single",),
        strength=3,
        fixed=STATES,
        timesteps=12,
        mistakes_in_one_of=3,
    ),
    "activation-pairs": Sweep(
        "every definition in both places, in both reset forms; one step, unrolled, shows all of it",
        ("double",),
        rows={
            oracle: (
                {
                    "activation": names,
                    "recurrent_activation": names,
                    "reset_after": (True, False),
                    "unroll": (True,),
                    "initial_state": ("given",),
                },
            )
            for oracle, names in ACTIVATIONS.items()
        },
        timesteps=1,
        mistakes_in_one_of=16,
    ),
    "activation-layers": Sweep(
        "names of layers resolve too, and work in float32",
        ("single",),
        oracles=("keras2",),
        rows={
            "keras2": tuple(
                {argument: ACTIVATION_LAYERS["keras2"], "reset_after": (True, False)}
                for argument in ("activation", "recurrent_activation")
            ),
        },
    ),
    "long": Sweep(
        "errors add up over a thousand steps; once on each path: fused, loop and unroll",
        ("double",),
        rows={
            "keras2": (
                _SEQUENCE_AND_STATE,
                {**_SEQUENCE_AND_STATE, "reset_after": (False,)},
                {**_SEQUENCE_AND_STATE, "unroll": (True,)},
            ),
            "keras3": (_SEQUENCE_AND_STATE, {**_SEQUENCE_AND_STATE, "unroll": (True,)}),
        },
        timesteps=1000,
    ),
    "raises": Sweep(
        "each row of DEVIATIONS that raises, with every level that it names, still raises",
        ("exact",),
        rows=IMPOSSIBLE,
    ),
}
