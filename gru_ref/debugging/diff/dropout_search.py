"""A search for input masks that explain a sequence by dropout left on in inference.

A step that is restarted from their own state depends only on the mask of its input, so each
timestep and row is searched separately: among all masks if there are few features, otherwise from
the solution in real numbers (Gauss–Newton), by switching single features off or on as long as that
helps. With more features than units the search may miss the mask. The result is then judged by its
bound like any other hypothesis, so a wrong mask explains nothing.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.bounds.step_replay import Schedule
from gru_ref.debugging.mistakes.gru_run import Attempt

Array = NDArray[Any]

_FEW = 8  # features of which every mask is tried
_ROUNDS, _NEWTON_STEPS = 6, 12
_NUDGE = 1e-6
# How many rows are searched first, and how many numbers are held at once.
_FIRST, _HELD = 8, 1 << 21


def first_rows(rows: Array, timestep: int) -> Array:
    """Return the first few of `rows` from a timestep on, (timesteps, batch), bool."""
    later = rows & (np.arange(len(rows)) >= timestep)[:, np.newaxis]
    places = np.flatnonzero(later)[:_FIRST]
    return np.isin(np.arange(rows.size), places).reshape(rows.shape)


def input_masks(
    attempt: Attempt, plan: Schedule, before: Array, states: Array, rows: Array
) -> Array:
    """Return the scaled masks that fit best, (3, timesteps, batch, features).

    Parameters
    ----------
    attempt : Attempt
        In float64, with a rate of dropout between 0 and 1.
    plan : Schedule
    before, states : (timesteps, batch, units)
        Their states before and after each step.
    rows : (timesteps, batch), bool
        The rows to search; the masks of the others are ones.
    """
    scale = 1 / (1 - attempt.config.dropout)
    masks = np.ones(plan.x.shape)
    places = np.flatnonzero(rows)
    features, units = plan.x.shape[-1], states.shape[-1]
    size = max(1, _HELD // (features * units))
    for start in range(0, len(places), size):
        some = np.unravel_index(places[start : start + size], rows.shape)
        masks[some] = scale * _kept(attempt, scale * plan.x[some], before[some], states[some])
    return np.broadcast_to(masks, (3, *masks.shape))


def _kept(attempt: Attempt, scaled: Array, h_prev: Array, h: Array) -> Array:
    """Return which features some rows keep: of (rows, features), (rows, units), (rows, units)."""

    def missed(kept: Array) -> Array:
        made = attempt.formula.step(
            scaled * kept, h_prev, attempt.weights, attempt.config.recurrence,
            dropout_mask=None, recurrent_dropout_mask=None,
        )  # fmt: skip
        return np.asarray(made.h - h)

    def misses(kept: Array) -> Array:
        return np.asarray(np.abs(missed(kept)).sum(axis=1))

    if scaled.shape[1] <= _FEW:
        return _among_all(misses, scaled.shape)
    return _one_by_one(misses, _in_real_numbers(missed, scaled.shape) > 0.5)


def _among_all(misses: Any, shape: tuple[int, ...]) -> Array:
    best, least = np.ones(shape, bool), np.full(shape[0], np.inf)
    for mask in itertools.product((True, False), repeat=shape[1]):
        kept = np.broadcast_to(np.array(mask), shape)
        now = misses(kept)
        better = now < least
        best, least = np.where(better[:, np.newaxis], kept, best), np.where(better, now, least)
    return best


def _in_real_numbers(missed: Any, shape: tuple[int, ...]) -> Array:
    """Return what Gauss and Newton's method makes of a mask that may be any numbers from 0 to 1."""
    kept = np.full(shape, 0.5)
    for _ in range(_NEWTON_STEPS):
        here = missed(kept)  # (rows, U)
        nudged = [missed(kept + _NUDGE * (np.arange(shape[1]) == f)) for f in range(shape[1])]
        slopes = (np.stack(nudged, axis=2) - here[:, :, np.newaxis]) / _NUDGE  # (rows, U, F)
        moved = np.linalg.pinv(slopes, rcond=1e-4) @ here[:, :, np.newaxis]
        kept = np.clip(kept - np.nan_to_num(moved[:, :, 0]), 0, 1)
    return kept


def _one_by_one(misses: Any, kept: Array) -> Array:
    least = misses(kept)
    for _ in range(_ROUNDS):
        changed = False
        for feature in range(kept.shape[1]):
            turned = kept.copy()
            turned[:, feature] ^= True
            now = misses(turned)
            better = now < least
            kept[better], least[better] = turned[better], now[better]
            changed |= bool(better.any())
        if not changed:
            break
    return kept
