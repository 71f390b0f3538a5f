"""What to look at where no layout explains the outputs: what was seen, then what is usual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gru_ref.doctor.candidates import Fit
from gru_ref.doctor.evidence import Evidence
from gru_ref.doctor.given import Given
from gru_ref.doctor.screen import in_steps

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


def checks(given: Sequence[Given], evidence: Evidence, closest: Fit | None) -> tuple[str, ...]:
    """Return what to check, what the numbers suggest first."""
    return (*_sizes(given, evidence), *_steps(evidence, closest), *_USUAL)


def _sizes(given: Sequence[Given], evidence: Evidence) -> Iterator[str]:
    """Yield what is odd about how many numbers there are."""
    count = sum(one.value.size for one in given)
    f, u = evidence.features, evidence.units
    if count in [3 * u * (f + u) + biases * u for biases in (0, 3, 4, 6)]:
        return
    shapes = ", ".join(str(one.value.shape) for one in given[:12])
    yield (
        f"the arrays hold {count:,} numbers in shapes {shapes}; a GRU of {u} units and {f} "
        f"features has {3 * u * (f + u):,} and a bias of none, {3 * u:,}, {4 * u:,} or {6 * u:,}"
    )
    if count in [4 * u * (f + u) + biases * u for biases in (0, 4, 8)]:
        yield "they would do for an LSTM of these sizes: four gates"
    if count in [2 * u * (f + u) + biases * u for biases in (0, 2, 4)]:
        yield "they would do for a minimal gated unit of these sizes: two gates"
    if u % 2 == 0:
        half = u // 2
        plain = 3 * half * (f + half)
        if count in [plain + biases * half for biases in (0, 3, 4, 6)]:
            yield f"the outputs have twice these arrays' units: hand over {half}, one direction"


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
