"""Judges one case: live Keras runs it, gru_ref runs it, and the table says what may differ."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from parity_tests.cases import predictions
from parity_tests.cases.predictions import bound_for, is_step_local
from parity_tests.cases.sweeps import SEED, Case
from parity_tests.cases.witness import MaskedWitness, Witness, exact_enough, witness
from parity_tests.environment import again
from parity_tests.judging import compare, engines, run_gru_ref, step_local
from parity_tests.judging.mistakes import MISTAKES, Mistake, WitnessRun
from parity_tests.oracles.client import Oracle
from parity_tests.oracles.pool import keras_version_of

REDRAWS = 40
TINY = 1e-300  # in place of a bound of zero: any error is over it
# In eps: what two generations that compute the same do not differ by.
APART, APART_IN_HALVES = 1e6, 16.0
OTHER_GENERATION = {"keras2": "3", "keras3": "2"}


class Disagreement(AssertionError):
    """live Keras and gru_ref do not do what the table says; the message says how to see it.

    `record` is what the report needs of the case, where `judge` raised it.
    """

    record: Record | None = None


@dataclass
class EngineRecord:
    """What the report needs of one case and one of the faster engines, compared with live Keras.

    `reason` is why it did not compute all of the case; then nothing else is told. `over` is the
    error in units of the case's bounds: none in the lanes of tolerance zero.
    """

    reason: str = ""
    equal: bool = False
    over: float = 0.0


@dataclass
class Record:
    """What the report needs of one case."""

    oracle: str
    lane: str
    sweep: str
    id: str
    levels: dict[str, Any]
    activations: tuple[str, str]
    path: str = ""
    outcome: str = "disagreement"  # equal | within | raised | disagreement
    error: float = 0.0  # in eps of max(1, |expected|)
    absolute: float = 0.0
    ratio: float = 0.0
    bound: float = 0.0
    deviations: list[str] = field(default_factory=list)
    mistakes: dict[str, float] = field(default_factory=dict)
    looks_like: list[str] = field(default_factory=list)
    engines: dict[str, EngineRecord] = field(default_factory=dict)


@dataclass(frozen=True)
class Observation:
    """One case as live Keras ran it."""

    case: Case
    witness: Witness
    reply: dict[str, Any]
    masks: list[dict[str, Any]]
    seed: int | None

    def as_run(self, keras_version: str) -> WitnessRun:
        """Return the same run as gru_ref takes it."""
        w = self.witness
        return WitnessRun(
            self.case.constructor(),
            w.weights,
            w.calls,
            self.masks,
            keras_version,
            self.reply["path"],
        )


def observe(oracle: Oracle, case: Case, *, gates: bool = False) -> Observation | dict[str, Any]:
    """Return how live Keras ran the case, or the error it raised.

    Dropout masks are Keras's own draws. In the lanes of tolerance zero a draw that would make a sum
    inexact is drawn again with another witness.
    """
    for attempt in range(REDRAWS):
        w = witness(case, attempt)
        reply = oracle.request(request_of(case, w, attempt, gates=gates))
        if not reply["ok"]:
            return dict(reply["error"])
        seen = observation(case, w, reply, attempt)
        if case.is_rounded or all(exact_enough([MaskedWitness(case, w, seen.masks)])):
            return seen
    raise Disagreement(f"{case.id}: no exact witness in {REDRAWS} draws of the dropout masks")


def observation(case: Case, w: Witness, reply: dict[str, Any], attempt: int) -> Observation:
    """Return how live Keras ran the witness of an attempt, by its reply."""
    names = ("dropout_mask", "recurrent_dropout_mask")
    masks = [{name: call.get(name) for name in names} for call in reply["calls"]]
    return Observation(case, w, reply, masks, seed_of(case, attempt))


def seed_of(case: Case, attempt: int) -> int | None:
    """Return the seed that Keras draws its masks from; None where nothing is drawn."""
    if case.levels["dropout"] == "none":
        return None
    digest = hashlib.sha256(f"{SEED} masks {case.id} {attempt}".encode()).digest()
    return int.from_bytes(digest[:4], "little") >> 1


def request_of(case: Case, w: Witness, attempt: int, *, gates: bool = False) -> dict[str, Any]:
    """Return the request that has a worker run the witness."""
    calls = [{"reset": True} if call == "reset" else call._asdict() for call in w.calls]
    return {
        "op": "run",
        "constructor": case.constructor(),
        "weights": w.weights,
        "calls": calls,
        "seed": seed_of(case, attempt),
        "gates": gates,
    }


def judge(
    oracle: Oracle,
    case: Case,
    seen: Observation | dict[str, Any],
    *,
    mistakes: Sequence[Mistake] = (),
) -> Record:
    """Judge one case, as `observe` saw it.

    Parameters
    ----------
    mistakes : sequence of Mistake
        Those whose errors the record is to have.

    Raises
    ------
    Disagreement
        Something is not as the table says. The record is the exception's `record`.
    """
    record = Record(
        case.oracle, case.lane, case.sweep, case.id, dict(case.levels),
        (case.activation, case.recurrent_activation),
    )  # fmt: skip
    try:
        _judge(oracle, case, seen, record, mistakes)
    except Disagreement as disagreement:
        disagreement.record = record
        raise
    return record


def _judge(
    oracle: Oracle,
    case: Case,
    seen: Observation | dict[str, Any],
    record: Record,
    mistakes: Sequence[Mistake],
) -> None:
    raising = predictions.deviations(case, "raises")
    if isinstance(seen, dict):
        named = [row for row in raising if row.effect in seen["bases"]]
        if not named:
            raise Disagreement(
                f"live Keras raises {seen['class']} at {seen['stage']}: {seen['message']}"
            )
        record.outcome, record.deviations = "raised", [row.name for row in named]
        return
    if raising:
        raise Disagreement(f"row {raising[0].name} is not needed: live Keras does not raise")

    record.path = seen.reply["path"]
    mine = seen.as_run(keras_version_of(oracle.describe()))
    run = mine.run()
    if run.path != record.path:
        raise Disagreement(f"gru_ref takes the {run.path} path, live Keras the {record.path} path")
    _check_quirks(case, record, run)

    worst = compare.difference(run.calls, seen.reply["calls"])
    record.error, record.absolute = worst.error, worst.absolute
    allowed = bound_for(case)
    record.bound = allowed.eps
    step_locally = is_step_local(case)
    if step_locally:
        record.ratio = max(_ratio(case, seen, run.calls), _ratio(case, seen, seen.reply["calls"]))
    if worst.error > allowed.eps or record.ratio > 1:
        record.looks_like = _looks_like(mine, seen, allowed.eps)
        ratio, alike = record.ratio, record.looks_like
        raise Disagreement(explain(case, mine, worst, allowed.eps, ratio, alike))
    record.outcome = "equal" if worst.error == 0 else "within"

    _check_other_generation(case, record, mine, seen)
    record.mistakes = {
        mistake.name: _mistake_error(case, mine, seen, mistake)
        for mistake in mistakes
        if mistake.applies(mine.attempt)
    }
    failures = []
    for name in engines.installed():
        try:
            _judge_engine(name, case, seen, record, mine, run)
        except (Disagreement, engines.WrongEngine) as failure:
            failures.append(str(failure))
    if failures:
        record.outcome = "disagreement"
        raise Disagreement("\n".join(failures))


def _judge_engine(
    name: str,
    case: Case,
    seen: Observation,
    record: Record,
    mine: WitnessRun,
    core: run_gru_ref.CaseRun,
) -> None:
    """Hold a faster engine to what the core is held to: live Keras, within the case's bounds."""
    run = mine.run(name)
    kept = record.engines[name] = EngineRecord(run.reason)
    if not run.calls:
        return
    if (run.path, run.quirks) != (core.path, core.quirks):
        raise Disagreement(
            f"engine {name} takes the {run.path} path and warns of {run.quirks}, the core takes "
            f"the {core.path} path and warns of {core.quirks}"
        )
    kept.equal = True
    for calls in filter(None, (run.calls, run.again)):
        worst = compare.difference(calls, seen.reply["calls"])
        ratio = 0.0
        if is_step_local(case) and (worst.index or not worst.error):
            ratio = _ratio(case, seen, calls)
        kept.equal = kept.equal and worst.error == 0
        kept.over = max(kept.over, ratio, worst.error / (record.bound or TINY))
        if kept.over > 1:
            raise Disagreement(explain(case, mine, worst, record.bound, ratio, engine=name))


