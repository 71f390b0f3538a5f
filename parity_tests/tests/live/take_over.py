"""Asks the interpreter of an oracle what its live layers, and gru_ref in their place, return."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gru_ref
from parity_tests.judging import run_wrappers
from parity_tests.matrix.invalid import RELEASES
from parity_tests.matrix.wrappers import DOUBLE_BOUND
from parity_tests.oracles import codec
from parity_tests.oracles.client import Oracle, OracleError
from parity_tests.oracles.pool import keras_version_of
from parity_tests.runner import live_run

SCRIPT = Path(__file__).with_name("take_over_worker.py")
TIMEOUT = 300.0

Steps = Sequence[Sequence[Any]]


def take_over(oracle: Oracle, rows: Sequence[Steps]) -> list[list[dict[str, Any]]]:
    """Return what every step of every row came to; a row ends where one of the layers raises.

    Parameters
    ----------
    rows : sequence
        Of steps: a method with positional arguments and keywords. ``construct`` (as
        `oracles.live_wrappers` writes a layer), ``construct_subclass`` (the name of a class) and
        ``construct_shared`` (how often, and the cell) make the live layer, ``set_part`` sets an
        attribute of a layer within, ``from_keras`` (the name of a class of gru_ref) takes it over;
        ``call`` and anything else are done to the live layer, and once it is taken over to the
        other too. ``construct_overriding`` (a class and the method that it overrides) makes a live
        layer, ``construct_doubled`` (see the worker) one of each; ``replace_call`` and
        ``replace_cell`` change the live layer.

    Returns
    -------
    list of lists of dicts
        For each step method, live and mine; error instead of mine, live_error instead of both.

    Raises
    ------
    OracleError
        The process ends with an error.
    """
    command = [oracle.python, str(SCRIPT), "--generation", str(oracle.generation)]
    command += ["--gru-ref", str(Path(gru_ref.__file__).parent)]
    if oracle.package:
        command += ["--package", oracle.package]
    ran = subprocess.run(
        command,
        input=codec.dumps({"rows": list(rows)}),
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    if ran.returncode:
        raise OracleError(f"{' '.join(command)} ends with {ran.returncode}:\n{ran.stderr[-4000:]}")
    answered: list[list[dict[str, Any]]] = codec.loads(ran.stdout)["rows"]
    return answered


def fit_oracle(name: str) -> Oracle:
    """Return an oracle whose interpreter gru_ref can run in.

    In an older Python there is nothing to compare, and the report says so.
    """
    python = str(live_run.oracle(name).describe()["python"])
    if tuple(map(int, python.split(".")[:2])) < (3, 10):
        reason = f"Python is {python}, expected 3.10 or newer: gru_ref does not run there"
        live_run.leave_out(name, reason)
    return live_run.oracle(name)


def check_rows(oracle: str, rows: Mapping[str, Steps], record: str = "taken_over") -> None:
    """Fail the test unless both layers do the same in every step of every row, by its name.

    A row ends where the live layer raises; with the newest releases none may. `record` is where the
    report counts them.
    """
    wrong, worst, compared = [], 0.0, 0
    newest = keras_version_of(live_run.oracle(oracle).describe()).startswith(f"{RELEASES[oracle]}.")
    answered = take_over(fit_oracle(oracle), list(rows.values()))
    for name, outcomes in zip(rows, answered, strict=True):
        for number, outcome in enumerate(outcomes):
            where = f"{name}: {number} {outcome['method']}"
            if "error" in outcome or ("live_error" in outcome and newest):
                wrong.append(f"{where} raises {outcome}")
            elif "live" in outcome and "mine" in outcome:
                error = run_wrappers.difference(outcome["mine"], outcome["live"])
                worst, compared = max(worst, error), compared + 1
                if error > DOUBLE_BOUND:
                    values = f"{outcome['mine']!r}\nlive: {outcome['live']!r}"
                    wrong.append(f"{where}: {error:g} eps, bound {DOUBLE_BOUND:g}\n{values}")
    found = {"oracle": oracle, "layers": len(rows), "compared": compared, "error": worst}
    live_run.record(record, found)
    assert not wrong, "\n".join(wrong)
    assert compared > len(rows)
