"""fixtures/around/: some cases of `cases.wrappers` as live Keras ran them, and their configs.

``python -m parity_tests.recording.recorded_wrappers --keras-python PATH`` writes them.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from parity_tests.cases import wrappers
from parity_tests.environment import FIXTURES
from parity_tests.judging import wrapper_observation
from parity_tests.matrix import wrappers as table
from parity_tests.matrix.objects import bidirectional, rnn
from parity_tests.oracles import codec
from parity_tests.oracles.client import Oracle
from parity_tests.oracles.pool import provenance_of
from parity_tests.recording import fixture_files, record_configs

FOLDER = FIXTURES / "around"
# Of the layers of several dtypes: the others are checked against live Keras alone.
RECORDED_DTYPES = ("around-float64", "of-float64", "forward-float64", "float64-through-float16")
# Of Keras 3 alone.
RECORDED_UNLIKE = ("float32-of-float64", "float64-of-float32-of-float16-and-float64")
ONE_IN = 29  # of the cases of a family, evenly spread over its lanes

_CELL = {"class": "GRUCell", "units": 5}
_GRU = {"class": "GRU", "units": 5}
_SEQUENCES = {"return_sequences": True}
CONFIGURED: dict[str, dict[str, Any]] = {
    "cell": {**_CELL, "dropout": 0.5, "reset_after": False},
    "rnn": rnn(_CELL, return_state=True),
    "stacked": rnn(
        [{**_CELL, "units": 3}, _CELL], zero_output_for_mask=True, name="three_and_five"
    ),
    "bidirectional": bidirectional(_GRU),
    "bidirectional-given": bidirectional(
        {**_GRU, **_SEQUENCES, "name": "there"},
        backward_layer={**_GRU, "units": 3, **_SEQUENCES, "go_backwards": True, "name": "back"},
        merge_mode=None,
    ),
    "bidirectional-rnn": bidirectional(rnn({**_CELL, "units": 2}), merge_mode="ave"),
}


class WrapperRecord(NamedTuple):
    """One case as live Keras ran it; `error` is the bound in eps."""

    oracle: str
    id: str
    keras_version: str
    steps: list[Any]
    values: list[Any]
    masks: list[Any]


def load() -> tuple[list[WrapperRecord], dict[tuple[str, str], dict[str, Any]]]:
    """Return the recorded cases, and the configs by oracle and layer."""
    cases, configs = [], {}
    for path, written in fixture_files.read(FOLDER):
        data = codec.decode(written)
        version = data["keras_version"]
        for case in data["cases"]:
            cases.append(WrapperRecord(path.stem, keras_version=version, **case))
        for name, config in data["configs"].items():
            configs[path.stem, name] = {"keras_version": version, "config": config}
    return cases, configs


def record(oracle: Oracle) -> None:
    """Write what live Keras makes of the cases and configs."""
    cases = []
    for family in table.FAMILIES:
        for case in wrappers.cases(family, oracle.name)[::ONE_IN]:
            steps, live, masks = wrapper_observation.observe(oracle, case)
            values = [outcome["value"] for outcome in live]
            cases.append({"id": case.id, "steps": steps, "values": values, "masks": masks})
    configs = {}
    for name, spec in CONFIGURED.items():
        steps = [["construct", [], spec], ["get_config", [], {}]]
        reply = oracle.request({"op": "wrappers", "steps": steps})["steps"]
        configs[name] = reply[-1]["value"]
    unlike = RECORDED_UNLIKE if oracle.generation == 3 else ()
    for name in (
        *RECORDED_DTYPES,
        *unlike,
    ):  # last: Keras numbers the names of layers as they are made
        steps = wrappers.dtype_steps(name)
        reply = oracle.request({"op": "wrappers", "steps": steps})["steps"]
        assert reply[-1]["ok"], f"{name}: {reply[-1]['error']}"
        values = [outcome["value"] for outcome in reply]
        cases.append(
            {"id": f"dtypes+{name}", "steps": steps, "values": values, "masks": [None] * len(steps)}
        )
    data = {**provenance_of(oracle.describe()), "cases": cases, "configs": configs}
    path = FOLDER / f"{oracle.name}.json"
    fixture_files.write(path, codec.dumps(data) + "\n", f"{len(cases)} cases")


if __name__ == "__main__":
    sys.exit(record_configs.main("python -m parity_tests.recording.recorded_wrappers", record))
