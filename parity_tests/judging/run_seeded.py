"""A layer with nothing but a seed, in gru_ref: what a worker's ``seeded`` request is in Keras."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

import gru_ref
from gru_ref.errors import KerasQuirkWarning
from gru_ref.random_streams import seeds
from parity_tests.judging import engines
from parity_tests.matrix.seeded import Path

# The weights are no matter where the masks alone are compared: none is drawn.
ZEROS = {f"{name}_initializer": "zeros" for name in ("kernel", "recurrent")}


def row(
    path: Path, shape: tuple[int, int, int], constructor: Mapping[str, Any], **rest: Any
) -> dict[str, Any]:
    """Return one row of a request: a layer, its input and calls; see `oracles.live_seeded`.

    Parameters
    ----------
    shape : (batch, timesteps, features)
    constructor : mapping
        What the path leaves open: the units at least.
    """
    dtype = path.constructor.get("dtype", "float32")
    return {
        "constructor": {**constructor, **path.constructor},
        "execution": path.execution,
        "generators": path.generators,
        # Eighths, which are the same in every dtype.
        "x": (np.random.default_rng(1).normal(size=shape) * 8).round().astype(dtype) / 8,
        "calls": [True, False, True],
        **rest,
    }


def run(given: Mapping[str, Any], keras_version: str) -> dict[str, Any]:
    """Return what gru_ref makes of one row, in the form of the worker's reply."""
    if given.get("seed") is not None:
        gru_ref.set_random_seed(given["seed"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KerasQuirkWarning)
        seeds.enable_tf_random_generator(given["generators"])
        layer = gru_ref.GRU(
            **given["constructor"],
            keras_version=keras_version,
            execution=given["execution"],
            engine=engines.CORE,
        )
        seeds.enable_tf_random_generator(False)
        layer.build(given["x"].shape)
        layer.reproducible.require()  # what is compared with Keras must not be of chance
        weights = layer.get_weights()
        calls = []
        for training in given["calls"]:
            told: dict[str, Any] = {"output": layer(given["x"], training=training)}
            if training:
                told["masks"] = [mask for mask in layer.last_masks if mask is not None]
            calls.append(told)
    return {"weights": weights, "calls": calls}


def mask_elements(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many elements of masks were compared, and how many of them differ."""
    compared = differing = 0
    for ours, other in zip(mine["calls"], theirs["calls"], strict=True):
        for a, b in zip(ours.get("masks", ()), other.get("masks", ()), strict=True):
            assert a.shape == b.shape, f"a mask has shape {a.shape}, expected {b.shape}"
            assert a.dtype == b.dtype, f"a mask has dtype {a.dtype}, expected {b.dtype}"
            compared += a.size
            differing += int((a != b).sum())
    return compared, differing


def worst(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, float]:
    """Return the largest absolute difference of the weights and of the outputs."""
    outputs = [[call["output"] for call in reply["calls"]] for reply in (mine, theirs)]
    pairs = {"weights": (mine["weights"], theirs["weights"]), "outputs": outputs}
    return {
        name: max(float(np.abs(a - b).max()) for a, b in zip(*pair, strict=True))
        for name, pair in pairs.items()
    }


@contextlib.contextmanager
def without_seed() -> Iterator[None]:
    """Forget what set_random_seed did, and put it back afterwards."""
    before = seeds._seeded
    seeds._seeded = seeds._Seeded()
    try:
        yield
    finally:
        seeds._seeded = before
