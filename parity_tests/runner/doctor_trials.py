"""Random trials of the doctor: ``python -m parity_tests.runner.doctor_trials --trials 2000``."""

from __future__ import annotations

import argparse
import collections
import sys
import time
from typing import NamedTuple

import numpy as np

from gru_ref.debugging.doctor import Diagnosis, Explanation, diagnose
from parity_tests.cases.doctor.outside import OUTSIDE
from parity_tests.cases.doctor.trial import DEGENERATE, Trial, degenerate, generic, outside

UNIQUE, MINIMAL, LARGER, ABSTAINED, WRONG = (
    "unique and right", "minimal class with the truth", "larger class with the truth",
    "abstained", "wrong",
)  # fmt: skip
EXPLAINED = "wrongly explained"
# Two functions are one if their outputs, of float64 and of the same arrays, are this close.
_SAME = 1e-6
# A member that differs from the truth by so many times the noise could have been ruled out.
_VISIBLE = 6.0


class TrialOutcome(NamedTuple):
    """How one trial ended."""

    trial: Trial
    verdict: str
    diagnosis: Diagnosis
    seconds: float


def run(trial: Trial) -> TrialOutcome:
    """Diagnose one trial and judge the answer."""
    start = time.process_time()
    found = diagnose(**trial.arguments)
    return TrialOutcome(trial, verdict_on(trial, found), found, time.process_time() - start)


def verdict_on(trial: Trial, found: Diagnosis) -> str:
    """Return what an answer is worth."""
    if not found.explanations:
        return ABSTAINED
    if trial.true is None:
        return EXPLAINED
    right = [one for one in found.explanations if _is_true(one, trial)]
    if not right:
        return WRONG
    if len(found.explanations) == 1:
        return UNIQUE
    others = [one for one in found.explanations if one not in right]
    return MINIMAL if not any(_visible(one, trial) for one in others) else LARGER


def _is_true(explanation: Explanation, trial: Trial) -> bool:
    """Whether an explanation does what the source does, on inputs that it was not found with."""
    assert trial.true is not None  # the caller looks
    rng = np.random.default_rng(5)
    features, units = trial.sizes
    for shape in ((2, 5, features), (3, 4, features)):
        x, state = rng.normal(size=shape), rng.uniform(-1, 1, (1, units))
        one, other = explanation.run(x, state), trial.true(x, state)
        if one.shape != other.shape or not np.abs(one - other).max() < _SAME:
            return False
    return True


def _visible(explanation: Explanation, trial: Trial) -> bool:
    """Whether what the trial shows could have ruled a member of the class out."""
    assert trial.true is not None  # the caller looks
    x = np.asarray(trial.arguments["x"], np.float64)
    state = trial.arguments["initial_state"]
    outputs = trial.arguments["outputs"]
    y = outputs[0] if isinstance(outputs, tuple) else outputs
    true, other = trial.true(x, state), explanation.run(x, state)
    noise = float(np.sqrt(((y - true) ** 2).mean()))
    return bool(np.sqrt(((other - true) ** 2).mean()) > _VISIBLE * noise)


def trial(number: int, seed: int) -> Trial:
    """Return a trial: of twelve, nine are generic, two outside the space and one degenerate."""
    own = seed * 1_000_003 + number
    turn, place = divmod(number, 12)
    if place in (3, 9):
        kinds = list(OUTSIDE)
        return outside(kinds[(2 * turn + (place == 9)) % len(kinds)], own)
    if place == 6:
        return degenerate(DEGENERATE[turn % len(DEGENERATE)], own)
    return generic(own)


def main(arguments: list[str] | None = None) -> int:
    """Run trials and print what became of them; 1 if one was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first trial")
    parser.add_argument("--only", type=int, nargs="+", help="numbers of trials: these alone")
    parser.add_argument(
        "--verbose", action="store_true", help="print every trial that is not unique"
    )
    options = parser.parse_args(arguments)
    numbers = options.only or range(options.first, options.first + options.trials)
    outcomes = []
    for number in numbers:
        outcome = run(trial(number, options.seed))
        outcomes.append(outcome)
        kind, what = outcome.trial.kind, outcome.trial.what
        expected = (UNIQUE, MINIMAL) if outcome.trial.true else (ABSTAINED,)
        if options.verbose and outcome.verdict not in expected:
            said = f"{number}: {outcome.verdict} ({outcome.seconds:.2f} s): {kind}: {what}"
            print(said, flush=True)
        if len(outcomes) % 100 == 0 and len(outcomes) < len(numbers):
            print(f"{len(outcomes)} of {len(numbers)} trials\n{table(outcomes)}", flush=True)
    print(table(outcomes))
    for size in () if options.only else ((32, 16, 20), (512, 256, 100)):
        seconds = [run(generic(number, size)).seconds for number in range(2)]
        print(f"u, f, T = {size}: {np.mean(seconds):.2f} CPU s a trial")
    return int(any(outcome.verdict in (WRONG, EXPLAINED) for outcome in outcomes))


def table(outcomes: list[TrialOutcome]) -> str:
    """Return how often each verdict was met, by kind and precision."""
    lines = []
    groups: dict[str, list[TrialOutcome]] = collections.defaultdict(list)
    for one in outcomes:
        generic_one = one.trial.kind == "generic"
        kind = "generic" if generic_one else "degenerate"
        if one.trial.kind in OUTSIDE:
            kind = "outside, hidden by rounding" if one.trial.true else "outside"
        groups[f"{kind}, {one.trial.precision}" if kind == "generic" else kind].append(one)
        if not generic_one:
            groups[f"  {one.trial.kind}"].append(one)
    for name, members in sorted(groups.items(), key=lambda item: (item[0].strip(), item[0])):
        counts = collections.Counter(one.verdict for one in members)
        said = ", ".join(f"{verdict} {count}" for verdict, count in counts.most_common())
        seconds = np.mean([one.seconds for one in members])
        lines.append(f"{name}: {len(members)}: {said} ({seconds:.2f} s)")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
