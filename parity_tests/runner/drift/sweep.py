"""The matrix of `make parity` in one release: live Keras and gru_ref with that keras_version."""

from __future__ import annotations

import dataclasses
import functools
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from gru_ref import GRUConfig, KerasQuirkWarning
from gru_ref.keras.ledger import Behaviour, resolve
from parity_tests.cases import predictions, sweeps
from parity_tests.cases.predictions import bound_for
from parity_tests.cases.sweeps import Case
from parity_tests.judging import compare, judge
from parity_tests.oracles.client import Oracle
from parity_tests.oracles.pool import keras_version_of

# Those of `matrix.axes.SWEEPS` that run in every release.
SWEEPS = (
    "structure", "fused", "raises", "rounded", "fused-rounded", "sequences", "activation-pairs",
    "activation-layers",
)  # fmt: skip
# The exact lane holds every 4-way combination; the saturated one takes the same code through other
# activations, and Keras 2's fused path has a sweep of its own.
SATURATED_ONE_OF = 4

# Where the release masks the state that z keeps as well, each step multiplies what has been rounded
# by up to 1 / (1 - 0.75); measured 10.9 eps where the bound is 8.
MASKED_STATE = 4

# An argument that not every release has → the row of the ledger that says so.
_OPTIONAL = {
    "use_cudnn": "use_cudnn_argument",
    "implementation": "implementation_argument",
}


@dataclasses.dataclass(frozen=True)
class OldCase(Case):
    """A case as an older release can have it: without the arguments that it lacks."""

    keras_version: str = ""

    __hash__ = Case.__hash__

    @functools.cached_property
    def config(self) -> GRUConfig:
        """What gru_ref makes of the case."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", KerasQuirkWarning)
            return GRUConfig(**self.constructor(), keras_version=self.keras_version)

    @property
    def raises(self) -> list[str]:
        """The classes of the errors that the ledger's rows predict of the release."""
        behaviour = resolve(self.keras_version)
        rows = predictions.deviations(self, "raises")
        found = [row.effect for row in rows if getattr(behaviour, row.name, False)]
        if self.config.stateful and self.dtype != "float32" and behaviour.stateful_needs_float32:
            found.append("Exception")
        return found

    @property
    def path(self) -> str:
        """The path that the release takes."""
        return self.config.path

    @property
    def dropout_law(self) -> str:
        """What a mask of `dropout` differs by in the release."""
        if self.path == "fused":
            return "timestep"
        return "gate" if self.config.mask_per_gate else "sequence"

    def constructor(self) -> dict[str, Any]:
        """Return the constructor's arguments that the release has."""
        behaviour = resolve(self.keras_version)
        lacking = [name for name, row in _OPTIONAL.items() if not getattr(behaviour, row)]
        return {k: v for k, v in super().constructor().items() if k not in lacking}


def cases_of(oracle: str, keras_version: str) -> Iterator[OldCase]:
    """Yield the cases that run in a release, each as it can have it."""
    for sweep in SWEEPS:
        for case in sweeps.expand(sweep, oracle):
            # Each name with itself has it in both of its places.
            if sweep == "activation-pairs" and case.activation != case.recurrent_activation:
                continue
            thinned = (case.sweep, case.lane) == ("structure", "saturated")
            if thinned and zlib.crc32(case.id.encode()) % SATURATED_ONE_OF:
                continue
            values = {f.name: getattr(case, f.name) for f in dataclasses.fields(case)}
            yield OldCase(**values, keras_version=keras_version)


