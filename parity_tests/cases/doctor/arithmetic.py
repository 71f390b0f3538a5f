"""The arithmetic of a source: every operation rounded to its precision, as the source would."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = Any


def to_bfloat16(values: Array) -> Array:
    """Return float32 values rounded to bfloat16, to nearest and ties to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded & np.uint32(0xFFFF0000)).view(np.float32)


def to_float16(values: Array) -> Array:
    """Return float32 values rounded to float16."""
    with np.errstate(over="ignore"):
        return np.asarray(values, np.float32).astype(np.float16).astype(np.float32)


ROUND = {
    "exact": lambda values: np.asarray(values, np.float64),
    "float64": lambda values: np.asarray(values, np.float64),
    "float32": lambda values: np.asarray(values, np.float32),
    "float16": to_float16,
    "bfloat16": to_bfloat16,
}


class Rounder(NamedTuple):
    """A precision, and how products are summed in it.

    Parameters
    ----------
    precision : str
        A key of `ROUND`.
    narrow : bool
        Sums are rounded to the precision term by term, not made in float32.
    """

    precision: str
    narrow: bool = False

    def __call__(self, values: Array) -> Array:
        """Round."""
        return ROUND[self.precision](values)

    def dot(self, vectors: Array, matrix: Array) -> Array:
        """Return ``vectors @ matrix``, rounded."""
        if not self.narrow:
            return self(vectors @ matrix)
        total = np.zeros((*vectors.shape[:-1], matrix.shape[1]), np.float32)
        for column in range(vectors.shape[-1]):
            total = self(total + self(vectors[..., column : column + 1] * matrix[column]))
        return total

    def sigmoid(self, values: Array) -> Array:
        """Return the logistic function, rounded."""
        return self(0.5 * (1 + np.tanh(0.5 * values)))

    def tanh(self, values: Array) -> Array:
        """Return the hyperbolic tangent, rounded."""
        return self(np.tanh(values))

    def hard_sigmoid(self, values: Array, slope: float) -> Array:
        """Return a piecewise linear sigmoid, rounded."""
        return self(np.clip(self(values * self(np.float64(slope))) + 0.5, 0, 1))


def activation(name: str) -> Any:
    """Return a function of (arithmetic, values) for a name of these trials."""
    return {
        "sigmoid": lambda q, a: q.sigmoid(a),
        "tanh": lambda q, a: q.tanh(a),
        "hard_sigmoid_2": lambda q, a: q.hard_sigmoid(a, 0.2),
        "hard_sigmoid_3": lambda q, a: q.hard_sigmoid(a, 1 / 6),
        "relu": lambda q, a: q(np.maximum(a, 0)),
        "linear": lambda q, a: a,
        "softsign": lambda q, a: q(a / q(1 + np.abs(a))),
        # outside the space
        "scaled_tanh": lambda q, a: q(1.7159 * np.tanh(a * (2 / 3))),
        "arctan": lambda q, a: q(np.arctan(a)),
        "hard_sigmoid_quarter": lambda q, a: q.hard_sigmoid(a, 0.25),
        # outside, and nothing that the doctor knows of
        "rational_tanh": lambda q, a: q(np.clip(a * (27 + a * a) / (27 + 9 * a * a), -1, 1)),
        "inverse_square_root": lambda q, a: q(a / np.sqrt(1 + a * a)),
        "fast_sigmoid": lambda q, a: q(0.5 + 0.5 * a / (1 + np.abs(a))),
        "sigmoid_table": lambda q, a: q.sigmoid(np.clip(np.round(a * 16) / 16, -8, 8)),
        "clipped_tanh": lambda q, a: q.tanh(np.clip(a, -1, 1)),
    }[name]
