"""The cells of the drift table: what was measured in a release, and what the ledger says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gru_ref.keras.ledger import LEDGER, Behaviour
from gru_ref.keras.training import constraints, initializers, regularizers

ROWS = tuple(LEDGER)


def json_value(value: Any) -> Any:
    """Return a value of the ledger as JSON has it: classes by name, tuples as lists."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, (tuple, list)):
        return [json_value(item) for item in value]
    if isinstance(value, Mapping):
        return {key: json_value(item) for key, item in value.items()}
    return value


def expectation(row: str, behaviour: Behaviour, measured: Any) -> Any:
    """Return what a cell has to hold for the ledger to be right.

    Parameters
    ----------
    measured
        The value of the cell: a few rows are measured only for the classes that the release has.
    """
    value = json_value(getattr(behaviour, row))
    translate = _TRANSLATIONS.get(row)
    return value if translate is None else translate(value, measured)


def _by_class(value: list[str], measured: Mapping[str, bool]) -> dict[str, bool]:
    """The ledger names the classes of which it is true, the cell asks each that there is."""
    return {name: name in value for name in measured}


def _renamed_activations(value: Mapping[str, str], measured: Mapping[str, Any]) -> dict[str, Any]:
    """The ledger names every activation that is written otherwise, taken by the release or not."""
    taken = measured["taken"]
    return {"taken": taken, "renamed": {k: v for k, v in value.items() if k in taken}}


def _names(
    sets: Mapping[str, Mapping[str, str]], *others: str
) -> Callable[[str, list[str]], list[str]]:
    """The ledger names a set of names; `others` are of classes that have rows of their own."""
    return lambda value, measured: sorted(
        name for name, class_name in sets[value].items() if class_name not in others
    )


_TRANSLATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "activation_layers": lambda value, measured: bool(value),
    "initializer_names": _names(initializers.NAMES, "Constant"),
    "regularizer_names": _names(regularizers.NAMES, "L1", "L2", "OrthogonalRegularizer"),
    "constraint_names": _names(constraints.NAMES),
    "config_penalties_are_float32": _by_class,
    "penalties_without_float64": _by_class,
    "renamed_activations": _renamed_activations,
}


def disagreements(cells: Mapping[str, Mapping[str, Any]], behaviour: Behaviour) -> dict[str, str]:
    """Return row → what is wrong with it: not measured, or not what the ledger says."""
    wrong = {}
    for row in ROWS:
        cell = cells.get(row, {"failed": "no measurement"})
        if "not_applicable" in cell:
            continue
        if "failed" in cell:
            wrong[row] = cell["failed"]
        elif cell["value"] != (says := expectation(row, behaviour, cell["value"])):
            wrong[row] = f"measured {cell['value']!r}, the ledger says {says!r}"
    return wrong
