"""The witnesses of a layer's cases: drawn together, chosen case by case.

A witness that every case of a layer could share hardly exists: what keeps the largest case exact
hides blocks from the smallest. So the cases choose among the same draws, each as it calls the
layer.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from parity_tests import predict
from parity_tests.cases import Case
from parity_tests.draws import Witness, called_by
from parity_tests.full.product import Layer
from parity_tests.witness import ROUNDS, draw_round, fitting, insensitive_blocks, take

TRIED = 4  # draws that fit a case, of which it takes the one that it senses most of


class Chosen(NamedTuple):
    """The witness of a case, and the blocks of its weights that no output shows."""

    witness: Witness
    unsensed: list[str]


def choose(layer: Layer, cases: Sequence[Case], attempt: int) -> list[Chosen]:
    """Return the witnesses of some cases of a layer; further attempts give others.

    Raises
    ------
    LookupError
        No draw fits a case.
    """
    # Of all that a layer is called with, the draws have what there is: a case may leave it out.
    drawer = replace(layer.first, levels={**layer.first.levels, "initial_state": "given"})

    @functools.cache
    def drawn(number: int) -> tuple[Witness, np.random.Generator]:
        return draw_round(drawer, attempt, number)

    chosen = []
    for case in cases:
        if predict.predicted(case, "raises"):
            chosen.append(Chosen(called_by(case, take(drawn(0)[0], 0)), []))
        else:
            found = (_choose(case, *drawn(number)) for number in range(ROUNDS))
            best = next(filter(None, found), None)
            if best is None:
                raise LookupError(f"{case.id}: no witness in {ROUNDS} rounds of draws")
            chosen.append(best)
    return chosen


def _choose(case: Case, drawn: Witness, rng: np.random.Generator) -> Chosen | None:
    """Return the draw of which the case senses most, of a few that fit; None where none fits."""
    called = called_by(case, drawn)
    best = None
    for index in fitting(case, called, rng)[:TRIED]:
        witness = take(called, index)
        unsensed = insensitive_blocks(case, witness)
        if best is None or len(unsensed) < len(best.unsensed):
            best = Chosen(witness, unsensed)
        if not unsensed:
            break
    return best
