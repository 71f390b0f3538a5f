"""The names of layers in the names of their variables, as TensorFlow scopes them."""

from __future__ import annotations

import re

_CELL = re.compile(r"gru_cell(_\d+)?")
_STACK = re.compile(r"stacked_rnn_cells(_\d+)?")
# What exporters call a loop, and where they put the two directions of one node.
_LOOP = re.compile(r"while\d*_body|GRU__\d+|forward|reverse|\d*")


def names_in_scope(scope: str) -> tuple[str, ...]:
    """Return the names of the layers that a scope leads through, the layer's own last.

    Parameters
    ----------
    scope : str
        The name of a layer's variable without its last part.

    Examples
    --------
    >>> names_in_scope("model/gru_1/gru_cell_3"), names_in_scope("rnn/stacked_rnn_cells/gru_cell")
    (('model', 'gru_1'), ('rnn', 'gru_cell'))
    >>> names_in_scope("while_body")
    ()
    """
    parts = scope.split("/")
    stacked = any(_STACK.fullmatch(part) for part in parts)
    if len(parts) > 1 and not stacked and _CELL.fullmatch(parts[-1]):
        parts.pop()
    if any(_LOOP.fullmatch(part) for part in parts):
        return ()
    return tuple(part for part in parts if not _STACK.fullmatch(part))
