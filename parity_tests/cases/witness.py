"""Draws a case's witness: numbers in which no two gates, units, features or rows are alike.

Numbers are drawn until they show what they must, by the small GRU of `screening`: every sum is
exact in its dtype (lanes exact and saturated), or nothing comes near a limit (all others);
every output is finite and varies; and every block of every weight makes a difference. Where one was
found is kept (`witness_index`), for the search takes longer than the draw.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from parity_tests.cases import screening, witness_index
from parity_tests.cases.batched_screening import Screening, simulate_each
from parity_tests.cases.draws import Witness, draw, draw_dropout, exponent
from parity_tests.cases.sweeps import SEED, Case
from parity_tests.cases.witness_index import WitnessPlace
from parity_tests.matrix import halves

MODERATE = 100.0  # no sum of |terms| of the lanes of generic numbers is larger
NOTICEABLE = 1e-3  # what a changed block changes in the lanes double and single, at least

AT_ONCE = {"exact": 48, "saturated": 8, "double": 4, "single": 4, "half": 4}
TRIED = 4  # those of the smallest sums
TRIED_IN_HALVES = 16  # the smallest of them sense little
ROUNDS = 100
REHEARSALS = 6  # draws of dropout masks under which a witness is tried

DropoutMasks = Sequence[Mapping[str, Any]]


@functools.cache
def witness(case: Case, attempt: int = 0) -> Witness:
    """Return the witness of a case; further attempts give others.

    Raises
    ------
    LookupError
        No witness is found: the levels leave a block unsensed, or the lane is too narrow.
    """
    places = witness_index.places(case.oracle, bool(case.half)) if attempt == 0 else {}
    place = places.get(case.id) or search(case, attempt)
    return take(draw_round(case, attempt, place.round)[0], place.index)


def search(case: Case, attempt: int = 0) -> WitnessPlace:
    """Return where the witness of a case is found: in which round, and which of its draws.

    Raises
    ------
    LookupError
        See `witness`.
    """
    count = AT_ONCE[case.lane]
    tried = TRIED_IN_HALVES if case.half else TRIED
    for number in range(ROUNDS):
        drawn, rng = draw_round(case, attempt, number)
        run = screening.simulate(case, drawn, draw_dropout(case, rng, count), count)
        fitting = np.flatnonzero(_fits_lane(case, run))
        for index in fitting[np.argsort(run.largest[fitting], kind="stable")][:tried]:
            if _is_fit(case, take(drawn, index), rng):
                return WitnessPlace(number, int(index))
    raise LookupError(f"{case.id}: no witness in {ROUNDS * count} draws")


def draw_round(case: Case, attempt: int, number: int) -> tuple[Witness, np.random.Generator]:
    """Return the draws of one round, and the generator as they leave it."""
    digest = hashlib.sha256(f"{SEED} {case.id} {attempt} {number}".encode()).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))
    return draw(case, rng, AT_ONCE[case.lane], number), rng


def fitting(
    cases: Sequence[Case], drawn: Sequence[Witness], rng: np.random.Generator
) -> list[np.ndarray]:
    """Return which of the witnesses drawn at once stay in the lane and vary, smallest sums first.

    The cases are of one layer, and each has the draws as it calls the layer. Where there is dropout
    they stay in the lane under two draws of its masks.
    """
    count = AT_ONCE[cases[0].lane]
    rehearsals = 1 if cases[0].levels["dropout"] == "none" else 2
    runs = [
        Screening(case, witnesses, draw_dropout(case, rng, count))
        for case, witnesses in zip(cases, drawn, strict=True)
        for _ in range(rehearsals)
    ]
    trajectories = iter(simulate_each(runs))
    found = []
    for case in cases:
        fit, largest = np.ones(count, bool), np.zeros(count)
        for run in itertools.islice(trajectories, rehearsals):
            fit &= _fits_lane(case, run)
            largest = np.maximum(largest, run.largest)
            for array in itertools.chain.from_iterable(run.outputs):
                with np.errstate(over="ignore", invalid="ignore"):  # a range of inf is one too
                    fit &= np.ptp(array.reshape(count, -1), axis=1) > 0
        indices = np.flatnonzero(fit)
        found.append(indices[np.argsort(largest[indices], kind="stable")])
    return found


class MaskedWitness(NamedTuple):
    """A witness of a case, and the dropout masks it is seen under.

    dropout_masks : sequence of mappings
        For each call, resets included, its dropout_mask and recurrent_dropout_mask. Without them
        some are drawn, always the same.
    """

    case: Case
    witness: Witness
    dropout_masks: DropoutMasks | None = None

    def run(self, variants: Witness) -> Screening:
        """Return the run of variants of the witness, under the same masks."""
        if self.dropout_masks is None:
            rng = np.random.Generator(np.random.PCG64(SEED))
            return Screening(self.case, variants, draw_dropout(self.case, rng, 1))
        masks = [
            {name: None if mask is None else mask[np.newaxis] for name, mask in call.items()}
            for call in self.dropout_masks
        ]
        return Screening(self.case, variants, masks)


def exact_enough(seen: Sequence[MaskedWitness]) -> list[bool]:
    """Return of each whether every number stays within its lane; the cases are of one layer."""
    runs = simulate_each([each.run(_variants(each.witness)) for each in seen])
    return [bool(_fits_lane(each.case, run).all()) for each, run in zip(seen, runs, strict=True)]


def insensitive_blocks(seen: Sequence[MaskedWitness]) -> list[list[str]]:
    """Return of each the blocks of the weights that can change sign without any output showing it.

    The cases are of one layer.
    """
    runs = []
    for each in seen:
        blocks = blocks_of(each.witness)
        variants = _variants(each.witness, len(blocks) + 1)
        for number, (name, index) in enumerate(blocks.values(), start=1):
            array = variants.calls[0].initial_state if name == "calls" else getattr(variants, name)
            array[number][index] *= -1
        runs.append(each.run(variants))
    return [
        [block for block, seen in zip(blocks_of(each.witness), noticed, strict=True) if not seen]
        for each, trajectory in zip(seen, simulate_each(runs), strict=True)
        for noticed in [_notices(each.case, trajectory.outputs)[1:]]
    ]


def _notices(case: Case, outputs: list[list[np.ndarray]]) -> np.ndarray:
    """Return for each variant whether an output is another than the first variant's."""
    threshold = halves.NOTICEABLE.get(case.half, NOTICEABLE) if case.is_rounded else 0
    noticed = np.zeros(len(outputs[0][0]), bool)
    for array in itertools.chain.from_iterable(outputs):
        with np.errstate(invalid="ignore"):
            near = np.abs(array - array[:1]) <= threshold  # neither for inf nor for NaN
        noticed |= ~near.all(axis=tuple(range(1, array.ndim)))
    return noticed


