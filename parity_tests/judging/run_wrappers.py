"""Runs gru_ref on a case of `cases.wrappers`, and compares its values container for container."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

import gru_ref
from gru_ref.errors import EngineWarning, KerasQuirkWarning
from parity_tests.judging import compare, engines
from parity_tests.judging.run_gru_ref import StepOutcome, carry_out


def layer_from(written: Any, keras_version: str) -> Any:
    """Return the layer of gru_ref that a dict with a ``class`` stands for; else the value."""
    if isinstance(written, list):
        return [layer_from(item, keras_version) for item in written]
    if not isinstance(written, dict) or "class" not in written:
        return written
    arguments = {
        k: layer_from(value, keras_version) for k, value in written.items() if k != "class"
    }
    kind = getattr(gru_ref, written["class"])
    own = {"keras_version": keras_version} if kind in (gru_ref.GRU, gru_ref.GRUCell) else {}
    return kind(**arguments, **own)


class WrapperRun(NamedTuple):
    """The outcomes of the steps, the quirks warned of, and why the engine did not compute it all.

    The reason is empty for the core, and None for a cell, which no engine runs.
    """

    outcomes: list[StepOutcome]
    quirks: list[str]
    reason: str | None = ""


def run(
    steps: Sequence[Sequence[Any]],
    keras_version: str,
    masks: Sequence[Any] = (),
    engine: str | None = engines.CORE,
) -> WrapperRun:
    """Carry out the steps of a case.

    Parameters
    ----------
    masks : sequence
        For each step the dropout masks of its call, or None.
    engine : str or None
        The core, a faster engine, or what the layer takes by itself.

    Raises
    ------
    WrongEngine
        Another engine than this one and, for a reason that is given, the core was seen to run.
    """
    layer, outcomes = None, []
    with warnings.catch_warnings(record=True) as caught, engines.watch() as seen:
        warnings.simplefilter("always", KerasQuirkWarning)
        warnings.simplefilter("ignore", EngineWarning)
        for number, (method, positional, keywords) in enumerate(steps):
            given = masks[number] if number < len(masks) else None
            if given is not None:
                names = ("dropout_mask", "recurrent_dropout_mask")
                keywords = {**keywords, **dict(zip(names, given, strict=True))}
            try:
                if method == "construct":
                    layer, value = layer_from(keywords, keras_version), None
                elif method == "from_config":
                    class_name, config = positional
                    kind = getattr(gru_ref, class_name)
                    layer, value = kind.from_config(config, keras_version=keras_version), None
                elif method == "make_seed":
                    value = None
                else:
                    value = carry_out(layer, method, positional, keywords)
            except Exception as error:  # every class is an outcome here
                outcomes.append(StepOutcome(method, error=error))
                break
            made = method in ("construct", "from_config") and hasattr(layer, "engine")
            if made and engine is not None:
                layer.engine = engine
            outcomes.append(StepOutcome(method, value))
        reason: str | None = ""
        if not hasattr(layer, "engine"):
            reason = None
        elif engine not in (None, engines.CORE) and any(o.method == "call" for o in outcomes):
            reason = seen.reason(engine, layer)
    quirks = sorted({str(w.message).partition(":")[0] for w in caught})
    return WrapperRun(outcomes, quirks, reason)


def difference(actual: Any, expected: Any) -> float:
    """Return how far apart two values are, as `compare.errors` says; other containers: inf."""
    found = (np.inf if pair is None else _error(*pair) for pair in _pairs(actual, expected))
    return max(found, default=0.0)


def _error(actual: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest error of arrays of one shape and dtype."""
    if expected.dtype.kind in "biu":
        return 0.0 if np.array_equal(actual, expected) else np.inf
    return float(np.max(compare.errors(actual, expected), initial=0))


def _pairs(actual: Any, expected: Any) -> Iterator[tuple[np.ndarray, np.ndarray] | None]:
    """Yield the arrays of two values side by side; None where the values are not alike."""
    if isinstance(actual, np.generic):
        actual = np.asarray(actual)
    if isinstance(expected, np.ndarray):
        alike = isinstance(actual, np.ndarray) and actual.shape == expected.shape
        yield (actual, expected) if alike and actual.dtype == expected.dtype else None
    elif isinstance(expected, (list, tuple)):
        if type(actual) is not type(expected) or len(actual) != len(expected):
            yield None
            return
        for ours, theirs in zip(actual, expected, strict=True):
            yield from _pairs(ours, theirs)
    elif isinstance(expected, dict):
        if not isinstance(actual, dict) or list(actual) != list(expected):
            yield None
            return
        for name, theirs in expected.items():
            yield from _pairs(actual[name], theirs)
    elif type(actual) is not type(expected) or actual != expected:
        yield None


def difference_of(method: str, actual: Any, expected: Any) -> float:
    """Return `difference`, of configs without the numbers in Keras's names."""
    if method == "get_config":
        actual, expected = without_numbers(actual), without_numbers(expected)
    return difference(actual, expected)


def without_numbers(config: Any) -> Any:
    """Return a config with the first name of every layer: Keras numbers later ones."""
    if isinstance(config, (list, tuple)):
        return type(config)(without_numbers(item) for item in config)
    if not isinstance(config, dict):
        return config
    found = {key: without_numbers(value) for key, value in config.items()}
    if isinstance(found.get("name"), str):
        found["name"] = re.sub(r"_\d+$", "", found["name"])
    return found
