"""What a live Keras does: a function a row of gru_ref's ledger, each a minimal case.

A function's name is the row's, its docstring says the case, and it returns the row's value as JSON
has it: classes by their names, tuples as lists. It asks the Keras of this process alone, and raises
`NotApplicable` where the release lacks what the row is about.

This package runs in every Keras's own environment, as `worker` says: Python 3.7 syntax.
"""

from . import (
    calls,
    configs,
    constructor,
    drawing,
    dropout,
    masking,
    objects,
    penalties,
    wrappers,
)
from .asking import LedgerKeras, NotApplicable

MODULES = (constructor, objects, drawing, dropout, masking, calls, penalties, configs, wrappers)


def functions():
    """Return row → function, in the order of the modules."""
    return {
        name: value
        for module in MODULES
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__ and not name.startswith("_")
    }


def run(oracle, request):
    """Measure the rows that a request names, all of them without; an error is a reply too.

    The reply has for each row ``{"value": …}``, or ``{"not_applicable": reason}``, or
    ``{"failed": error}`` where the measurement itself raised.
    """
    live = LedgerKeras(oracle)
    found = functions()
    cells = {}
    for row in request.get("rows") or found:
        try:
            cells[row] = {"value": found[row](live)}
        except NotApplicable as reason:
            cells[row] = {"not_applicable": str(reason)}
        except Exception as error:  # a mistake in the measurement, not in the release
            cells[row] = {"failed": f"{type(error).__name__}: {error}"[:500]}
    return {"ok": True, "cells": cells}