def _check_quirks(case: Case, record: Record, run: run_gru_ref.CaseRun) -> None:
    """Check that gru_ref warns of no quirk that the table does not predict."""
    rows = {row.name for row in predictions.deviations(case, "quirk", record.path)}
    unpredicted = [name for name in run.quirks if name not in rows]
    if unpredicted:
        raise Disagreement(f"quirk {unpredicted[0]} shows, expected one of {sorted(rows)}")
    record.deviations += run.quirks


def _check_other_generation(
    case: Case, record: Record, mine: WitnessRun, seen: Observation
) -> None:
    """Check that the generations differ on this case just where a row says so."""
    if case.levels["dropout"] != "none" or case.levels.get("time_major"):
        return  # other masks by law; no time_major in Keras 3
    if case.sweep == "activation-pairs" and run_gru_ref.same_activations(case.constructor()):
        return  # nothing else sets these cases apart, and they are the same functions
    constructor = {k: v for k, v in mine.constructor.items() if k != "use_cudnn"}
    try:
        # The witness was drawn for this generation: the other may leave its range.
        with np.errstate(over="ignore", invalid="ignore"):
            other = replace(
                mine, constructor=constructor, keras_version=OTHER_GENERATION[case.oracle]
            ).run()
    except ValueError as error:
        if "expected None, a callable or an activation" in str(error):
            return  # a name that only one generation has
        raise
    rows = {row.name for row in predictions.deviations(case, "between", record.path)}
    contained = compare.containers(other.calls) != compare.containers(seen.reply["calls"])
    if contained and "container of the state" not in rows:
        raise Disagreement("the generations contain the state differently, and no row says so")
    alike = [call._replace(container="") for call in other.calls]
    theirs = [{**call, "container": ""} for call in seen.reply["calls"]]
    differs = compare.difference(alike, theirs).error > (APART_IN_HALVES if case.half else APART)
    numeric = rows - {"container of the state"}
    if differs and not numeric:
        raise Disagreement("the other generation computes something else, and no row says so")
    record.deviations += (["container of the state"] if contained else []) + (
        sorted(numeric) if differs else []
    )


