"""fixtures/configs/: what get_config() of each release returned for the rows of CONFIGS."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from parity_tests.environment import FIXTURES
from parity_tests.oracles import codec
from parity_tests.oracles.client import Oracle
from parity_tests.recording import fixture_files

FOLDER = FIXTURES / "configs"

# Rows that gru_ref refuses at once with ValueError, and some releases only later → the first and
# the last of those releases, and what those do.
REFUSED: dict[str, tuple[tuple[int, int], tuple[int, int], str]] = {
    "regularizer-unknown": ((2, 13), (2, 21), "any string passes until the penalty is asked for"),
    "regularizer-l1l2": ((2, 13), (2, 21), "any string passes until the penalty is asked for"),
    "regularizer-function": ((3, 1), (3, 14), "build refuses what is no Regularizer"),
    "constraint-function": ((3, 1), (3, 14), "build refuses what is no Constraint"),
    "dtype-policy-keras-2": (
        (3, 3),
        (3, 15),
        "get_config fails, or holds a dtype 'Policy' that from_config refuses",
    ),
}


def is_refused(row: str, release: str) -> bool:
    """Return whether gru_ref refuses a row, and the release (of `keras_version_of`) does not.

    Examples
    --------
    >>> is_refused("regularizer-l1l2", "tf-2.12"), is_refused("regularizer-l1l2", "tf-2.15")
    (False, True)
    """
    if row not in REFUSED:
        return False
    generation, minor = release.removeprefix("tf-").split(".")[:2]
    first, last, _ = REFUSED[row]
    return first <= (int(generation), int(minor)) <= last


class ConfigRecord(NamedTuple):
    """One row of one release: its constructor, and the config or the class of what was raised."""

    constructor: dict[str, Any]
    config: dict[str, Any] | None
    error: str | None


def live_config(oracle: Oracle, given: dict[str, Any]) -> dict[str, Any]:
    """Return the config that live Keras writes, or the class of the error it raises.

    Parameters
    ----------
    given : dict
        The constructor's arguments, in the forms of `codec`.

    Returns
    -------
    {"config": …} or {"error": …}; values in the forms of `codec`, where those differ from JSON
    """
    steps = [["construct", given], ["get_config"]]
    last = oracle.request({"op": "steps", "steps": steps})["steps"][-1]
    if not last["ok"]:
        return {"error": last["error"]["class"]}
    return {"config": _without_numbers(codec.encode(last["value"]))}


def _without_numbers(config: dict[str, Any]) -> dict[str, Any]:
    """Return the config with the first name of each activation layer: Keras numbers later ones."""
    for argument in ("activation", "recurrent_activation"):
        layer = config[argument]
        if isinstance(layer, dict) and "name" in (layer.get("config") or ()):
            layer["config"]["name"] = re.sub(r"_\d+$", "", layer["config"]["name"])
    return config


def text(data: Mapping[str, Any]) -> str:
    """Return the JSON text of one file: a key a line, and in ``rows`` a row a line."""
    lines = []
    for key, value in data.items():
        if key == "rows":
            rows = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in value)
            lines.append(f' "rows": [\n{rows}\n ]')
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def difference(config: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells `config` from `default`: ``differs``, and the order of keys if it does."""
    differs = {
        key: value
        for key, value in config.items()
        if key not in default or plain(value) != plain(default[key])
    }
    row: dict[str, Any] = {"differs": differs}
    if list({**default, **differs}) != list(config):
        row["order"] = list(config)
    return row


def plain(value: Any) -> str:
    """Return text that tells True from 1, an array from a number, one order from another."""
    return json.dumps(value, default=_plain_item)


def _plain_item(item: Any) -> Any:
    """Return an array with its dtype, a NumPy scalar as Python's own number."""
    if isinstance(item, np.ndarray):
        return {"dtype": item.dtype.name, "value": item.tolist()}
    return item.item()


@functools.cache
def load() -> dict[str, dict[str, ConfigRecord]]:
    """Return every recorded release → row → what that release did."""
    found = {}
    for _, data in fixture_files.read(FOLDER):
        found[data["keras_version"]] = {
            row["id"]: _record(row, data["default"]) for row in data["rows"]
        }
    return found


def _record(row: Mapping[str, Any], default: Mapping[str, Any]) -> ConfigRecord:
    """Return a row with its whole config."""
    config = None
    if "differs" in row:
        config = {**default, **row["differs"]}
        config = {key: config[key] for key in row.get("order", config)}
    return ConfigRecord(codec.decode(row["constructor"]), codec.decode(config), row.get("error"))
