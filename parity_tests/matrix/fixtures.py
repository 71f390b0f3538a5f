"""GROUPS: the files of fixtures/, each with what its cases are for."""

from __future__ import annotations

GATES = "gates"
GROUPS: dict[str, str] = {
    "exact": "linear and relu on small integers: every number is an integer, in any summation order",
    "saturated": "tanh and sigmoid driven to 0, 1/2, 1 and -1: every number is exact",
    "rounded": "generic numbers in float64",
    "activations": "each activation in each of its two places",
    "gates": "the gates z, r and candidate of every timestep, for a port that differs",
}

# The cases of the group "gates", by what differs from the default: one call, no mask, no dropout.
GATED: tuple[dict[str, object], ...] = (
    {"return_sequences": True, "return_state": True},
    {"return_sequences": True, "return_state": True, "initial_state": "given"},
    {"return_sequences": True, "go_backwards": True, "initial_state": "given"},
    {"return_sequences": True, "reset_after": False, "initial_state": "given"},
    {"return_sequences": True, "reset_after": False, "use_bias": False},
    {"return_sequences": True, "unroll": True, "use_bias": False, "initial_state": "given"},
)

# The layer of weights/gru.npz: seeded, and with a bias that is not zero.
EXAMPLE: dict[str, object] = {
    "units": 5,
    "return_sequences": True,
    "return_state": True,
    "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": 1}},
    "recurrent_initializer": {"class_name": "Orthogonal", "config": {"seed": 2}},
    "bias_initializer": {"class_name": "RandomNormal", "config": {"seed": 3}},
}
