"""Whether dropout of the input, left on in inference, explains a sequence: its masks, searched.

A step that is restarted from their own state depends on the mask of its input alone, so each
timestep and row is searched apart: among all masks where there are few features, else from the
solution in real numbers (Gauss and Newton's), by turning one feature after the other off or on for
as long as that helps. With more features than units that may miss it. What is found is then judged
by its bound as anything else, so a wrong mask explains nothing.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.attempts import Attempt
from gru_ref.restart import Schedule

Array = NDArray[Any]

_FEW = 8  # features of which every mask is tried
_ROUNDS, _NEWTON_STEPS = 6, 12
_NUDGE = 1e-6


def input_masks(attempt: Attempt, plan: Schedule, before: Array, states: Array) -> Array:
    """Return the scaled masks that fit best, (3, timesteps, batch, features).

    Parameters
    ----------
    attempt : Attempt
        In float64, with a rate of dropout between 0 and 1.
    plan : Schedule
    before, states : (timesteps, batch, units)
        Theirs, before and after each step.
    """
    rows = plan.x.reshape(-1, plan.x.shape[-1])  # (T * B, F)
    h_prev, h = (array.reshape(-1, array.shape[-1]) for array in (before, states))
    scale = 1 / (1 - attempt.config.dropout)

    def missed(kept: Array) -> Array:
        made = attempt.formula.step(
            rows * kept * scale, h_prev, attempt.weights, attempt.config,
            dropout_mask=None, recurrent_dropout_mask=None,
        )  # fmt: skip
        return np.asarray(made.h - h)

    def misses(kept: Array) -> Array:
        return np.asarray(np.abs(missed(kept)).sum(axis=1))

    if rows.shape[1] <= _FEW:
        kept = _among_all(misses, rows.shape)
    else:
        kept = _one_by_one(misses, _in_real_numbers(missed, rows.shape) > 0.5)
    return np.broadcast_to(kept.reshape(plan.x.shape) * scale, (3, *plan.x.shape))


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
