"""What a case varies: the axes and their levels, the sizes, and the sweeps that combine them.

Printable data only. The first level of an axis is Keras's default, and the id of a case names
only the levels that differ from it.
"""

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

AXES = {
    "reset_after": {
        "levels": (True, False),
        "oracles": ORACLES,
        "meaning": "the reset gate acts after (True) or before (False) the recurrent product",
    },
    "use_bias": {
        "levels": (True, False),
        "oracles": ORACLES,
        "meaning": "bias rows are added, or absent",
    },
    "implementation": {
        "levels": (2, 1, 0),
        "oracles": ORACLES,
        "meaning": "1 multiplies gate by gate and draws dropout per gate; 2 and 0 do not",
    },
    "unroll": {
        "levels": (False, True),
        "oracles": ORACLES,
        "meaning": "a symbolic loop, or one written out step by step",
    },
    "go_backwards": {
        "levels": (False, True),
        "oracles": ORACLES,
        "meaning": "inputs and mask are read from the last timestep to the first",
    },
    "zero_output_for_mask": {
        "levels": (False, True),
        "oracles": ORACLES,
        "meaning": "a masked step repeats the previous output, or outputs zeros",
    },
    "return_sequences": {
        "levels": (False, True),
        "oracles": ORACLES,
        "meaning": "the last output, or the output of every timestep",
    },
    "return_state": {
        "levels": (False, True),
        "oracles": ORACLES,
        "meaning": "the final state is returned beside the output",
    },
    "time_major": {
        "levels": (False, True),
        "oracles": ("keras2",),
        "meaning": "arrays are (timesteps, batch, ...) instead of (batch, timesteps, ...)",
    },
    "use_cudnn": {
        "levels": ("auto", False),
        "oracles": ("keras3",),
        "meaning": "a backend's own GRU may be tried, or never",
    },
    "stateful": {
        "levels": ("off", "two-calls", "reset-between"),
        "oracles": ORACLES,
        "meaning": {
            "off": "one call, the state is forgotten",
            "two-calls": "two calls, the second starts from the recorded state",
            "reset-between": "three calls, with reset_states() before the third",
        },
    },
    "initial_state": {
        "levels": ("none", "given"),
        "oracles": ORACLES,
        "meaning": "every call starts from the default, or is handed an initial state",
    },
    "mask": {
        "levels": ("none", "all-true", "right", "left", "holes", "first-step", "row"),
        "oracles": ORACLES,
        "meaning": {
            "none": "no mask",
            "all-true": "a mask that skips nothing",
            "right": "one row ends early",
            "left": "one row starts late",
            "holes": "each row skips a step of its own between used steps",
            "first-step": "one row skips its first step alone",
            "row": "one row is skipped altogether, the other has a hole",
        },
    },
    "dropout": {
        "levels": ("none", "input", "recurrent", "both"),
        "oracles": ORACLES,
        "meaning": {
            "none": "inference",
            "input": "training with dropout",
            "recurrent": "training with recurrent_dropout",
            "both": "training with both, at different rates",
        },
    },
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
        "tanh",
        "sigmoid",
        "elu",
        "exponential",
        "gelu",
        "hard_sigmoid",
        "leaky_relu",
        "linear",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "silu",
        "softmax",
        "softplus",
        "softsign",
        "swish",
    ),
    "keras3": (
        "tanh",
        "sigmoid",
        "celu",
        "elu",
        "exponential",
        "gelu",
        "hard_shrink",
        "hard_sigmoid",
        "hard_silu",
        "hard_swish",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "silu",
        "soft_shrink",
        "softmax",
        "softplus",
        "softsign",
        "sparse_plus",
        "sparse_sigmoid",
        "sparsemax",
        "squareplus",
        "swish",
        "tanh_shrink",
    ),
}

