"""The pages that tests look at: every kind of verdict of `gru-ref diff`, and a trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gru_ref import GRU, save_bundle
from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.diff.compared_steps import ComparedSteps
from gru_ref.debugging.diff.difference import Difference, FirstDifference, Remainder
from gru_ref.debugging.mistakes.table import BY_NAME
from gru_ref.presentation.page import page
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.cli_runner import invoke

BATCH, TIMESTEPS, FEATURES, UNITS = 3, 40, 4, 8
HOSTILE = "<script>alert(1)</script>"
# A name of a file may hold no slash.
HOSTILE_FILE = "<img src=x onerror=alert(1)>.npz"
FIRST = 17, 1, 3  # timestep, row and unit of the first wrong number, where one alone is made wrong


class MarkedCell(NamedTuple):
    """The cell that a page has to mark.

    Parameters
    ----------
    position, timestep, unit : int
    timesteps, units : int
        How many there are.
    alone : bool
        Whether the number of the step before it is inside its bound.
    """

    position: int
    timestep: int
    unit: int
    timesteps: int
    units: int
    alone: bool


class PageCase(NamedTuple):
    """A page, its verdict, and the cell that it marks, if there is one."""

    name: str
    path: Path
    equal: bool
    marked: MarkedCell | None


def layer(**constructor: Any) -> GRU:
    """Return a layer that returns every output."""
    made = GRU(UNITS, return_sequences=True, **constructor)
    return small_gru.with_weights(made, (BATCH, TIMESTEPS, FEATURES))


def inputs() -> np.ndarray:
    """Return an input of the layer."""
    values = np.random.default_rng(1).normal(size=(BATCH, TIMESTEPS, FEATURES))
    return values.astype("float32")


def holed_mask() -> np.ndarray:
    """Return a mask with a hole and ends that differ."""
    mask = np.arange(TIMESTEPS) < np.array([[TIMESTEPS], [31], [22]])
    mask[0, 10:14] = False
    return mask


def equal() -> dict[str, Any]:
    """Return the layer's own outputs."""
    return {"theirs": layer()(inputs())}


def explained() -> dict[str, Any]:
    """Return the outputs of a port with one classic mistake."""
    attempt = small_gru.attempt_of(layer(), inputs())
    return {"theirs": BY_NAME["z and r swapped"].run(attempt).outputs[0]}


def unexplained() -> dict[str, Any]:
    """Return outputs of which some are wrong, the first of them at FIRST."""
    timestep, row, unit = FIRST
    outputs = layer()(inputs()).copy()
    outputs[row, timestep : timestep + 5, unit] += [1e-4, 0.02, 0.3, 0.01, 1e-5]
    return {"theirs": outputs}


def masked() -> dict[str, Any]:
    """Return a trace under a mask, a gate of which is wrong at FIRST, and NaN later."""
    timestep, row, unit = FIRST
    mask = holed_mask()
    trace = layer().trace(inputs(), mask=mask)
    gates = {name: getattr(trace, name).copy() for name in ("z", "r", "candidate", "h")}
    gates["r"][timestep, row, unit] += 0.2
    gates["candidate"][timestep + 3, 0, 1] = np.nan
    return {"theirs": gates, "mask": mask}


def backwards() -> dict[str, Any]:
    """Return z and the states of a layer that goes backwards, one wrong at FIRST."""
    timestep, row, unit = FIRST
    trace = layer(go_backwards=True).trace(inputs())
    h = trace.h.copy()
    h[TIMESTEPS - 1 - timestep, row, unit] += 0.01
    return {"theirs": {"h": h, "z": trace.z}, "layer": layer(go_backwards=True)}


def final() -> dict[str, Any]:
    """Return a final state alone, which is wrong."""
    return {"theirs": layer()(inputs())[:, -1] + np.float32(1e-3)}


DIFFS: tuple[Callable[[], dict[str, Any]], ...] = (
    equal, explained, unexplained, masked, backwards, final,
)  # fmt: skip


def write_diff(make: Callable[[], dict[str, Any]], folder: Path, *more: object) -> PageCase:
    """Run `gru-ref diff --html` in a folder, on a file and a layer whose names are hostile."""
    made = make()
    file, path = folder / HOSTILE_FILE, folder / "page.html"
    save_bundle(file, {HOSTILE: made.get("layer") or layer()})
    theirs = made["theirs"]
    if isinstance(theirs, dict):
        np.savez(folder / "theirs.npz", **theirs)
    else:
        np.save(folder / "theirs.npy", theirs)
    options: list[object] = ["--theirs", next(folder.glob("theirs.*"))]
    for name, array in {"inputs": inputs(), "mask": made.get("mask")}.items():
        if array is not None:
            np.save(folder / f"{name}.npy", array)
            options += [f"--{name}", folder / f"{name}.npy"]
    ended = invoke("diff", file, *options, "--html", path, "--json", *more)
    assert ended.status in (0, 1), ended.err
    first = json.loads(ended.out)["first"]
    marked = None
    if first is not None and first["position"] is not None:
        cell = first["position"], first["timestep"], first["unit"]
        marked = MarkedCell(*cell, TIMESTEPS, UNITS, make is not explained)
    return PageCase(make.__name__, path, ended.status == 0, marked)


def write_trace(folder: Path) -> PageCase:
    """Run `gru-ref trace --html` in a folder, under a mask."""
    file, path = folder / HOSTILE_FILE, folder / "page.html"
    save_bundle(file, {HOSTILE: layer()})
    np.save(folder / "inputs.npy", inputs())
    np.save(folder / "mask.npy", holed_mask())
    options = ("--inputs", folder / "inputs.npy", "--mask", folder / "mask.npy")
    ended = invoke("trace", file, *options, "--html", path)
    assert ended.status == 0, ended.err
    return PageCase("trace", path, True, None)


def large_difference(units: int = 512, timesteps: int = 400, batch: int = 16) -> Difference:
    """Return a difference of many numbers, every gate given: one number is outside its bound.

    It is put together from random numbers, since it is the page that is looked at.
    """
    rng = np.random.default_rng(3)
    shape = timesteps, batch, units
    names = "z", "r", "candidate", "h"
    expected = {name: rng.uniform(size=shape) for name in names}
    bound = {name: np.full(shape, 1e-6) for name in names}
    ratio = {name: np.square(np.square(rng.uniform(size=shape))) for name in names}
    place = timesteps - 67, batch - 5, units - 111
    ratio["h"][place] = 1.5
    theirs = {name: expected[name] + ratio[name] * bound[name] for name in names}
    used = np.ones(shape[:2], bool)
    steps = ComparedSteps(np.arange(timesteps), used, theirs, expected, bound, ratio)
    position, row, unit = place
    values = float(theirs["h"][place]), float(expected["h"][place])
    first = FirstDifference(position, position, row, unit, "h", *values, 1e-6, 1.5, 1, units)
    left = Remainder(1.5, 1.5e-6)
    return Difference(*left, left, first, (), (), FloatFormat(), steps)


def write_large(folder: Path) -> PageCase:
    """Write the page of `large_difference` into a folder."""
    found = large_difference()
    path = folder / "page.html"
    path.write_bytes(page(found.document(brief=False)))
    first = found.first
    assert first is not None
    assert found.steps is not None
    timesteps, _, units = found.steps.worst.shape
    marked = MarkedCell(first.timestep, first.position, first.unit, timesteps, units, True)
    return PageCase("large", path, False, marked)
