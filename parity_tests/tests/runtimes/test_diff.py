"""`diff` names the mistake that a real runtime was made to make, and where it begins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gru_ref import GRU
from gru_ref.debugging.diff.comparison import diff
from gru_ref.debugging.diff.difference import Difference
from gru_ref.debugging.mistakes import table
from parity_tests.cases.sweeps import CaseSizes
from parity_tests.tests.runtimes import ports
from parity_tests.tests.runtimes.ports import PORTS, right

SIZES = (CaseSizes(2, 5, 4, 3), CaseSizes(4, 20, 16, 32))
SEEDS = range(2)
CASES = [
    pytest.param(runtime, port, id=f"{runtime}+{port.mistake.replace(' ', '-').replace(',', '')}")
    for port in PORTS
    for runtime in port.runtimes
]
# What begins to differ does so by more than this; states are within (-1, 1).
NOTICEABLE = 1e-5


def _diff(layer: GRU, attempt: table.Attempt, theirs: np.ndarray) -> Difference:
    (call,) = attempt.calls
    masks = {"mask": call.mask, "dropout_mask": call.dropout_mask}
    return diff(layer, call.x, theirs, call.initial_state, **masks)


def _begins(port: ports.Port, attempt: table.Attempt) -> int:
    """Return the first position at which the mistake shows, from whole runs in float64."""
    right = table.run(attempt.double).outputs[0]
    wrong = table.BY_NAME[port.mistake].run(attempt.double).outputs[0]
    return int(np.argmax((np.abs(wrong - right) > NOTICEABLE).any(axis=(0, 2))))


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
@pytest.mark.parametrize(("runtime", "port"), CASES)
def test_a_wrong_port_is_named_in_first_place_and_where_it_begins(
    runtime: str, port: ports.Port, record_property: Any
) -> None:
    for sizes in SIZES:
        for seed in SEEDS:
            layer, attempt = ports.draw(port, sizes, seed)
            found = _diff(layer, attempt, port.run(runtime, attempt))
            names = [h.name for h in found.explanations]
            record_property(f"named alone {runtime}", float(names == [port.mistake]))
            assert port.mistake in names, found.hypotheses[:3]
            assert found.first.position == _begins(port, attempt)
            assert len(names) == 1 or _come_to_the_same(names, attempt)


def _come_to_the_same(names: list[str], attempt: table.Attempt) -> bool:
    """Return whether several mistakes return the same numbers, but for rounding, in float64."""
    runs = [table.BY_NAME[name].run(attempt.double).outputs[0] for name in names]
    return all(np.abs(run - runs[0]).max() < NOTICEABLE for run in runs[1:])


@pytest.mark.parametrize(
    ("runtime", "reset_after"), [("torch", True), ("onnx", True), ("onnx", False)]
)
def test_a_right_port_is_equal(runtime: str, reset_after: bool, record_property: Any) -> None:
    port = ports.Port("", {"reset_after": reset_after}, right, given=("initial_state",))
    for sizes in SIZES:
        layer, attempt = ports.draw(port, sizes, 0)
        found = _diff(layer, attempt, right(runtime, attempt))
        assert found.equal, found.first
        record_property(f"ratio of a right port, {runtime}", found.worst)


@pytest.mark.parametrize("sizes", [CaseSizes(3, 6, 5, 4), CaseSizes(2, 8, 16, 32)], ids=str)
def test_dropout_left_on_is_named_with_pytorchs_own_masks(sizes: CaseSizes) -> None:
    port = ports.Port("dropout left on", {"dropout": ports.RATE}, right)
    layer, attempt = ports.draw(port, sizes, 0)
    (call,) = attempt.calls
    torch.manual_seed(0)
    dropped = torch.nn.Dropout(ports.RATE).train()(torch.from_numpy(call.x)).numpy()
    theirs = right("torch", replace(attempt, calls=(call._replace(x=dropped),)))
    found = _diff(layer, attempt, theirs)
    assert [h.name for h in found.explanations] == ["dropout left on"]


def test_every_mistake_is_ported_or_cannot_be() -> None:
    ported = {port.mistake for port in PORTS}
    assert ported | ports.NOT_PORTED.keys() == table.BY_NAME.keys()
    assert not ported & ports.NOT_PORTED.keys()


@pytest.mark.parametrize("runtime", ports.RUNTIMES)
def test_the_final_state_alone_names_most_mistakes(runtime: str, record_property: Any) -> None:
    named = total = 0
    for port in PORTS:
        if runtime not in port.runtimes or port.mistake == "batch and time swapped":
            continue
        layer, attempt = ports.draw(port, SIZES[1], 0)
        last = replace(attempt, config=replace(attempt.config, return_sequences=False)).double
        run = table.BY_NAME[port.mistake].run(last).outputs[0]
        if np.abs(run - table.run(last).outputs[0]).max() < NOTICEABLE:
            continue  # the last output does not tell it
        found = _diff(layer, attempt, port.run(runtime, attempt)[:, -1])
        assert found.first.timestep is None
        total += 1
        named += port.mistake in [h.name for h in found.explanations]
    record_property(f"named by the final state, {runtime}, of {total}", float(named))
    assert named >= 0.9 * total
