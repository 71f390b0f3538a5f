"""Compares two runs of one witness: equal, or how far apart, where, in units of eps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np


class RunDifference(NamedTuple):
    """The largest difference between two runs; `error` is in eps of max(1, |expected|)."""

    error: float
    where: str
    index: tuple[int, ...]
    actual: float
    expected: float

    @property
    def absolute(self) -> float:
        """The difference of the two numbers; infinite where there are none to compare."""
        apart = abs(self.actual - self.expected)
        return apart if np.isfinite(apart) and np.isfinite(self.error) else float(self.error)


# From here on a number of eps says nothing about rounding, and is hard to read.
MOST_EPS = 1e6


def error_words(error: float, absolute: float | None = None) -> str:
    """Return an error in eps, or as an absolute number where it is far from rounding.

    Examples
    --------
    >>> error_words(18.04), error_words(2.7e15, 0.6), error_words(2.7e15)
    ('18 eps', '0.6 absolute', 'over 1e6 eps')
    """
    if error <= MOST_EPS:
        return f"{error:.3g} eps"
    return "over 1e6 eps" if absolute is None else f"{absolute:.3g} absolute"


EPS_OF_BFLOAT16 = 2.0**-7  # which np.finfo does not know

EQUAL = RunDifference(0.0, "", (), 0.0, 0.0)


def arrays(calls: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Yield every array of a run with the words that name it; `calls` are dicts or CallResults."""
    for number, fields in enumerate(_fields(calls)):
        for position, output in enumerate(fields.get("outputs") or []):
            yield f"call {number} {('output', 'state')[position]}", output
        if fields.get("state") is not None:
            yield f"call {number} recorded state", fields["state"]


def containers(calls: Sequence[Any]) -> list[str]:
    """Return how each call's result was contained: tensor, list or tuple."""
    return [call.get("container", "reset") for call in _fields(calls) if call.get("outputs")]


def _fields(calls: Sequence[Any]) -> Iterator[dict[str, Any]]:
    return (call if isinstance(call, dict) else call._asdict() for call in calls)


def eps_of(dtype: np.dtype[Any]) -> float:
    """Return the distance from 1 to the next number of a floating dtype."""
    return EPS_OF_BFLOAT16 if dtype.name == "bfloat16" else float(np.finfo(dtype).eps)


def errors(actual: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return how far apart the numbers of two arrays of one floating dtype are, in eps.

    In eps of max(1, |expected|); a NaN on one side alone is infinitely far.
    """
    a, b = actual.astype("float64"), expected.astype("float64")
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b) / (eps_of(expected.dtype) * np.maximum(1, np.abs(b)))
    apart = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0, apart)
    return np.where(np.isnan(apart), np.inf, apart)


def difference(actual: Sequence[Any], expected: Sequence[Any]) -> RunDifference:
    """Return the largest difference between two runs.

    A different number of arrays, container, shape, dtype, or a NaN on one side alone is infinite.
    Zeros of either sign are equal: the sign of a zero depends on the order of a sum.
    """
    mine, theirs = list(arrays(actual)), list(arrays(expected))
    if [name for name, _ in mine] != [name for name, _ in theirs]:
        return RunDifference(np.inf, f"{len(mine)} arrays, expected {len(theirs)}", (), 0, 0)
    if containers(actual) != containers(expected):
        where = f"containers {containers(actual)}, expected {containers(expected)}"
        return RunDifference(np.inf, where, (), 0, 0)
    worst = EQUAL
    for (name, a), (_, b) in zip(mine, theirs, strict=True):
        if a.shape != b.shape or a.dtype != b.dtype:
            where = f"{name}: {a.dtype} {a.shape}, expected {b.dtype} {b.shape}"
            return RunDifference(np.inf, where, (), 0, 0)
        if a.size == 0 or np.array_equal(a, b, equal_nan=True):
            continue
        apart = errors(a, b)
        index = tuple(int(i) for i in np.unravel_index(np.argmax(apart), apart.shape))
        if apart[index] > worst.error:
            error, actual, expected = (float(array[index]) for array in (apart, a, b))
            worst = RunDifference(error, name, index, actual, expected)
    return worst


def digest(calls: Sequence[Any]) -> str:
    """Return a short hash of every number of a run; zeros of either sign count as one."""
    hashed = hashlib.sha256()
    for name, array in arrays(calls):
        hashed.update(name.encode())
        hashed.update(np.ascontiguousarray(array + 0.0).tobytes())
    return hashed.hexdigest()[:16]
