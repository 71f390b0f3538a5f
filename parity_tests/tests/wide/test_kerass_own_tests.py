"""What Keras's own tests of GRU cannot see, by running every mistake on their numbers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from parameterized import parameterized

import gru_ref
from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.lint.vectors import Vectors
from gru_ref.debugging.mistakes.gru_run import Attempt, Call
from gru_ref.debugging.mistakes.table import MISTAKES
from parity_tests.reporting import doc_tables
from parity_tests.runner import live_run

# Those that compare numbers; all others look at shapes and counts.
TESTS = (
    "test_correctness", "test_statefulness", "test_pass_initial_state", "test_pass_return_state",
    "test_masking", "test_legacy_implementation_argument",
)  # fmt: skip
ORACLES = [("keras3",)]


class OwnTest(NamedTuple):
    """What a test of Keras's sees, of what can be done wrong in its calls."""

    seen: frozenset[str]
    makeable: frozenset[str]
    comparisons: int


@cache
def _tests(oracle: str) -> dict[str, OwnTest]:
    reply = live_run.oracle(oracle).request({"op": "own_tests", "tests": list(TESTS)})
    if not reply["ok"] and reply["error"]["message"].startswith("ModuleNotFoundError"):
        live_run.leave_out(oracle, "its package leaves out Keras's own tests")
    assert reply["ok"], reply["error"]
    found: dict[str, OwnTest] = {}
    for one in reply["tests"]:
        name = one["test"].rstrip("0123456789")
        vectors = [_vectors(c, live_run.keras_version(oracle)) for c in one["comparisons"]]
        makeable = {m.name for v in vectors for m in MISTAKES if v.applies(m)}
        seen = {m.name for v in vectors for m in MISTAKES if v.applies(m) and v.error_of(m).seen}
        before = found.get(name, OwnTest(frozenset(), frozenset(), 0))
        found[name] = OwnTest(
            before.seen | seen, before.makeable | makeable, before.comparisons + len(vectors)
        )
    return found


def _vectors(comparison: dict[str, Any], keras_version: str) -> Vectors:
    """Return one comparison as lint takes it; of several calls it is the last that is compared."""
    layer = gru_ref.GRU.from_config(comparison["config"], keras_version=keras_version)
    expected = comparison["expected"].astype("float64")
    rows = slice(None)
    if comparison["row"] is not None:
        rows = slice(comparison["row"], comparison["row"] + 1)
        expected = expected[None]
    config = replace(layer.config, return_sequences=expected.ndim == 3, return_state=False)
    calls = tuple(
        Call(*(None if call[k] is None else call[k][rows] for k in ("x", "initial_state", "mask")))
        for call in comparison["calls"]
    )
    attempt = Attempt(config, GRUWeights(*comparison["weights"]), calls).double
    vectors = Vectors.of(attempt, comparison["atol"], comparison["rtol"])
    vectors = replace(vectors, expected=(expected,))
    assert vectors.tolerances_of(vectors.right) <= 1  # Keras's own test passes
    return vectors


class TestKerassOwnTests:
    """The page says what they see, and what they do not."""

    @parameterized.expand(ORACLES)
    def test_each_test_sees_what_the_page_says(self, oracle: str) -> None:
        rows = [
            (name, str(test.comparisons), str(len(test.seen)), str(len(test.makeable)))
            for name, test in _tests(oracle).items()
        ]
        assert doc_tables.read("Keras's own tests") == rows

    @parameterized.expand(ORACLES)
    def test_the_page_names_what_none_of_them_sees(self, oracle: str) -> None:
        tests = _tests(oracle).values()
        never = frozenset().union(*(t.makeable for t in tests)) - frozenset().union(
            *(t.seen for t in tests)
        )
        assert {name for name, _ in doc_tables.read("Seen by none of Keras's")} == never

    @parameterized.expand(ORACLES)
    def test_one_random_vector_of_the_sizes_of_one_of_them_sees_more(self, oracle: str) -> None:
        layer = gru_ref.GRU(3, keras_version=live_run.keras_version(oracle))
        layer.build((3, 6, 4))
        layer.set_weights(
            [np.full(shape, 0.01) for shape in layer.config.weight_shapes(4).values()]
        )
        lint = gru_ref.lint_vectors(layer, np.arange(72.0).reshape(3, 6, 4))
        never = {name for name, _ in doc_tables.read("Seen by none of Keras's")}
        makeable = {one.mistake for one in lint.findings}
        assert never & makeable <= lint.better.seen
