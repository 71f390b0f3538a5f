"""from_keras: gru_ref goes on where a live layer stands, and refuses what is no GRU."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from parity_tests.matrix import taken_over as table
from parity_tests.matrix.axes import ORACLES
from parity_tests.oracles import codec
from parity_tests.tests.live.each_case import for_each
from parity_tests.tests.live.take_over import check_rows, fit_oracle, take_over

Step = list[Any]


def _rows(oracle: str) -> dict[str, dict[str, Any]]:
    return {
        name: row for name, row in table.TAKEN_OVER.items() if oracle in row.get("oracles", ORACLES)
    }


def _steps(name: str, row: dict[str, Any]) -> list[Step]:
    """Return the steps of a row: two calls, the layer is taken over, three calls."""
    layer = row.get("layer", row)
    kind, rng = layer["class"], np.random.default_rng(len(name))
    shape = (table.BATCH, table.TIMESTEPS, table.FEATURES)
    of_cell = kind in ("GRUCell", "StackedRNNCells")
    if of_cell:
        shape = (table.BATCH, table.FEATURES)
    call: Step = ["call", [rng.normal(size=shape)], {}]
    if of_cell:
        sizes = [cell["units"] for cell in layer.get("cells", [layer])]
        states = [rng.normal(size=(table.BATCH, size)) for size in sizes]
        call[1].append(states)
    if row.get("training"):
        call[2]["training"] = True
    before: list[Step] = [["build", [shape], {}]]
    if "frozen" in row:
        before.append(["set_part", [row["frozen"], "trainable", False], {}])
    after: list[Step] = [call] * 3
    if row.get("built", True):
        before += [call] * 2
        after += [["get_weights", [], {}], ["count_params", [], {}], ["losses", [], {}]]
        if kind != "Bidirectional" and not of_cell:
            after.append(["states", [], {}])
    else:
        before, after = [], [["built", [], {}]]
    if row.get("config", True):
        after.append(["get_config", [], {}])
    construct = row.get("construct", ["construct", [], layer])
    return [construct, *before, ["from_keras", [kind], {}], *after]


class TestTakenOver:
    """Both layers in one process."""

    @for_each(ORACLES)
    def test_goes_on_as_the_live_layer_does(self, oracle: str) -> None:
        rows = _rows(oracle)
        steps = [_steps(name, row) for name, row in rows.items()]
        check_rows(oracle, dict(zip(rows, steps, strict=True)))

    @for_each(ORACLES)
    def test_refuses_what_is_no_gru(self, oracle: str) -> None:
        steps = [
            [["construct", [], spec], ["from_keras", [kind], {}]]
            for kind, spec, _ in table.REFUSED.values()
        ]
        answered = take_over(fit_oracle(oracle), codec.encode(steps))
        for (name, (_, _, message)), outcomes in zip(table.REFUSED.items(), answered, strict=True):
            assert outcomes[-1]["method"] == "from_keras", (name, outcomes)
            error = outcomes[-1]["error"]
            assert error["class"] in ("TypeError", "ValueError"), (name, error)
            assert re.search(message, error["message"], re.DOTALL), (name, error)
