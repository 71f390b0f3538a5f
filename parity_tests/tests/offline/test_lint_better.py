"""The better test that `lint_vectors` draws sees everything but what is proved to be hidden."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gru_ref import GRUWeights, lint_vectors
from gru_ref.debugging.lint.better import better
from gru_ref.debugging.lint.sizes import PROOFS, proof_of
from gru_ref.debugging.lint.vectors import Vectors
from gru_ref.debugging.mistakes.table import BY_NAME, MISTAKES, Attempt, Call
from parity_tests.tests.support.lint_calls import BATCH, FEATURES, TIMESTEPS, layer_of

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
    def test_it_sees_the_mistakes_beside_what_the_layer_itself_returns(self, name: str) -> None:
        layer = layer_of(**ARGUMENTS[name])
        (test,) = lint_vectors(layer, np.zeros((BATCH, TIMESTEPS, FEATURES))).better.chosen
        (call,) = test.attempt.calls
        layer.set_weights(test.attempt.weights.arrays())
        right = layer(call.x, call.initial_state, mask=call.mask)
        made = 0
        for mistake in MISTAKES:
            if mistake.applies(test.attempt) and mistake.name != "dropout left on":
                (wrong,) = mistake.run(test.attempt).outputs
                assert abs(wrong - right).max() > 1e-4, mistake.name
                made += 1
        assert made >= 20
