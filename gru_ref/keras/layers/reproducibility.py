"""Reproducibility: whether a seed gives a layer's random numbers again, and if not, why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gru_ref.errors import UnseededError


@dataclass(frozen=True)
class Reproducibility:
    """Whether a seed gives a layer's weights and dropout masks again; true if it gives both.

    It tells of the layer as it stands: of the weights that it has or would draw now, and of the
    masks that its next call in training draws. Numbers that were passed in are never random here:
    weights that were set, masks of a call, and what a function draws that is an initializer.

    Parameters
    ----------
    weights : str
        Why the weights cannot be made again; "" if they can.
    masks : str
        Why the dropout masks of calls in training cannot be; "" if they can, or nothing is dropped.

    Examples
    --------
    >>> from gru_ref import GRU
    >>> layer = GRU(2, kernel_initializer="ones", recurrent_initializer="zeros")
    >>> bool(layer.reproducible), bool(Reproducibility("kernel_initializer draws without a seed"))
    (True, False)
    """

    weights: str = ""
    masks: str = ""

    def __bool__(self) -> bool:
        return not self.why

    @property
    def why(self) -> str:
        """What cannot be made again, and what would help; "" if everything can."""
        return "; ".join(filter(None, (self.weights, self.masks)))

    def __str__(self) -> str:
        return self.why or "reproducible"

    def require(self) -> None:
        """Do nothing if the layer is reproducible.

        Raises
        ------
        UnseededError
            It is not; the message says why, and what would help.
        """
        if not self:
            raise UnseededError(self.why)

    @classmethod
    def of_parts(cls, parts: Iterable[Reproducibility]) -> Reproducibility:
        """Return that of a layer made of others: every reason of theirs, once."""
        every = list(parts)
        return cls(
            "; ".join(filter(None, dict.fromkeys(one.weights for one in every))),
            "; ".join(filter(None, dict.fromkeys(one.masks for one in every))),
        )
