"""One trial: a source drawn at random, its arrays, one input and what it made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from parity_tests.cases.doctor.arithmetic import ROUND, Rounder
from parity_tests.cases.doctor.outside import OUTSIDE, plain
from parity_tests.cases.doctor.source import Options, RuntimeGRU
from parity_tests.cases.doctor.sources import SOURCES, WITH_ACTIVATIONS

Array = Any

PRECISIONS = ("float32", "float16", "bfloat16", "int8")
# What is true of a trial's numbers on purpose, so that several layouts have to remain.
DEGENERATE = (
    "zero bias", "equal bias rows", "one timestep", "one unit", "one feature", "zero inputs",
    "constant inputs", "saturated gates",
)  # fmt: skip


# What is outside the space is hidden if it moves the outputs by less than so many times rounding.
_HIDDEN = 3.0


class Trial(NamedTuple):
    """What the doctor is shown, and what is true.

    Parameters
    ----------
    kind : "generic", or a name of `DEGENERATE` or of `outside.OUTSIDE`
    what : str
        Everything drawn, in one line.
    precision : str
    arguments : dict
        Those of `gru_ref.diagnose`.
    true : callable or None
        The source in float64 on the arrays as stored: (inputs, initial_state) → outputs, in the
        source's own axes. None outside the space. Of a kind of `outside.OUTSIDE` that rounding
        hides, the layout that is left.
    sizes : (features, units)
    """

    kind: str
    what: str
    precision: str
    arguments: dict[str, Any]
    true: Callable[[Array, Array | None], Array] | None
    sizes: tuple[int, int]


class _Way(NamedTuple):
    """How the source is called."""

    time_major: bool
    backwards: bool
    flipped: bool
    outputs: str  # "sequence", "last" or "both"

    def run(self, step: Callable[[Array, Array], Array], x: Array, h: Array) -> tuple[Array, Array]:
        """Return the sequence and the last state."""
        steps = x if self.time_major else np.swapaxes(x, 0, 1)
        states = []
        for x_t in steps[::-1] if self.backwards else steps:
            h = step(x_t, h)
            states.append(h)
        made = np.stack(states[::-1] if self.flipped else states)
        return (made if self.time_major else np.swapaxes(made, 0, 1)), h


def generic(seed: int, size: tuple[int, int, int] | None = None) -> Trial:
    """Return a trial within the space, of numbers that hide nothing."""
    return _draw("generic", np.random.default_rng([0, seed]), size)


def degenerate(kind: str, seed: int) -> Trial:
    """Return a trial within the space, of numbers that hide something."""
    return _draw(kind, np.random.default_rng([1, DEGENERATE.index(kind), seed]))


def outside(kind: str, seed: int) -> Trial:
    """Return a trial that no layout explains, unless rounding hides what is outside the space.

    A last state may have forgotten another initial state or a masked timestep: where the outputs
    are within a few roundings of those of the plain layout, that layout is what is true. So it is
    where they are closer to it than those of the weights from before they were quantised, which a
    source may have had.
    """
    rng = np.random.default_rng([2, list(OUTSIDE).index(kind), seed])
    f, u, batch, timesteps = _sizes(rng)
    precision = str(rng.choice(PRECISIONS))
    bits = "float32" if precision == "int8" else precision
    q = Rounder(bits, narrow=False)
    source = SOURCES["keras"](f, u, Options(True, True, "sigmoid", "tanh"))
    exact = _weights(source, rng, "generic")
    arrays, stored = _store(exact, precision, q)
    x = q(rng.normal(size=(batch, timesteps, f)))
    outputs = OUTSIDE[kind](q, stored, x, rng)
    last = rng.random() < 0.2
    outputs = outputs[:, -1] if last else outputs
    exactly = Rounder("exact")
    double = _in_float64(arrays, stored)

    def layout(inputs: Array, state: Array | None) -> Array:
        begin = None if state is None else np.broadcast_to(state, (len(inputs), u))
        made = plain(exactly, double, inputs, begin)
        return made[:, -1] if last else made

    def output_of(weights: dict[str, Array]) -> Array:
        made = plain(q, weights, x, None)
        return made[:, -1] if last else made

    rounded = output_of(stored)
    moved = _size(outputs - rounded)
    hidden = moved < _HIDDEN * _size(rounded - layout(np.float64(x), None))
    if precision == "int8":
        finer = {name: q(value) for name, value in exact.items()}
        hidden |= moved < _size(output_of(finer) - rounded)
    what = f"{kind} {precision} u={u} f={f} T={timesteps} B={batch} {outputs.ndim - 1} axes"
    shown = {"arrays": arrays, "x": x, "outputs": outputs}
    return Trial(kind, what, precision, shown, layout if hidden else None, (f, u))


def _draw(kind: str, rng: np.random.Generator, size: tuple[int, int, int] | None = None) -> Trial:
    f, u, batch, timesteps = _sizes(rng)
    if size is not None:
        u, f, timesteps = size
    f, u = 1 if kind == "one feature" else f, 1 if kind == "one unit" else u
    timesteps = 1 if kind == "one timestep" else timesteps
    name = str(rng.choice(list(SOURCES)))
    if kind == "equal bias rows":
        name = str(rng.choice(["keras", "torch", "onnx", "cudnn", "cudnn_gru"]))
    options = _options(name, kind, rng)
    source = SOURCES[name](f, u, options)
    precision = str(rng.choice(PRECISIONS))
    # What made the outputs: the stored weights in their precision, or finer ones in float32.
    finer = precision != "float32" and rng.random() < 0.3
    bits = "float32" if finer or precision == "int8" else precision
    q = Rounder(bits, narrow=bits in ("float16", "bfloat16") and rng.random() < 0.3)
    exact = _weights(source, rng, kind)
    arrays, stored = _store(exact, precision, q)
    used = {key: q(value) for key, value in exact.items()} if finer else stored
    way = _way(rng)
    shape = (timesteps, batch) if way.time_major else (batch, timesteps)
    x = q(_inputs(kind, (*shape, f), rng, way.time_major))
    start = q(rng.uniform(-1, 1, (batch, u))) if rng.random() < 0.2 and kind == "generic" else None
    h = np.zeros((batch, u), x.dtype) if start is None else start
    sequence, last = way.run(lambda x_t, state: source.step(q, used, x_t, state), x, h)
    outputs = {"sequence": sequence, "last": last, "both": (sequence, last)}[way.outputs]
    shown = {"arrays": arrays, "x": x, "outputs": outputs, "initial_state": start}

    def true(inputs: Array, state: Array | None) -> Array:
        exactly = Rounder("exact")
        double = _in_float64(arrays, stored)
        rows = inputs.shape[1] if way.time_major else inputs.shape[0]
        begin = np.zeros((rows, u)) if state is None else np.broadcast_to(state, (rows, u))
        made = way.run(lambda x_t, h: source.step(exactly, double, x_t, h), inputs, begin)
        return made[1] if way.outputs == "last" else made[0]

    what = (
        f"{name} {options} {precision}{' finer' if finer else ''}{' narrow' if q.narrow else ''} "
        f"u={u} f={f} T={timesteps} B={batch} {way} start={start is not None}"
    )
    return Trial(kind, what, precision, shown, true, (f, u))


def _in_float64(arrays: dict[str, Array], stored: dict[str, Array]) -> dict[str, Array]:
    """Return what arrays hold: of integers their product with the scale, which nothing rounds."""
    made = {}
    for name, value in stored.items():
        given = np.asarray(arrays[name])
        scaled = given.dtype.kind == "i"
        made[name] = given * np.float64(arrays[f"{name}_scale"]) if scaled else np.float64(value)
    return made


def _size(values: Array) -> float:
    return float(np.sqrt((np.float64(values) ** 2).mean()))


def _sizes(rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Return features, units, batch and timesteps."""
    return (
        int(rng.integers(2, 25)),
        int(rng.integers(3, 33)),
        int(rng.integers(1, 5)),
        int(rng.integers(3, 21)),
    )


