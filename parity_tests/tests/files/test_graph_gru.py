"""GRUs in dataflows are read as what they compute, or refused by name."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gru_ref.files.formats.dataflow import Dataflow, Graph, Operation
from gru_ref.files.interpretation.graph_gru import GraphGRU, find_grus
from gru_ref.files.limits import Limits
from gru_ref.files.malformed import MalformedFileError
from parity_tests.tests.files import hand_graphs as hand
from parity_tests.tests.files.hand_graphs import GraphWriter, step


def _only(dataflow: Dataflow) -> GraphGRU:
    (found,) = find_grus(dataflow)
    return found


def _check_arrays(found: GraphGRU, *, after: bool = True) -> None:
    kernel, recurrent, bias = hand.arrays()
    assert found.kernel.tobytes() == kernel.tobytes()
    assert found.recurrent_kernel.tobytes() == recurrent.tobytes()
    assert found.bias is not None
    assert found.bias.tobytes() == (bias if after else bias[0]).tobytes()


def _through(*kinds: Any) -> hand.Function:
    """Return what writes a chain of operations: a kind, or a kind and a number."""

    def write(to: GraphWriter, value: str) -> str:
        for one in kinds:
            kind, *numbers = (one,) if isinstance(one, str) else one
            value = to.put(kind, value, *(np.float32(number) for number in numbers))
        return value

    return write


# Chains of operations as gates → the function's name, and the only generation that has it.
FUNCTIONS: dict[str, tuple[hand.Function, str, int | None]] = {
    "logistic": (_through("sigmoid"), "sigmoid", None),
    "written_out": (_through("neg", "exp", ("add", 1), "reciprocal"), "sigmoid", None),
    "tanh": (_through("tanh"), "tanh", None),
    "relu": (_through(("maximum", 0)), "relu", None),
    "nothing": (_through(), "linear", None),
    "keras_2": (
        _through(("mul", 0.2), ("add", 0.5), ("minimum", 1), ("maximum", 0)), "hard_sigmoid", 2,
    ),
    "keras_2_clip": (
        _through(("mul", 0.2), ("add", 0.5), ("clip", 0, 1)), "hard_sigmoid", 2,
    ),
    "keras_3": (_through(("add", 3), "relu6", ("mul", 1 / 6)), "hard_sigmoid", 3),
    "keras_3_divided": (_through(("div", 6), ("add", 0.5), ("clip", 0, 1)), "hard_sigmoid", 3),
}  # fmt: skip
# Steps that are none of Keras's → what the refusal says.
NEARLY: dict[str, tuple[dict[str, Any], str]] = {
    "gates_of_another_slope": (
        {"gates": _through(("mul", 0.25), ("add", 0.5), ("clip", 0, 1))},
        r"gates go through no activation of Keras's \(the step computes CLIP, TANH",
    ),
    "candidate_of_a_sine": ({"candidate": _through("sin")}, "computes SIN"),
    "candidate_that_is_clipped": (
        {"candidate": _through("tanh", ("clip", -0.5, 0.5))},
        r"candidate goes through no activation of Keras's \(.*TANH, CLIP\)",
    ),
    "complement": (
        {"mixed": lambda to, z, h, n: hand.mix(to, z, n, h)},
        "gates go through no activation",
    ),
    "state_that_is_clipped": (
        {"mixed": lambda to, z, h, n: to.put("clip", hand.mix(to, z, h, n), *np.float32((-1, 1)))},
        "no mix of the old one and a candidate",
    ),
    "no_mix": (
        {"mixed": lambda to, z, h, n: to.put("add", to.put("mul", z, h), n)},
        "its (candidate|gates|parts)",
    ),
    "shifted_candidate": (
        {"candidate": _through(("add", 0.25), "tanh")},
        "candidate goes through no activation",
    ),
}


class TestLoops:
    """A loop over timesteps."""

    @pytest.mark.parametrize("after", [False, True])
    @pytest.mark.parametrize("order", ["zrh", "rzh", "hzr"])
    def test_the_wiring_says_which_columns_are_which_gate(self, order: str, after: bool) -> None:
        found = _only(hand.loop(functools.partial(step, order=order, after=after)))
        _check_arrays(found, after=after)
        assert found.arguments["reset_after"] is after

    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_functions_are_known_by_what_they_compute(self, name: str) -> None:
        function, expected, generation = FUNCTIONS[name]
        found = _only(hand.loop(functools.partial(step, gates=function)))
        assert found.arguments["recurrent_activation"] == expected
        assert found.keras_generation == generation
        assert ("keras_version" in found.found().inferred) == (generation is not None)
        found = _only(hand.loop(functools.partial(step, candidate=function, after=False)))
        assert found.arguments["activation"] == expected
        _check_arrays(found, after=False)

    @pytest.mark.parametrize("name", NEARLY)
    def test_what_keras_does_not_compute_is_refused(self, name: str) -> None:
        changes, reason = NEARLY[name]
        with pytest.raises(MalformedFileError, match=reason):
            find_grus(hand.loop(functools.partial(step, **changes)))

    @pytest.mark.parametrize("reverse", [False, True])
    @pytest.mark.parametrize("last", [False, True])
    def test_direction_and_outputs_are_read(self, reverse: bool, last: bool) -> None:
        found = _only(hand.loop(reverse=reverse, last=last))
        assert found.arguments["go_backwards"] is reverse
        assert found.arguments["return_sequences"] is not last

    def test_a_mask_is_noted(self) -> None:
        def masked(to: GraphWriter, x: str, h: str) -> str:
            mask = to.put("not_equal", to.put("reduce_max", x, axes=(1,), keepdims=True), x)
            return str(to.put("where", mask, step(to, x, h), h))

        found = _only(hand.loop(masked))
        _check_arrays(found)
        assert "mask" in found.notes[0]

    def test_outputs_that_are_not_the_state_are_noted(self) -> None:
        dataflow = hand.loop()
        body = dataflow.bodies["body"]
        at = next(i for i, one in enumerate(body.operations) if one.kind == "list_set")
        written = body.operations[at]
        doubled = Operation("square", (written.inputs[2],), ("doubled",))
        body.operations[at : at + 1] = [
            doubled, Operation("list_set", (*written.inputs[:2], "doubled"), written.outputs),
        ]  # fmt: skip
        assert "puts out something" in _only(dataflow).notes[0]
        assert not _only(hand.loop()).notes

    def test_one_of_two_bias_rows_is_noted(self) -> None:
        def half(to: GraphWriter, x: str, h: str) -> str:
            new = step(to, x, h)
            at = [i for i, one in enumerate(to.operations) if one.kind == "add"][1]
            there = to.operations[at]
            to.operations[at] = Operation("identity", there.inputs[:1], there.outputs)
            return new

        found = _only(hand.loop(half))
        assert found.bias is not None
        assert not found.bias[1].any()
        assert "bias rows" in found.notes[0]

    def test_ones_of_dropout_at_rest_change_nothing(self) -> None:
        def dropped(to: GraphWriter, x: str, h: str) -> str:
            return step(to, str(to.put("mul", x, to.put("ones_like", x))), h)

        _check_arrays(_only(hand.loop(dropped)))


class TestUnrolled:
    """Timesteps that are written out."""

    @pytest.mark.parametrize("after", [False, True])
    @pytest.mark.parametrize("reverse", [False, True])
    def test_it_is_one_layer(self, after: bool, reverse: bool) -> None:
        found = _only(hand.unrolled(functools.partial(step, after=after), reverse=reverse))
        _check_arrays(found, after=after)
        assert found.arguments["go_backwards"] is reverse
        assert found.arguments["unroll"] is True

    def test_steps_that_differ_are_refused(self) -> None:
        count = 0

        def changing(to: GraphWriter, x: str, h: str) -> str:
            nonlocal count
            count += 1
            return step(to, x, h, candidate=_through("relu") if count == 2 else hand.tanh)

        with pytest.raises(MalformedFileError, match="not all the same step"):
            find_grus(hand.unrolled(changing))


def _cycle() -> Dataflow:
    operations = [Operation("add", ("a", "b"), ("b",)), Operation("matmul", ("b", "b"), ("c",))]
    return hand.dataflow(Graph("main", ("a",), ("c",), operations))


def _identities() -> Dataflow:
    operations = [Operation("identity", ("a",), ("b",)), Operation("identity", ("b",), ("a",))]
    return hand.dataflow(Graph("main", (), ("a",), operations))


def _self_call() -> Dataflow:
    graph = Graph("f", ("a",), ("b",), [Operation("call", ("a",), ("b",), {"body": "f"})])
    return hand.dataflow(graph, {"f": graph})


def _calls_that_double() -> Dataflow:
    bodies = {
        f"f{i}": Graph(
            f"f{i}",
            ("a",),
            ("c",),
            [
                Operation("call", ("a",), ("b",), {"body": f"f{i + 1}"}),
                Operation("call", ("b",), ("c",), {"body": f"f{i + 1}"}),
            ],
        )
        for i in range(60)
    }
    bodies["f60"] = Graph("f60", ("a",), ("b",), [Operation("tanh", ("a",), ("b",))])
    return hand.dataflow(bodies["f0"], bodies)


def _missing_body() -> Dataflow:
    graph = Graph("main", ("a",), ("b",), [Operation("loop", ("a",), ("b",), {"body": "gone"})])
    return hand.dataflow(graph)


def _huge_fill() -> Dataflow:
    def write(to: GraphWriter, x: str, h: str) -> str:
        filled = to.put("fill", np.array([1 << 20, 1 << 20]), np.float32(0))
        return str(to.put("add", step(to, x, h), filled))

    return hand.loop(write)


def _huge_outer_sum() -> Dataflow:
    def write(to: GraphWriter, x: str, h: str) -> str:
        wide = to.put("reshape", h, shape=(-1, 1))
        for i in range(4):
            wide = to.put("add", wide, to.put("expand", wide, axis=(0,)), name=i)
        return str(to.put("add", step(to, x, h), wide))

    return hand.loop(write, limits=Limits(max_bytes=1 << 20))


HOSTILE: dict[str, tuple[Callable[[], Dataflow], str | None]] = {
    "value_that_depends_on_itself": (_cycle, None),
    "names_of_one_another": (_identities, "stands for itself"),
    "graph_that_calls_itself": (_self_call, "nested"),
    "calls_that_double": (_calls_that_double, r"Limits\(max_"),
    "body_that_is_not_there": (_missing_body, "expected a graph that is there"),
    "fill_of_a_terabyte": (_huge_fill, r"Limits\(max_bytes"),
    "sums_that_grow": (_huge_outer_sum, "contradict each other|shape mismatch"),
}


class TestHostileGraphs:
    """Graphs that nobody's exporter writes end soon, and in the one error or in nothing."""

    @pytest.mark.parametrize("name", HOSTILE)
    def test_it_is_refused_or_holds_no_gru(self, name: str) -> None:
        graph, reason = HOSTILE[name]
        begin = time.process_time()
        if reason is None:
            assert find_grus(graph()) == []
        else:
            with pytest.raises(MalformedFileError, match=reason):
                find_grus(graph())
        assert time.process_time() - begin < 20

    @pytest.mark.parametrize("kind", ["tanh", "identity", "call"])
    def test_a_deep_chain_needs_no_recursion(self, kind: str) -> None:
        pairs = list(hand.chain(5_000))
        body = Graph("f", ("a",), ("b",), [Operation("tanh", ("a",), ("b",))])
        operations = [Operation(kind, (a,), (b,), {"body": "f"}) for a, b in pairs]
        graph = Graph("main", ("value 0",), (pairs[-1][1],), operations)
        assert find_grus(hand.dataflow(graph, {"f": body})) == []