# Names of layers: they compute in float32 whatever the dtype of the GRU, so float64 raises.
ACTIVATION_LAYERS = {
    "keras2": ("ELU", "LeakyReLU", "ReLU", "Softmax", "ThresholdedReLU"),
    "keras3": (),
}

# How axes become cases. strength: every combination of so many axes is covered, the axes in `fixed`
# held to some of their levels; rows: every product of the levels named, all else at its default;
# timesteps: instead of SIZES; mistakes_in_one_of: the share of cases on which the mistakes of
# people who port a GRU are tried as well.
SWEEPS = {
    "structure": {
        "oracles": ORACLES,
        "lanes": ("exact", "saturated"),
        "strength": 4,
        "fixed": {},
        "mistakes_in_one_of": 7,
        "why": "a mistake of structure needs few axes at once, and tolerance zero hides none",
    },
    "fused": {
        "oracles": ("keras2",),
        "lanes": ("saturated",),
        "strength": 3,
        "fixed": {
            "reset_after": (True,),
            "use_bias": (True,),
            "unroll": (False,),
            "dropout": ("none", "input"),
        },
        "mistakes_in_one_of": 2,
        "why": "one structural case in sixteen is fit for the fused path, too few to cover it",
    },
    "rounded": {
        "oracles": ORACLES,
        "lanes": ("double", "single"),
        "strength": 2,
        "fixed": {},
        "mistakes_in_one_of": 1,
        "why": "tanh and sigmoid between their limits, where every step rounds",
    },
    "fused-rounded": {
        "oracles": ("keras2",),
        "lanes": ("double", "single"),
        "strength": 2,
        "fixed": {
            "reset_after": (True,),
            "use_bias": (True,),
            "unroll": (False,),
            "dropout": ("none", "input"),
        },
        "mistakes_in_one_of": 1,
        "why": "the fused path rounds in code of its own",
    },
    "sequences": {
        "oracles": ORACLES,
        "lanes": ("single",),
        "timesteps": 12,
        "strength": 3,
        "fixed": {
            "zero_output_for_mask": (False,),
            "return_sequences": (True,),
            "stateful": ("off",),
            "mask": ("none",),
            "dropout": ("none",),
        },
        "mistakes_in_one_of": 3,
        "why": "outputs that are the states let each float32 step be judged by itself",
    },
    "activation-pairs": {
        "oracles": ORACLES,
        "lanes": ("double",),
        "timesteps": 1,
        "rows": {
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
        "mistakes_in_one_of": 16,
        "why": "every definition in both places, in both reset forms; one step, unrolled, shows all of it",
    },
    "activation-layers": {
        "oracles": ("keras2",),
        "lanes": ("single",),
        "rows": {
            "keras2": (
                {"activation": ACTIVATION_LAYERS["keras2"], "reset_after": (True, False)},
                {"recurrent_activation": ACTIVATION_LAYERS["keras2"], "reset_after": (True, False)},
            ),
        },
        "mistakes_in_one_of": None,
        "why": "names of layers resolve too, and work in float32",
    },
    "long": {
        "oracles": ORACLES,
        "lanes": ("double",),
        "timesteps": 1000,
        "rows": {
            "keras2": (
                {"return_sequences": (True,), "return_state": (True,)},
                {"return_sequences": (True,), "return_state": (True,), "reset_after": (False,)},
                {"return_sequences": (True,), "return_state": (True,), "unroll": (True,)},
            ),
            "keras3": (
                {"return_sequences": (True,), "return_state": (True,)},
                {"return_sequences": (True,), "return_state": (True,), "unroll": (True,)},
            ),
        },
        "mistakes_in_one_of": None,
        "why": "errors add up over a thousand steps; once on each path: fused, loop and unroll",
    },
    "raises": {
        "oracles": ORACLES,
        "lanes": ("exact",),
        "rows": dict(IMPOSSIBLE),
        "mistakes_in_one_of": None,
        "why": "each row of DEVIATIONS that raises, with every level that it names, still raises",
    },
}
