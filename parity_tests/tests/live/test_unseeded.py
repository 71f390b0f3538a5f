"""Layers without a seed, random generators in configs, and copies: in live Keras and in gru_ref."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity_tests.judging import run_seeded
from parity_tests.judging.run_wrappers import without_numbers
from parity_tests.tests.live.both_sides import live_steps, own_steps, values, wrapper_values
from parity_tests.tests.live.each_case import combinations, for_each

UNITS = 5
X = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("float32")
STATE = np.zeros((2, UNITS), "float32")
# class → the layer around a GRU or GRUCell of some arguments, and what it is called with
AROUND: dict[str, Any] = {
    "GRU": (lambda given: {"class": "GRU", **given}, [X]),
    "GRUCell": (lambda given: {"class": "GRUCell", **given}, [X[:, 0], [STATE]]),
    "RNN": (lambda given: {"class": "RNN", "cell": {"class": "GRUCell", **given}}, [X]),
    "Bidirectional": (
        lambda given: {"class": "Bidirectional", "layer": {"class": "GRU", **given}},
        [X],
    ),
}
GENERATORS: dict[str, dict[str, Any]] = {
    "stateful": {"rng_type": "stateful"},
    "stateless": {"rng_type": "stateless"},
    "force_generator": {"force_generator": True},
}
KINDS = ("activation", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
# Weights and masks are equal; the recurrent kernels differ by up to 4e-7 (QR in LAPACK), as in
# test_seeded, and outputs inherit that.
OUTPUTS_WITHIN = 1e-6


class TestLiveUnseeded:
    """Without any seed: no two layers and no two calls in training are alike, on either side."""

    @for_each(("keras2", "keras3"), AROUND)
    def test_layers_and_calls_differ(self, oracle: str, name: str) -> None:
        make, positional = AROUND[name]
        spec = make({"units": UNITS, "dropout": 0.5})
        steps = [
            ["construct", [], spec],
            ["call", positional, {}],
            ["get_weights", [], {}],
            ["call", positional, {"training": True}],
        ]
        if name == "GRUCell":  # a cell keeps its masks
            steps.append(["reset_dropout_mask", [], {}])
        steps += [["call", positional, {"training": True}]] * 2
        with run_seeded.without_seed():
            pairs = [wrapper_values(oracle, steps) for _ in "12"]
        for first, second in zip(*pairs, strict=True):
            kernels = [np.asarray(side[2][0]) for side in (first, second)]
            assert (kernels[0] != kernels[1]).any()
            limit = np.sqrt(6 / (4 + 3 * UNITS))
            assert max(np.abs(kernel).max() for kernel in kernels) <= limit
            outputs = [_flat(first[at]) for at in (3, -2)]
            assert (outputs[0] != outputs[1]).any()


class TestLiveGenerators:
    """What from_config and Bidirectional make of a layer with a generator draws Keras's masks."""

    @for_each(("keras2",), combinations(AROUND, GENERATORS))
    def test_a_config_draws_the_same_masks(self, oracle: str, id: str) -> None:
        name, kind = id.split("+")
        make, positional = AROUND[name]
        spec = make({"units": UNITS, "dropout": 0.5, **GENERATORS[kind]})
        steps = [["construct", [], spec], ["get_config", [], {}]]
        live, own = (side[1] for side in wrapper_values(oracle, steps))
        assert without_numbers(own) == without_numbers(live)
        calls = [["call", positional, {"training": True}]] * 2
        for made in (["from_config", [name, live], {}], ["construct", [], spec]):
            pair = wrapper_values(oracle, [["set_random_seed", [5], {}], made, *calls])
            for theirs, ours in zip(*(side[2:] for side in pair), strict=True):
                np.testing.assert_allclose(_flat(ours), _flat(theirs), rtol=0, atol=OUTPUTS_WITHIN)


class TestLiveObjects:
    """Functions and objects of the user's in a config, which no Keras reads back by itself."""

    @for_each(("keras2", "keras3"), combinations(("scaled", "twice"), KINDS))
    def test_both_refuse_what_they_do_not_know(self, oracle: str, id: str) -> None:
        name, argument = id.split("+")
        arguments = {"units": 3, argument: {"$": "callable", "name": name}}
        live, own = values(oracle, [["construct", arguments], ["get_config"]])
        assert without_numbers(own[1]) == without_numbers(live[1])
        # tf_keras takes any dict as a regularizer, until it asks for the penalty.
        again = [["from_config", [live[1]]], ["build", [X.shape]], ["losses"]]
        assert not live_steps(oracle, again)[-1]["ok"]
        assert isinstance(own_steps(oracle, again)[-1].error, (TypeError, ValueError))


def _flat(result: Any) -> np.ndarray:
    """Return the first array of a result, in any container."""
    while isinstance(result, (list, tuple)):
        result = result[0]
    return np.asarray(result)
