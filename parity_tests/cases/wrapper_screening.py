"""A small GRU in float64 that says whether a case stays where its lane needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from parity_tests.cases.wrappers import WrapperCase
from parity_tests.matrix.axes import DROPOUT_RATES

EXACT_LIMIT = 2.0**24  # the integers that float32 holds, one and all
KEEPING = "keeping"  # in place of a call's masks: they drop nothing, and scale all
SATURATION = 2.0**7  # from here on float32's tanh is 1 and its sigmoid 0 or 1, exactly

# As they are in their lanes: tanh and sigmoid saturated.
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.sign,
    "sigmoid": lambda x: np.where(x == 0, 0.5, x > 0),
}


@np.errstate(over="ignore", invalid="ignore")
def fits_lane(case: WrapperCase, attempt: int, masks: list[Any]) -> bool:
    """Return whether every sum is exact in float32 under the dropout masks that Keras drew.

    Parameters
    ----------
    masks : list
        Of every call: [the input's, the state's], nested as the layer's cells are; None without,
        or KEEPING.
    """
    if case.lane == "double":
        return True
    seen = _Seen()
    weights = case.weights(attempt)
    for direction, cells in enumerate(weights):
        taken = [None if m is None else [_direction(case, m, i, direction) for i in (0, 1)]
                 for m in masks]  # fmt: skip
        _run_chain(case, attempt, direction, cells, taken, seen)
    if case.lane == "exact":
        return seen.largest <= EXACT_LIMIT
    steps = len(case.calls) * 4
    return seen.smallest >= SATURATION and seen.largest <= EXACT_LIMIT * 2.0 ** (
        case.exponent - steps - 1
    )


class _Seen:
    """The largest sum of |terms|, and the smallest activation argument that is not zero."""

    largest = 0.0
    smallest = np.inf

    def sum(self, *terms: Any) -> Any:
        """Return a sum, having looked at it."""
        self._look(sum(abs(term) for term in terms))
        return sum(terms)

    def product(self, values: Any, matrix: Any) -> Any:
        """Return a matrix product likewise."""
        self._look(abs(values) @ abs(matrix))
        return values @ matrix

    def _look(self, sizes: Any) -> None:
        largest = float(np.max(sizes))
        self.largest = max(self.largest, largest) if np.isfinite(largest) else np.inf

    def argument(self, value: Any) -> Any:
        """Return an activation's argument likewise."""
        size = abs(value)
        self.smallest = min(self.smallest, float(np.min(size[size > 0], initial=np.inf)))
        return value


def _direction(case: WrapperCase, masks: Any, kind: int, direction: int) -> list[Any]:
    """Return a mask for every cell of a chain."""
    if masks == KEEPING:
        drops = case.level("dropout") in (("input", "both"), ("recurrent", "both"))[kind]
        scale = 1 / (1 - DROPOUT_RATES[kind])
        return [np.full((1, 1), scale) if drops else None] * len(case.units())
    found = masks[kind]
    if len(case.chains) > 1 and found is not None:
        found = found[direction]
    stacked = case.family == "stacked" or case.level("layer") == "stack"
    return list(found) if stacked and found is not None else [found] * len(case.units())


def _run_chain(
    case: WrapperCase, attempt: int, direction: int, cells: Any, masks: list[Any], seen: _Seen
) -> None:
    """Run the cells of one direction over every call."""
    offset = sum(len(chain) for chain in case.chains[:direction])
    backwards = bool(case.level("go_backwards")) != bool(direction)
    states: list[Any] = []
    for call, dropped in zip(case.inputs(attempt), masks, strict=True):
        if not call:
            states = []
            continue
        x = call["x"].astype("float64")
        mask = call.get("mask")
        if case.level("time_major"):
            x, mask = x.swapaxes(0, 1), None if mask is None else mask.swapaxes(0, 1)
        if "ragged_lengths" in call:
            lengths = np.array(call["ragged_lengths"])
            mask = np.arange(x.shape[1]) < lengths[:, np.newaxis]
        given = [np.reshape(h, (2, -1)) for h in _flat(call.get("initial_state"))]
        given = given[offset : offset + len(cells)]
        recorded = states if case.level("stateful", "off") != "off" else []
        wins = case.oracle == "keras2" and any(np.any(h) for h in recorded)
        start = recorded if wins or not given else given
        states = [h.astype("float64") for h in start] or [
            np.zeros((x.shape[0], cell[1].shape[0])) for cell in cells
        ]
        order = range(x.shape[1])[:: -1 if backwards else 1]
        for t in order:
            value = x[:, t]
            new = []
            for number, (cell, h) in enumerate(zip(cells, states, strict=True)):
                pair = (None, None) if dropped is None else (dropped[0][number], dropped[1][number])
                on_x = pair[0]
                if on_x is not None and _by_time(on_x, cell):
                    on_x = on_x[t] if case.level("time_major") else on_x[:, t]
                value = _step(case, seen, cell, value, h, on_x, pair[1])
                new.append(value)
            used = np.ones((x.shape[0], 1), bool) if mask is None else mask[:, t : t + 1]
            states = [np.where(used, n, h) for n, h in zip(new, states, strict=True)]


def _by_time(mask: np.ndarray, cell: Any) -> bool:
    """Return whether a mask of the input is of the fused path, another at every timestep."""
    return mask.ndim == 3 and mask.shape[0] != 3 and mask.shape[2] == cell[0].shape[0]


def _flat(states: Any) -> list[np.ndarray]:
    if states is None:
        return []
    if isinstance(states, (list, tuple)):
        return [array for item in states for array in _flat(item)]
    return [states]


def _step(case: WrapperCase, seen: _Seen, cell: Any, x: Any, h: Any, on_x: Any, on_h: Any) -> Any:
    """Compute one timestep of one cell."""
    units = h.shape[1]
    arguments = case.cell_arguments(0, units)
    act = FUNCTIONS[arguments.get("activation", "tanh")]
    gate = FUNCTIONS[arguments.get("recurrent_activation", "sigmoid")]
    after = case.level("reset_after", True)
    zero = np.zeros(3 * units)
    bias = cell[2] if len(cell) > 2 else zero
    b, c = (bias[0], bias[1]) if bias.ndim == 2 else (bias, zero)
    xs = np.broadcast_to(x if on_x is None else x * on_x, (3, *x.shape))
    hs = np.broadcast_to(h if on_h is None else h * on_h, (3, *h.shape))
    blocks = [slice(i * units, (i + 1) * units) for i in range(3)]
    kernel, recurrent = cell[0].astype("float64"), cell[1].astype("float64")

    def inputs(i: int) -> Any:
        return seen.sum(seen.product(xs[i], kernel[:, blocks[i]]), b[blocks[i]])

    def states(i: int) -> Any:
        return seen.sum(seen.product(hs[i], recurrent[:, blocks[i]]), c[blocks[i]])

    z = gate(seen.argument(seen.sum(inputs(0), states(0))))
    r = gate(seen.argument(seen.sum(inputs(1), states(1))))
    inner = r * states(2) if after else seen.product(r * hs[2], recurrent[:, blocks[2]])
    n = act(seen.argument(seen.sum(inputs(2), inner)))
    return seen.sum(z * h, seen.sum(np.ones_like(z), -z) * n)
