"""One timestep of a GRU: the equations, and nothing else."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.config import GRUConfig
from gru_ref.weights import GRUWeights

Array = NDArray[Any]


class Step(NamedTuple):
    """What one timestep computes, each (batch, units): the new state and the gates behind it."""

    h: Array
    z: Array
    r: Array
    candidate: Array


def gru_step(
    x: Array,
    h_prev: Array,
    weights: GRUWeights,
    config: GRUConfig,
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
    x : (batch, features), float32 or float64
        The input of this timestep.
    h_prev : (batch, units), same dtype
        The state before this timestep.
    weights : GRUWeights
    config : GRUConfig
        Only activation, recurrent_activation and reset_after matter here.
    dropout_mask : (batch, features) or (3, batch, features), optional
        Multiplies x: one mask for all gates, or one a gate in the order z, r, h.
    recurrent_dropout_mask : (batch, units) or (3, batch, units), optional
        Multiplies h likewise.

    Returns
    -------
    Step
        h, z, r, candidate: (batch, units) each.

    Source
    ------
    GRUCell.call in tf_keras/src/layers/rnn/gru.py (2.21) and keras/src/layers/rnn/gru.py (3.15.1).

    Examples
    --------
    >>> config = GRUConfig(units=1, activation="linear", recurrent_activation="linear")
    >>> weights = GRUWeights(np.array([[1.0, 2.0, 3.0]]), np.zeros((1, 3)), np.zeros((2, 3)))
    >>> gru_step(np.array([[1.0]]), np.array([[10.0]]), weights, config).h  # z=1 keeps the state
    array([[10.]])
    """
    ρ, φ = config.recurrent_activation_function, config.activation_function
    W_z, W_r, W_h = weights.kernel_gates
    R_z, R_r, R_h = weights.recurrent_kernel_gates
    b_z, b_r, b_h = weights.input_bias_gates
    c_z, c_r, c_h = weights.recurrent_bias_gates
    x_z, x_r, x_h = _dropped(x, dropout_mask)
    h_z, h_r, h_h = _dropped(h_prev, recurrent_dropout_mask)

    z = ρ((x_z @ W_z + b_z) + (h_z @ R_z + c_z))
    r = ρ((x_r @ W_r + b_r) + (h_r @ R_r + c_r))
    if config.reset_after:
        n = φ((x_h @ W_h + b_h) + r * (h_h @ R_h + c_h))
    else:
        n = φ((x_h @ W_h + b_h) + (r * h_h) @ R_h)
    h = z * h_prev + (1 - z) * n
    return Step(h, z, r, n)


def _dropped(values: Array, mask: Array | None) -> tuple[Array, Array, Array]:
    """Return what enters the gates z, r, h once `mask` has dropped some of `values`."""
    if mask is None:
        return values, values, values
    z, r, h = np.broadcast_to(values * mask, (3, *values.shape))
    return z, r, h
