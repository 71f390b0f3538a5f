"""The rounding one timestep may show in float32, derived; restarted from the sequence under test.

A bound over a whole trajectory is useless: it grows with every step. So each step starts from the
state that the implementation under test itself reached, is computed here in float64, and may differ
by what rounding that one step in float32 can do: products and sums by their condition, activations
by their slope and a few units in the last place. These lines share nothing with gru_ref.
"""

from __future__ import annotations

import numpy as np

ROUNDOFF = 2.0**-24  # of float32, half an eps
ACTIVATION_ULPS = 4.0  # what a float32 tanh or sigmoid may be off by, in roundoffs; 2 was seen


def _gamma(count: int) -> float:
    """Return Higham's γ: the relative error that `count` roundings in a row can reach."""
    return count * ROUNDOFF / (1 - count * ROUNDOFF)


def _affine(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x W + b and its rounding; one more rounding for a dropout scale."""
    size = np.abs(x) @ np.abs(weights) + np.abs(bias)
    return x @ weights + bias, _gamma(weights.shape[0] + 2) * size


def step(
    x: np.ndarray,
    h: np.ndarray,
    weights: list[np.ndarray],
    reset_after: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the next state of a tanh/sigmoid GRU in float64, and its float32 rounding bound.

    Parameters
    ----------
    x : (batch, features), h : (batch, units)
        The input and the state that the step starts from; any leading axes.
    weights : [kernel, recurrent_kernel] or [kernel, recurrent_kernel, bias]
    """
    kernel, recurrent, *bias = (np.asarray(w, "float64") for w in weights)
    x, h = np.asarray(x, "float64"), np.asarray(h, "float64")
    rows = np.zeros((2, kernel.shape[1]))
    if bias:
        rows[: 1 if bias[0].ndim == 1 else 2] = bias[0]
    parts = [np.split(array, 3, axis=1) for array in (kernel, recurrent, rows)]
    gates = []
    for gate in (0, 1):
        a, da = _affine(x, parts[0][gate], parts[2][gate][0])
        b, db = _affine(h, parts[1][gate], parts[2][gate][1])
        d = da + db + ROUNDOFF * np.abs(a + b)
        gates.append((1 / (1 + np.exp(-(a + b))), d / 4 + ACTIVATION_ULPS * ROUNDOFF))
    (z, dz), (r, dr) = gates
    a, da = _affine(x, parts[0][2], parts[2][2][0])
    if reset_after:
        b, db = _affine(h, parts[1][2], parts[2][2][1])
        inner, d_inner = r * b, np.abs(b) * dr + r * db + dr * db + ROUNDOFF * np.abs(r * b)
    else:
        inner, rounding = _affine(r * h, parts[1][2], np.zeros(h.shape[-1]))
        d_inner = rounding + (np.abs(h) * dr + ROUNDOFF * np.abs(r * h)) @ np.abs(parts[1][2])
    n = np.tanh(a + inner)
    dn = da + d_inner + ROUNDOFF * np.abs(a + inner) + ACTIVATION_ULPS * ROUNDOFF
    bound = dz * np.abs(h - n) + (1 - z) * dn + dz * dn
    bound = bound + 3 * ROUNDOFF * (np.abs(z * h) + np.abs((1 - z) * n))
    return z * h + (1 - z) * n, bound


def worst_ratio(
    x: np.ndarray,
    initial_state: np.ndarray | None,
    states: np.ndarray,
    weights: list[np.ndarray],
    reset_after: bool,
) -> float:
    """Return the largest |error| / bound over every step of a sequence of states.

    Parameters
    ----------
    x : (timesteps, batch, features), in processing order
    states : (timesteps, batch, units)
        What the implementation under test returned.
    """
    first = np.zeros_like(states[:1]) if initial_state is None else initial_state[np.newaxis]
    expected, bound = step(x, np.concatenate([first, states[:-1]]), weights, reset_after)
    return float(np.max(np.abs(states - expected) / bound))
