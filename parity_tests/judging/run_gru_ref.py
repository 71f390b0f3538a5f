"""Runs gru_ref on a witness: the only place where the suite touches what it checks."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import gru_ref
from gru_ref.errors import EngineWarning, KerasQuirkWarning
from parity_tests.judging import engines
from parity_tests.oracles import codec


class CallResult(NamedTuple):
    """What one call returned: its outputs, how they were contained, and the recorded state."""

    outputs: list[np.ndarray]
    container: str
    state: np.ndarray | None


class CaseRun(NamedTuple):
    """What a witness gave: a result for each call, the path taken and the quirks warned of.

    Of a faster engine also why it did not compute all of it, and the results of the same calls of
    the same layer once more, which takes a shorter way through it, and that of large batches.
    """

    calls: list[CallResult]
    path: str
    quirks: tuple[str, ...]
    reason: str = ""
    again: Sequence[CallResult] = ()


def run(
    constructor: Mapping[str, Any],
    weights: Sequence[np.ndarray],
    calls: Sequence[Any],
    masks: Sequence[Mapping[str, Any]],
    keras_version: str,
    engine: str = engines.CORE,
) -> CaseRun:
    """Build a `gru_ref.GRU` and make the calls of a witness.

    Parameters
    ----------
    calls : sequence
        Objects with x, initial_state, mask and training, or the string "reset".
    masks : sequence of mappings
        For each call the captured dropout_mask and recurrent_dropout_mask.
    engine : str
        The core, or a faster engine: where that computes no plain call of the layer, nothing is
        run.

    Raises
    ------
    WrongEngine
        Another engine than this one and, for a reason that is given, the core was seen to run.
    """
    with warnings.catch_warnings(record=True) as caught, _watch(engine) as seen:
        warnings.simplefilter("always", KerasQuirkWarning)
        warnings.simplefilter("ignore", EngineWarning)
        layer = gru_ref.GRU(**constructor, keras_version=keras_version, engine=engine)
        if reason := engines.refusal(engine, layer):
            return CaseRun([], layer.config.path, (), reason)
        first = next(call for call in calls if call != "reset")
        layer.build(first.x.shape)
        layer.set_weights(weights)
        results, again = _make_calls(layer, calls, masks), []
        if seen is not None:
            reason = seen.reason(engine, layer)
            if not layer.stateful:
                with engines.for_large_batches(engine):
                    again = _make_calls(layer, calls, masks)
    quirks = {str(w.message).partition(":")[0] for w in caught}
    return CaseRun(results, layer.config.path, tuple(sorted(quirks)), reason, again)


def _watch(engine: str) -> contextlib.AbstractContextManager[engines.KernelWatch | None]:
    """Return what watches a faster engine; the core computes whatever it is asked to."""
    return contextlib.nullcontext() if engine == engines.CORE else engines.watch()


def _make_calls(
    layer: Any, calls: Sequence[Any], masks: Sequence[Mapping[str, Any]]
) -> list[CallResult]:
    """Return the results of the calls of a witness."""
    results = []
    for call, dropped in zip(calls, masks, strict=True):
        if call == "reset":
            layer.reset_states()
            results.append(CallResult([], "reset", layer.recorded_state))
            continue
        value = layer(
            call.x,
            call.initial_state,
            mask=call.mask,
            training=call.training,
            dropout_mask=dropped.get("dropout_mask"),
            recurrent_dropout_mask=dropped.get("recurrent_dropout_mask"),
        )
        container = type(value).__name__ if isinstance(value, (list, tuple)) else "tensor"
        outputs = [value] if container == "tensor" else list(value)
        state = layer.recorded_state if layer.stateful else None
        results.append(CallResult(outputs, container, state))
    return results


class StepOutcome(NamedTuple):
    """What one step came to: the value it returned, or the exception it raised.

    `kept` is whether it left the layer's weights and recorded state as they were, bit for bit.
    """

    method: str
    value: Any = None
    error: Exception | None = None
    kept: bool = True


def steps(
    rows: Sequence[Sequence[Any]],
    keras_version: str,
    rng: np.random.Generator | None = None,
    engine: str | None = None,
) -> list[StepOutcome]:
    """Carry out methods of a `gru_ref.GRU` one by one, up to the first that raises.

    Parameters
    ----------
    rows : sequence of [method, arguments…]
        As a worker takes them: a list holds positional arguments, a dict keyword arguments; the
        values are in `oracles.codec`'s forms. ``attempt`` is a call that may fail: its value is
        the class of what it raises. ``fit_once`` at the learning rate 0 is `apply_constraints`.
    rng : numpy.random.Generator, optional
        What draws the dropout masks of calls in training.
    engine : str, optional
        What computes the calls; by default what gru_ref takes by itself.
    """
    layer: Any = None
    outcomes = []
    for row in rows:
        method, *arguments = codec.decode(list(row))
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        for argument in arguments:
            if isinstance(argument, dict):
                keywords.update(argument)
            else:
                positional.extend(argument)
        if method in ("call", "attempt"):
            if "x" in keywords:
                positional.insert(0, keywords.pop("x"))
            if rng is not None and keywords.get("training"):
                keywords["rng"] = rng
        before = _memory(layer)
        try:
            value = _step(layer, method, positional, keywords, keras_version)
        except Exception as error:  # every class is an outcome here
            outcomes.append(StepOutcome(method, None, error, _memory(layer) == before))
            break
        outcomes.append(StepOutcome(method, value, None, _memory(layer) == before))
        if method in ("construct", "from_config"):
            layer = value
            if engine is not None:
                layer.engine = engine
    return outcomes


def _step(
    layer: Any, method: str, positional: list[Any], keywords: dict[str, Any], keras_version: str
) -> Any:
    """Carry out one method of the layer, or make it; return its value."""
    if method == "construct":
        return gru_ref.GRU(*positional, **keywords, keras_version=keras_version)
    if method == "from_config":
        return gru_ref.GRU.from_config(*positional, **keywords, keras_version=keras_version)
    if method == "attempt":
        try:
            layer(*positional, **keywords)
        except Exception as error:
            return type(error).__name__
        return None
    if method == "fit_once":
        assert keywords["learning_rate"] == 0, "gru_ref has no gradients"
        return layer.apply_constraints()
    return carry_out(layer, method, positional, keywords)


def carry_out(
    layer: Any, method: str, positional: Sequence[Any], keywords: Mapping[str, Any]
) -> Any:
    """Call a layer, carry out one of its methods, read an attribute, or set the global seed."""
    if method == "set_random_seed":
        return gru_ref.set_random_seed(*positional)
    if method == "call":
        return layer(*positional, **keywords)
    value = getattr(layer, method)
    return value(*positional, **keywords) if callable(value) else value


def _memory(layer: Any) -> list[bytes | None]:
    """Return what a layer keeps between calls: its weights and its recorded state."""
    if layer is None:
        return []
    kept = *layer.get_weights(), layer.recorded_state
    return [None if a is None else np.asarray(a).tobytes() for a in kept]


def same_activations(constructor: dict[str, Any]) -> bool:
    """Return whether both generations have the same functions for a constructor's activations."""
    chosen = {k: v for k, v in constructor.items() if k.endswith("activation")}
    try:
        configs = [gru_ref.GRUConfig(1, **chosen, keras_version=version) for version in "23"]
    except ValueError:
        return False  # a name that only one generation has
    return all(
        getattr(configs[0], name) is getattr(configs[1], name)
        for name in ("activation_function", "recurrent_activation_function")
    )
