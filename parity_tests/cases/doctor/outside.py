"""Sources that no layout explains: the arrays of a GRU, and another computation on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity_tests.cases.doctor.arithmetic import Rounder, activation

Array = Any
# (arithmetic, arrays of a Keras GRU with reset_after, x (B, T, F), rng) → (B, T, U)
Run = Callable[[Rounder, dict[str, Array], Array, np.random.Generator], Array]
Cell = Callable[..., Array]


def _gates(q: Rounder, w: dict[str, Array], x: Array, h: Array) -> tuple[list[Array], list[Array]]:
    """Return the input's and the state's parts of z, r and h."""
    x_part = q(q.dot(x, w["kernel"]) + w["bias"][0])
    h_part = q(q.dot(h, w["recurrent_kernel"]) + w["bias"][1])
    return np.split(x_part, 3, axis=-1), np.split(h_part, 3, axis=-1)


def _cell(
    q: Rounder,
    w: dict[str, Array],
    x: Array,
    h: Array,
    *,
    z_by: str = "sigmoid",
    r_by: str = "sigmoid",
    n_by: str = "tanh",
    entering: Callable[[Array], Array] = np.asarray,
    entering_z: Callable[[Array], Array] = np.asarray,
) -> Array:
    """Return the next state; `entering` changes the arguments of all functions, or that of z."""
    (x_z, x_r, x_h), (h_z, h_r, h_h) = _gates(q, w, x, h)
    z = activation(z_by)(q, entering_z(entering(q(x_z + h_z))))
    r = activation(r_by)(q, entering(q(x_r + h_r)))
    return _mix(q, z, h, activation(n_by)(q, entering(q(x_h + q(r * h_h)))))


def _mix(q: Rounder, z: Array, h: Array, n: Array) -> Array:
    return q(q(z * h) + q(q(1 - z) * n))


def _states(cell: Callable[[Array, Array], Array], x: Array, h: Array) -> Array:
    """Return the states of a cell that is run over time, (B, T, U)."""
    states = []
    for t in range(x.shape[1]):
        h = cell(x[:, t], h)
        states.append(h)
    return np.stack(states, axis=1)


def _zeros(w: dict[str, Array], x: Array) -> Array:
    return np.zeros((len(x), w["recurrent_kernel"].shape[0]), x.dtype)


def _over_time(cell: Cell) -> Run:
    """Run a cell from zeros; the cell gets the random numbers of the trial as well."""
    return lambda q, w, x, rng: _states(lambda x_t, h: cell(q, w, x_t, h, rng), x, _zeros(w, x))


def _functions(**names: str) -> Run:
    return _over_time(lambda q, w, x, h, rng: _cell(q, w, x, h, **names))


def _normalise(q: Rounder, values: Array) -> Array:
    mean, deviation = values.mean(-1, keepdims=True), values.std(-1, keepdims=True)
    return q((values - mean) / (deviation + 1e-3))


def _layer_norm(q: Rounder, w: dict[str, Array], x: Array, h: Array, rng: Any) -> Array:
    return _cell(q, w, x, h, entering=lambda a: _normalise(q, a))


def _minimal_gated(q: Rounder, w: dict[str, Array], x: Array, h: Array, rng: Any) -> Array:
    (x_z, _, x_h), (h_z, _, h_h) = _gates(q, w, x, h)
    z = q.sigmoid(q(x_z + h_z))
    return _mix(q, z, h, q.tanh(q(x_h + q(z * h_h))))


def _attention(q: Rounder, w: dict[str, Array], x: Array, h: Array, rng: Any) -> Array:
    (x_z, x_r, x_h), (h_z, h_r, h_h) = _gates(q, w, x, h)
    share = rng.uniform(0.2, 0.9, (len(x), 1)).astype(np.float32)
    z, r = q(share * q.sigmoid(q(x_z + h_z))), q.sigmoid(q(x_r + h_r))
    return _mix(q, z, q.tanh(q(x_h + q(r * h_h))), h)  # z is the share of the candidate


def _peephole(q: Rounder, w: dict[str, Array], x: Array, h: Array, rng: Any) -> Array:
    own = np.linspace(-1, 1, h.shape[-1], dtype=np.float32)
    return _cell(q, w, x, h, entering_z=lambda a: q(a + q(own * h)))


def _input_reset(q: Rounder, w: dict[str, Array], x: Array, h: Array, rng: Any) -> Array:
    (x_z, x_r, x_h), (h_z, h_r, h_h) = _gates(q, w, x, h)
    z, r = q.sigmoid(q(x_z + h_z)), q.sigmoid(q(x_r + h_r))
    return _mix(q, z, h, q.tanh(q(q(r * x_h) + h_h)))


def _leaking(q: Rounder, w: dict[str, Array], x: Array, h: Array, rng: Any) -> Array:
    return q(q(0.9 * _cell(q, w, x, h)) + q(0.1 * h))


def _biased_update(q: Rounder, w: dict[str, Array], x: Array, h: Array, rng: Any) -> Array:
    return _cell(q, w, x, h, entering_z=lambda a: q(a + 1))


def _zoneout(q: Rounder, w: dict[str, Array], x: Array, h: Array, rng: Any) -> Array:
    return np.where(rng.random(h.shape) < 0.2, h, _cell(q, w, x, h))


def _dropout(q: Rounder, w: dict[str, Array], x: Array, rng: np.random.Generator) -> Array:
    kept = rng.random((len(x), 1, x.shape[2])) >= 0.3
    return _PLAIN(q, w, q(x * (kept / 0.7)), rng)


def _recurrent_dropout(
    q: Rounder, w: dict[str, Array], x: Array, rng: np.random.Generator
) -> Array:
    kept = rng.random(w["recurrent_kernel"].shape[0]) >= 0.3
    kept[0] = False
    dropped = dict(w, recurrent_kernel=q(w["recurrent_kernel"] * (kept / 0.7)[:, np.newaxis]))
    return _PLAIN(q, dropped, x, rng)


def _project(q: Rounder, w: dict[str, Array], x: Array, rng: np.random.Generator) -> Array:
    units = w["recurrent_kernel"].shape[0]
    matrix = rng.normal(scale=units**-0.5, size=(units, units)).astype(np.float32)
    return q(_PLAIN(q, w, x, rng) @ matrix)


def _normalise_outputs(
    q: Rounder, w: dict[str, Array], x: Array, rng: np.random.Generator
) -> Array:
    return _normalise(q, _PLAIN(q, w, x, rng))


def _scale_inputs(q: Rounder, w: dict[str, Array], x: Array, rng: np.random.Generator) -> Array:
    return _PLAIN(q, w, q(x / 2), rng)


def _other_weights(q: Rounder, w: dict[str, Array], x: Array, rng: np.random.Generator) -> Array:
    kernel = rng.normal(scale=x.shape[2] ** -0.5, size=w["kernel"].shape)
    return _PLAIN(q, dict(w, kernel=q(kernel)), x, rng)


def _other_start(q: Rounder, w: dict[str, Array], x: Array, rng: np.random.Generator) -> Array:
    first = rng.normal(size=(len(x), 1, x.shape[2])).astype(np.float32)
    return _PLAIN(q, w, np.concatenate([first, x], axis=1), rng)[:, 1:]


def _skip_a_timestep(q: Rounder, w: dict[str, Array], x: Array, rng: np.random.Generator) -> Array:
    states = [_zeros(w, x)]
    for t in range(x.shape[1]):
        used = t != x.shape[1] // 2
        states.append(_cell(q, w, x[:, t], states[-1]) if used else states[-1])
    return np.stack(states[1:], axis=1)


_PLAIN = _functions()


def plain(q: Rounder, w: dict[str, Array], x: Array, h: Array | None) -> Array:
    """Return what the layout makes of the arrays where nothing is outside the space."""
    start = _zeros(w, x) if h is None else h
    return _states(lambda x_t, h: _cell(q, w, x_t, h), x, start)


# What the doctor has never heard of: `gru_ref.debugging.doctor.classes` knows some of those below.
UNKNOWN: Mapping[str, Run] = {
    "candidate by a rational tanh": _functions(n_by="rational_tanh"),
    "candidate by x / sqrt(1 + x²)": _functions(n_by="inverse_square_root"),
    "candidate of a clipped argument": _functions(n_by="clipped_tanh"),
    "gates by a fast sigmoid": _functions(z_by="fast_sigmoid", r_by="fast_sigmoid"),
    "gates from a table": _functions(z_by="sigmoid_table", r_by="sigmoid_table"),
    "a leak of the state": _over_time(_leaking),
    "1 added to what enters z": _over_time(_biased_update),
}
OUTSIDE: Mapping[str, Run] = {
    "layer normalisation": _over_time(_layer_norm),
    "minimal gated unit": _over_time(_minimal_gated),
    "attention scales z": _over_time(_attention),
    "peephole": _over_time(_peephole),
    "reset of the input": _over_time(_input_reset),
    "zoneout": _over_time(_zoneout),
    "dropout left on": _dropout,
    "recurrent dropout left on": _recurrent_dropout,
    "projected outputs": _project,
    "normalised outputs": _normalise_outputs,
    "inputs scaled before": _scale_inputs,
    "kernel of another layer": _other_weights,
    "another initial state": _other_start,
    "a masked timestep": _skip_a_timestep,
    "candidate by scaled tanh": _functions(n_by="scaled_tanh"),
    "candidate by arctan": _functions(n_by="arctan"),
    "gates by another hard sigmoid": _functions(
        z_by="hard_sigmoid_quarter", r_by="hard_sigmoid_quarter"
    ),
    "z by hard_sigmoid, r by sigmoid": _functions(z_by="hard_sigmoid_2"),
    "r by hard_sigmoid, z by sigmoid": _functions(r_by="hard_sigmoid_3"),
    **UNKNOWN,
}