def run(oracle: Oracle, only: str = "") -> dict[str, Any]:
    """Compare every case; return what the report needs, as plain data.

    Parameters
    ----------
    only : str
        The id of the one case to compare; all of them without.
    """
    began = time.process_time(), time.perf_counter()
    version = keras_version_of(oracle.describe())
    lanes: dict[str, dict[str, Any]] = {}
    outcomes: Counter[str] = Counter()
    quirks: Counter[str] = Counter()
    disagreements = []
    for case in cases_of(oracle.name, version):
        if only and case.id != only:
            continue
        try:
            outcome, error, shown = _judge(oracle, case)
        except judge.Disagreement as disagreement:
            outcomes["disagreement"] += 1
            disagreements.append({"case": case.id, "message": str(disagreement)})
            continue
        outcomes[outcome] += 1
        quirks.update(shown)
        if outcome in ("equal", "within"):
            lane = lanes.setdefault(case.lane, {"compared": 0, "equal": 0, "worst_eps": 0.0})
            lane["compared"] += 1
            lane["equal"] += outcome == "equal"
            lane["worst_eps"] = max(lane["worst_eps"], round(error, 3))
    return {
        "keras_version": version,
        "lanes": lanes,
        "outcomes": dict(sorted(outcomes.items())),
        "quirks": dict(sorted(quirks.items())),
        "disagreements": disagreements,
        "seconds": {
            "keras": round(oracle.inside, 1),
            "gru_ref_and_suite": round(time.process_time() - began[0], 1),
            "wall": round(time.perf_counter() - began[1], 1),
        },
    }


def _judge(oracle: Oracle, case: OldCase) -> tuple[str, float, tuple[str, ...]]:
    """Return the outcome of one case, its error in eps and the quirks that gru_ref warned of.

    Raises
    ------
    Disagreement
        The ledger does not say what live Keras did.
    """
    behaviour = resolve(case.keras_version)
    if (refused := _refusal(case)) is not None:
        return _both_refuse(oracle, case, refused), 0.0, ()
    seen = judge.observe(oracle, case)
    if isinstance(seen, dict):
        if any(error in seen["bases"] for error in case.raises):
            return "raised", 0.0, ()
        raise judge.Disagreement(
            f"live Keras raises {seen['class']} at {seen['stage']}: {seen['message'][:300]}"
        )
    if case.raises:
        raise judge.Disagreement(f"live Keras raises no {' or '.join(case.raises)}")
    mine = seen.as_run(case.keras_version)
    masks = [_dropping(masks, case, behaviour) for masks in mine.masks]
    run = dataclasses.replace(mine, masks=masks).run()
    if run.path != seen.reply["path"]:
        raise judge.Disagreement(
            f"gru_ref takes the {run.path} path, live Keras the {seen.reply['path']} path"
        )
    worst = compare.difference(run.calls, seen.reply["calls"])
    bound = bound_for(case).eps
    if behaviour.masked_state_in_mix and case.recurrent_dropout:
        bound *= MASKED_STATE
    if worst.error > bound:
        raise judge.Disagreement(judge.explain(case, mine, worst, bound, 0.0))
    return ("within" if worst.error else "equal"), worst.error, run.quirks


def _refusal(case: OldCase) -> ValueError | None:
    """Return why gru_ref refuses the case: the release lacks an activation, or None."""
    try:
        assert case.config
    except ValueError as error:
        return error
    return None


def _both_refuse(oracle: Oracle, case: OldCase, refused: ValueError) -> str:
    steps = [["construct", case.constructor()]]
    last = oracle.request({"op": "steps", "steps": steps})["steps"][-1]
    if last["ok"] or "ValueError" not in last["error"]["bases"]:
        raise judge.Disagreement(f"gru_ref refuses what live Keras accepts: {refused}")
    return "refused by both"


def _dropping(masks: Any, case: OldCase, behaviour: Behaviour) -> dict[str, Any]:
    """Return the masks of one call, without one of ones that Keras drew at a rate of 0."""
    kept = dict(masks)
    drawn = kept.get("recurrent_dropout_mask")
    at_0 = behaviour.recurrent_mask_uses_dropout_rate and case.dropout == 0
    if at_0 and drawn is not None and np.all(drawn == 1):
        kept["recurrent_dropout_mask"] = None
    return kept