def blocks_of(witness: Witness) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """Return the blocks by name: the array each is in, and where."""
    units = witness.recurrent_kernel.shape[0]
    blocks: dict[str, tuple[str, tuple[Any, ...]]] = {}
    for number, gate in enumerate("zrh"):
        columns = slice(number * units, (number + 1) * units)
        blocks[f"kernel {gate}"] = ("kernel", (..., columns))
        blocks[f"recurrent_kernel {gate}"] = ("recurrent_kernel", (..., columns))
        if witness.bias is not None and witness.bias.ndim == 1:
            blocks[f"bias {gate}"] = ("bias", (columns,))
        elif witness.bias is not None:
            blocks[f"input_bias {gate}"] = ("bias", (0, columns))
            blocks[f"recurrent_bias {gate}"] = ("bias", (1, columns))
    if witness.calls[0].initial_state is not None:
        blocks["initial_state"] = ("calls", (...,))
    return blocks


def _variants(witness: Witness, count: int = 1) -> Witness:
    """Return a witness whose arrays have a leading axis of equal variants."""
    return witness.map(lambda array: np.repeat(array[np.newaxis].astype("float64"), count, 0))


def take(drawn: Witness, index: Any) -> Witness:
    """Return one of the witnesses drawn at once, or some of them."""
    return drawn.map(lambda array: array[index])


def _fits_lane(case: Case, run: screening.Trajectory) -> np.ndarray:
    """Return for each variant whether its numbers stay where the lane needs them."""
    limit = halves.LIMITS[case.half]
    if case.lane == "exact":
        return run.largest <= limit
    if case.lane == "saturated":
        # Every state is a multiple of 2**-steps, so that every term is one of 2**(exponent - 9).
        unit: Any = 2.0 ** (exponent(case) - 9)
        held = run.smallest >= halves.SATURATION[case.half]
        if case.half:
            # There is no room to spare: the multiples that the states really are.
            unit = run.finest / 2 * 2.0 ** exponent(case)
            held &= (run.largest <= halves.LARGEST[case.half]) & (limit * run.finest >= 2)
        return held & (run.largest <= limit * unit)
    return (run.largest <= MODERATE) & run.finite()


def _is_fit(case: Case, witness: Witness, rng: np.random.Generator) -> bool:
    """Return whether a witness varies, and senses every block.

    Dropout can hide a block whatever the witness, so several draws of its masks are tried: every
    one has to stay within the lane, and every block has to be sensed under one of them.
    """
    rehearsals = 1 if case.levels["dropout"] == "none" else REHEARSALS
    masks = draw_dropout(case, rng, rehearsals)
    run = screening.simulate(case, _variants(witness), masks, rehearsals)
    if not _fits_lane(case, run).all() or not _varies(run.outputs):
        return False
    unsensed = set(blocks_of(witness))
    for index in range(rehearsals):
        drawn = [{name: mask[index] for name, mask in call.items()} for call in masks]
        unsensed.intersection_update(*insensitive_blocks([MaskedWitness(case, witness, drawn)]))
        if not unsensed:
            return True
    return False


def _varies(outputs: list[list[np.ndarray]]) -> bool:
    """Return whether every array returned holds two numbers at least, in its first variant."""
    return all(np.ptp(array[0]) > 0 for array in itertools.chain.from_iterable(outputs))
