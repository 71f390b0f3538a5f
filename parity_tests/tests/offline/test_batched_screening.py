"""Cases of one layer screened side by side: each comes to what it comes to alone."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from parity_tests.cases.batched_screening import Screening, simulate_each
from parity_tests.cases.draws import called_by, draw_dropout
from parity_tests.cases.product import Layer, layers
from parity_tests.cases.screening import simulate
from parity_tests.cases.witness import draw_round

SAMPLE = 12  # layers: between them are both resets, and masks by time first


def _runs(layer: Layer) -> tuple[list[Screening], int]:
    """Return a run of every case of a layer, and the number of variants of each."""
    drawer = replace(layer.first, levels={**layer.first.levels, "initial_state": "given"})
    drawn, rng = draw_round(drawer, 0, 0)
    count = len(drawn.kernel)
    return [
        Screening(case, called_by(case, drawn), draw_dropout(case, rng, count))
        for case in layer.cases
    ], count


@pytest.mark.parametrize("oracle", ["keras2", "keras3"])
def test_each_comes_to_what_it_comes_to_alone(oracle: str) -> None:
    saturated = (layer for layer in layers(oracle) if layer.first.lane == "saturated")
    dropped = (layer for layer in saturated if layer.first.dropout)
    sample = [*layers(oracle)[:SAMPLE], *itertools.islice(dropped, 1)]
    for layer in sample:
        runs, count = _runs(layer)
        for run, together in zip(runs, simulate_each(runs), strict=True):
            alone = simulate(run.case, run.variants, run.dropout_masks, count)
            np.testing.assert_equal(together, alone, err_msg=run.case.id)
    levels = [layer.first.levels for layer in sample]
    time_major = {True, False} if oracle == "keras2" else {None}
    assert {level.get("time_major") for level in levels} == time_major
    assert {level["stateful"] for level in levels} == {"off", "two-calls"}
    assert {level["reset_after"] for level in levels} == {True, False}
    laws = {"gate", "sequence"} | ({"timestep"} if oracle == "keras2" else set())
    assert {layer.first.dropout_law for layer in sample} == laws
