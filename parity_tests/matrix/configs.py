"""CONFIGS: the constructor calls whose get_config() is recorded of every release.

A row changes one thing, or names several spellings of one kind at once where the same releases know
all of them. Values are in the forms of
`oracles.codec`. Every row but ``default`` is given a name, since Keras numbers unnamed layers.
"""

from __future__ import annotations

from typing import Any

from parity_tests.matrix.objects import function, instance


def _three(what: str, kernel: Any, recurrent: Any, bias: Any) -> dict[str, Any]:
    """Return one value of a kind for each weight."""
    return {f"kernel_{what}": kernel, f"recurrent_{what}": recurrent, f"bias_{what}": bias}


_DRAWN = (
    "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "GlorotUniform",
    "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", "Orthogonal",
)  # fmt: skip

# id → the arguments beside units=3 and a name
CONFIGS: dict[str, dict[str, Any]] = {
    "default": {},
    "name": {"name": "my layer"},
    "units-numpy": {"units": {"$": "numpy.int64", "value": 4}},
    "trainable-false": {"trainable": False},
    "dtype-float64": {"dtype": "float64"},
    "dtype-policy-keras-2": {"dtype": instance("Policy", name="float64")},
    "dtype-policy-keras-3": {
        "dtype": {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": "float64"},
            "registered_name": None,
        }
    },
    "autocast-false": {"autocast": False},
    # ---- the loop
    "use_bias-false": {"use_bias": False},
    "reset_after-false": {"reset_after": False},
    "return_sequences": {"return_sequences": True},
    "return_state": {"return_state": True},
    "go_backwards": {"go_backwards": True},
    "stateful": {"stateful": True},
    "unroll": {"unroll": True},
    "time_major": {"time_major": True},
    "zero_output_for_mask": {"zero_output_for_mask": True},
    "zero_output_for_mask-false": {"zero_output_for_mask": False},
    "truth-of-numbers": {
        "use_bias": 1, "return_sequences": 1, "return_state": 0, "go_backwards": 1, "unroll": 0,
        "reset_after": 1, "zero_output_for_mask": 1,
    },
    "implementation-1": {"implementation": 1},
    "implementation-0": {"implementation": 0},
    "use_cudnn-false": {"use_cudnn": False},
    # ---- dropout
    "dropout": {"dropout": 0.25},
    "recurrent_dropout": {"recurrent_dropout": 0.25},
    "dropout-clamped": {"dropout": 1.5, "recurrent_dropout": -0.5},
    "dropout-integers": {"dropout": 0, "recurrent_dropout": 1},
    "seed": {"seed": 7},
    "rng_type-stateful": {"rng_type": "stateful"},
    "rng_type-stateless": {"rng_type": "stateless", "batch_input_shape": {
        "$": "tuple", "items": [2, None, 4]}},
    "rng_type-legacy_stateful": {"rng_type": "legacy_stateful"},
    "force_generator": {"force_generator": True, "dropout": 0.25},
    # ---- shapes
    "batch_input_shape": {"batch_input_shape": {"$": "tuple", "items": [2, None, 4]}},
    "input_shape": {"input_shape": {"$": "tuple", "items": [3, 4]}},
    "input_shape-batch_size": {"input_shape": {"$": "tuple", "items": [3, 4]}, "batch_size": 2},
    "input_dim": {"input_dim": 4},
    "input_dim-input_length": {"input_dim": 4, "input_length": 3},
    "dynamic": {"dynamic": True},
    # ---- activations
    "activation-none": {"activation": None, "recurrent_activation": None},
    "activation-relu": {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
    "activation-elu": {"activation": "elu", "recurrent_activation": "softmax"},
    "activation-selu": {"activation": "selu", "recurrent_activation": "exponential"},
    "activation-softsign": {"activation": "softsign", "recurrent_activation": "softplus"},
    "activation-swish": {"activation": "swish"},
    "activation-silu": {"activation": "silu"},
    "activation-gelu": {"activation": "gelu"},
    "activation-mish": {"activation": "mish"},
    "activation-leaky_relu": {"activation": "leaky_relu", "recurrent_activation": "relu6"},
    "activation-log_softmax": {"activation": "log_softmax"},
    "activation-hard_swish": {"activation": "hard_swish", "recurrent_activation": "hard_silu"},
    "activation-celu": {"activation": "celu", "recurrent_activation": "sparse_plus"},
    "activation-sparse_sigmoid": {"activation": "sparse_sigmoid"},
    "activation-LeakyReLU": {"activation": "LeakyReLU"},
    "activation-Softmax": {"activation": "Softmax", "recurrent_activation": "ReLU"},
    "activation-ELU": {"activation": "ELU", "recurrent_activation": "ThresholdedReLU"},
    "activation-unknown": {"activation": "tanhh"},
    "activation-dict-function": {
        "activation": {
            "module": "builtins",
            "class_name": "function",
            "config": "relu",
            "registered_name": "function",
        }
    },
    "activation-dict-layer": {
        "activation": {
            "module": "keras.layers",
            "class_name": "ReLU",
            "config": {"max_value": 2.0},
            "registered_name": None,
        }
    },
    "activation-dict-ELU": {
        "activation": {"module": "keras.layers", **instance("ELU", alpha=0.7)}
    },
    "activation-dict-LeakyReLU": {
        "activation": {"module": "keras.layers", **instance("LeakyReLU", negative_slope=0.4)}
    },
    "activation-dict-Softmax": {
        "activation": {"module": "keras.layers", **instance("Softmax", axis=-1)}
    },
    "activation-dict-unknown": {
        "activation": {"module": "builtins", "class_name": "function", "config": "tanhh"}
    },
    "activation-dict-old": {"activation": instance("LeakyReLU", alpha=0.4)},
    "activation-function": {"activation": function("twice")},
    "activation-object": {"activation": function("scaled")},
    # ---- initializers
    **{
        f"initializers-{kind}-{number}": _three("initializer", *names)
        for kind, rows in {
            "classes": (
                ("Zeros", "Ones", "VarianceScaling"),
                ("RandomNormal", "RandomUniform", "TruncatedNormal"),
                ("GlorotUniform", "GlorotNormal", "Zeros"),
                ("HeUniform", "HeNormal", "LecunUniform"),
                ("LecunNormal", "HeUniform", "HeNormal"),
            ),
            "names": (
                ("zeros", "ones", "zero"),
                ("random_normal", "random_uniform", "truncated_normal"),
                ("normal", "uniform", "one"),
                ("glorot_uniform", "glorot_normal", "he_uniform"),
                ("he_normal", "lecun_uniform", "lecun_normal"),
            ),
        }.items()
        for number, names in enumerate(rows, 1)
    },
    "initializers-seeded-1": _three("initializer", *(instance(n, seed=5) for n in _DRAWN[:3])),
    "initializers-seeded-2": _three("initializer", *(instance(n, seed=5) for n in _DRAWN[3:6])),
    "initializers-seeded-3": _three("initializer", *(instance(n, seed=5) for n in _DRAWN[6:9])),
    "initializer-seeded-LecunNormal": {"kernel_initializer": instance("LecunNormal", seed=5)},
    "initializer-seeded-Orthogonal": {
        "recurrent_initializer": instance("Orthogonal", gain=2.0, seed=5)
    },
    "initializers-parameters-1": _three(
        "initializer",
        instance("RandomNormal", mean=1.0, stddev=2.0, seed=1),
        instance("RandomUniform", minval=-1.0, maxval=2.0, seed=1),
        instance("TruncatedNormal", mean=1.0, stddev=2.0, seed=1),
    ),
    "initializers-parameters-2": _three(
        "initializer",
        instance("VarianceScaling", scale=2.0, mode="fan_avg", distribution="uniform", seed=1),
        instance("GlorotUniform", seed=1),
        instance("Constant", value=0.5),
    ),
    "initializer-identity": {"recurrent_initializer": "identity"},
    "initializer-Identity": {"recurrent_initializer": instance("Identity", gain=2.0)},
    "initializer-Orthogonal": {"recurrent_initializer": "Orthogonal"},
    "initializer-OrthogonalInitializer": {"recurrent_initializer": "OrthogonalInitializer"},
    "initializer-distribution": {
        "kernel_initializer": instance("VarianceScaling", distribution="normal")
    },
    "initializer-none": {"kernel_initializer": None, "bias_initializer": None},
    "initializer-constant": {"bias_initializer": "constant"},
    "initializer-variance_scaling": {"kernel_initializer": "variance_scaling"},
    "initializer-V2": {"kernel_initializer": "GlorotUniformV2"},
    "initializer-unknown": {"kernel_initializer": "glorot"},
    "initializer-parameter-unknown": {"kernel_initializer": instance("Zeros", gain=1.0)},
    "initializer-array": {"bias_initializer": {"$": "full", "shape": [2, 9], "dtype": "float32",
                                               "value": 0.5}},
    "initializer-function": {"kernel_initializer": function("twice")},
    "initializer-object": {"kernel_initializer": function("scaled")},
    "initializer-object-nested": {"kernel_initializer": function("scaled-nested")},
    # ---- regularizers
    "regularizers-names": _three("regularizer", "l1", "l2", None),
    "regularizers-classes": _three("regularizer", "L1", "L2", "L1L2"),
    "regularizer-l1_l2": {"kernel_regularizer": "l1_l2"},
    "regularizer-l1l2": {"kernel_regularizer": "l1l2"},
    "regularizers-dicts": _three(
        "regularizer",
        instance("L1", l1=0.1),
        instance("L2", l2=0.1),
        instance("L2", l2=0.25),
    ),
    "regularizer-L1L2": {"kernel_regularizer": instance("L1L2", l1=0.1, l2=0.2)},
    "regularizer-orthogonal": {
        "recurrent_regularizer": instance("OrthogonalRegularizer", factor=0.1, mode="columns")
    },
    "regularizer-orthogonal-name": {"recurrent_regularizer": "orthogonal_regularizer"},
    "regularizer-negative": {"kernel_regularizer": instance("L2", l2=-0.1)},
    "regularizer-unknown": {"kernel_regularizer": "l3"},
    "regularizer-function": {"kernel_regularizer": function("twice")},
    "regularizer-object": {"kernel_regularizer": function("scaled")},
    "activity_regularizer-object": {"activity_regularizer": function("scaled")},
    "activity_regularizer": {"activity_regularizer": "l2"},
    "activity_regularizer-dict": {"activity_regularizer": instance("L1L2", l1=0.1, l2=0.2)},
    # ---- constraints
    "constraints-names": _three("constraint", "max_norm", "min_max_norm", "non_neg"),
    "constraints-classes": _three("constraint", "MaxNorm", "NonNeg", "UnitNorm"),
    "constraints-dicts": _three(
        "constraint",
        instance("MaxNorm", max_value=3, axis=1),
        instance("MinMaxNorm", min_value=0.5, max_value=1.5, rate=0.5, axis=0),
        instance("UnitNorm", axis=1),
    ),
    "constraint-unit_norm": {"kernel_constraint": "unit_norm"},
    "constraint-maxnorm": {"kernel_constraint": "maxnorm", "bias_constraint": "nonneg"},
    "constraint-radial": {"kernel_constraint": "radial_constraint"},
    "constraint-unknown": {"kernel_constraint": "norm"},
    "constraint-function": {"kernel_constraint": function("twice")},
    "constraint-object": {"kernel_constraint": function("scaled")},
    # ---- combinations
    "many": {
        "activation": "relu", "use_bias": False, "reset_after": False, "dropout": 0.5,
        "recurrent_dropout": 0.25, "return_sequences": True, "stateful": True, "dtype": "float64",
        "kernel_regularizer": "l2", "activity_regularizer": "l1", "bias_constraint": "non_neg",
        "zero_output_for_mask": True, "kernel_initializer": instance("GlorotNormal", seed=3),
        "trainable": False,
    },
    "unknown-argument": {"unit": 3},
}  # fmt: skip


def constructor(row: str) -> dict[str, Any]:
    """Return all arguments of one row."""
    given = CONFIGS[row]
    named = {} if row == "default" else {"name": row.replace("_", "-").lower()}
    return {"units": 3, **named, **given}
