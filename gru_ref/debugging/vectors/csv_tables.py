"""Golden vectors as CSV: a table of weights, one of each vector, and the JSON of all else."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np

from gru_ref.debugging.vectors.golden import GoldenVector, VectorSet
from gru_ref.debugging.vectors.raw_arrays import named_arrays


def files(vectors: VectorSet, prefix: str, stem: str) -> dict[str, bytes]:
    """Return the tables and the description by their names.

    A vector has the columns of `gru_ref.keras.layers.trace.Trace.to_csv`; the rows of its initial
    and its final state have no position. The table of weights has name, row, column, value.
    """
    made = {f"{stem}.weights.csv": _weights(vectors)}
    for one in vectors.vectors:
        made[f"{stem}.{one.name}.csv"] = one.trace.csv() + _states(one)
    text = json.dumps(vectors.facts, indent=1, allow_nan=False) + "\n"
    made[f"{stem}.csv.json"] = text.encode()
    return made


def _states(one: GoldenVector) -> bytes:
    states = {"initial_state": one.trace.initial_state, "state": one.state}
    return "".join(
        f",,{row},{name},{unit},{value}\r\n"
        for name, array in states.items()
        for (row, unit), value in np.ndenumerate(array.astype(str))
    ).encode()


def _weights(vectors: VectorSet) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("name", "row", "column", "value"))
    for name, array in named_arrays(vectors).items():
        if "/" not in name:
            table: Any = np.atleast_2d(array)
            for place, value in zip(
                np.ndindex(*table.shape), table.ravel().astype(str), strict=True
            ):
                rows.writerow((name, *place, value))
    return text.getvalue().encode()
