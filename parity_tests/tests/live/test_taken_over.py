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

    @for_each(ORACLES)
    def test_refuses_a_class_that_computes_otherwise(self, oracle: str) -> None:
        rows: list[list[Step]] = []
        for name, method, _ in table.OVERRIDES:
            given = {"units": table.UNITS}
            made: Step = ["construct_overriding", [name, method], given]
            if name == "RNN":
                given = {"cell": {"class": "GRUCell", "units": table.UNITS}}
                made = ["construct_overriding", [name, method], given]
            if name == "StackedRNNCells":
                given = {"cells": [{"class": "GRUCell", "units": table.UNITS}]}
                made = ["construct_overriding", [name, method], given]
            rows.append([made, ["from_keras", [name], {}]])
        answered = take_over(fit_oracle(oracle), codec.encode(rows))
        for (name, method, taken), outcomes in zip(table.OVERRIDES, answered, strict=True):
            last = outcomes[-1]
            assert last["method"] == "from_keras", (name, method, last)
            assert ("mine" in last) == taken, (name, method, last)
            if not taken:
                assert last["error"]["class"] == "TypeError"
                assert f"whose Mine overrides {method}," in last["error"]["message"]

    @for_each(ORACLES)
    def test_refuses_a_layer_that_was_changed(self, oracle: str) -> None:
        made = ["construct", [], {"class": "GRU", "units": table.UNITS}]
        rows = [
            [made, [change, [], {}], ["from_keras", ["GRU"], {}]]
            for change in ("replace_call", "replace_cell")
        ]
        for outcomes in take_over(fit_oracle(oracle), codec.encode(rows)):
            assert "overrides call, expected Keras's own call" in outcomes[-1]["error"]["message"]


class TestDoubled:
    """A class that overrides call does in gru_ref what it does in Keras."""

    @for_each(ORACLES)
    def test_the_call_of_a_subclass_is_called(self, oracle: str) -> None:
        rng = np.random.default_rng(3)
        x = rng.normal(size=(table.BATCH, table.TIMESTEPS, table.FEATURES))
        mask = np.array([[True, False, True, True], [True, True, True, False]])
        probes = {
            name: [
                ["construct_doubled", [what], arguments],
                ["call", [x], {}],
                ["get_weights", [], {}],
            ]
            for name, (what, arguments) in table.DOUBLED.items()
        }
        built = take_over(fit_oracle(oracle), codec.encode(list(probes.values())))
        rows = {}
        for (name, probe), outcomes in zip(probes.items(), built, strict=True):
            weights = [rng.normal(size=array.shape) for array in outcomes[-1]["live"]]
            rows[name] = [
                *probe,
                ["set_weights", [weights], {}],
                ["call", [x], {}],
                ["losses", [], {}],
                ["call", [x], {"mask": mask}],
            ]
        check_rows(oracle, rows, "subclasses")
