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


class Draw:
    """What a law is tried on: arguments, and weights, inputs and a mask drawn for them.

    All numbers are integers in {-1, 0, 1} of float64, so every sum is exact.
    """

    def __init__(self, config: dict[str, Any], rng: np.random.Generator, **changes: Any) -> None:
        self.config = {"units": UNITS, "dtype": "float64", **config, **changes}
        self.rng = rng
        shapes = gru_ref.GRUConfig(**self.config).weight_shapes(FEATURES)
        self.weights = [self.integers(*shape) for shape in shapes.values()]
        self.x = self.integers(BATCH, TIMESTEPS, FEATURES)
        self.mask = rng.random((BATCH, TIMESTEPS)) < 0.5

    def integers(self, *shape: int) -> np.ndarray:
        """Return random integers in {-1, 0, 1}."""
        return self.rng.integers(-1, 2, shape).astype("float64")

    def changed(self, **changes: Any) -> Draw:
        """Return a draw for other arguments."""
        return Draw(self.config, self.rng, **changes)

    def layer(self, weights: list[np.ndarray] | None = None, **changes: Any) -> gru_ref.GRU:
        """Return a layer that holds the weights."""
        layer = gru_ref.GRU(**{**self.config, **changes})
        batch = BATCH if layer.stateful else None
        leading = (TIMESTEPS, batch) if layer.time_major else (batch, TIMESTEPS)
        layer.build((*leading, FEATURES))
        layer.set_weights(self.weights if weights is None else weights)
        return layer


def same(actual: Any, expected: Any) -> None:
    """Check that two results are equal; zeros of either sign are."""
    np.testing.assert_array_equal(actual, expected)


def time_major_swaps_axes(draw: Draw) -> None:
    draw = draw.changed(keras_version="2")
    expected = draw.layer()(draw.x, mask=draw.mask)
    actual = draw.layer(time_major=True)(draw.x.swapaxes(0, 1), mask=draw.mask.T)
    same(actual.swapaxes(0, 1) if draw.config["return_sequences"] else actual, expected)


def go_backwards_reverses_the_input(draw: Draw) -> None:
    draw = draw.changed(unroll=False)  # unrolled, zero_output_for_mask has a quirk of its own
    forward = draw.layer(go_backwards=False)(draw.x[:, ::-1], mask=draw.mask[:, ::-1])
    same(draw.layer(go_backwards=True)(draw.x, mask=draw.mask), forward)


def stateful_continues(draw: Draw) -> None:
    draw = draw.changed(go_backwards=False, stateful=True)
    parts, whole = draw.layer(), draw.layer()
    parts(draw.x[:, :1])
    parts(draw.x[:, 1:])
    whole(draw.x)
    same(parts.states[0], whole.states[0])


def reset_forgets(draw: Draw) -> None:
    layer = draw.layer(stateful=True)
    first = layer(draw.x)
    layer.reset_states()
    same(layer(draw.x), first)


def last_of_sequences(draw: Draw) -> None:
    draw = draw.changed(unroll=False)
    sequences = draw.layer(return_sequences=True)(draw.x, mask=draw.mask)
    same(draw.layer(return_sequences=False)(draw.x, mask=draw.mask), sequences[:, -1])


def state_is_last_output(draw: Draw) -> None:
    output, state = draw.layer(return_state=True)(draw.x, draw.integers(BATCH, UNITS))
    same(output[:, -1] if draw.config["return_sequences"] else output, state)


def all_true_mask_is_no_mask(draw: Draw) -> None:
    same(draw.layer()(draw.x, mask=np.ones_like(draw.mask)), draw.layer()(draw.x))


def padding_is_invisible(draw: Draw) -> None:
    mask = np.tile(np.arange(TIMESTEPS) < 2, (BATCH, 1))
    _, state = draw.layer(return_state=True)(draw.x, mask=mask)
    _, expected = draw.layer(return_state=True)(draw.x[:, :2])
    same(state, expected)


def masked_values_do_not_matter(draw: Draw) -> None:
    unknown = np.where(draw.mask[:, :, np.newaxis], draw.x, np.nan)
    same(draw.layer()(unknown, mask=draw.mask), draw.layer()(draw.x, mask=draw.mask))


def row_by_row(draw: Draw) -> None:
    rows = [draw.layer()(draw.x[i : i + 1], mask=draw.mask[i : i + 1]) for i in range(BATCH)]
    same(draw.layer()(draw.x, mask=draw.mask), np.concatenate(rows))


def units_commute(draw: Draw) -> None:
    order = draw.rng.permutation(UNITS)
    columns = np.concatenate([order + gate * UNITS for gate in range(3)])
    permuted = [array[..., columns] for array in draw.weights]
    permuted[1] = permuted[1][order]
    same(draw.layer(permuted)(draw.x), draw.layer()(draw.x)[..., order])


def zero_bias_is_no_bias(draw: Draw) -> None:
    draw = draw.changed(use_bias=True)
    kernel, recurrent_kernel, bias = draw.weights
    without = draw.layer([kernel, recurrent_kernel], use_bias=False)(draw.x)
    same(draw.layer([kernel, recurrent_kernel, 0 * bias])(draw.x), without)


def routes_agree(draw: Draw) -> None:
    generation = draw.config["keras_version"].removeprefix("tf-")[0]
    draw = draw.changed(go_backwards=False, unroll=False, keras_version=generation)
    expected = draw.layer()(draw.x, mask=draw.mask)
    same(draw.layer(unroll=True)(draw.x, mask=draw.mask), expected)
    same(draw.layer(implementation=1)(draw.x, mask=draw.mask), expected)


def one_unit_reset_forms_agree(draw: Draw) -> None:
    draw = draw.changed(use_bias=False, units=1)
    same(draw.layer(reset_after=True)(draw.x), draw.layer(reset_after=False)(draw.x))


def kept_dropout_is_no_dropout(draw: Draw) -> None:
    draw = draw.changed(keras_version="2")
    masks = {
        "dropout_mask": np.ones((3, BATCH, FEATURES)),
        "recurrent_dropout_mask": np.ones((3, BATCH, UNITS)),
    }
    layer = draw.layer(dropout=0.5, recurrent_dropout=0.5)
    same(layer(draw.x, training=True, **masks), draw.layer()(draw.x))


def input_mask_scales_inputs(draw: Draw) -> None:
    draw = draw.changed(keras_version="3")
    mask = draw.rng.integers(0, 2, (BATCH, FEATURES)) * 2.0
    dropped = draw.layer(dropout=0.5)(draw.x, training=True, dropout_mask=mask)
    same(dropped, draw.layer()(draw.x * mask[:, np.newaxis]))


def per_unit_mask_repeats(draw: Draw) -> None:
    repeated = np.repeat(draw.mask[:, :, np.newaxis], UNITS, axis=2)
    same(draw.layer()(draw.x, mask=repeated), draw.layer()(draw.x, mask=draw.mask))


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")  # other tests look at them
@pytest.mark.parametrize("name", RELATIONS)
@settings(derandomize=True, deadline=None, max_examples=40)
@given(config=arguments, seed=seeds)
def test_law_holds(name: str, config: dict[str, Any], seed: int) -> None:
    globals()[name](Draw(config, np.random.default_rng(seed)))


def test_every_law_is_written() -> None:
    written = {
        name
        for name, value in globals().items()
        if getattr(value, "__annotations__", {}).keys() == {"draw", "return"}
    }
    assert written == set(RELATIONS)
