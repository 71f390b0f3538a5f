"""What ONNX's own node tests of GRU cannot see, by running every mistake on their numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest
from onnx.backend.test.case.node import collect_testcases

from gru_ref import GRU, GRUWeights, lint_vectors
from gru_ref.debugging.lint import Lint
from gru_ref.debugging.mistakes.table import BY_NAME, Attempt, Call
from gru_ref.layouts import LAYOUTS
from parity_tests.reporting import doc_tables


class NodeTest(NamedTuple):
    """One direction of one node test."""

    name: str
    layer: GRU
    x: np.ndarray
    outputs: np.ndarray
    rtol: float
    atol: float


def _cases() -> Iterator[NodeTest]:
    with warnings.catch_warnings():  # all operators' cases are made, infinities among them
        warnings.simplefilter("ignore")
        tests = collect_testcases("GRU")
    for test in tests:
        node = test.model.graph.node[0]
        if node.op_type != "GRU":
            continue
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        ((inputs, outputs),) = test.data_sets
        given = dict(zip((name for name in node.input if name), inputs, strict=True))
        found = dict(zip((name for name in node.output if name), outputs, strict=True))
        batch_first = attributes.get("layout", 0) == 1
        x = given["X"] if batch_first else given["X"].swapaxes(0, 1)  # (B, T, F)
        direction = attributes.get("direction", b"forward").decode()
        directions = ["forward", "reverse"] if direction == "bidirectional" else [direction]
        for index, one in enumerate(directions):
            yield NodeTest(
                f"{test.name} {one}",
                _layer(given, index, one),
                x,
                _outputs(found, index, one, batch_first=batch_first),
                test.rtol,
                test.atol,
            )


def _layer(given: dict[str, np.ndarray], index: int, direction: str) -> GRU:
    arrays = {name: given[name][[index]] for name in ("W", "R", "B") if name in given}
    attributes: dict[str, Any] = {
        "linear_before_reset": 0,
        "direction": direction,
        "activations": ["Sigmoid", "Tanh"],
        "hidden_size": given["R"].shape[2],
    }
    return LAYOUTS["onnx"].from_layout({**arrays, **attributes}).layer()


def _outputs(
    found: dict[str, np.ndarray], index: int, direction: str, *, batch_first: bool
) -> np.ndarray:
    """Return the outputs as Keras orders them: batch first, in processing order."""
    if "Y" not in found:
        return found["Y_h"][:, index] if batch_first else found["Y_h"][index]
    outputs = found["Y"][:, :, index] if batch_first else found["Y"][:, index].swapaxes(0, 1)
    return outputs[:, ::-1] if direction == "reverse" else outputs


CASES = {case.name: case for case in _cases()}


def _lint(case: NodeTest) -> Lint:
    return lint_vectors(
        case.layer,
        case.x,
        outputs=case.outputs,
        tolerance=case.atol,
        relative_tolerance=case.rtol,
    )


def _visible_mistakes(lint: Lint) -> set[str]:
    return {one.mistake for one in lint.findings if one.seen}


LINTS = {name: _lint(case) for name, case in CASES.items()}


def test_the_page_says_what_each_node_test_sees() -> None:
    rows = [
        (name, str(len(_visible_mistakes(lint))), str(len(lint.findings)))
        for name, lint in LINTS.items()
    ]
    assert doc_tables.read("ONNX's node tests") == rows


def test_the_page_names_what_no_node_test_sees() -> None:
    made = {one.mistake for lint in LINTS.values() for one in lint.findings}
    seen = {name for lint in LINTS.values() for name in _visible_mistakes(lint)}
    assert {name for name, _ in doc_tables.read("Seen by none of ONNX's")} == made - seen


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_seen_where_the_runner_of_onnx_would_fail(name: str) -> None:
    case, lint = CASES[name], LINTS[name]
    config = replace(case.layer.config, return_sequences=case.outputs.ndim == 3)
    call = Call(case.x)
    attempt = Attempt(config, GRUWeights.from_arrays(case.layer.get_weights()), (call,))
    for one in lint.findings:
        if not BY_NAME[one.mistake].applies(attempt):
            assert not one.seen or one.error == np.inf
            continue
        (wrong,) = BY_NAME[one.mistake].run(attempt).outputs
        if one.seen:
            with pytest.raises(AssertionError):
                np.testing.assert_allclose(wrong, case.outputs, case.rtol, case.atol)
        else:
            np.testing.assert_allclose(wrong, case.outputs, case.rtol, case.atol)


@pytest.mark.parametrize("name", CASES)
def test_a_better_vector_of_the_same_sizes_sees_all_but_what_is_proved(name: str) -> None:
    lint = LINTS[name]
    never = [one for one in lint.findings if one.mistake not in lint.better.seen]
    assert [one.reason.instead for one in never if one.reason] == [None] * len(never)
