"""The classic mistakes of people who port a GRU, each a way of running one wrongly.

`MISTAKES` is the table. A mistake says what is run instead of the intended GRU, so it can be
recognised by its numbers (`gru_ref.debugging.diff.comparison`), or made in a test that should see
it (`gru_ref.debugging.lint`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gru_ref.debugging.mistakes.gru_run import Attempt, Call, Formula, Run, run
from gru_ref.debugging.mistakes.mutations import (
    HARD_SIGMOIDS,
    Change,
    Condition,
    all_of,
    always,
    batch_or_time,
    could_drop,
    cudnn_kernels,
    draw_masks,
    drops,
    functions_of,
    has,
    has_argument,
    is_masked,
    mix_rows,
    other_hard_sigmoid,
    other_reset,
    reorder,
    reorder_all,
    reset_before,
    reshape_kernels,
    swap_activations,
    transpose_gates,
    two_bias_rows,
    uses_hard_sigmoid,
    with_argument,
    with_array,
    with_bias,
    with_calls,
    with_config,
    with_formula,
    with_step,
    with_weights,
    without,
)
from gru_ref.keras.activations import tables

__all__ = ["BY_NAME", "MISTAKES", "Attempt", "Call", "Formula", "Mistake", "Run", "run"]


class Mistake(NamedTuple):
    """One mistake.

    Parameters
    ----------
    name : str
    meaning : str
        What the port does, as a sentence without its subject: "takes the block of z for that of r".
    applies : callable
        Attempt → whether the mistake can be made in it, which does not imply that it shows.
    make : callable
        Attempt → the attempt with the mistake.

    Examples
    --------
    >>> BY_NAME["mask ignored"].meaning
    'runs every timestep, masked or not'
    """

    name: str
    meaning: str
    applies: Condition
    make: Change

    def run(self, attempt: Attempt) -> Run:
        """Return the results of `attempt` with the mistake."""
        return run(self.make(attempt))


MISTAKES: tuple[Mistake, ...] = (
    # weights
    Mistake("z and r swapped", "takes the blocks as r, z, h", always, reorder_all(1, 0, 2)),
    Mistake("z and candidate swapped", "takes the blocks as h, r, z", always, reorder_all(2, 1, 0)),
    Mistake("r and candidate swapped", "takes the blocks as z, h, r", always, reorder_all(0, 2, 1)),
    Mistake(
        "gates rotated to r, h, z", "takes r for z, h for r, z for h", always, reorder_all(1, 2, 0)
    ),
    Mistake(
        "gates rotated to h, z, r", "takes h for z, z for r, r for h", always, reorder_all(2, 0, 1)
    ),
    *(
        Mistake(
            f"z and r swapped in the {name} alone",
            f"takes the {name}'s blocks as r, z, h, all others in order",
            with_bias if name == "bias" else always,
            with_array(index, reorder(1, 0, 2)),
        )
        for index, name in enumerate(("kernel", "recurrent kernel", "bias"))
    ),
    Mistake(
        "recurrent kernel transposed",
        "transposes every gate's block of the recurrent kernel",
        always,
        with_array(1, transpose_gates),
    ),
    Mistake(
        "kernels reshaped for transposed",
        "fills both kernels row by row from numbers that lie column by column",
        always,
        with_weights(reshape_kernels),
    ),
    Mistake(
        "CuDNNGRU kernels taken as GRU's",
        "reads both kernels of a CuDNNGRU without converting them",
        always,
        with_weights(cudnn_kernels),
    ),
    Mistake(
        "features permuted",
        "reads the features from another place: every one from its neighbour's",
        always,
        with_array(0, lambda kernel: np.roll(kernel, 1, axis=0)),
    ),
    Mistake(
        "units permuted",
        "feeds every unit of the state back at its neighbour's place",
        always,
        with_array(1, lambda recurrent_kernel: np.roll(recurrent_kernel, 1, axis=0)),
    ),
    Mistake(
        "bias rows swapped",
        "takes the input bias for the recurrent one, and the other way round",
        two_bias_rows,
        with_array(2, mix_rows((0, 1), (1, 0))),
    ),
    Mistake(
        "bias rows merged",
        "adds both bias rows to the input product, outside of the reset",
        two_bias_rows,
        with_array(2, mix_rows((1, 1), (0, 0))),
    ),
    Mistake(
        "recurrent bias dropped",
        "leaves out the second bias row",
        two_bias_rows,
        with_array(2, mix_rows((1, 0), (0, 0))),
    ),
    Mistake(
        "input bias dropped",
        "leaves out the first bias row",
        two_bias_rows,
        with_array(2, mix_rows((0, 0), (0, 1))),
    ),
    Mistake("bias dropped", "adds no bias", with_bias, with_array(2, lambda bias: 0 * bias)),
    # step
    Mistake(
        "reset before for after",
        "resets the state before the recurrent product, without the candidate's recurrent bias",
        has(reset_after=True),
        other_reset,
    ),
    Mistake(
        "reset before for after, recurrent bias dropped",
        "resets the state before the recurrent product, with the input bias alone",
        all_of(has(reset_after=True), two_bias_rows),
        reset_before(lambda bias: bias[0]),
    ),
    Mistake(
        "reset before for after, bias rows added",
        "resets the state before the recurrent product, with the sum of both bias rows",
        all_of(has(reset_after=True), two_bias_rows),
        reset_before(lambda bias: bias.sum(0)),
    ),
    Mistake(
        "reset after for before",
        "resets the recurrent product, not the state that enters it",
        has(reset_after=False),
        other_reset,
    ),
    Mistake(
        "1 - z for z",
        "takes z for the share of the candidate, not of the old state",
        always,
        with_formula(complement=True),
    ),
    Mistake(
        "activations swapped",
        "takes activation for the gates and recurrent_activation for the candidate",
        lambda a: functions_of(a)[0] is not functions_of(a)[1],
        with_step(swap_activations),
    ),
    Mistake(
        "sigmoid replaced by hard_sigmoid",
        "computes the gates by Keras 2's hard_sigmoid",
        lambda a: functions_of(a)[1] in tables.SIGMOIDS,
        with_step(lambda _: {"recurrent_activation": HARD_SIGMOIDS[0]}),
    ),
    Mistake(
        "hard_sigmoid of the other generation",
        "takes the slope 0.2 of Keras 2 for 1/6 of Keras 3, or the other way round",
        uses_hard_sigmoid,
        with_step(other_hard_sigmoid),
    ),
    Mistake(
        "activation left at tanh",
        "computes the candidate by the default activation",
        lambda a: functions_of(a)[0] is not tables.tanh,
        with_step(lambda _: {"activation": "tanh"}),
    ),
    Mistake(
        "recurrent_activation left at sigmoid",
        "computes the gates by the default recurrent_activation",
        lambda a: functions_of(a)[1] not in tables.SIGMOIDS,
        with_step(lambda _: {"recurrent_activation": "sigmoid"}),
    ),
    # sequence
    Mistake(
        "go_backwards ignored",
        "reads the input from its first timestep on",
        has(go_backwards=True),
        with_config(go_backwards=False),
    ),
    Mistake(
        "go_backwards added",
        "reads the input from its last timestep on",
        has(go_backwards=False),
        with_config(go_backwards=True),
    ),
    Mistake(
        "reversed output not flipped",
        "returns the outputs of go_backwards in the order of the input",
        has(go_backwards=True),
        lambda a: replace(a, flipped=True),
    ),
    Mistake(
        "batch and time swapped",
        "takes (batch, timesteps, features) for (timesteps, batch, features)",
        batch_or_time,
        lambda a: replace(a, batch_is_time=True),
    ),
    Mistake("mask ignored", "runs every timestep, masked or not", is_masked, without("mask")),
    Mistake(
        "mask inverted",
        "skips the timesteps that the mask says to use, and uses the others",
        is_masked,
        with_argument("mask", lambda mask: ~mask.astype(bool)),
    ),
    Mistake(
        "zero_output_for_mask ignored",
        "repeats the output before at a masked timestep",
        all_of(is_masked, has(zero_output_for_mask=True)),
        with_config(zero_output_for_mask=False),
    ),
    Mistake(
        "zero_output_for_mask added",
        "returns zeros at a masked timestep",
        all_of(is_masked, has(zero_output_for_mask=False)),
        with_config(zero_output_for_mask=True),
    ),
    Mistake(
        "state not carried", "starts every timestep from zeros", always, with_formula(carried=False)
    ),
    Mistake(
        "recorded state dropped",
        "starts every call of a stateful layer anew",
        has(stateful=True),
        lambda a: replace(a, recorded=False),
    ),
    Mistake(
        "initial_state ignored",
        "starts from zeros",
        has_argument("initial_state"),
        without("initial_state"),
    ),
    # training
    Mistake(
        "dropout mask ignored",
        "drops nothing of the input in training",
        drops("dropout_mask"),
        with_argument("dropout_mask", np.ones_like),
    ),
    Mistake(
        "recurrent dropout mask ignored",
        "drops nothing of the state in training",
        drops("recurrent_dropout_mask"),
        with_argument("recurrent_dropout_mask", np.ones_like),
    ),
    Mistake("dropout left on", "drops in inference too", could_drop, with_calls(draw_masks)),
)
BY_NAME: Mapping[str, Mistake] = {mistake.name: mistake for mistake in MISTAKES}
