"""The compiled engine."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from gru_ref.core.recurrence import Recurrence
from gru_ref.core.weights import GRUWeights

Array = NDArray[Any]


class NumbaKernel:
    """One GRU's weights, arranged for compiled loops."""

    @staticmethod
    def reason(recurrence: Recurrence) -> str | None:
        """Return why it does not serve a GRU: see `gru_ref.engines.loop.Kernel.reason`."""
        return "it is not here yet"

    def __init__(self, weights: GRUWeights, recurrence: Recurrence) -> None:
        raise NotImplementedError

    def advance(self, x: Array, h: Array, used: Array | None, outputs: Array | None) -> None:
        """Run timesteps: see `gru_ref.engines.loop.Kernel.advance`."""
