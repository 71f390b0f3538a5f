"""What the suite adds to gru_ref's table of mistakes: where none is seen, and names in records.

BLANKS are cells of the table mistake × lane × path in which the mistake cannot be made, or cannot
show, with the proof. A run fails on a cell that stays empty without a row here, and on a row here
whose cell is not empty.
"""

from __future__ import annotations

from typing import NamedTuple

from parity_tests.matrix.halves import DTYPES

# What fixtures/v1 and docs/full.md call the rows that they had before the table had them.
IN_RECORDS = {
    "reset before for after": "other reset form",
    "reset after for before": "other reset form",
    "hard_sigmoid of the other generation": "wrong hard_sigmoid",
}


class Blank(NamedTuple):
    """One proof; "any" stands for every mistake, lane or path; a path may be given by a word of it.

    For the half types the dtype stands for the path. `made` is whether the mistake can be made
    there: then it is, and shows in no case.
    """

    mistake: str
    lane: str
    path: str
    why: str
    made: bool = False


_EXACT = "the lane's activations are linear and relu"
_USUAL = "the lane's activations are tanh and sigmoid"
_PAIRS = "the pairs of activations run unrolled alone"
_FUSED = "hard_sigmoid disqualifies the fused path"
_NOT_PLAIN = "every case there has a mask, an initial state, dropout, a second call or 1,000 steps"

BLANKS: tuple[Blank, ...] = (
    Blank("any", "exact", "keras2 fused", "linear and relu disqualify Keras 2's fused path"),
    *(
        Blank("hard_sigmoid of the other generation", lane, path, why)
        for lane, path, why in (
            ("exact", "any", _EXACT),
            ("saturated", "any", _USUAL),
            ("single", "any", _USUAL),
            ("double", "keras2 fused", _FUSED),
            ("double", "loop", _PAIRS),
            ("half", "any", _USUAL),
        )
    ),
    *(
        Blank(mistake, lane, path, why)
        for mistake in ("activation left at tanh", "recurrent_activation left at sigmoid")
        for lane, path, why in (
            ("saturated", "any", _USUAL),
            ("single", "any", _USUAL),
            ("double", "keras2 fused", "other activations disqualify the fused path"),
            ("double", "loop", _PAIRS),
            ("half", "any", _USUAL),
        )
    ),
    Blank("sigmoid replaced by hard_sigmoid", "exact", "any", _EXACT),
    Blank(
        "sigmoid replaced by hard_sigmoid", "saturated", "any",
        "it is made, and shows nowhere: both are 0, ½ or 1 wherever a gate of the lane is",
        made=True,
    ),
    Blank(
        "sigmoid replaced by hard_sigmoid", "half", "bfloat16",
        "the two are 0.076 apart at most, and ten times what the lane allows is 0.23",
        made=True,
    ),
    Blank(
        "recurrent dropout mask ignored", "any", "keras2 fused",
        "recurrent_dropout disqualifies the fused path",
    ),
    Blank(
        "reset after for before", "any", "keras2 fused",
        "reset_after=False disqualifies the fused path",
    ),
    Blank("dropout left on", "any", "any", "every call of a layer that has a rate is in training"),
    *(
        Blank("batch and time swapped", lane, path, _NOT_PLAIN)
        for lane, path in (
            ("exact", "keras2 unroll"),
            ("saturated", "keras2 loop"),
            ("saturated", "keras2 unroll"),
            ("double", "keras2 loop"),
            ("double", "unroll"),
            *(("exact", dtype) for dtype in DTYPES),
        )
    ),
    *(
        Blank("activations swapped", "exact", dtype, "both are relu in the half types")
        for dtype in DTYPES
    ),
)  # fmt: skip
