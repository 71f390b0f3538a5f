"""Diff: where the numbers of another implementation first differ, and what would explain it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.bounds.final_state import final_state
from gru_ref.debugging.bounds.float_format import DTYPES, FloatFormat
from gru_ref.debugging.bounds.step_bounds import Bounded
from gru_ref.debugging.bounds.step_replay import (
    FINAL,
    GATES,
    ForeignSteps,
    Replay,
    Schedule,
    StepModel,
    Verdict,
    ratio_and_error,
    schedule,
)
from gru_ref.debugging.diff.compared_steps import ComparedSteps
from gru_ref.debugging.diff.difference import (
    Difference,
    FirstDifference,
    Hypothesis,
    Interruption,
    Remainder,
)
from gru_ref.debugging.diff.foreign_output import read_foreign_output
from gru_ref.debugging.diff.hypotheses import SequenceHypotheses, applicable, final_hypotheses
from gru_ref.debugging.mistakes.gru_run import Attempt, built_gru, layer_attempt
from gru_ref.debugging.progress import Interrupted, Progress, unwatched
from gru_ref.errors import KerasQuirkWarning
from gru_ref.keras.layers.call_checks import initial_state_array, mask_array, x_array
from gru_ref.keras.layers.gru import GRU

Array = NDArray[Any]

# What a final state alone does not tell.
_LOST = (
    "which timestep differs first: only the final state is given, to which every step contributes",
    "which gate differs first",
)
_NO_GATES = "which gate differs first: theirs holds no z, r and candidate"
_ONLY_A_GATE = (
    "why: the states agree, so no mistake in them explains a gate; what theirs calls z, r or "
    "candidate may be something else, such as 1 − z"
)
_ESTIMATED = "how far a final state may be off: the bound is estimated, not proved"


def diff(
    layer: GRU,
    x: Any,
    theirs: Any,
    initial_state: Any = None,
    *,
    mask: Any = None,
    dropout_mask: Any = None,
    recurrent_dropout_mask: Any = None,
    arithmetic: FloatFormat | None = None,
    progress: Progress = unwatched,
) -> Difference:
    """Compare the results of another implementation with a layer, one step at a time.

    Every step is restarted from their own previous state, computed in float64 and allowed the error
    that rounding can cause in one step, so a wrong step does not affect the steps after it.

    Parameters
    ----------
    layer : GRU
        Built. It is read, not called: a stateful layer starts from its recorded state, which does
        not change.
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
    theirs : array, or mapping of arrays
        The outputs, with the axes of the layer's own, or the last state alone, (batch, units). Or a
        trace, (timesteps, batch, units) in processing order: h, and of z, r, candidate and output
        what is known; or output alone. With both a state may stand, (batch, units).
    initial_state : (batch, units), optional
    mask : (batch, timesteps), optional
    dropout_mask, recurrent_dropout_mask : optional
        The masks of a call in training; see `gru_ref.keras.dropout.masks.laws`.
    arithmetic : gru_ref.FloatFormat, optional
        What they compute in; by default the coarser of their dtype and the layer's.
    progress : callable, optional
        Called with what is being judged, how many parts of it are done, and of how many.

    Returns
    -------
    Difference
        Printed, it is what ``gru-ref diff`` prints.

    Raises
    ------
    ValueError, TypeError, IndexError, AttributeError
        An array does not fit the layer, or has another layout: the message says which. `layer` is
        not a GRU, or sums of so many terms have no bound in that arithmetic.
    Interrupted
        A KeyboardInterrupt came once a difference was found. Its `found` is the Difference as far
        as it is known, with an `interruption`.
    UnseededError
        The weights were drawn without a seed, and nobody has read them: they cannot be theirs.

    Warns
    -----
    KerasQuirkWarning
        The recorded state is used, and `initial_state` is ignored.

    Examples
    --------
    >>> layer = GRU(2, return_sequences=True)
    >>> layer.build((None, None, 1))
    >>> kernel = np.float32([[0.3, -0.2, 0.1, 0.2, 0.5, 0.4]])
    >>> layer.set_weights([kernel, np.eye(2, 6), np.zeros((2, 6))])
    >>> x, h = np.float32([[[1], [2], [-1]]]), np.float32([[0.5, -0.5]])
    >>> found = diff(layer, x, layer(x), initial_state=h)  # they forgot it
    >>> found.first.timestep, found.first.what, [h.name for h in found.explanations]
    (0, 'h', ['initial_state ignored'])
    """
    gru = built_gru(layer)
    gru.require_comparable()
    config = gru.config
    x = x_array(x, config)
    features = layer.weight_shapes()["kernel"][0]
    if x.shape[2] != features:
        raise ValueError(f"x has shape {x.shape}, expected {features} features")
    batch, timesteps = config.batch_and_time(x.shape)
    if not batch:
        raise ValueError(f"x has shape {x.shape}, expected a row at least")
    right = layer_attempt(
        layer,
        x,
        initial_state_array(initial_state, config, batch),
        mask_array(mask, config, batch, timesteps),
        (dropout_mask, recurrent_dropout_mask),
    )
    given = read_foreign_output(theirs, right.calls[0], right.config)
    arithmetic = arithmetic or FloatFormat(dtype_of(theirs, layer))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KerasQuirkWarning)
        if isinstance(given, ForeignSteps):
            return _sequence_difference(right, given, arithmetic, progress)
        return _final_difference(right, given, arithmetic, progress)


def dtype_of(theirs: Any, layer: GRU) -> str:
    """Return the default dtype for judging an implementation.

    It is the coarser of the layer's dtype and that of the arrays: a float64 array may hold numbers
    that were computed in float32, and a float64 port of a float32 layer is better than necessary.
    """
    if isinstance(theirs, Mapping):
        theirs = theirs.get("h", theirs.get("output"))
    dtypes = np.asarray(theirs).dtype.name, layer.config.compute_dtype.name
    return min((name for name in dtypes if name in DTYPES), key=DTYPES.index)


# ---- of every timestep


def _sequence_difference(
    right: Attempt, theirs: ForeignSteps, arithmetic: FloatFormat, progress: Progress
) -> Difference:
    right = replace(right, config=replace(right.config, return_sequences=True))
    plan = schedule(right, right.calls[0])
    model = StepModel.of(right, arithmetic)
    replay = Replay(plan, theirs, arithmetic)
    states = Replay(plan, theirs._replace(gates={}), arithmetic) if theirs.gates else replay
    alone = found = _judge(replay, model, progress)
    if theirs.gates and len(found) == len(plan.used):
        alone = _judge(states, model, progress)
    left = Remainder(alone.worst, alone.largest_error)
    search = SequenceHypotheses(right, states, alone)
    unfinished = len(alone) < len(plan.used)
    try:
        if not unfinished:
            search.run(progress)
    except KeyboardInterrupt:
        unfinished = True
    steps = ComparedSteps.of(found, replay, model) if len(found) == len(plan.used) else None
    made = _difference_of(found, left, search, theirs, plan, arithmetic, steps)
    if not unfinished:
        return made
    stopped = Interruption(search.untried, search.timesteps, len(plan.used))
    raise Interrupted(replace(made, interruption=stopped)) from None


def _judge(replay: Replay, model: StepModel, progress: Progress) -> Verdict:
    """Return the verdict on all timesteps, or on those before an interrupt if they differ."""
    judged: list[Verdict] = []
    parts = replay.parts()
    try:
        for some in parts:
            progress("timesteps", len(judged), len(parts))
            judged.append(replay.part(some).verdict(model))
    except KeyboardInterrupt:
        if not any(one.worst > 1 for one in judged):
            raise
    return Verdict.joined(judged)


def _difference_of(
    found: Verdict,
    left: Remainder,
    search: SequenceHypotheses,
    theirs: ForeignSteps,
    plan: Schedule,
    arithmetic: FloatFormat,
    steps: ComparedSteps | None,
) -> Difference:
    worst, error = found.worst, found.largest_error
    if worst <= 1:
        hidden = _hidden(search.hypotheses)
        return Difference(worst, error, left, None, (), hidden, arithmetic, steps)
    first = _first(found, theirs, plan)
    if left.ratio <= 1:  # what has no effect on the states would explain a gate
        return Difference(worst, error, left, first, (), (_ONLY_A_GATE,), arithmetic, steps)
    unknown = () if theirs.gates else (_NO_GATES,)
    if not any(one.explains for one in search.hypotheses):
        unknown = (*_kept_states(found, theirs, plan), *unknown)
    return Difference(
        worst, error, left, first, _rank(search.hypotheses), unknown, arithmetic, steps
    )


def _kept_states(found: Verdict, theirs: ForeignSteps, plan: Schedule) -> tuple[str, ...]:
    """Return where theirs does what a mask does, at steps that no mask is given for."""
    states = theirs.output if theirs.h is None else theirs.h
    assert states is not None  # of ForeignSteps, one of them is given
    before = np.concatenate([plan.start[np.newaxis], states[:-1]])
    count = len(found)
    repeated = ((states == before) | (states == 0))[:count].all(axis=-1)
    kept = repeated & plan.used[:count].any(axis=-1) & (found.ratio["h"] > 1).any(axis=-1)
    if not kept.any():
        return ()
    position, row = (int(i) for i in np.argwhere(kept)[0])
    place = f"at timestep {plan.timestep[position]} of row {row}"
    more = f", and {kept.sum() - 1} times more," if kept.sum() > 1 else ""
    return (
        f"whether theirs had a mask that is not given here: {place}{more} it keeps its state or is "
        "zero",
    )


def _hidden(hypotheses: list[Hypothesis]) -> tuple[str, ...]:
    """Return which mistakes nobody could see in numbers that do not differ."""
    listed = ", ".join(repr(one.name) for one in hypotheses if one.explains)
    what = "whether one of these was made, as it changes nothing here"
    return (f"{what}: {listed}",) if listed else ()


def _rank(hypotheses: list[Hypothesis]) -> tuple[Hypothesis, ...]:
    return tuple(sorted(hypotheses, key=lambda hypothesis: hypothesis.ratio))


def _first(found: Verdict, theirs: ForeignSteps, plan: Schedule) -> FirstDifference:
    """Return the first timestep's first gate that is outside, and there the farthest number."""
    names = [name for name in (*GATES, "h", "output", FINAL) if name in found.ratio]
    outside = {name: found.ratio[name] > 1 for name in names}
    position = min(int(np.argmax(o.any(axis=(1, 2)))) for o in outside.values() if o.any())
    name = next(name for name in names if outside[name][position].any())
    ratio = found.ratio[name][position]
    row, unit = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    place = position, row, unit
    states = theirs.output if theirs.h is None else theirs.h
    values = {**theirs.gates, "h": states, "output": theirs.output, FINAL: theirs.state}[name]
    assert values is not None
    value = np.broadcast_to(values, plan.used.shape)[place]  # the final state has no axis of time
    expected = found.expected[name]
    what = "output" if name == "h" and theirs.h is None and not plan.used[place] else name
    return FirstDifference(
        int(plan.timestep[position]), position, int(row), int(unit), what,
        float(value), float(expected.value[place]), float(expected.bound[place]),
        float(ratio[row, unit]), int(outside[name][position].sum()), ratio.size,
    )  # fmt: skip


