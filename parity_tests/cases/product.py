"""The full product: its layers, the cases that call each, and the blocks that are one task each."""

from __future__ import annotations

import functools
import itertools
import random
from dataclasses import dataclass, replace
from typing import Any

from parity_tests.cases import covering, sweeps
from parity_tests.cases.sweeps import Case
from parity_tests.matrix.axes import EXACT_ACTIVATIONS, LANES, ORACLES
from parity_tests.matrix.product import PRODUCT

SWEEP = "full"
CALL_AXES = tuple(PRODUCT["calls"])


@dataclass(frozen=True)
class Layer:
    """One layer, and the cases that differ in how it is called alone."""

    first: Case

    @property
    def id(self) -> str:
        """The id of its case without a mask and without an initial state."""
        return self.first.id

    @functools.cached_property
    def cases(self) -> tuple[Case, ...]:
        """The cases, a combination of the axes of a call each.

        They begin at another one in every layer, so that each is somewhere what a new layer does.
        """
        axes = {axis: covering.axes_of(self.first.oracle)[axis] for axis in CALL_AXES}
        every = [
            replace(
                self.first, levels={**self.first.levels, **dict(zip(axes, chosen, strict=True))}
            )
            for chosen in itertools.product(*axes.values())
        ]
        start = sweeps.random_number(self.id, "first call") % len(every)
        return (*every[start:], *every[:start])

    @property
    def shows_mistakes(self) -> bool:
        """Whether the mistakes of people who port a GRU are tried on this layer too."""
        return sweeps.random_number(self.id, "mistakes") % PRODUCT["mistakes_in_one_of"] == 0


@dataclass(frozen=True)
class Block:
    """Some layers of one oracle: what one task compares, and one file keeps."""

    oracle: str
    number: int

    @property
    def name(self) -> str:
        """The block's name: of its file too."""
        return f"{self.oracle}-{self.number:03}"

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the block."""
        size = PRODUCT["layers_in_a_block"]
        return layers(self.oracle)[self.number * size : (self.number + 1) * size]


@functools.cache
def layers(oracle: str) -> tuple[Layer, ...]:
    """Return an oracle's layers, shuffled: any block of them is a sample of the product."""
    axes = covering.axes_of(oracle, PRODUCT["fixed"])
    axes.update({axis: axes[axis][:1] for axis in CALL_AXES})
    found = [
        Layer(case)
        for lane in PRODUCT["lanes"]
        for levels in itertools.product(*axes.values())
        for case in [_first_case(oracle, lane, dict(zip(axes, levels, strict=True)))]
        if lane == "exact" or _is_fused_in_keras2(case)
    ]
    random.Random(sweeps.SEED).shuffle(found)
    return tuple(found)


def blocks(oracle: str) -> list[Block]:
    """Return the blocks of an oracle."""
    size = PRODUCT["layers_in_a_block"]
    return [Block(oracle, number) for number in range(-(-len(layers(oracle)) // size))]


def shard(every: list[Block], number: int, count: int) -> list[Block]:
    """Return the blocks of one shard of `count`, counted from 1: each block is in one of them."""
    return every[number - 1 :: count]


@functools.cache
def cases_of(oracle: str) -> dict[str, Layer]:
    """Return the layer of every case, by the case's id."""
    return {case.id: layer for layer in layers(oracle) for case in layer.cases}


def _first_case(oracle: str, lane: str, levels: dict[str, Any]) -> Case:
    """Return the case of these levels; its activations are those of every case of its layer."""
    names = "tanh", "sigmoid"
    if lane == "exact":
        drops = levels["dropout"] != "none"
        choice = PRODUCT["dropout_activations"] if drops else EXACT_ACTIVATIONS
        names = sweeps.exact_activations(levels, choice)
    dtype = LANES[lane]["dtype"]
    return Case(oracle, lane, levels, *names, dtype, sweep=SWEEP, layer_levels=levels)


def _is_fused_in_keras2(case: Case) -> bool:
    return replace(case, oracle=ORACLES[0]).path == "fused"
