"""Runs in float32, for whoever computes: what step-local bounds hold for, and mistakes beside them.

A run is one sequence; a row has `BATCH` of them, one layer and one way to call it.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from gru_ref import GRUConfig, GRUWeights, KerasQuirkWarning
from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.bounds.step_replay import ForeignSteps, Verdict, verdict
from gru_ref.debugging.mistakes.table import MISTAKES, Attempt, Call, run

BATCH = 64
# timesteps, features, units
SIZES = ((3, 2, 1), (20, 16, 32), (50, 3, 4), (8, 1, 7), (12, 40, 100), (5, 130, 200), (30, 8, 16))
PAIRS = (
    ("tanh", "sigmoid"),
    ("relu", "sigmoid"),
    ("tanh", "hard_sigmoid"),
    ("softsign", "sigmoid"),
    ("elu", "hard_sigmoid"),
    ("softplus", "sigmoid"),
)
# The size of kernels and biases, from gates that hardly move to gates that stick.
SCALES = (1.0, 0.3, 3.0)
ROWS = 42
# A mistake counts if it changes a number of a sequence by more: eight times float32's eps.
NOTICEABLE = 1e-6


class RandomCall(NamedTuple):
    """One layer and its call on `BATCH` random sequences, in float32."""

    arguments: dict[str, Any]
    attempt: Attempt


def row(
    number: int, keras_version: str, *, usual: bool = False, reset_after: bool | None = None
) -> RandomCall:
    """Return a row; numbers that have no common divisor pair every level of each axis.

    Parameters
    ----------
    number : int
    keras_version : str
    usual : bool
        tanh and sigmoid alone.
    reset_after : bool, optional
        Not both forms.
    """
    rng = np.random.default_rng(number)
    timesteps, features, units = SIZES[number % len(SIZES)]
    activation, recurrent_activation = PAIRS[0 if usual else number % len(PAIRS)]
    arguments = {
        "units": units,
        "activation": activation,
        "recurrent_activation": recurrent_activation,
        "reset_after": number % 2 == 0 if reset_after is None else reset_after,
        "use_bias": number % 5 != 4,
        "go_backwards": number % 11 in (3, 7),
        "return_sequences": True,
    }
    config = GRUConfig(**arguments, keras_version=keras_version)
    scale = SCALES[number // 2 % len(SCALES)]
    if activation in ("relu", "elu", "softplus"):
        scale = min(scale, 1.0)  # such states grow
    weights = random_weights(rng, config, features, scale)
    x = rng.normal(size=(BATCH, timesteps, features)).astype("float32")
    start = rng.uniform(-1, 1, (BATCH, units)).astype("float32") if number % 3 else None
    return RandomCall(arguments, Attempt(config, weights, (Call(x, start),)))


def random_weights(
    rng: np.random.Generator, config: GRUConfig, features: int, scale: float = 1.0
) -> GRUWeights:
    """Return weights of the config's dtype, of a size at which gates neither stick nor rest."""
    arrays = [
        rng.normal(scale=scale * (0.5 if name == "bias" else shape[0] ** -0.5), size=shape)
        for name, shape in config.weight_shapes(features).items()
    ]
    return GRUWeights(*(array.astype(config.compute_dtype) for array in arrays))


def with_mask(given: RandomCall, number: int) -> RandomCall:
    """Return the row with a mask on every other one."""
    if number % 2:
        return given
    (call,) = given.attempt.calls
    mask = np.random.default_rng(number).random(call.x.shape[:2]) > 0.3
    calls = (call._replace(mask=mask),)
    return given._replace(attempt=Attempt(given.attempt.config, given.attempt.weights, calls))


def judge_output(
    attempt: Attempt, output: np.ndarray, arithmetic: FloatFormat | None = None
) -> Verdict:
    """Judge an output, (batch, timesteps, units) in processing order; of float32 by default."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KerasQuirkWarning)
        double = attempt.double
        theirs = ForeignSteps(output.astype("float64").swapaxes(0, 1), None, {})
        return verdict(double, double.calls[0], theirs, arithmetic or FloatFormat("float32"))


def sequence_ratios(found: Verdict) -> np.ndarray:
    """Return the largest ratio of each sequence, (batch,)."""
    return np.asarray(found.ratio["h"].max(axis=(0, 2)))


class MistakeRatios(NamedTuple):
    """How far off sequences are whose layer is taken for one with a mistake."""

    smallest: float
    name: str
    hidden: int
    made: int


def mistake_ratios(attempt: Attempt, output: np.ndarray) -> MistakeRatios:
    """Judge a right output by every mistaken layer that changes a sequence noticeably."""
    right = attempt.double
    smallest, name, hidden, made = np.inf, "", 0, 0
    for mistake in MISTAKES:
        wrong = mistake.make(right) if mistake.applies(right) else right
        if wrong is right or wrong.flipped or wrong.batch_is_time:
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            ratios = sequence_ratios(judge_output(wrong, output))
            counted = ratios[_changes(wrong, right) > NOTICEABLE]
        made += counted.size
        hidden += int((counted <= 1).sum())
        if counted.size and counted.min() < smallest:
            smallest, name = float(counted.min()), mistake.name
    return MistakeRatios(smallest, name, hidden, made)


def _changes(wrong: Attempt, right: Attempt) -> np.ndarray:
    """Return how much a mistake changes each sequence, in float64."""
    difference = np.abs(run(wrong).outputs[0] - run(right).outputs[0])
    return np.asarray(np.nan_to_num(difference, nan=np.inf).max(axis=(1, 2)))


def summary(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what the records of many rows come to, for each who computed.

    Parameters
    ----------
    records : list of dict
        oracle, runs, outside and largest, and of some rows the fields of `MistakeRatios`.
    """
    found = {}
    for name in sorted({record["oracle"] for record in records}):
        rows = [record for record in records if record["oracle"] == name]
        tried = [record for record in rows if "smallest" in record]
        found[name] = {
            "runs": sum(record["runs"] for record in rows),
            "outside": sum(record["outside"] for record in rows),
            "largest": max(record["largest"] for record in rows),
            "smallest": min((record["smallest"] for record in tried), default=0.0),
            "hidden": sum(record["hidden"] for record in tried),
            "made": sum(record["made"] for record in tried),
        }
    return found
