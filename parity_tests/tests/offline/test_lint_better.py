"""The better test that `lint_vectors` draws sees everything but what is proved to be hidden."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from gru_ref import GRUWeights, lint_vectors
from gru_ref.debugging.lint.better import better
from gru_ref.debugging.lint.sizes import PROOFS, proof_of
from gru_ref.debugging.lint.vectors import Vectors
from gru_ref.debugging.mistakes.table import BY_NAME, Attempt, Call
from parity_tests.judging import mutants, run_gru_ref
from parity_tests.tests.support.lint_calls import BATCH, FEATURES, TIMESTEPS, UNITS, layer_of

NO_MASKS = {"dropout_mask": None, "recurrent_dropout_mask": None}


class Given(NamedTuple):
    """A call as the suite makes it."""

    x: np.ndarray
    initial_state: np.ndarray | None
    mask: np.ndarray | None
    training: bool = False


# One and two of everything, in all pairs; and three.
SIZES = [(1, 1, 1, 1), (1, 2, 2, 1), (1, 2, 1, 2), (2, 1, 2, 2), (2, 2, 1, 1), (3, 3, 3, 3)]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "default": {"return_sequences": True},
    "backwards": {"go_backwards": True, "time_major": True},
    "reset before": {"reset_after": False, "recurrent_activation": "hard_sigmoid"},
    "without bias": {"use_bias": False, "return_sequences": True, "zero_output_for_mask": True},
    "reset before without bias": {"use_bias": False, "reset_after": False, "activation": "relu"},
    "stateful": {"stateful": True, "return_state": True, "dropout": 0.5},
}


class TestBetter:
    """A better test of the same sizes sees everything but what is proved to be hidden."""

    @pytest.mark.parametrize("name", ARGUMENTS)
    def test_it_sees_exactly_what_no_proof_excludes(self, name: str) -> None:
        arguments = ARGUMENTS[name]
        for batch, timesteps, features, units in SIZES:
            layer = layer_of(batch=batch, features=features, units=units, **arguments)
            axes = (timesteps, batch) if arguments.get("time_major") else (batch, timesteps)
            attempt = Attempt(
                layer.config,
                GRUWeights(*layer.get_weights()),
                (Call(np.zeros((*axes, features))),),
            )
            found = better(Vectors.of(attempt, 1e-5, 0.0))
            proved = {mistake for mistake in found.makeable if proof_of(mistake, attempt)}
            assert found.seen == found.makeable - proved, (batch, timesteps, features, units)

    def test_every_proof_is_of_mistakes_there_are(self) -> None:
        assert {name for proof in PROOFS for name in proof.mistakes} <= set(BY_NAME)

    @pytest.mark.parametrize("name", ["default", "reset before", "without bias"])
    def test_it_sees_the_mistakes_as_the_suite_itself_makes_them(self, name: str) -> None:
        layer = layer_of(**ARGUMENTS[name])
        (test,) = lint_vectors(layer, np.zeros((BATCH, TIMESTEPS, FEATURES))).better.chosen
        call = test.attempt.calls[0]
        given = Given(call.x, call.initial_state, call.mask)
        constructor = {"units": UNITS, "dtype": "float64", **ARGUMENTS[name]}
        weights = test.attempt.weights.arrays()
        attempt = mutants.Attempt(constructor, weights, [given], [NO_MASKS], "2", layer.config.path)
        right = run_gru_ref.run(constructor, weights, [given], [NO_MASKS], "2").calls[0].outputs[0]
        made = 0
        for mutant in mutants.MISTAKES:
            if mutant.applies(attempt):
                wrong = mutant.run(attempt).calls[0].outputs[0]
                assert abs(wrong - right).max() > 1e-4, mutant.name
                made += 1
        assert made >= 9
