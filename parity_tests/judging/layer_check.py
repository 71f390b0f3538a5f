"""Compares one live Keras GRU layer with gru_ref, and says what explains a difference."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pytest

from gru_ref import GRU
from gru_ref.debugging.diff.comparison import diff
from gru_ref.debugging.diff.difference import Difference


class Check(Protocol):
    """What the fixture `gru_parity_check` is: `check`."""

    def __call__(self, layer: Any, x: Any, *, initial_state: Any = None, mask: Any = None) -> None:
        """Compare a layer."""


def check(layer: Any, x: Any, *, initial_state: Any = None, mask: Any = None) -> None:
    """Fail the test unless a live Keras layer computes what gru_ref computes, at inference.

    Every step is compared by itself, and may differ by what rounding one step can do.

    Parameters
    ----------
    layer : keras.layers.GRU or tf_keras.layers.GRU
        Built by the call if need be.
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
        An array or a tensor.
    initial_state : (batch, units), optional
    mask : (batch, timesteps), bool, optional
        True: use this timestep.

    Raises
    ------
    pytest.fail.Exception
        Something differs. The message says where, by how much, and which of the classic mistakes
        explain all of it.
    """
    if not layer.built:
        layer.build(tuple(np.shape(x)))
    mine = GRU.from_keras(layer)
    given = {
        name: value
        for name, value in (("initial_state", initial_state), ("mask", mask))
        if value is not None
    }
    live = layer(x, training=False, **given)
    returned = [np.asarray(value) for value in live] if mine.return_state else [np.asarray(live)]
    arrays = {name: np.asarray(value) for name, value in given.items()}
    for what, value in zip(("output", "state"), returned, strict=False):
        found = diff(mine, np.asarray(x), value, **arrays)
        if not found.equal:
            pytest.fail(f"{mine} {what}: {explanation(found)}", pytrace=False)


def explanation(found: Difference) -> str:
    """Return what differs first and the mistakes that explain it."""
    place = found.first
    assert place is not None
    at = "" if place.timestep is None else f" at timestep {place.timestep}"
    reasons = [f"as if Keras {h.meaning} ({h.name})" for h in found.explanations]
    return "\n".join(
        [
            f"{place.what}{at}, batch {place.batch}, unit {place.unit} is {place.theirs!r}, "
            f"expected {place.expected!r} within {place.bound:.2g}",
            f"  {place.outside} of {place.numbers} numbers there are outside their bound, the "
            f"worst of all {found.worst:.3g} times",
            *(f"  {reason}" for reason in reasons or ["no mistake that is known explains it"]),
        ]
    )
