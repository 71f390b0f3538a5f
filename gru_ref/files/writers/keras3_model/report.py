"""What becomes of a model on its way to Keras 3: what changed, and what cannot be carried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Change(NamedTuple):
    """One sentence on one layer.

    Parameters
    ----------
    layer : str
        The names that lead to it: "encoder/gru_1".
    what : str
        What changed, or what cannot be carried.
    why : str
    of_config : bool
        It is about the config, and not about the arrays.
    """

    layer: str
    what: str
    why: str
    of_config: bool = True

    def __str__(self) -> str:
        return f"{self.layer}: {self.what}: {self.why}"


class NotCarriedError(ValueError):
    """A part of a layer has no counterpart in Keras 3.

    Parameters
    ----------
    what : str
    why : str
    """

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why


@dataclass
class ConversionReport:
    """Everything that is to be said of one model.

    Parameters
    ----------
    changes : list
        What is written otherwise than it was read.
    refused : list
        What cannot be carried.
    placeholders : list of str
        Names of the classes that whoever loads the file has to supply.
    assumed : dict
        What the file does not say → what is taken, and what settles it.
    """

    changes: list[Change] = field(default_factory=list)
    refused: list[Change] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)
    assumed: dict[str, str] = field(default_factory=dict)

    def change(self, layer: str, what: str, why: str, *, of_config: bool = True) -> None:
        """Add what changed."""
        self.changes.append(Change(layer, what, why, of_config))

    def refuse(self, layer: str, error: NotCarriedError) -> None:
        """Add what cannot be carried."""
        self.refused.append(Change(layer, error.what, error.why))
