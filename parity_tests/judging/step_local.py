"""The rounding one timestep may show, derived; restarted from the sequence under test.

A bound over a whole trajectory is useless: it grows with every step. So each step starts from the
state that the implementation under test itself reached, is computed here in float64, and may differ
by what rounding that one step can do: products and sums by their condition, activations by their
slope and a few units in the last place. These lines share nothing with gru_ref.

In float32 a product may be summed in any order. The half types sum it in float32 and round it once,
or cut it off, which is two roundoffs; then every operation rounds to the half type.
"""

from __future__ import annotations

import numpy as np

# Half an eps; "" is float32.
ROUNDOFFS = {"": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
# What a tanh may be off by, in roundoffs: 2 was seen in float32, one rounding and a tie in a half.
TANH_ULPS = {"": 4.0, "float16": 2.0, "bfloat16": 2.0}
# A sigmoid likewise: in a half type it is exp, a sum and a quotient, each of them rounded.
SIGMOID_ULPS = {"": 4.0, "float16": 4.0, "bfloat16": 4.0}
SMALLEST = {"": 0.0, "float16": 2.0**-25, "bfloat16": 0.0}  # half a subnormal number


def _gamma(count: int, roundoff: float) -> float:
    """Return Higham's γ: the relative error that `count` roundings in a row can reach."""
    return count * roundoff / (1 - count * roundoff)


def _affine(
    x: np.ndarray, weights: np.ndarray, bias: np.ndarray, half: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return x W + b and its rounding; one more rounding for a dropout scale."""
    product, size = x @ weights, np.abs(x) @ np.abs(weights)
    if not half:
        return product + bias, _gamma(weights.shape[0] + 2, ROUNDOFFS[half]) * (size + np.abs(bias))
    summed = _gamma(weights.shape[0] + 1, ROUNDOFFS[""]) * size
    rounded = 2 * ROUNDOFFS[half] * np.abs(product) + SMALLEST[half]
    return product + bias, summed + rounded + _sum(product + bias, summed + rounded, half)


def _sum(value: np.ndarray, error: np.ndarray, half: str) -> np.ndarray:
    """Return the rounding of a value that is off by `error` already."""
    return ROUNDOFFS[half] * (np.abs(value) + (error if half else 0))


def step(
    x: np.ndarray,
    h: np.ndarray,
    weights: list[np.ndarray],
    reset_after: bool,
    half: str = "",
) -> tuple[np.ndarray, np.ndarray]:
    """Return the next state of a tanh/sigmoid GRU in float64, and the bound of its rounding.

    Parameters
    ----------
    x : (batch, features), h : (batch, units)
        The input and the state that the step starts from; any leading axes.
    weights : [kernel, recurrent_kernel] or [kernel, recurrent_kernel, bias]
    half : "", "float16" or "bfloat16"
        The half type that it is computed in, which all of these are rounded to; "" is float32.
    """
    u, tiny = ROUNDOFFS[half], SMALLEST[half]
    kernel, recurrent, *bias = (np.asarray(_in_half(w, half), "float64") for w in weights)
    x, h = np.asarray(_in_half(x, half), "float64"), np.asarray(_in_half(h, half), "float64")
    rows = np.zeros((2, kernel.shape[1]))
    if bias:
        rows[: 1 if bias[0].ndim == 1 else 2] = bias[0]
    parts = [np.split(array, 3, axis=1) for array in (kernel, recurrent, rows)]
    gates = []
    for gate in (0, 1):
        a, da = _affine(x, parts[0][gate], parts[2][gate][0], half)
        b, db = _affine(h, parts[1][gate], parts[2][gate][1], half)
        d = da + db + _sum(a + b, da + db, half)
        gates.append((1 / (1 + np.exp(-(a + b))), d / 4 + SIGMOID_ULPS[half] * u))
    (z, dz), (r, dr) = gates
    a, da = _affine(x, parts[0][2], parts[2][2][0], half)
    if reset_after:
        b, db = _affine(h, parts[1][2], parts[2][2][1], half)
        inner, d_inner = r * b, np.abs(b) * dr + r * db + dr * db
        d_inner = d_inner + _sum(inner, d_inner, half) + tiny
    else:
        inner, rounding = _affine(r * h, parts[1][2], np.zeros(h.shape[-1]), half)
        gate = np.abs(h) * dr
        d_inner = rounding + (gate + _sum(r * h, gate, half) + tiny) @ np.abs(parts[1][2])
        d_inner = d_inner * (1 + 4 * u if half else 1)
    da = da + d_inner
    n = np.tanh(a + inner)
    dn = da + _sum(a + inner, da, half) + TANH_ULPS[half] * u
    bound = dz * np.abs(h - n) + (1 - z) * dn + dz * dn
    bound = bound + 3 * u * (np.abs(z * h) + np.abs((1 - z) * n) + (bound if half else 0)) + tiny
    return z * h + (1 - z) * n, bound


def _in_half(array: np.ndarray, half: str) -> np.ndarray:
    """Return an array in the half type, which is how a call begins; in float32 as it is."""
    return array.astype(half) if half else array


def worst_ratio(
    x: np.ndarray,
    initial_state: np.ndarray | None,
    states: np.ndarray,
    weights: list[np.ndarray],
    reset_after: bool,
    half: str = "",
) -> float:
    """Return the largest |error| / bound over every step of a sequence of states.

    Parameters
    ----------
    x : (timesteps, batch, features), in processing order
    states : (timesteps, batch, units)
        What the implementation under test returned.
    """
    first = np.zeros_like(states[:1]) if initial_state is None else initial_state[np.newaxis]
    h = np.concatenate([first, states[:-1]])
    expected, bound = step(x, h, weights, reset_after, half)
    return float(np.max(np.abs(states.astype("float64") - expected) / bound))
