"""Values of kernel_initializer beyond the defaults: what each generation takes and refuses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity_tests.matrix.arguments import BOTH
from parity_tests.matrix.objects import instance

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
    *((f"seed:{seed}", instance("GlorotUniform", seed=seed)) for seed in SEEDS),
    *((f"scaling:{i}", instance("VarianceScaling", seed=1, **row)) for i, row in enumerate(SCALING)),
    ("normal:negative", instance("RandomNormal", mean=1, stddev=-2, seed=1)),
    ("normal:array", instance("TruncatedNormal", stddev=[0.1, 0.2, 0.3] * 5, seed=1)),
    ("uniform:reversed", instance("RandomUniform", minval=1, maxval=0.25, seed=1)),
    ("uniform:array", instance("RandomUniform", maxval=[0.1] * 15, seed=1)),
    ("orthogonal:gain", instance("Orthogonal", gain=-2.5, seed=1)),
    ("identity:gain", instance("Identity", gain=1 / 3)),
    ("constant:bool", instance("Constant", value=True)),
    ("constant:one", instance("Constant", value=[0.5])),
    ("constant:whole", instance("Constant", value=[[0.25] * 15] * 6)),
    ("module", {**instance("GlorotUniform", seed=1), "module": "keras.initializers",
                "registered_name": None}),
]  # fmt: skip
ONLY: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "keras2": [
        ("dtype", instance("GlorotUniform", seed=1, dtype="float64")),
        ("uniform:none", instance("RandomUniform", maxval=None, seed=1)),
        ("constant:flat", instance("Constant", value=[i / 4 for i in range(90)])),
    ],
    "keras3": [
        ("axes", instance("GlorotUniform", seed=1, input_axes=[1], output_axes=[1])),
        ("axes:one", instance("HeNormal", seed=1, input_axes=[1])),
        ("constant:row", instance("Constant", value=[i / 4 for i in range(15)])),
        ("generator", instance("GlorotUniform", seed={
            "module": "keras.random", "class_name": "SeedGenerator", "registered_name": None,
            "config": {"name": "generator", "seed": 5}})),
    ],
}  # fmt: skip
PARAMETERS = {oracle: dict([*ACCEPTED, *ONLY[oracle]]) for oracle in BOTH}

# id → the kernel's initializer; what gru_ref raises where Keras's error is TensorFlow's own
REFUSED: list[tuple[str, Any]] = [
    ("seed:bool", instance("GlorotUniform", seed=True)),
    ("seed:large", instance("GlorotUniform", seed=2**63)),
    ("seed:float", instance("GlorotUniform", seed=5.0)),
    ("seed:string", instance("GlorotUniform", seed="5")),
    ("seed:list", instance("GlorotUniform", seed=[1, 2])),
    ("scale:zero", instance("VarianceScaling", scale=0)),
    ("scale:string", instance("VarianceScaling", scale="a")),
    ("scale:none", instance("VarianceScaling", scale=None)),
    ("mode:unknown", instance("VarianceScaling", mode="FAN_IN")),
    ("mode:none", instance("VarianceScaling", mode=None)),
    ("mode:list", instance("VarianceScaling", mode=[1])),
    ("distribution:unknown", instance("VarianceScaling", distribution="x")),
    ("distribution:none", instance("VarianceScaling", distribution=None)),
    ("stddev:string", instance("RandomNormal", stddev="a", seed=1)),
    ("mean:none", instance("TruncatedNormal", mean=None, seed=1)),
    ("minval:none", instance("RandomUniform", minval=None, seed=1)),
    ("gain:string", instance("Orthogonal", gain="a", seed=1)),
    ("gain:none", instance("Identity", gain=None)),
    ("constant:none", instance("Constant", value=None)),
    ("constant:short", instance("Constant", value=[1.0, 2.0])),
    ("unknown-parameter", instance("Orthogonal", foo=1)),
    ("unknown-name", "glorotuniform"),
    ("dict-of-unknown-name", instance("glorotuniform")),
    ("number", 5),
    ("list", ["zeros"]),
]
REFUSED_ONLY: dict[str, list[tuple[str, Any]]] = {
    "keras2": [("axes", instance("GlorotUniform", input_axes=[1], output_axes=[1]))],
    "keras3": [
        ("dtype", instance("Zeros", dtype="float64")),
        ("axes:far", instance("GlorotUniform", seed=1, input_axes=[5], output_axes=[0])),
        ("maxval:none", instance("RandomUniform", maxval=None, seed=1)),
        ("constant:bare", instance("Constant")),
        ("numpy-seed", instance("GlorotUniform", seed=np.int64(5))),
    ],
}
REFUSALS = {oracle: dict([*REFUSED, *REFUSED_ONLY[oracle]]) for oracle in BOTH}
# TensorFlow's own classes of errors
FRAMEWORK = {"InvalidArgumentError": ValueError, "UnimplementedError": TypeError}
