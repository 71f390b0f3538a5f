"""A found layout as the weights and arguments of a Keras GRU."""

from __future__ import annotations

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.doctor.evidence import BACKWARD
from gru_ref.debugging.doctor.functions import SYMMETRIC, name_of
from gru_ref.debugging.doctor.space import Row, Space
from gru_ref.debugging.doctor.steps import Array
from gru_ref.debugging.doctor.views import View
from gru_ref.errors import NotRepresentableError
from gru_ref.layouts.reading import Read


def read(space: Space, view: View, *, double: bool) -> Read:
    """Return the weights in Keras's order, and the arguments of GRU that go with them.

    Bias rows that the layout adds come back as the input row.

    Parameters
    ----------
    double : bool
        The arrays were float64: so are these, and otherwise float32.

    Raises
    ------
    NotRepresentableError
        z is the share of the candidate, and negating what enters it does not give 1 − z.
    """
    candidate = view.candidate
    row = candidate.row
    if candidate.complement and candidate.gates not in SYMMETRIC:
        raise NotRepresentableError(
            "Keras's GRU",
            "z",
            f"the share of the candidate under {name_of(candidate.gates)}",
            "the share of the old state, or sigmoid or hard_sigmoid",
            "1 − z, which negated weights do not give there",
        )
    dtype = np.float64 if double else np.float32
    sign = -1.0 if candidate.complement else 1.0
    kernel = _joined([space.kernels[number][0] for number in row[0:3]], sign)
    recurrent = _joined([space.recurrents[number][0] for number in row[3:6]], sign)
    bias = _bias(space, row, sign)
    there = any(words.bias not in ("none", "ignored") for words in space.rows[row])
    weights = GRUWeights(
        kernel.astype(dtype), recurrent.astype(dtype), bias.astype(dtype) if there else None
    )
    return Read.from_weights(
        weights,
        reset_after=row.reset_after,
        go_backwards=view.timing.direction == BACKWARD,
        candidate=candidate.candidate,
        gates=candidate.gates,
    )


def _bias(space: Space, row: Row, sign: float) -> Array:
    """Return (2, 3u), or (3u,) for the reset before; rows that were added are the input's."""
    sums = _joined([space.biases[number][0] for number in row[6:9]], sign)
    if not row.reset_after:
        return sums
    if row in space.split:
        return np.stack([_joined(np.split(one, 3), sign) for one in space.split[row]])
    zeros = np.zeros(2 * space.units)
    return np.stack([sums, np.concatenate([zeros, space.biases[row.c_h][0]])])


def _joined(blocks: list[Array], sign: float) -> Array:
    """Return the blocks of z, r and h side by side, that of z times `sign`."""
    return np.concatenate([sign * blocks[0], *blocks[1:]], axis=-1)