def _options(name: str, kind: str, rng: np.random.Generator) -> Options:
    gates, candidate = "sigmoid", "tanh"
    if name in WITH_ACTIVATIONS and kind != "saturated gates":
        gates = str(rng.choice(["sigmoid", "hard_sigmoid_2", "hard_sigmoid_3"]))
        candidate = str(rng.choice(["tanh"] * 4 + ["softsign", "sigmoid"]))
    has_bias = kind != "generic" or rng.random() > 0.1
    return Options(
        has_bias, bool(kind == "equal bias rows" or rng.random() < 0.6), gates, candidate
    )


def _way(rng: np.random.Generator) -> _Way:
    backwards = bool(rng.random() < 0.35)
    return _Way(
        time_major=bool(rng.random() < 0.25),
        backwards=backwards,
        flipped=backwards and bool(rng.random() < 0.5),
        outputs=str(rng.choice(["sequence"] * 6 + ["last"] * 3 + ["both"])),
    )


def _weights(source: RuntimeGRU, rng: np.random.Generator, kind: str) -> dict[str, Array]:
    """Return random arrays: kernels as initializers scale them, biases of a visible size."""
    made = {}
    for name, shape in source.shapes.items():
        is_bias = "bias" in name.lower() or name in ("B", "b", "bhn") or len(shape) == 1
        flat = len(shape) == 1 and shape[0] > 200
        rows = max(
            sum(size > 1 for size in shape) and min(s for s in shape if s > 1 or max(shape) == 1), 1
        )
        scale = 0.3 if flat else 0.5 if is_bias else rows**-0.5
        made[name] = rng.normal(scale=scale, size=shape)
        if is_bias and not flat and kind == "zero bias":
            made[name] = np.zeros(shape)
        if kind == "saturated gates" and not is_bias:
            made[name] *= 2.0**10
    if kind == "equal bias rows":
        _equal_rows(made)
    return made


def _equal_rows(arrays: dict[str, Array]) -> None:
    """Make the two bias rows of a source alike."""
    if "bias_hh_l0" in arrays:
        arrays["bias_hh_l0"] = arrays["bias_ih_l0"].copy()
    for name in ("B", "bias", "params"):
        if name in arrays:
            array = arrays[name]
            if name == "params":
                units = next(
                    u for u in range(1, 99) if (array.size - 6 * u - 3 * u * u) % (3 * u) == 0
                )
                array = array[-6 * units :]
            rows = array.reshape(2, -1)
            rows[1] = rows[0]


def _inputs(kind: str, shape: tuple[int, ...], rng: np.random.Generator, time_major: bool) -> Array:
    if kind == "zero inputs":
        return np.zeros(shape)
    x = rng.normal(size=shape)
    if kind == "constant inputs":
        x[:] = x[:1] if time_major else x[:, :1]
    return x


def _store(
    exact: dict[str, Array], precision: str, q: Rounder
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the arrays as the doctor gets them, and their values."""
    if precision != "int8":
        values = {name: ROUND[precision](value) for name, value in exact.items()}
        if precision == "float16":
            return {name: value.astype(np.float16) for name, value in values.items()}, values
        return dict(values), values
    given, values = {}, {}
    for name, value in exact.items():
        scale = np.abs(value).max() / 127 or 1.0
        whole = np.clip(np.round(value / scale), -127, 127).astype(np.int8)
        given[name], given[f"{name}_scale"] = whole, np.float32(scale)
        values[name] = q(whole * np.float32(scale))
    return given, values
