"""BLANKS: cells of the table mistake × lane × path in which the mistake cannot be made, with the proof.

A run fails on a cell that stays empty without a row here, and on a row here whose cell is not empty.
"""

from __future__ import annotations

from typing import NamedTuple


class Blank(NamedTuple):
    """One proof; "any" stands for every mistake, lane or path; a path may be given by its end."""

    mistake: str
    lane: str
    path: str
    why: str


BLANKS: tuple[Blank, ...] = (
    Blank("any", "exact", "keras2 fused", "linear and relu disqualify Keras 2's fused path"),
    Blank("wrong hard_sigmoid", "exact", "any", "the lane's activations are linear and relu"),
    Blank("wrong hard_sigmoid", "saturated", "any", "the lane's activations are tanh and sigmoid"),
    Blank("wrong hard_sigmoid", "single", "any", "the lane's activations are tanh and sigmoid"),
    Blank("wrong hard_sigmoid", "double", "keras2 fused", "hard_sigmoid disqualifies the fused path"),
    Blank("wrong hard_sigmoid", "double", "loop", "the pairs of activations run unrolled alone"),
    Blank(
        "recurrent dropout mask ignored", "any", "keras2 fused",
        "recurrent_dropout disqualifies the fused path",
    ),
)  # fmt: skip
