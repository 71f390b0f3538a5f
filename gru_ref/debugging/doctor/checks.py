"""What to look at where no layout explains the outputs: what was seen, then what is usual."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from gru_ref.debugging.doctor.assignments import could_be
from gru_ref.debugging.doctor.candidates import Fit
from gru_ref.debugging.doctor.evidence import Evidence
from gru_ref.debugging.doctor.given import Given
from gru_ref.debugging.doctor.screen import in_steps

_USUAL = (
    "the weights are of the layer that made the outputs, and from the same moment of training",
    "the inputs are what reached the layer: after embedding, scaling, padding",
    "initial_state: a stateful layer, or a decoder, does not start from zeros",
    "no timestep is masked or padded",
    "dropout and recurrent dropout were off",
    "the outputs are the layer's own: no projection, normalisation, residual or merged direction",
    "the precision: precision='tensorfloat32' for a GPU's fast products, 'float16', 'bfloat16'",
    "it is a plain GRU: not an LSTM, a minimal gated unit, layer-normalised or attentional",
)


# Of so many arrays some are looked for that would do alone, and so many ways are said.
_MOST_ARRAYS, _MOST_WAYS = 12, 3


def checks(
    given: Sequence[Given], evidence: Evidence, closest: Fit | None, *, tried: bool
) -> tuple[str, ...]:
    """Return what to check, what the numbers suggest first.

    Parameters
    ----------
    tried : bool
        Whether some layout has arrays of these shapes.
    """
    odd = () if tried else _sizes(given, evidence)
    return (*odd, *_steps(evidence, closest), *_USUAL)


def _sizes(given: Sequence[Given], evidence: Evidence) -> Iterator[str]:
    """Yield what is odd about the shapes, and about how many numbers there are."""
    count = sum(one.value.size for one in given)
    f, u = evidence.features, evidence.units
    shapes = ", ".join(str(one.value.shape) for one in given[:12])
    if could_be([one.value.size for one in given], f, u):
        yield f"the arrays have shapes {shapes}: the sizes of a GRU's, but of no layout's shapes"
        return
    yield (
        f"the arrays hold {count:,} numbers in shapes {shapes}; a GRU of {u} units and {f} "
        f"features has {3 * u * (f + u):,} and a bias of none, {3 * u:,}, {4 * u:,} or {6 * u:,}"
    )
    yield from _some(given, f, u)
    if count in [4 * u * (f + u) + biases * u for biases in (0, 4, 8)]:
        yield "they would do for an LSTM of these sizes: four gates"
    if count in [2 * u * (f + u) + biases * u for biases in (0, 2, 4)]:
        yield "they would do for a minimal gated unit of these sizes: two gates"
    if u % 2 == 0:
        half = u // 2
        plain = 3 * half * (f + half)
        if count in [plain + biases * half for biases in (0, 3, 4, 6)]:
            yield f"the outputs have twice these arrays' units: hand over {half}, one direction"


def _some(given: Sequence[Given], features: int, units: int) -> Iterator[str]:
    """Yield which of the arrays alone are of a GRU's sizes: as many as can be."""
    if len(given) > _MOST_ARRAYS:
        return
    for count in range(len(given) - 1, 0, -1):
        found = [
            some
            for some in itertools.combinations(given, count)
            if could_be([one.value.size for one in some], features, units)
        ]
        for some in found[:_MOST_WAYS]:
            names = ", ".join(repr(one.name) for one in some)
            yield f"{names} alone would do for a GRU of these sizes"
        if found:
            return


def _steps(evidence: Evidence, closest: Fit | None) -> Iterator[str]:
    """Yield what the closest candidate shows."""
    if closest is None or evidence.sequence is None:
        return
    alignment = evidence.alignments[closest.candidate.alignment]
    timesteps = len(alignment.x)
    outside = closest.outside
    if timesteps > 1 and outside == (0,):
        yield "every timestep but the first fits the closest layout: pass initial_state"
    elif outside and len(outside) < timesteps / 2:
        some = ", ".join(str(step) for step in outside[:8])
        more = f" and {len(outside) - 8} more" if len(outside) > 8 else ""
        yield f"timesteps {some}{more} alone are outside the closest layout, of {timesteps}"
        _, before, after = in_steps(alignment, evidence.initial_state)
        same = np.all((before == after) | (after == 0), axis=1).reshape(timesteps, -1).any(axis=1)
        if all(same[step] or (step and same[step - 1]) for step in outside):
            yield "their outputs repeat the state before, or are zero: they look masked"
