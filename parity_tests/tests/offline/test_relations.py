"""The laws of matrix.RELATIONS hold for gru_ref over random arguments, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gru_ref
from parity_tests.matrix.relations import RELATIONS

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 3, 4, 5
FLAGS = (
    "return_sequences",
    "go_backwards",
    "unroll",
    "zero_output_for_mask",
    "reset_after",
    "use_bias",
)
arguments = st.fixed_dictionaries(
    {
        **{flag: st.booleans() for flag in FLAGS},
        "keras_version": st.sampled_from(["2", "3", "tf-2.1", "3.0", "3.7"]),
        "activation": st.sampled_from(["linear", "relu"]),
        "recurrent_activation": st.sampled_from(["linear", "relu"]),
    }
)
seeds = st.integers(0, 2**32 - 1)


def integers(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return random integers in {-1, 0, 1} as float64: every sum below is exact."""
    return rng.integers(-1, 2, shape).astype("float64")


def weights(
    rng: np.random.Generator, config: dict[str, Any], units: int = UNITS
) -> list[np.ndarray]:
    """Return random weights for the arguments."""
    found = [integers(rng, FEATURES, 3 * units), integers(rng, units, 3 * units)]
    if config.get("use_bias", True):
        shape = (2, 3 * units) if config.get("reset_after", True) else (3 * units,)
        found.append(integers(rng, *shape))
    return found


def layer(config: dict[str, Any], arrays: list[np.ndarray], **changes: Any) -> gru_ref.GRU:
    """Return a layer of float64 that holds the weights."""
    made = gru_ref.GRU(arrays[1].shape[0], dtype="float64", **{**config, **changes})
    batch = BATCH if made.stateful else None
    made.build((TIMESTEPS, batch, FEATURES) if made.time_major else (batch, TIMESTEPS, FEATURES))
    made.set_weights(arrays)
    return made


def same(actual: Any, expected: Any) -> None:
    """Check that two results are equal; zeros of either sign are."""
    np.testing.assert_array_equal(actual, expected)


def inputs(rng: np.random.Generator) -> np.ndarray:
    """Return one batch of inputs."""
    return integers(rng, BATCH, TIMESTEPS, FEATURES)


def time_major_swaps_axes(config: dict[str, Any], rng: np.random.Generator) -> None:
    config = {**config, "keras_version": "2"}
    w, x, mask = weights(rng, config), inputs(rng), rng.random((BATCH, TIMESTEPS)) < 0.5
    expected = layer(config, w)(x, mask=mask)
    actual = layer(config, w, time_major=True)(x.swapaxes(0, 1), mask=mask.T)
    same(actual.swapaxes(0, 1) if config["return_sequences"] else actual, expected)


def go_backwards_reverses_the_input(config: dict[str, Any], rng: np.random.Generator) -> None:
    config = {**config, "unroll": False}  # unrolled, zero_output_for_mask has a quirk of its own
    w, x, mask = weights(rng, config), inputs(rng), rng.random((BATCH, TIMESTEPS)) < 0.5
    forward = layer(config, w, go_backwards=False)(x[:, ::-1], mask=mask[:, ::-1])
    same(layer(config, w, go_backwards=True)(x, mask=mask), forward)


def stateful_continues(config: dict[str, Any], rng: np.random.Generator) -> None:
    config = {**config, "go_backwards": False, "stateful": True}
    w, x = weights(rng, config), inputs(rng)
    parts = layer(config, w)
    parts(x[:, :1])
    parts(x[:, 1:])
    whole = layer(config, w)
    whole(x)
    same(parts.states[0], whole.states[0])


def reset_forgets(config: dict[str, Any], rng: np.random.Generator) -> None:
    w, x = weights(rng, config), inputs(rng)
    made = layer(config, w, stateful=True)
    first = made(x)
    made.reset_states()
    same(made(x), first)


def last_of_sequences(config: dict[str, Any], rng: np.random.Generator) -> None:
    config = {**config, "unroll": False}
    w, x, mask = weights(rng, config), inputs(rng), rng.random((BATCH, TIMESTEPS)) < 0.5
    sequences = layer(config, w, return_sequences=True)(x, mask=mask)
    same(layer(config, w, return_sequences=False)(x, mask=mask), sequences[:, -1])


def state_is_last_output(config: dict[str, Any], rng: np.random.Generator) -> None:
    w, x = weights(rng, config), inputs(rng)
    output, state = layer(config, w, return_state=True)(x, integers(rng, BATCH, UNITS))
    same(output[:, -1] if config["return_sequences"] else output, state)


def all_true_mask_is_no_mask(config: dict[str, Any], rng: np.random.Generator) -> None:
    w, x = weights(rng, config), inputs(rng)
    same(layer(config, w)(x, mask=np.ones((BATCH, TIMESTEPS), bool)), layer(config, w)(x))


