"""ARGUMENTS: every constructor argument of Keras's GRU, and the effect that a test proves live.

The effect implies the check, made in live Keras and in gru_ref alike, `change` against the default:

========== =====================================================================================
weights    the shapes or values of the weights of a fresh layer change
numeric    with the same weights and inputs the numbers change
sequence   what is returned changes: its shape, its order, its container, or a second call
route      another code path, the same numbers (to rounding, in float64)
masks      the dropout masks that a training layer draws change; without dropout nothing
penalty    what `losses` holds changes; nothing that a call returns
projection the weights after an optimizer's step change; nothing that a call returns
inert      nothing that the layer returns changes, bit for bit
========== =====================================================================================
"""

from __future__ import annotations

from typing import Any, NamedTuple

REQUIRED = "required"
BOTH = ("keras2", "keras3")
K2 = ("keras2",)
K3 = ("keras3",)


class Argument(NamedTuple):
    """One argument: where it exists, whether the signature names it, its default and effect."""

    name: str
    oracles: tuple[str, ...]
    named: tuple[str, ...]
    default: Any
    change: Any
    effect: str
    why: str
    training: bool = False


ARGUMENTS: tuple[Argument, ...] = (
    Argument("units", BOTH, BOTH, REQUIRED, 3, "weights", "the size of the state"),
    Argument("activation", BOTH, BOTH, "tanh", "relu", "numeric", "φ of the candidate"),
    Argument(
        "recurrent_activation", BOTH, BOTH, "sigmoid", "hard_sigmoid", "numeric", "ρ of z and r"
    ),
    Argument("use_bias", BOTH, BOTH, True, False, "weights", "no bias among the weights"),
    Argument(
        "kernel_initializer", BOTH, BOTH, "glorot_uniform", "ones", "weights", "of a fresh layer"
    ),
    Argument(
        "recurrent_initializer", BOTH, BOTH, "orthogonal", "ones", "weights", "of a fresh layer"
    ),
    Argument("bias_initializer", BOTH, BOTH, "zeros", "ones", "weights", "of a fresh layer"),
    Argument("kernel_regularizer", BOTH, BOTH, None, "l2", "penalty", "of the kernel"),
    Argument("recurrent_regularizer", BOTH, BOTH, None, "l2", "penalty", "of recurrent_kernel"),
    Argument("bias_regularizer", BOTH, BOTH, None, "l2", "penalty", "of the bias"),
    Argument("activity_regularizer", BOTH, BOTH, None, "l2", "penalty", "of every output"),
    Argument("kernel_constraint", BOTH, BOTH, None, "non_neg", "projection", "of the kernel"),
    Argument(
        "recurrent_constraint", BOTH, BOTH, None, "non_neg", "projection", "of recurrent_kernel"
    ),
    Argument("bias_constraint", BOTH, BOTH, None, "non_neg", "projection", "of the bias"),
    Argument("dropout", BOTH, BOTH, 0.0, 0.5, "numeric", "in training", training=True),
    Argument("recurrent_dropout", BOTH, BOTH, 0.0, 0.5, "numeric", "in training", training=True),
    Argument("return_sequences", BOTH, BOTH, False, True, "sequence", "every output, not the last"),
    Argument("return_state", BOTH, BOTH, False, True, "sequence", "the state too"),
    Argument("go_backwards", BOTH, BOTH, False, True, "numeric", "the last timestep first"),
    Argument(
        "stateful", BOTH, BOTH, False, True, "sequence", "a second call starts where one ended"
    ),
    Argument("unroll", BOTH, BOTH, False, True, "route", "Python's loop, not TensorFlow's"),
    Argument("time_major", K2, K2, False, True, "sequence", "time is the first axis"),
    Argument("reset_after", BOTH, BOTH, True, False, "weights", "the bias has one row"),
    Argument("seed", BOTH, K3, None, 7, "masks", "the generator's start", training=True),
    Argument("use_cudnn", K3, K3, "auto", False, "route", "there is no cuDNN on a CPU"),
    Argument("implementation", BOTH, (), 2, 1, "route", "gate by gate; other masks under dropout"),
    Argument("zero_output_for_mask", BOTH, (), False, True, "sequence", "zeros where masked"),
    Argument("dtype", BOTH, (), "float32", "float64", "numeric", "of weights, compute and outputs"),
    Argument("name", BOTH, (), None, "other", "inert", "a label"),
    Argument("trainable", BOTH, (), True, False, "inert", "for the optimizer"),
    Argument("autocast", BOTH, (), True, False, "inert", "for inputs of the layer's dtype"),
    Argument("input_shape", BOTH, (), None, (3, 4), "inert", "for Sequential, without the batch"),
    Argument("input_dim", K2, (), None, 4, "inert", "for Sequential"),
    Argument("input_length", K2, (), None, 3, "inert", "for Sequential"),
    Argument("batch_input_shape", K2, (), None, (2, 3, 4), "inert", "for Sequential"),
    Argument("batch_size", K2, (), None, 2, "inert", "for Sequential"),
    Argument("weights", K2, (), None, "ones", "numeric", "set at the first call"),
    Argument("dynamic", K2, (), False, True, "inert", "no graph; eager is none anyway"),
    Argument("return_runtime", K2, (), False, True, "sequence", "also tells which kernel ran"),
    Argument(
        "enable_caching_device", K2, (), None, True, "inert", "a hint for distributed variables"
    ),
    Argument("force_generator", K2, (), False, True, "masks", "another generator", training=True),
    Argument("rng_type", K2, (), None, "stateless", "masks", "another generator", training=True),
)
