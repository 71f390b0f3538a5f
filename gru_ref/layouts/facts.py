"""What is known about a runtime's GRU layout, and the shape that every layout module has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gru_ref.layouts.reading import Read


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One runtime's table: all that a person needs to port weights by hand.

    Parameters
    ----------
    name : str
        The key of `gru_ref.layouts.LAYOUTS`.
    title : str
        What people call it.
    gates : tuple of str
        The runtime's own letters, in the order in which its blocks lie.
    arrays : mapping
        Name of an array → its shape and what it holds; f is features, u is units. Name of an
        attribute → its values.
    transposes : str
        Which of Keras's arrays are transposed, and whether whole or gate by gate.
    blocks : "as Keras", "transposed" or "transposed in place"
        How a gate's block of the kernel lies in memory; in place, its shape does not show it.
    bias : str
        How Keras's two bias rows lie there.
    formula : tuple of str
        The runtime's step, in its own letters.
    reset_forms : tuple of str
        "after", "before", or both, and how they are chosen.
    z_keeps_old : bool
        Whether z is the share of the old state, as in Keras, or of the candidate.
    activations : str
        Which activations it has.
    direction : str
        How go_backwards is written, if the layout says it.
    reversed_output : "as the input", "as processed" or ""
        The order of a reversed sequence output; Keras's is as processed. Empty: none, or unknown.
    round_trip : str
        "bit-exact", and what comes back otherwise from a round trip.
    verified : str
        The release whose outputs were compared; empty if the facts were only read.
    source : str
        Where the facts were read.
    mistakes : tuple of (str, str)
        A name of `gru_ref.debugging.mistakes.table.MISTAKES` and the sentence that leads people
        there.
    """

    name: str
    title: str
    gates: tuple[str, ...]
    arrays: Mapping[str, str]
    transposes: str
    blocks: Literal["as Keras", "transposed", "transposed in place"] = "transposed"
    bias: str
    formula: tuple[str, ...]
    reset_forms: tuple[str, ...] = ("after",)
    z_keeps_old: bool = True
    activations: str = "tanh and sigmoid, fixed"
    direction: str
    reversed_output: str = ""
    round_trip: str
    verified: str = ""
    source: str
    mistakes: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """The title, marked where nothing was run: "tfjs GRU (unverified)"."""
        return self.title if self.verified else f"{self.title} (unverified)"


class Layout(Protocol):
    """What each module of `gru_ref.layouts.runtimes` offers for its runtime."""

    FACTS: Facts
    to_layout: Callable[..., dict[str, Any]]
    from_layout: Callable[..., Read]
