"""Values of kernel_initializer beyond the defaults: what each generation takes and refuses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity_tests.matrix.arguments import BOTH


def named(class_name: str, **config: Any) -> dict[str, Any]:
    """Return the serialized form of an initializer."""
    return {"class_name": class_name, "config": config}


SEEDS = [-1, 0, 2**31 - 3, 2**31 - 2, 2**31 - 1, 2**32 + 3, 2**40 + 1, -(2**63)]
SCALING: list[dict[str, Any]] = [
    {"scale": 2},
    {"scale": math.inf},
    {"mode": "fan_out"},
    {"distribution": "NORMAL"},
    {"distribution": "Uniform"},
    {"distribution": "untruncated_normal"},
]
ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    *((f"seed:{seed}", named("GlorotUniform", seed=seed)) for seed in SEEDS),
    *((f"scaling:{i}", named("VarianceScaling", seed=1, **row)) for i, row in enumerate(SCALING)),
    ("normal:negative", named("RandomNormal", mean=1, stddev=-2, seed=1)),
    ("normal:array", named("TruncatedNormal", stddev=[0.1, 0.2, 0.3] * 5, seed=1)),
    ("uniform:reversed", named("RandomUniform", minval=1, maxval=0.25, seed=1)),
    ("uniform:array", named("RandomUniform", maxval=[0.1] * 15, seed=1)),
    ("orthogonal:gain", named("Orthogonal", gain=-2.5, seed=1)),
    ("identity:gain", named("Identity", gain=1 / 3)),
    ("constant:bool", named("Constant", value=True)),
    ("constant:one", named("Constant", value=[0.5])),
    ("constant:whole", named("Constant", value=[[0.25] * 15] * 6)),
    ("module", {**named("GlorotUniform", seed=1), "module": "keras.initializers",
                "registered_name": None}),
]  # fmt: skip
ONLY: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "keras2": [
        ("dtype", named("GlorotUniform", seed=1, dtype="float64")),
        ("uniform:none", named("RandomUniform", maxval=None, seed=1)),
        ("constant:flat", named("Constant", value=[i / 4 for i in range(90)])),
    ],
    "keras3": [
        ("axes", named("GlorotUniform", seed=1, input_axes=[1], output_axes=[1])),
        ("axes:one", named("HeNormal", seed=1, input_axes=[1])),
        ("constant:row", named("Constant", value=[i / 4 for i in range(15)])),
        ("generator", named("GlorotUniform", seed={
            "module": "keras.random", "class_name": "SeedGenerator", "registered_name": None,
            "config": {"name": "generator", "seed": 5}})),
    ],
}  # fmt: skip
PARAMETERS = {oracle: dict([*ACCEPTED, *ONLY[oracle]]) for oracle in BOTH}

# id → the kernel's initializer; what gru_ref raises where Keras's error is TensorFlow's own
REFUSED: list[tuple[str, Any]] = [
    ("seed:bool", named("GlorotUniform", seed=True)),
    ("seed:large", named("GlorotUniform", seed=2**63)),
    ("seed:float", named("GlorotUniform", seed=5.0)),
    ("seed:string", named("GlorotUniform", seed="5")),
    ("seed:list", named("GlorotUniform", seed=[1, 2])),
    ("scale:zero", named("VarianceScaling", scale=0)),
    ("scale:string", named("VarianceScaling", scale="a")),
    ("scale:none", named("VarianceScaling", scale=None)),
    ("mode:unknown", named("VarianceScaling", mode="FAN_IN")),
    ("mode:none", named("VarianceScaling", mode=None)),
    ("mode:list", named("VarianceScaling", mode=[1])),
    ("distribution:unknown", named("VarianceScaling", distribution="x")),
    ("distribution:none", named("VarianceScaling", distribution=None)),
    ("stddev:string", named("RandomNormal", stddev="a", seed=1)),
    ("mean:none", named("TruncatedNormal", mean=None, seed=1)),
    ("minval:none", named("RandomUniform", minval=None, seed=1)),
    ("gain:string", named("Orthogonal", gain="a", seed=1)),
    ("gain:none", named("Identity", gain=None)),
    ("constant:none", named("Constant", value=None)),
    ("constant:short", named("Constant", value=[1.0, 2.0])),
    ("unknown-parameter", named("Orthogonal", foo=1)),
    ("unknown-name", "glorotuniform"),
    ("dict-of-unknown-name", named("glorotuniform")),
    ("number", 5),
    ("list", ["zeros"]),
]
REFUSED_ONLY: dict[str, list[tuple[str, Any]]] = {
    "keras2": [("axes", named("GlorotUniform", input_axes=[1], output_axes=[1]))],
    "keras3": [
        ("dtype", named("Zeros", dtype="float64")),
        ("axes:far", named("GlorotUniform", seed=1, input_axes=[5], output_axes=[0])),
        ("maxval:none", named("RandomUniform", maxval=None, seed=1)),
        ("constant:bare", named("Constant")),
        ("numpy-seed", named("GlorotUniform", seed=np.int64(5))),
    ],
}
REFUSALS = {oracle: dict([*REFUSED, *REFUSED_ONLY[oracle]]) for oracle in BOTH}
# TensorFlow's own classes of errors
FRAMEWORK = {"InvalidArgumentError": ValueError, "UnimplementedError": TypeError}
