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

from parity_tests.cases import predictions
from parity_tests.cases.draws import Witness, called_by
from parity_tests.cases.product import Layer
from parity_tests.cases.sweeps import Case
from parity_tests.cases.witness import (
    ROUNDS,
    MaskedWitness,
    draw_round,
    fitting,
    insensitive_blocks,
    take,
)

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

    chosen: dict[str, Chosen] = {}
    waiting: list[Case] = []
    for case in cases:
        if predictions.deviations(case, "raises"):
            chosen[case.id] = Chosen(called_by(case, take(drawn(0)[0], 0)), [])
        else:
            waiting.append(case)
    for number in range(ROUNDS):
        if not waiting:
            break
        chosen.update(_choose(waiting, *drawn(number)))
        waiting = [case for case in waiting if case.id not in chosen]
    if waiting:
        raise LookupError(f"{waiting[0].id}: no witness in {ROUNDS} rounds of draws")
    return [chosen[case.id] for case in cases]


def _choose(cases: Sequence[Case], drawn: Witness, rng: np.random.Generator) -> dict[str, Chosen]:
    """Return by case the draw of which it senses most, of a few that fit; some may have none."""
    called = [called_by(case, drawn) for case in cases]
    fit = fitting(cases, called, rng)
    best: dict[str, Chosen] = {}
    for rank in range(TRIED):
        tried = [
            MaskedWitness(case, take(witnesses, indices[rank]))
            for case, witnesses, indices in zip(cases, called, fit, strict=True)
            if rank < len(indices) and (case.id not in best or best[case.id].unsensed)
        ]
        for seen, unsensed in zip(tried, insensitive_blocks(tried), strict=True):
            before = best.get(seen.case.id)
            if before is None or len(unsensed) < len(before.unsensed):
                best[seen.case.id] = Chosen(seen.witness, unsensed)
    return best
