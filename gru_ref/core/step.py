"""One timestep of a GRU: the equations, and nothing else."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.recurrence import Recurrence
from gru_ref.core.weights import GRUWeights

Array = NDArray[Any]


class Step(NamedTuple):
    """The results of one timestep, each (batch, units): the new state, the gates, the projections.

    The projections of x and of h include their bias; there is one each for z, r and the candidate.
    """

    h: Array
    z: Array
    r: Array
    candidate: Array
    input_projections: tuple[Array, Array, Array]
    recurrent_projections: tuple[Array, Array, Array]


def gru_step(
    x: Array,
    h_prev: Array,
    weights: GRUWeights,
    recurrence: Recurrence,
    *,
    dropout_mask: Array | None = None,
    recurrent_dropout_mask: Array | None = None,
) -> Step:
    """Compute one timestep, in both reset forms.

    Equation
    --------
    With ρ the recurrent_activation, φ the activation, ∘ the elementwise product, W the kernel, R
    the recurrent_kernel, b the input bias and c the recurrent bias::

        z  = ρ(x W_z + b_z + h R_z + c_z)               update gate: the share of the old state kept
        r  = ρ(x W_r + b_r + h R_r + c_r)               reset gate
        n  = φ(x W_h + b_h + r ∘ (h R_h + c_h))         candidate, reset_after=True
        n  = φ(x W_h + b_h + (r ∘ h) R_h)               candidate, reset_after=False (then c = 0)
        h' = z ∘ h + (1 − z) ∘ n

    Dropout multiplies the x or the h that enters a gate's product, never the h that z keeps.

    Parameters
    ----------
    x : (batch, features), floating
        The input of this timestep.
    h_prev : (batch, units), same dtype
        The state before this timestep.
    weights : GRUWeights
    recurrence : Recurrence
        Its functions, reset form and matrix product are used, and its dtype if it is a half type,
        which rounds as `gru_ref.core.rounding` describes.
    dropout_mask : (batch, features) or (3, batch, features), optional
        Multiplies x: one mask for all gates, or one per gate in the order z, r, h.
    recurrent_dropout_mask : (batch, units) or (3, batch, units), optional
        Multiplies h in the same way.

    Returns
    -------
    Step
        h, z, r, candidate, and the projections of all three: (batch, units) each.

    Source
    ------
    GRUCell.call in tf_keras/src/layers/rnn/gru.py (2.21) and keras/src/layers/rnn/gru.py (3.15.1).

    Examples
    --------
    >>> from gru_ref.core import linear
    >>> weights = GRUWeights(np.array([[1.0, 2.0, 3.0]]), np.zeros((1, 3)), np.zeros((2, 3)))
    >>> step = gru_step(np.ones((1, 1)), np.full((1, 1), 10.0), weights, Recurrence(linear, linear))
    >>> step.z, step.h  # z = 1 keeps the state
    (array([[1.]]), array([[10.]]))
    """
    x, h_prev, weights = weights.operands(x, h_prev, recurrence.dtype)
    ρ, φ, dot = recurrence.recurrent_activation, recurrence.activation, recurrence.product
    W_z, W_r, W_h = weights.kernel_gates
    R_z, R_r, R_h = weights.recurrent_kernel_gates
    b_z, b_r, b_h = weights.input_bias_gates
    c_z, c_r, c_h = weights.recurrent_bias_gates
    x_z, x_r, x_h = _gate_inputs(x, dropout_mask)
    h_z, h_r, h_h = _gate_inputs(h_prev, recurrent_dropout_mask)

    p_z, q_z = dot(x_z, W_z) + b_z, dot(h_z, R_z) + c_z
    p_r, q_r = dot(x_r, W_r) + b_r, dot(h_r, R_r) + c_r
    z = ρ(p_z + q_z)
    r = ρ(p_r + q_r)
    p_h = dot(x_h, W_h) + b_h
    if recurrence.reset_after:
        q_h = dot(h_h, R_h) + c_h
        n = φ(p_h + r * q_h)
    else:
        q_h = dot(r * h_h, R_h)
        n = φ(p_h + q_h)
    h = z * h_prev + (1 - z) * n
    return Step(h, z, r, n, (p_z, p_r, p_h), (q_z, q_r, q_h))


def _gate_inputs(values: Array, dropout_mask: Array | None) -> tuple[Array, Array, Array]:
    """Return what enters the products of z, r and h once the mask has dropped some of it."""
    if dropout_mask is None:
        return values, values, values
    z, r, h = np.broadcast_to(values * dropout_mask, (3, *values.shape))
    return z, r, h
