"""Blind spots of the evidence, an input that shows more, and what to check if nothing fits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gru_ref.debugging.doctor.arrangements import are_gru_sizes
from gru_ref.debugging.doctor.evidence import Evidence, UnknownArray
from gru_ref.debugging.doctor.precision import Array
from gru_ref.debugging.doctor.reading import View, difference, output
from gru_ref.debugging.doctor.screening import in_steps
from gru_ref.debugging.doctor.space import Fit, Space

_SATURATED = 1 - 1e-3


class BlindSpot(NamedTuple):
    """Something that the evidence cannot show.

    Parameters
    ----------
    name : str
    hides : str
    in_numbers : bool
        Whether the numbers hide it, not the shapes alone.
    """

    name: str
    hides: str
    in_numbers: bool

    def __str__(self) -> str:
        return f"{self.name}: it hides {self.hides}"


def blind_spots(
    given: Sequence[UnknownArray], space: Space, evidence: Evidence
) -> tuple[BlindSpot, ...]:
    """Return the blind spots of degenerate evidence."""
    return (*_weight_spots(given, space), *_run_spots(evidence))


def _weight_spots(given: Sequence[UnknownArray], space: Space) -> Iterator[BlindSpot]:
    uses = {layout.bias.use for layouts in space.rows.values() for layout in layouts}
    if uses - {"no bias"} and not any(vector[0].any() for vector in space.biases):
        yield BlindSpot("the bias is zero", "how its rows and gates lie", in_numbers=True)
    elif "the other row first" in uses and not any(
        row.reset_after
        and row.b_h != row.c_h
        and row._replace(b_h=row.c_h, c_h=row.b_h) in space.rows
        for row in space.rows
    ):
        hides = "which row is the recurrent one"
        yield BlindSpot("the two bias rows of h are equal", hides, in_numbers=True)
    for name, places in (("kernel", (0, 1, 2)), ("recurrent kernel", (3, 4, 5))):
        alike = [len({row[place] for place in places}) < 3 for row in space.rows]
        if alike and all(alike):
            yield BlindSpot(f"two gates of the {name} are equal", "their order", in_numbers=True)
    if space.units == 1:
        hides = "the recurrent kernel's layout and the reset form"
        yield BlindSpot("there is one unit", hides, in_numbers=True)
    if space.features == 1:
        hides = "whether the kernel is transposed"
        yield BlindSpot("there is one feature", hides, in_numbers=False)
    if space.features == space.units and len(given) > 1:
        hides = "which kernel is which by its shape"
        yield BlindSpot("there are as many features as units", hides, in_numbers=False)


def _run_spots(evidence: Evidence) -> Iterator[BlindSpot]:
    x = evidence.alignments[0].x
    start = evidence.initial_state
    if max(len(alignment.x) for alignment in evidence.alignments) == 1:
        name, hides = "there is one timestep", "the direction and the order of time"
        if start is None or not start.any():
            name, hides = f"{name} from a zero state", f"the recurrent kernel, {hides}"
        yield BlindSpot(name, hides, in_numbers=True)
    if not x.any():
        yield BlindSpot("the inputs are zero", "the kernel", in_numbers=True)
    elif len(x) > 1 and np.array_equal(x, x[::-1]):
        yield BlindSpot("the inputs read the same backwards", "the direction", in_numbers=True)
    if _is_saturated(evidence.outputs):
        yield BlindSpot("the states are saturated", "what drives them", in_numbers=True)


def _is_saturated(outputs: Array) -> bool:
    return bool((np.abs(outputs) > _SATURATED).mean() > 0.5)


_PROBE_SCALES = (0.3, 1.0, 3.0)
_PROBE_TIMESTEPS = 4
_MOST_FUNCTIONS = 40


class ProbeInput(NamedTuple):
    """An input, and how well it tells functions apart.

    Parameters
    ----------
    inputs : in the axes of the user's inputs, float32
    separation : float
        The outputs of any two functions that it tells apart differ by this much somewhere.
    undecided : int
        The number of pairs of functions that it does not tell apart.
    """

    inputs: Array
    separation: float
    undecided: int


def probe(
    space: Space, views: Sequence[View], evidence: Evidence, reach: float
) -> ProbeInput | None:
    """Return the best of some random inputs; None if there is nothing to tell apart.

    Parameters
    ----------
    views : one of each function
    reach : float
        The error that rounding may cause in an output: a difference has to be larger.
    """
    if len(views) < 2:
        return None
    rng = np.random.default_rng(2)
    tried = []
    for scale in _PROBE_SCALES:
        x = rng.normal(scale=scale, size=_probe_shape(evidence)).astype(np.float32)
        made = [output(space, view, x.astype(np.float64), None) for view in views[:_MOST_FUNCTIONS]]
        distances = [difference(one, other) for one, other in itertools.combinations(made, 2)]
        apart = [distance for distance in distances if distance > 2 * reach]
        tried.append(ProbeInput(x, min(apart, default=0.0), len(distances) - len(apart)))
    return max(tried, key=lambda one: (-one.undecided, one.separation))


def _probe_shape(evidence: Evidence) -> tuple[int, ...]:
    """Return the shape of the inputs, of more timesteps where there were few."""
    shape = list(evidence.x.shape)
    if evidence.x.ndim == 2:
        return (max(shape[0], _PROBE_TIMESTEPS), shape[1])
    majors = {t.time_major for one in evidence.alignments for t in one.timings}
    axes = [0 if major else 1 for major in majors]
    for axis in axes:
        shape[axis] = max(shape[axis], _PROBE_TIMESTEPS)
    if len(shape) == 3 and len(axes) == 2 and shape[0] == shape[1]:
        shape[1] += 1  # so that the output shows which axis is time
    return tuple(shape)


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
    given: Sequence[UnknownArray], evidence: Evidence, closest: Fit | None, *, tried: bool
) -> tuple[str, ...]:
    """Return what to check, starting with what the numbers suggest.

    Parameters
    ----------
    tried : bool
        Whether some layout has arrays of these shapes.
    """
    odd = () if tried else _size_checks(given, evidence)
    return (*odd, *_step_checks(evidence, closest), *_USUAL)


def _size_checks(given: Sequence[UnknownArray], evidence: Evidence) -> Iterator[str]:
    """Yield what is odd about the shapes, and about how many numbers there are."""
    count = sum(one.value.size for one in given)
    f, u = evidence.features, evidence.units
    shapes = ", ".join(str(one.value.shape) for one in given[:12])
    if are_gru_sizes([one.value.size for one in given], f, u):
        yield f"the arrays have shapes {shapes}: sizes of a GRU, but shapes of no layout"
        return
    yield (
        f"the arrays hold {count:,} numbers in shapes {shapes}; a GRU of {u} units and {f} "
        f"features has {3 * u * (f + u):,} and a bias of 0, {3 * u:,}, {4 * u:,} or {6 * u:,}"
    )
    yield from _sufficient_arrays(given, f, u)
    if count in [4 * u * (f + u) + biases * u for biases in (0, 4, 8)]:
        yield "they fit an LSTM of these sizes: four gates"
    if count in [2 * u * (f + u) + biases * u for biases in (0, 2, 4)]:
        yield "they fit a minimal gated unit of these sizes: two gates"
    if u % 2 == 0:
        half = u // 2
        plain = 3 * half * (f + half)
        if count in [plain + biases * half for biases in (0, 3, 4, 6)]:
            yield f"the outputs have twice these arrays' units: pass {half} of them, one direction"


def _sufficient_arrays(given: Sequence[UnknownArray], features: int, units: int) -> Iterator[str]:
    """Yield which of the arrays alone are of a GRU's sizes: as many as can be."""
    if len(given) > _MOST_ARRAYS:
        return
    for count in range(len(given) - 1, 0, -1):
        found = [
            some
            for some in itertools.combinations(given, count)
            if are_gru_sizes([one.value.size for one in some], features, units)
        ]
        for some in found[:_MOST_WAYS]:
            names = ", ".join(repr(one.name) for one in some)
            yield f"{names} alone fit a GRU of these sizes"
        if found:
            return


def _step_checks(evidence: Evidence, closest: Fit | None) -> Iterator[str]:
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
        yield f"only timesteps {some}{more} of {timesteps} are outside the closest layout"
        _, before, after = in_steps(alignment, evidence.initial_state)
        same = np.all((before == after) | (after == 0), axis=1).reshape(timesteps, -1).any(axis=1)
        if all(same[step] or (step and same[step - 1]) for step in outside):
            yield "their outputs repeat the previous state, or are zero: they look masked"


# Of a last state every hypothesis is a run over all timesteps.
_FOR_SEQUENCES = (
    "rare activations, and a gate order for each array: they need the outputs of every step"
)
# Two rare ones at once are hundreds of pairs.
_FOR_NAMES = (
    "softmax, and pairs of two unusual activations: those named by activation and "
    "recurrent_activation are tried in every pair"
)


def search_limits(*, sequence: bool, named: bool) -> tuple[str, ...]:
    """Return what was not tried.

    Parameters
    ----------
    sequence : bool
        The outputs of every step are given.
    named : bool
        An activation is given.
    """
    limits = [] if sequence else [_FOR_SEQUENCES]
    return (*limits, *([] if named else [_FOR_NAMES]))
