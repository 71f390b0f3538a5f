"""What is said of an array: its shape, its range, and what in it is not finite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.presentation.tables import headed_table, plain_text

if TYPE_CHECKING:
    from rich.table import Table


def array_facts(array: NDArray[Any]) -> dict[str, Any]:
    """Return the shape, the range of the finite numbers, and how many are not finite.

    Examples
    --------
    >>> array_facts(np.array([[1.0, np.nan, -2.0]]))
    {'shape': [1, 3], 'min': -2.0, 'max': 1.0, 'nan': 1, 'infinite': 0}
    """
    finite = array[np.isfinite(array)]
    return {
        "shape": list(array.shape),
        "min": float(finite.min()) if finite.size else None,
        "max": float(finite.max()) if finite.size else None,
        "nan": int(np.isnan(array).sum()),
        "infinite": int(np.isinf(array).sum()),
    }


def array_table(
    arrays: Mapping[str, Mapping[str, Any]], more: Mapping[str, Mapping[str, str]] | None = None
) -> Table:
    """Return a table of arrays.

    Parameters
    ----------
    arrays : mapping
        Name → `array_facts`.
    more : mapping, optional
        Heading of a further column → name of an array → what the column says of it.
    """
    more = more or {}
    table = headed_table()
    for heading in ("array", "shape", "from", "to", *more):
        table.add_column(heading, overflow="fold")
    for column in table.columns[2:4]:
        column.justify = "right"
    for name, facts in arrays.items():
        shape = " x ".join(f"{size:,}" for size in facts["shape"])
        limits = (_number(facts[key]) for key in ("min", "max"))
        table.add_row(name, shape, *limits, *(column[name] for column in more.values()))
        for kind in ("nan", "infinite"):
            if facts[kind]:
                count = f"{facts[kind]:,} {'NaN' if kind == 'nan' else kind}"
                table.add_row(plain_text(f"! {count}", "bold red"))
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