# ---- of the final state alone


def _final_difference(
    right: Attempt, theirs: Array, arithmetic: FloatFormat, progress: Progress
) -> Difference:
    right = replace(right, config=replace(right.config, return_sequences=False))
    expected = Bounded(*(part[: len(theirs)] for part in final_state(right, arithmetic)))
    ratio, error = ratio_and_error(theirs, expected)
    left = Remainder(float(ratio.max()), float(error.max()))
    hypotheses: list[Hypothesis] = []
    names = [mistake.name for mistake in applicable(right)]
    stopped = None
    try:
        for hypothesis in final_hypotheses(right, theirs, expected.bound, arithmetic):
            hypotheses.append(hypothesis)
            progress("mistakes", len(hypotheses), len(names))
    except KeyboardInterrupt:
        stopped = Interruption(tuple(names[len(hypotheses) :]))
    made = _final_difference_of(theirs, expected, left, hypotheses, arithmetic)
    if stopped is not None:
        raise Interrupted(replace(made, interruption=stopped)) from None
    return made


def _final_difference_of(
    theirs: Array,
    expected: Bounded,
    left: Remainder,
    hypotheses: list[Hypothesis],
    arithmetic: FloatFormat,
) -> Difference:
    if left.ratio <= 1:
        unknown = (*_hidden(hypotheses), _ESTIMATED)
        return Difference(*left, left, None, (), unknown, arithmetic)
    ratio, _ = ratio_and_error(theirs, expected)
    which, row, unit = (int(i) for i in np.unravel_index(int(np.argmax(ratio)), ratio.shape))
    place = which, row, unit
    first = FirstDifference(
        None, None, row, unit, FINAL if which == len(theirs) - 1 else "last output",
        float(theirs[place]), float(expected.value[place]), float(expected.bound[place]),
        float(ratio[place]), int((ratio[which] > 1).sum()), ratio[which].size,
    )  # fmt: skip
    unknown = (*_LOST, _ESTIMATED)
    return Difference(*left, left, first, _rank(hypotheses), unknown, arithmetic)
