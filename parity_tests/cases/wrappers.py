"""Turns rows of `matrix.wrappers` into cases: a layer as data, its weights, and its steps."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.cases import covering
from parity_tests.matrix import wrappers as table
from parity_tests.matrix.axes import CALLS, DROPOUT_RATES, EXACT_ACTIVATIONS, MASKS

LOOP = ("return_sequences", "return_state", "unroll", "time_major", "zero_output_for_mask")
CELL = ("reset_after", "use_bias", "implementation")
DENSITIES = (0.5, 0.4, 0.3, 0.25, 0.2, *[0.15] * 10, *[0.1] * 10, 0.06)

Spec = dict[str, Any]


@dataclass(frozen=True)
class WrapperCase:
    """One row to check: an oracle, a family, a lane, and a level of every axis."""

    oracle: str
    family: str
    lane: str
    levels: Mapping[str, Any]

    @functools.cached_property
    def id(self) -> str:
        """The family, the lane and what differs from the default; unique within an oracle."""
        axes = table.FAMILIES[self.family]["axes"]
        parts = [f"{axis}-{level}" for axis, level in self.levels.items() if level != axes[axis][0]]
        return "+".join([self.family, self.lane, *(part.lower() for part in parts)])

    def rng(self, purpose: str, attempt: int = 0) -> np.random.Generator:
        """Return what draws the numbers of a purpose."""
        text = f"{self.oracle} {self.id} {purpose} {attempt}"
        return np.random.default_rng(list(hashlib.sha256(text.encode()).digest()[:16]))

    def level(self, axis: str, default: Any = None) -> Any:
        """Return the level of an axis, or the default where the family does not have it."""
        return self.levels.get(axis, default)

    @property
    def calls(self) -> tuple[str, ...]:
        """What is done to the layer: calls, and a reset between them."""
        return CALLS[self.level("stateful", "off")]

    @property
    def drops(self) -> bool:
        """Whether the calls are in training."""
        return bool(self.level("dropout", "none") != "none")

    @property
    def exponent(self) -> int:
        """The exponent of the weights in the lane saturated."""
        return 16 if len(self.calls) > 1 else 12

    # ---- the layer

    def cell_arguments(self, number: int, units: int) -> Spec:
        """Return the constructor's arguments of one cell."""
        # set_weights replaces what these make at once.
        drawn = ("kernel_initializer", "recurrent_initializer")
        arguments: Spec = {"units": units, **dict.fromkeys(drawn, "zeros")}
        arguments.update({name: self.levels[name] for name in CELL if name in self.levels})
        if self.lane == "exact":
            pairs = EXACT_ACTIVATIONS[self.level("stateful", "off")]
            chosen = pairs[int(self.rng("activations").integers(len(pairs)))]
            arguments.update(zip(("activation", "recurrent_activation"), chosen, strict=True))
        rates = zip(("dropout", "recurrent_dropout"), DROPOUT_RATES, strict=True)
        level = self.level("dropout", "none")
        for (name, rate), wanted in zip(rates, ("input", "recurrent"), strict=True):
            if level in (wanted, "both"):
                arguments[name] = rate
        if self.drops and self.oracle == "keras3":
            arguments["seed"] = int(self.rng("seed").integers(2**31)) + number
        if self.lane == "double":
            arguments["dtype"] = "float64"
        return arguments

    @property
    def loop(self) -> Spec:
        """The arguments of the loop."""
        arguments = {name: True for name in LOOP if self.level(name)}
        if self.level("stateful", "off") != "off":
            arguments["stateful"] = True
        return arguments | self.own_dtype

    @property
    def own_dtype(self) -> Spec:
        """The dtype of a layer around others."""
        return {"dtype": "float64"} if self.lane == "double" else {}

    def units(self) -> tuple[int, ...]:
        """Return the units of the cells of one chain."""
        if self.family == "stacked":
            return table.CELLS[self.levels["cells"]]
        return table.CELLS["two" if self.level("layer") == "stack" else "one"]

    def layer(self, *, go_backwards: bool = False, units: tuple[int, ...] | None = None) -> Spec:
        """Return a GRU or an RNN as data."""
        units = units or self.units()
        loop = self.loop | ({"go_backwards": True} if go_backwards else {})
        kind = self.level("layer", "RNN")
        if kind in ("GRU", "Bidirectional"):
            return {"class": "GRU", **self.cell_arguments(0, units[0]), **loop}
        cells: list[Spec] = [
            {"class": "GRUCell", **self.cell_arguments(number, size)}
            for number, size in enumerate(units)
        ]
        if self.family != "stacked" and kind != "stack":
            return {"class": "RNN", "cell": cells[0], **loop}
        cell: Any = cells
        if self.level("given_as", "list") != "list" or self.own_dtype:
            cell = {"class": "StackedRNNCells", "cells": cells, **self.own_dtype}
        return {"class": "RNN", "cell": cell, **loop}

    @property
    def spec(self) -> Spec:
        """The layer of the case as data."""
        if self.family == "cell":
            return {"class": "GRUCell", **self.cell_arguments(0, self.units()[0])}
        if self.family == "bidirectional" or self.level("layer") == "Bidirectional":
            made: Spec = {"class": "Bidirectional", "layer": self.layer(), **self.own_dtype}
            merge_mode = self.level("merge_mode", "concat")
            made["merge_mode"] = None if merge_mode == "none" else merge_mode
            if self.level("backward_layer", "made") != "made":
                made["backward_layer"] = self.layer(go_backwards=True, units=self.chains[1])
            return made
        return self.layer(go_backwards=bool(self.level("go_backwards")))

    @property
    def chains(self) -> list[tuple[int, ...]]:
        """The units of the cells that run one after the other, for every direction."""
        units = self.units()
        if self.family != "bidirectional" and self.level("layer") != "Bidirectional":
            return [units]
        if self.level("backward_layer", "made") == "other-units":
            return [units, (*units[:-1], table.OTHER_UNITS)]
        return [units, units]

    # ---- the numbers

    def draw(self, name: str, attempt: int, *shape: int) -> np.ndarray:
        """Return numbers of the lane: weights where the name says so, inputs and states else."""
        rng = self.rng(name, attempt)
        if self.lane == "double":
            return rng.integers(-999, 1000, shape) / 1000
        weights = name.startswith("weights")
        density = DENSITIES[min(attempt, len(DENSITIES) - 1)] if weights else 0.7
        values = rng.choice([-1.0, 1.0], shape) * (rng.random(shape) < density)
        if weights and self.lane == "saturated":
            values = values * 2.0**self.exponent
        return values.astype("float32")

    def weights(self, attempt: int) -> list[list[list[np.ndarray]]]:
        """Return the weights of every cell of every chain."""
        made = []
        for direction, chain in enumerate(self.chains):
            features, cells = table.FEATURES, []
            for number, units in enumerate(chain):
                shapes = [(features, 3 * units), (units, 3 * units)]
                if self.level("use_bias", True):
                    both = self.level("reset_after", True)
                    shapes.append((2, 3 * units) if both else (3 * units,))
                name = f"weights {direction} {number}"
                cells.append(
                    [self.draw(f"{name} {i}", attempt, *shape) for i, shape in enumerate(shapes)]
                )
                features = units
            made.append(cells)
        return made

    def inputs(self, attempt: int) -> list[dict[str, Any]]:
        """Return the arguments of every call, those of a reset empty."""
        made: list[dict[str, Any]] = []
        swapped = False
        for number, what in enumerate(self.calls):
            if what == "reset":
                made.append({})
                continue
            x = self.draw(f"x {number}", attempt, table.BATCH, table.TIMESTEPS, table.FEATURES)
            call: dict[str, Any] = {"x": x}
            if self.level("mask", "none") != "none":
                rows = MASKS[self.levels["mask"]][:: -1 if swapped else 1]
                call["mask"] = np.array([[step == "T" for step in row] for row in rows])
                swapped = not swapped
            if self.level("time_major"):
                call = {name: np.ascontiguousarray(a.swapaxes(0, 1)) for name, a in call.items()}
            if self.level("initial_state", "none") != "none":
                sizes = [units for chain in self.chains for units in chain]
                states = [
                    self.draw(f"h {number} {i}", attempt, table.BATCH, size)
                    for i, size in enumerate(sizes)
                ]
                call["initial_state"] = self._container(states)
            if self.level("lengths"):
                call["ragged_lengths"] = list(table.LENGTHS[self.levels["lengths"]])
            if self.drops:
                call["training"] = True
            made.append(call)
        return made

    def _container(self, states: list[np.ndarray]) -> Any:
        """Return initial states in the container of the level."""
        level = self.levels["initial_state"]
        if level == "array":
            return states[0]
        if level == "nested":
            return [[state] for state in states]
        return tuple(states) if level == "tuple" else states

    def steps(self, attempt: int) -> list[list[Any]]:
        """Return what is done to the layer, as `oracles.live_wrappers` takes it."""
        shape: tuple[int, ...] = (table.BATCH, table.TIMESTEPS, table.FEATURES)
        if self.family == "cell":
            shape = (table.BATCH, table.FEATURES)
        elif self.level("time_major"):
            shape = (table.TIMESTEPS, table.BATCH, table.FEATURES)
        weights = [w for chain in self.weights(attempt) for cell in chain for w in cell]
        steps: list[list[Any]] = [
            ["construct", [], self.spec],
            ["build", [shape], {}],
            ["set_weights", [weights], {}],
        ]
        if self.drops:
            steps.append(["make_seed", [int(self.rng("masks", attempt).integers(2**31))], {}])
        if self.family == "cell":
            end = [["count_params", [], {}], ["get_config", [], {}]]
            return [*steps, *self._cell_steps(attempt), *end]
        for call in self.inputs(attempt):
            if not call:
                steps.append(["reset_states", [], {}])
                continue
            keywords = {name: value for name, value in call.items() if name != "x"}
            steps.append(["call", [call["x"]], keywords])
            if self.level("stateful", "off") != "off" and self.spec["class"] != "Bidirectional":
                steps.append(["states", [], {}])
        steps.append(["count_params", [], {}])
        steps.append(["compute_output_shape", [shape], {}])
        if "lengths" not in self.levels:
            steps.append(["compute_mask", [None, np.ones(shape[:2], bool)], {}])
        steps.append(["get_config", [], {}])
        return steps

    def _cell_steps(self, attempt: int) -> list[list[Any]]:
        """Return three calls of a cell; each starts from a state of its own."""
        container = {"list": lambda h: [h], "tuple": lambda h: (h,), "array": lambda h: h}
        made = []
        for number in range(3):
            x = self.draw(f"x {number}", attempt, table.BATCH, table.FEATURES)
            h = self.draw(f"h {number}", attempt, table.BATCH, self.units()[0])
            keywords = {"training": True} if self.drops else {}
            made.append(["call", [x, container[self.levels["states"]](h)], keywords])
        return made


