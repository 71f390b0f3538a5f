"""PATHS: every way in which a layer draws its masks from a seed, and what tells them apart.

A path's layer is made by its constructor after set_random_seed; `execution` is how Keras runs its
calls. What cannot be repeated is no path here but a row of UNREPEATED, with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

K2, K3 = ("keras2",), ("keras3",)
BOTH = ("keras2", "keras3")


class Path(NamedTuple):
    """One way to draw masks: whose it is, the arguments that lead to it, and how it runs.

    `generators` is whether Keras 2's tf.random.Generator is enabled when the layer is made.
    """

    name: str
    oracles: tuple[str, ...]
    constructor: Mapping[str, Any]
    execution: str = "eager"
    generators: bool = False


PATHS: tuple[Path, ...] = (
    Path("default", BOTH, {"dropout": 0.3}),
    Path("time-major", K2, {"dropout": 0.3, "time_major": True}),
    Path("fused-implementation-1", K2, {"dropout": 0.3, "implementation": 1}),
    Path("one-mask", K2, {"dropout": 0.3, "activation": "relu"}),
    Path("mask-a-gate", K2, {"dropout": 0.3, "activation": "relu", "implementation": 1}),
    Path("mask-a-gate", K3, {"dropout": 0.3, "implementation": 1, "use_cudnn": False}),
    Path("one-mask-unroll", K3, {"dropout": 0.3, "unroll": True}),
    Path("both", BOTH, {"dropout": 0.3, "recurrent_dropout": 0.2}),
    Path("recurrent", BOTH, {"recurrent_dropout": 0.4}),
    Path("unroll", BOTH, {"dropout": 0.3, "recurrent_dropout": 0.2, "unroll": True}),
    Path("float64", BOTH, {"dropout": 0.1, "recurrent_dropout": 0.7, "dtype": "float64"}),
    Path("fused-float64", K2, {"dropout": 0.1, "dtype": "float64"}),
    Path("seed", BOTH, {"dropout": 0.3, "seed": 7}),
    Path("seed-beyond-int32", K3, {"dropout": 0.3, "seed": 2**31 + 5}),
    Path("seed-negative", BOTH, {"dropout": 0.3, "seed": -3}),
    Path("seed-unreached", K2, {"dropout": 0.3, "recurrent_dropout": 0.2, "seed": 7}),
    Path("generator", K2, {"dropout": 0.3, "rng_type": "stateful"}),
    Path("generator-seed", K2, {"dropout": 0.3, "force_generator": True, "seed": -7}),
    Path("generators-enabled", K2, {"dropout": 0.3}, generators=True),
    Path(
        "generators-enabled-loop", K2, {"dropout": 0.3, "recurrent_dropout": 0.2}, generators=True
    ),
    Path("stateless", K2, {"dropout": 0.3, "rng_type": "stateless"}),
    Path("graph", BOTH, {"dropout": 0.3}, "graph"),
    Path("graph-seed", K2, {"dropout": 0.3, "seed": 7}, "graph"),
    Path("graph-unroll", K2, {"dropout": 0.3, "recurrent_dropout": 0.2, "unroll": True}, "graph"),
    Path("graph-loop", K3, {"dropout": 0.3, "recurrent_dropout": 0.2}, "graph"),
    Path("xla", K3, {"dropout": 0.3, "recurrent_dropout": 0.2}, "xla"),
    Path("xla-float64", K3, {"dropout": 0.3, "dtype": "float64"}, "xla"),
)


class Unrepeated(NamedTuple):
    """What Keras draws and gru_ref refuses to: the arguments, how it runs, and why."""

    name: str
    keras_version: str
    constructor: Mapping[str, Any]
    execution: str
    why: str


UNREPEATED: tuple[Unrepeated, ...] = (
    Unrepeated(
        "graph_loop_draws_every_timestep", "2", {"dropout": 0.3, "activation": "relu"}, "graph",
        "the loop's body draws at every timestep, and TensorFlow runs several at once (keras #17612)",
    ),
    Unrepeated(
        "generator_masks_are_known", "tf-2.10", {"dropout": 0.3, "rng_type": "stateful"}, "eager",
        "TF 2.10 draws a seed for every mask from its generator",
    ),
    Unrepeated(
        "unseeded_draws_follow_the_global_seed", "tf-2.9", {"dropout": 0.3}, "eager",
        "TF 2.9 takes the seeds of its masks from NumPy's global generator",
    ),
)  # fmt: skip
