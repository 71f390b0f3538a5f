"""Layers whose every gate is 0 or 1, drawn at random, for any two engines to give the same bits.

Weights are multiples of 2**12, and no sum of a gate is zero: one feature of the input is 1
throughout, and its row of the kernel holds halves of what all others hold; where the input is the
state of another cell, the bias does. So a sigmoid is 0 or 1, a tanh -1 or 1, and no sum rounds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import gru_ref

SCALE = 2.0**12
# Beside the gates: each is one of two whole numbers, far from zero.
ACTIVATIONS = ("tanh", "sigmoid", "relu6", "hard_sigmoid")
GATES = ("sigmoid", "hard_sigmoid")
MERGE_MODES = ("concat", "sum", "mul", "ave", None)
MASKS = ("none", "true", "false", "leading", "trailing", "holes", "one row", "third axis", "units")
STATES = ("none", "whole", "one row")
FORMS = (
    "plain", "strided", "reversed", "fortran", "big-endian", "read-only", "other float", "integers",
)  # fmt: skip

layers = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["GRU", "RNN", "stack of 2", "stack of 3", "Bidirectional"]),
        "merge_mode": st.sampled_from(MERGE_MODES),
        "units": st.sampled_from([1, 2, 3, 5, 8, 17]),
        "features": st.integers(1, 5),
        "batch": st.sampled_from([0, 1, 2, 7, 33]),
        "timesteps": st.integers(1, 11),
        "keras_version": st.sampled_from(["2", "3"]),
        "dtype": st.sampled_from(["float32", "float64"]),
        "activation": st.sampled_from(ACTIVATIONS),
        "recurrent_activation": st.sampled_from(GATES),
        **{
            flag: st.booleans()
            for flag in (
                "reset_after", "use_bias", "go_backwards", "time_major", "return_sequences",
                "return_state", "zero_output_for_mask", "stateful", "unroll",
            )
        },
    }
)  # fmt: skip
calls = st.fixed_dictionaries(
    {
        "mask": st.sampled_from(MASKS),
        "state": st.sampled_from(STATES),
        "form": st.sampled_from(FORMS),
        "special": st.sampled_from([None, None, None, np.nan, np.inf, -np.inf]),
    }
)


def make(drawn: dict[str, Any], engine: str | None, seed: int) -> Any:
    """Return a built layer with weights of the lane.

    Parameters
    ----------
    drawn : dict
        Of `layers`.
    seed : int
        Two layers of one seed have the same weights.
    """
    rng = np.random.default_rng(seed)
    cell_names = ("activation", "recurrent_activation", "reset_after", "keras_version", "dtype")
    cell = {name: drawn[name] for name in cell_names}
    loop_names = ("return_sequences", "return_state", "stateful", "unroll", "zero_output_for_mask")
    loop = {name: drawn[name] for name in loop_names}
    loop |= {"go_backwards": drawn["go_backwards"]} if drawn["kind"] != "Bidirectional" else {}
    loop |= {"time_major": True} if is_time_major(drawn) else {}
    use_bias = [drawn["use_bias"], True, True][: cell_count(drawn)]
    sizes = [drawn["units"] + extra for extra in (0, 2, 1)][: cell_count(drawn)]
    if drawn["kind"] in ("GRU", "Bidirectional"):
        layer: Any = gru_ref.GRU(sizes[0], use_bias=use_bias[0], **cell, **loop)
        if drawn["kind"] == "Bidirectional":
            merge_mode = drawn["merge_mode"]
            layer = gru_ref.Bidirectional(layer, merge_mode=merge_mode, dtype=cell["dtype"])
    else:
        cells = [
            gru_ref.GRUCell(size, use_bias=bias, **cell)
            for size, bias in zip(sizes, use_bias, strict=True)
        ]
        inner = cells[0]
        if len(cells) > 1:
            inner = gru_ref.StackedRNNCells(cells, dtype=cell["dtype"])
        layer = gru_ref.RNN(inner, dtype=cell["dtype"], **loop)
    layer.engine = engine
    layer.build(shape_of(drawn))
    one = []
    for number, (size, bias) in enumerate(zip(sizes, use_bias, strict=True)):
        features = sizes[number - 1] if number else drawn["features"]
        one.append((number, features, size, bias))
    arrays: list[np.ndarray] = []
    for _ in range(2 if drawn["kind"] == "Bidirectional" else 1):
        for number, features, size, bias in one:
            arrays += _weights(rng, number == 0, features, size, bias, drawn["reset_after"])
    layer.set_weights(arrays)
    return layer


def _weights(
    rng: np.random.Generator, first: bool, features: int, units: int, bias: bool, after: bool
) -> list[np.ndarray]:
    """Return the weights of one cell; of the first the last feature is 1 throughout."""

    def whole(*shape: int) -> np.ndarray:
        return rng.integers(-1, 2, shape).astype("float64")

    kernel, recurrent_kernel = whole(features, 3 * units), whole(units, 3 * units)
    halves = whole(3 * units) + 0.5
    if first:
        kernel[-1] = halves
    arrays = [kernel, recurrent_kernel]
    if bias:
        rows = whole(2, 3 * units)
        if not first:
            rows[0] += halves - np.floor(halves)
        arrays.append(rows if after else rows[0])
    return [SCALE * array for array in arrays]


def cell_count(drawn: dict[str, Any]) -> int:
    """Return how many cells run one after the other."""
    return int(drawn["kind"][-1]) if drawn["kind"].startswith("stack") else 1


def is_time_major(drawn: dict[str, Any]) -> bool:
    """Return whether time is the first axis, which Keras 3 does not know, nor a Bidirectional."""
    return bool(
        drawn["time_major"] and drawn["keras_version"] == "2" and drawn["kind"] != "Bidirectional"
    )


def shape_of(drawn: dict[str, Any]) -> tuple[int, int, int]:
    """Return the shape of an input."""
    leading = drawn["batch"], drawn["timesteps"]
    return (*(leading[::-1] if is_time_major(drawn) else leading), drawn["features"])


def arguments(drawn: dict[str, Any], call: dict[str, Any], seed: int) -> tuple[Any, dict[str, Any]]:
    """Return an input of the lane, and the arguments of a call by name.

    Parameters
    ----------
    drawn, call : dicts
        Of `layers` and `calls`.
    """
    rng = np.random.default_rng(seed)
    batch, timesteps = drawn["batch"], drawn["timesteps"]
    x = rng.integers(-1, 2, shape_of(drawn)).astype(drawn["dtype"])
    x[..., -1] = 1
    if call["special"] is not None and x.size and call["form"] != "integers":
        x[tuple(int(rng.integers(size)) for size in x.shape)] = call["special"]
    given: dict[str, Any] = {}
    used = _mask(rng, call["mask"], batch, timesteps, drawn["units"])
    if used is not None:
        given["mask"] = used.swapaxes(0, 1) if is_time_major(drawn) else used
    if call["state"] != "none":
        rows = 1 if call["state"] == "one row" else batch
        sizes = [drawn["units"] + extra for extra in (0, 2, 1)][: cell_count(drawn)]
        sizes *= 2 if drawn["kind"] == "Bidirectional" else 1
        states = [rng.integers(-1, 2, (rows, size)).astype(drawn["dtype"]) for size in sizes]
        given["initial_state"] = states if len(states) > 1 else states[0]
    return _in_form(x, call["form"]), given


def _mask(
    rng: np.random.Generator, kind: str, batch: int, timesteps: int, units: int
) -> np.ndarray | None:
    """Return a mask of a kind, (batch or 1, timesteps[, 1 or units])."""
    if kind == "none":
        return None
    if kind in ("true", "false"):
        return np.full((batch, timesteps), kind == "true")
    if kind in ("leading", "trailing"):
        unused = rng.integers(0, timesteps + 1, (batch, 1))
        order = np.arange(timesteps)
        return order >= unused if kind == "leading" else order < timesteps - unused
    rows = 1 if kind == "one row" else batch
    third = {"third axis": (1,), "units": (units,)}.get(kind, ())
    return rng.random((rows, timesteps, *third)) < 0.6


def _in_form(x: np.ndarray, form: str) -> np.ndarray:
    """Return the same numbers as an array of another memory layout or dtype."""
    if form == "strided":
        wide = np.zeros((x.shape[0], 2 * x.shape[1], 3 * x.shape[2]), x.dtype)
        wide[:, ::2, ::3] = x
        return wide[:, ::2, ::3]
    if form == "reversed":
        return np.ascontiguousarray(x[:, ::-1, ::-1])[:, ::-1, ::-1]
    if form == "fortran":
        return np.asfortranarray(x)
    if form == "big-endian":
        return x.astype(x.dtype.newbyteorder(">"))
    if form == "other float":
        return x.astype("float64" if x.dtype == "float32" else "float32")
    if form == "integers":
        return x.astype("int32")
    if form == "read-only":
        x.flags.writeable = False
    return x
