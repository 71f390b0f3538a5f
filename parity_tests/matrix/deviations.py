"""DEVIATIONS: where live Keras does not do what its documentation or its other generation does.

Each row predicts its cases by the levels of the axes (`when`: every axis named has one of the levels)
and says how they differ. A case that deviates and is not predicted is a disagreement; a row that no
case needed fails the run. kinds:

======== =======================================================================================
raises   live Keras raises `effect`; predicted cases must raise, and no other case may
quirk    the numbers are those of the ledger row of this name, not the documented ones
between  the other generation returns something else for the same case
======== =======================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

MASKED = ("right", "left", "holes", "first-step", "row")
ANY_MASK = ("all-true", *MASKED)
BOTH = ("keras2", "keras3")


class Deviation(NamedTuple):
    """One row: its kind, whose it is, when it shows, what happens, and where that was read."""

    name: str
    kind: str
    oracles: tuple[str, ...]
    when: Mapping[str, tuple[Any, ...]]
    effect: str
    source: str


DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        "unroll_zero_last_output_fails", "raises", ("keras2",),
        {"unroll": (True,), "mask": ANY_MASK, "zero_output_for_mask": (True,), "return_sequences": (False,)},
        "ValueError", "backend.rnn sets a shape of T timesteps on one output, tf_keras 2.9 and later",
    ),
    Deviation(
        "implementation_1_dropout_fails", "raises", ("keras3",),
        {"implementation": (1,), "dropout": ("input",), "use_cudnn": ("auto",)},
        "InvalidArgumentError", "GRU.inner_loop expands a list of three masks, Keras 3.8 and later",
    ),
    Deviation(
        "unroll_zeroes_unreversed", "quirk", BOTH,
        {"unroll": (True,), "go_backwards": (True,), "zero_output_for_mask": (True,),
         "return_sequences": (True,), "mask": MASKED},
        "outputs are zeroed by the mask in its original order", "backend.rnn, both generations",
    ),
    Deviation(
        "zero_last_output", "quirk", BOTH,
        {"zero_output_for_mask": (True,), "return_sequences": (False,), "mask": MASKED},
        "the last output is zero, the state is not", "backend.rnn, both generations",
    ),
    Deviation(
        "fused_mask_per_timestep", "quirk", ("keras2",),
        {"path": ("fused",), "dropout": ("input",)},
        "other features are dropped at every timestep", "GRU._defun_gru_call",
    ),
    Deviation(
        "recorded_state_wins", "quirk", ("keras2",),
        {"stateful": ("two-calls", "reset-between"), "initial_state": ("given",)},
        "the recorded state is used, the given one ignored", "RNN._process_inputs of Keras 2",
    ),
    Deviation(
        "stateful initial_state", "between", BOTH,
        {"stateful": ("two-calls", "reset-between"), "initial_state": ("given",)},
        "Keras 2 uses the recorded state, Keras 3 the given one", "ledger row recorded_state_wins",
    ),
    Deviation(
        "container of the state", "between", BOTH, {"return_state": (True,)},
        "Keras 2 returns a list, Keras 3 a tuple", "ledger row state_container",
    ),
    Deviation(
        "hard_sigmoid", "between", BOTH, {"activations": ("hard_sigmoid",)},
        "Keras 2 clips 0.2 x + 0.5, Keras 3 x / 6 + 0.5", "activations.hard_sigmoid of each",
    ),
)  # fmt: skip

# Oracle → the combinations of levels in which it raises: compared as errors, never as numbers.
IMPOSSIBLE: Mapping[str, tuple[Mapping[str, tuple[Any, ...]], ...]] = {
    oracle: tuple(row.when for row in DEVIATIONS if row.kind == "raises" and oracle in row.oracles)
    for oracle in BOTH
}