def _ratio(case: Case, seen: Observation, calls: Any) -> float:
    """Return the worst step-local error of a run's one sequence, in units of the derived bound."""
    (call,), (result,) = seen.witness.calls, calls
    _, states = next(compare.arrays([result]))
    x = call.x
    if not case.levels.get("time_major"):
        x, states = x.swapaxes(0, 1), states.swapaxes(0, 1)
    x = x[::-1] if case.levels["go_backwards"] else x
    weights = seen.witness.weights
    return step_local.worst_ratio(
        x, call.initial_state, states, weights, case.levels["reset_after"], case.half
    )


def _mistake_error(case: Case, mine: WitnessRun, seen: Observation, mistake: Mistake) -> float:
    """Return the error that a mistake causes, in units of the case's bound."""
    wrong = mine.calls_with(mistake, seen.reply["calls"])
    error = compare.difference(wrong, seen.reply["calls"]).error
    if is_step_local(case) and np.isfinite(error):
        return _ratio(case, seen, wrong)
    return error / max(bound_for(case).eps, 1e-30) if case.is_rounded else error


def _looks_like(mine: WitnessRun, seen: Observation, eps: float) -> list[str]:
    """Return the mistakes with which gru_ref computes what live Keras does."""
    calls = seen.reply["calls"]
    return [
        mistake.name
        for mistake in MISTAKES
        if mistake.applies(mine.attempt)
        and compare.difference(mine.calls_with(mistake, calls), calls).error <= eps
    ]


def explain(
    case: Case,
    mine: WitnessRun,
    worst: compare.RunDifference,
    bound: float,
    ratio: float,
    looks_like: Sequence[str] = (),
    engine: str = engines.CORE,
) -> str:
    """Return the message of a disagreement: the call, the worst index, the error, the rerun."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in mine.constructor.items())
    again_by = "parity-full" if case.sweep == "full" else "parity"
    shown = f" at index {worst.index}: {worst.actual!r}, expected {worst.expected!r}"
    return "\n".join(
        [
            f"{case.oracle} {case.id}",
            f"  GRU({arguments}), path {mine.path}"
            + ("" if engine == engines.CORE else f", engine {engine}"),
            f"  {worst.where}{shown if worst.index else ''}",
            f"  error {compare.error_words(worst.error, worst.absolute)}, bound {bound:g} eps"
            + (f", {ratio:g} of the step-local bound" if ratio else ""),
            *(f"  as if this Keras made the mistake: {name}" for name in looks_like),
            f"  again: {again(f'{case.oracle}:{case.id}', again_by)}",
        ]
    )
