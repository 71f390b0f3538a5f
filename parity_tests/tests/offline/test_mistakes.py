"""gru_ref names the mistakes that the suite's mutants make, and computes the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.debugging.mistakes import table
from gru_ref.debugging.mistakes.porting import MISTAKES as OF_LAYOUTS
from parity_tests.judging import mutants
from parity_tests.recording import golden

# What gru_ref calls a mutant, where that has another name or several.
NAMES = {
    "other reset form": ("reset before for after", "reset after for before"),
    "wrong hard_sigmoid": ("hard_sigmoid of the other generation",),
}
# A few in which every mutant can be made and shows.
_STRUCTURE = [g for g in golden.load() if g.group in ("exact", "saturated", "rounded")]
_HARD = [g for g in golden.load() if "hard_sigmoid" in g.data["constructor"].values()]
GOLDENS = [*_STRUCTURE[::10], *_HARD]


def _attempt(case: golden.Golden) -> table.Attempt:
    config = gru_ref.GRUConfig(**case.data["constructor"], keras_version=case.keras_version)
    calls, after_reset = [], False
    for call, masks in zip(case.calls, case.masks, strict=True):
        if call == "reset":
            after_reset = True
            continue
        calls.append(
            table.Call(call.x, call.initial_state, call.mask, **masks, after_reset=after_reset)
        )
        after_reset = False
    return table.Attempt(config, gru_ref.GRUWeights(*case.weights), tuple(calls))


def _mutant_attempt(case: golden.Golden) -> mutants.Attempt:
    return mutants.Attempt(
        case.data["constructor"],
        case.weights,
        case.calls,
        case.masks,
        case.keras_version,
        case.data["path"],
    )


def _outputs(run: Any) -> list[np.ndarray]:
    return [call.outputs[0] for call in run.calls if call.outputs]


def test_every_mutant_and_every_layouts_mistake_has_its_name() -> None:
    of_suite = {name for m in mutants.MISTAKES for name in NAMES.get(m.name, (m.name,))}
    of_layouts = {case.mistake for case in OF_LAYOUTS.values()}
    assert of_suite | of_layouts <= table.BY_NAME.keys()
    assert len(table.BY_NAME) == len(table.MISTAKES)


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
def test_an_attempt_without_a_mistake_is_what_the_layer_returns() -> None:
    for case in GOLDENS:
        outputs = table.run(_attempt(case)).outputs
        for ours, theirs in zip(outputs, _outputs(case.run()), strict=True):
            np.testing.assert_array_equal(ours, theirs, err_msg=case.id)


@pytest.mark.parametrize("mutant", mutants.MISTAKES, ids=lambda m: m.name.replace(" ", "-"))
def test_a_mistake_computes_what_the_mutant_does(mutant: mutants.Mistake) -> None:
    made = shown = 0
    for case in GOLDENS:
        attempt, spoiled = _attempt(case), _mutant_attempt(case)
        mine = [table.BY_NAME[name] for name in NAMES.get(mutant.name, (mutant.name,))]
        applying = [mistake for mistake in mine if mistake.applies(attempt)]
        assert len(applying) == mutant.applies(spoiled), case.id
        if not applying:
            continue
        made += 1
        right = table.run(attempt).outputs
        outputs = applying[0].run(attempt).outputs
        for ours, theirs in zip(outputs, _outputs(mutant.run(spoiled)), strict=True):
            np.testing.assert_array_equal(ours, theirs, err_msg=case.id)
        shown += any(
            not np.array_equal(a, b, equal_nan=True) for a, b in zip(outputs, right, strict=True)
        )
    assert shown >= made / 2
    assert made >= 3