@functools.lru_cache
def cases(family: str, oracle: str) -> tuple[WrapperCase, ...]:
    """Return the cases of a family; none if the oracle does not have it."""
    row = table.FAMILIES[family]
    if oracle not in row["oracles"]:
        return ()
    impossible = table.IMPOSSIBLE.get((oracle, family), ())
    made = {}
    for lane, strength in row["strength"].items():
        for levels in covering.covering_rows(row["axes"], strength, impossible):
            case = WrapperCase(oracle, family, lane, levels)
            made[case.id] = case
    return tuple(made.values())


def find(oracle: str, case_id: str) -> WrapperCase:
    """Return the case of an id."""
    family = case_id.partition("+")[0]
    return next(case for case in cases(family, oracle) if case.id == case_id)


def dtype_steps(name: str) -> list[list[Any]]:
    """Return what is done to a layer of `DTYPES` or `UNLIKE`: two calls, of float64."""
    spec = (table.DTYPES | table.UNLIKE)[name]
    shape = table.DTYPE_SHAPE
    x = (np.arange(math.prod(shape)) / 10 - 0.3).round(1).reshape(shape)
    layers = [spec]
    if spec["class"] == "Bidirectional":
        layers = [spec["layer"], spec.get("backward_layer", spec["layer"])]
    weights = [array for layer in layers for array in _halving_weights(layer)]
    call: list[Any] = ["call", [x], {}]
    return [
        ["construct", [], spec],
        ["build", [shape], {}],
        ["set_weights", [weights], {}],
        call,
        call,
    ]


def _halving_weights(layer: Spec) -> list[np.ndarray]:
    """Return weights with which every state is half the one before and half the input."""
    cell = layer.get("cell", layer)
    features, weights = table.DTYPE_SHAPE[-1], []
    for one in cell.get("cells", [cell]):
        units = one["units"]
        kernel, recurrent_kernel, bias = (
            np.zeros((rows, 3 * units), "float16") for rows in (features, units, 2)
        )
        kernel[:units, 2 * units :] = np.eye(units)
        bias[0, :units] = 0.5
        weights += [kernel, recurrent_kernel, bias]
        features = units
    return weights
