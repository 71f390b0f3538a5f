"""What is said of an array: its shape, its range, and what in it is not finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.presentation.tables import headed_table, plain_text

if TYPE_CHECKING:
    from rich.table import Table

    from gru_ref.presentation.document import PageTable

_HEADINGS = "array", "shape", "from", "to"


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
    for heading in (*_HEADINGS, *more):
        table.add_column(heading, overflow="fold")
    table.columns[0].no_wrap = True  # the name of an array is one word
    for column in table.columns[2:4]:
        column.justify = "right"
    for name, facts in arrays.items():
        table.add_row(*_cells(name, facts), *(column[name] for column in more.values()))
        for count in _not_finite(facts):
            table.add_row(plain_text(f"! {count}", "bold red"))
    return table


def array_page_table(
    arrays: Mapping[str, Mapping[str, Any]], more: Mapping[str, Mapping[str, str]] | None = None
) -> PageTable:
    """Return the same table for a page; parameters as for `array_table`."""
    from gru_ref.presentation.document import Column, PageTable, Row

    more = more or {}
    columns = [Column(heading, numeric=heading in ("from", "to")) for heading in _HEADINGS]
    rows = []
    for name, facts in arrays.items():
        said = (column[name] for column in more.values())
        rows.append(Row((*_cells(name, facts), *said, ", ".join(_not_finite(facts)))))
    return PageTable((*columns, *map(Column, more), Column("")), rows)


def _cells(name: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    shape = " x ".join(f"{size:,}" for size in facts["shape"])
    return name, shape, *(_number(facts[key]) for key in ("min", "max"))


def _not_finite(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield how many numbers are NaN, and infinite, if any."""
    for kind, word in {"nan": "NaN", "infinite": "infinite"}.items():
        if facts[kind]:
            yield f"{facts[kind]:,} {word}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