def padding_is_invisible(config: dict[str, Any], rng: np.random.Generator) -> None:
    w, x = weights(rng, config), inputs(rng)
    mask = np.arange(TIMESTEPS) < 2
    _, state = layer(config, w, return_state=True)(x, mask=np.tile(mask, (BATCH, 1)))
    _, expected = layer(config, w, return_state=True)(x[:, :2])
    same(state, expected)


def masked_values_do_not_matter(config: dict[str, Any], rng: np.random.Generator) -> None:
    w, x, mask = weights(rng, config), inputs(rng), rng.random((BATCH, TIMESTEPS)) < 0.5
    expected = layer(config, w)(x, mask=mask)
    same(layer(config, w)(np.where(mask[:, :, np.newaxis], x, np.nan), mask=mask), expected)


def row_by_row(config: dict[str, Any], rng: np.random.Generator) -> None:
    w, x, mask = weights(rng, config), inputs(rng), rng.random((BATCH, TIMESTEPS)) < 0.5
    rows = [layer(config, w)(x[i : i + 1], mask=mask[i : i + 1]) for i in range(BATCH)]
    same(layer(config, w)(x, mask=mask), np.concatenate(rows))


def units_commute(config: dict[str, Any], rng: np.random.Generator) -> None:
    w, x, order = weights(rng, config), inputs(rng), rng.permutation(UNITS)
    columns = np.concatenate([order + gate * UNITS for gate in range(3)])
    permuted = [array[..., columns] for array in w]
    permuted[1] = permuted[1][order]
    same(layer(config, permuted)(x), layer(config, w)(x)[..., order])


def zero_bias_is_no_bias(config: dict[str, Any], rng: np.random.Generator) -> None:
    config = {**config, "use_bias": True}
    w, x = weights(rng, config), inputs(rng)
    without = layer(config, w[:2], use_bias=False)(x)
    same(layer(config, [*w[:2], np.zeros_like(w[2])])(x), without)


def routes_agree(config: dict[str, Any], rng: np.random.Generator) -> None:
    config = {**config, "go_backwards": False}
    w, x, mask = weights(rng, config), inputs(rng), rng.random((BATCH, TIMESTEPS)) < 0.5
    config["keras_version"] = "3" if config["keras_version"].startswith("3") else "2"
    expected = layer(config, w, unroll=False)(x, mask=mask)
    same(layer(config, w, unroll=True)(x, mask=mask), expected)
    same(layer(config, w, unroll=False, implementation=1)(x, mask=mask), expected)


def one_unit_reset_forms_agree(config: dict[str, Any], rng: np.random.Generator) -> None:
    config = {**config, "use_bias": False}
    w, x = weights(rng, config, units=1), inputs(rng)
    same(layer(config, w, reset_after=True)(x), layer(config, w, reset_after=False)(x))


def kept_dropout_is_no_dropout(config: dict[str, Any], rng: np.random.Generator) -> None:
    config = {**config, "keras_version": "2"}
    w, x = weights(rng, config), inputs(rng)
    masks = {
        "dropout_mask": np.ones((3, BATCH, FEATURES)),
        "recurrent_dropout_mask": np.ones((3, BATCH, UNITS)),
    }
    dropped = layer(config, w, dropout=0.5, recurrent_dropout=0.5)(x, training=True, **masks)
    same(dropped, layer(config, w)(x))


def input_mask_scales_inputs(config: dict[str, Any], rng: np.random.Generator) -> None:
    config = {**config, "keras_version": "3"}
    w, x = weights(rng, config), inputs(rng)
    mask = rng.integers(0, 2, (BATCH, FEATURES)) * 2.0
    dropped = layer(config, w, dropout=0.5)(x, training=True, dropout_mask=mask)
    same(dropped, layer(config, w)(x * mask[:, np.newaxis]))


def per_unit_mask_repeats(config: dict[str, Any], rng: np.random.Generator) -> None:
    w, x, mask = weights(rng, config), inputs(rng), rng.random((BATCH, TIMESTEPS)) < 0.5
    repeated = np.repeat(mask[:, :, np.newaxis], UNITS, axis=2)
    same(layer(config, w)(x, mask=repeated), layer(config, w)(x, mask=mask))


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")  # other tests look at them
@pytest.mark.parametrize("name", RELATIONS)
@settings(derandomize=True, deadline=None, max_examples=40)
@given(config=arguments, seed=seeds)
def test_law_holds(name: str, config: dict[str, Any], seed: int) -> None:
    globals()[name](config, np.random.default_rng(seed))


def test_every_law_is_written() -> None:
    written = {
        name
        for name, value in globals().items()
        if getattr(value, "__annotations__", {}).keys() == {"config", "rng", "return"}
    }
    assert written == set(RELATIONS)
