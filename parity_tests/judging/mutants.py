"""The classic mistakes of people who port a GRU, each a way of running gru_ref wrongly."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np

import gru_ref
from gru_ref.core import step as core_step
from gru_ref.core.step import Step
from gru_ref.keras.activations import tables
from parity_tests.judging import run_gru_ref

Weights = list[np.ndarray]


@dataclass(frozen=True)
class Attempt:
    """One run about to be made, for a mistake to spoil: what `subject.run` takes."""

    constructor: Mapping[str, Any]
    weights: Weights
    calls: Sequence[Any]
    masks: Sequence[Mapping[str, Any]]
    keras_version: str
    path: str


def _blocks(array: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """Reorder the column blocks z, r, h."""
    return np.concatenate([np.split(array, 3, axis=-1)[i] for i in order], axis=-1)


def _reordered(order: Sequence[int]) -> Callable[[Attempt], Attempt]:
    return lambda a: replace(a, weights=[_blocks(array, order) for array in a.weights])


def _with_kernel(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Attempt], Attempt]:
    return lambda a: replace(a, weights=[change(a.weights[0]), *a.weights[1:]])


def _with_recurrent_kernel(
    change: Callable[[np.ndarray], np.ndarray],
) -> Callable[[Attempt], Attempt]:
    return lambda a: replace(a, weights=[a.weights[0], change(a.weights[1]), *a.weights[2:]])


def _with_bias(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Attempt], Attempt]:
    return lambda a: replace(a, weights=[*a.weights[:2], change(a.weights[2])])


def _transposed(recurrent_kernel: np.ndarray) -> np.ndarray:
    return np.concatenate([block.T for block in np.split(recurrent_kernel, 3, axis=1)], axis=1)


def _without(*names: str) -> Callable[[Attempt], Attempt]:
    """Drop arguments of every call."""
    changes: dict[str, Any] = {
        name: False if name == "training" else None for name in names if not name.endswith("_mask")
    }

    def spoil(a: Attempt) -> Attempt:
        calls = [call if call == "reset" else call._replace(**changes) for call in a.calls]
        return replace(a, calls=calls)

    return spoil


def _constructor(**changes: Any) -> Callable[[Attempt], Attempt]:
    return lambda a: replace(a, constructor={**a.constructor, **changes})


def _flat_masks(name: str) -> Callable[[Attempt], Attempt]:
    """Replace a dropout mask by ones: nothing dropped, nothing scaled."""

    def spoil(a: Attempt) -> Attempt:
        masks = [
            {k: np.ones_like(v) if k == name and v is not None else v for k, v in m.items()}
            for m in a.masks
        ]
        return replace(a, masks=masks)

    return spoil


def _wrong_hard_sigmoid(a: Attempt) -> Attempt:
    mine = tables.KERAS_2 if a.keras_version.startswith(("2", "tf")) else tables.KERAS_3
    other = tables.KERAS_3 if mine is tables.KERAS_2 else tables.KERAS_2
    changes = {
        name: other["hard_sigmoid"]
        for name in ("activation", "recurrent_activation")
        if a.constructor.get(name) == "hard_sigmoid"
    }
    return replace(a, constructor={**a.constructor, **changes})


def _has(**wanted: Any) -> Callable[[Attempt], bool]:
    return lambda a: all(bool(a.constructor.get(k)) == v for k, v in wanted.items())


def _any_call(name: str) -> Callable[[Attempt], bool]:
    return lambda a: any(c != "reset" and getattr(c, name) is not None for c in a.calls)


def _two_bias_rows(a: Attempt) -> bool:
    return len(a.weights) == 3 and a.weights[2].ndim == 2


def _masked(a: Attempt) -> bool:
    return any(c != "reset" and c.mask is not None and not np.all(c.mask) for c in a.calls)


def _dropped(name: str) -> Callable[[Attempt], bool]:
    return lambda a: any(m.get(name) is not None and not np.all(m[name] == 1) for m in a.masks)


def _activations(a: Attempt) -> tuple[Any, Any]:
    return a.constructor.get("activation"), a.constructor.get("recurrent_activation")


def _always(_: Attempt) -> bool:
    return True


# ---- mistakes inside the step


def _step_complement(step: Any, x: Any, h_prev: Any, *args: Any, **masks: Any) -> Step:
    right = step(x, h_prev, *args, **masks)
    return right._replace(h=(1 - right.z) * h_prev + right.z * right.candidate)


def _step_other_reset(
    step: Any, x: Any, h_prev: Any, weights: Any, recurrence: Any, **masks: Any
) -> Step:
    other = replace(recurrence, reset_after=not recurrence.reset_after)
    return step(x, h_prev, weights, other, **masks)


def _step_forgetful(step: Any, x: Any, h_prev: Any, *args: Any, **masks: Any) -> Step:
    return step(x, np.zeros_like(h_prev), *args, **masks)


@dataclass(frozen=True)
class Mistake:
    """A mistake: where it can be made, and how it spoils an attempt or the step."""

    name: str
    applies: Callable[[Attempt], bool]
    spoil: Callable[[Attempt], Attempt] | None = None
    step: Callable[..., Step] | None = None
    between_calls: bool = False

    def run(self, attempt: Attempt) -> run_gru_ref.CaseRun:
        """Return what gru_ref computes when it makes this mistake."""
        spoiled = self.spoil(attempt) if self.spoil else attempt
        # A spoiled run may leave the range that its witness was drawn for.
        with self._patched(), np.errstate(over="ignore", invalid="ignore"):
            return run_gru_ref.run(
                spoiled.constructor,
                spoiled.weights,
                spoiled.calls,
                spoiled.masks,
                spoiled.keras_version,
            )

    @contextlib.contextmanager
    def _patched(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            if self.step:
                wrong, right = self.step, core_step.gru_step

                def spoiled_step(*args: Any, **masks: Any) -> Step:
                    return wrong(right, *args, **masks)

                stack.enter_context(mock.patch.object(core_step, "gru_step", spoiled_step))
            if self.between_calls:
                stack.enter_context(
                    mock.patch.object(gru_ref.GRU, "_start", lambda self, given: given)
                )
            yield


MISTAKES: tuple[Mistake, ...] = (
    Mistake("z and r swapped", _always, _reordered((1, 0, 2))),
    Mistake("z and candidate swapped", _always, _reordered((2, 1, 0))),
    Mistake("bias rows swapped", _two_bias_rows, _with_bias(lambda b: b[::-1])),
    Mistake(
        "bias rows merged",
        _two_bias_rows,
        _with_bias(lambda b: np.stack([b.sum(0), np.zeros_like(b[0])])),
    ),
    Mistake(
        "recurrent bias dropped",
        _two_bias_rows,
        _with_bias(lambda b: b * np.array([[1], [0]], b.dtype)),
    ),
    Mistake("recurrent kernel transposed", _always, _with_recurrent_kernel(_transposed)),
    Mistake("units permuted", _always, _with_recurrent_kernel(lambda r: np.roll(r, 1, axis=0))),
    Mistake("features permuted", _always, _with_kernel(lambda k: np.roll(k, 1, axis=0))),
    Mistake("other reset form", _always, step=_step_other_reset),
    Mistake("1 - z for z", _always, step=_step_complement),
    Mistake("go_backwards ignored", _has(go_backwards=True), _constructor(go_backwards=False)),
    Mistake("mask ignored", _masked, _without("mask")),
    Mistake(
        "zero_output_for_mask ignored",
        lambda a: _masked(a) and _has(zero_output_for_mask=True)(a),
        _constructor(zero_output_for_mask=False),
    ),
    Mistake("state not carried", _always, step=_step_forgetful),
    Mistake("recorded state dropped", _has(stateful=True), between_calls=True),
    Mistake("initial_state ignored", _any_call("initial_state"), _without("initial_state")),
    Mistake("dropout mask ignored", _dropped("dropout_mask"), _flat_masks("dropout_mask")),
    Mistake(
        "recurrent dropout mask ignored",
        _dropped("recurrent_dropout_mask"),
        _flat_masks("recurrent_dropout_mask"),
    ),
    Mistake(
        "wrong hard_sigmoid",
        lambda a: "hard_sigmoid" in _activations(a),
        _wrong_hard_sigmoid,
    ),
)
