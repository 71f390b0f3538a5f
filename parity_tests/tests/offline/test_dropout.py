"""A call in training takes or draws the dropout masks that the law of its release names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

from gru_ref import GRU
from gru_ref.keras.dropout import masks
from parity_tests.judging import run_seeded
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.small_gru import BATCH, FEATURES, TIMESTEPS, UNITS, x

INPUT, STATE = {"dropout": 0.5}, {"recurrent_dropout": 0.25}
LOOP = {**INPUT, "activation": "relu"}
GRAPH = {"execution": "graph"}
# name, keras_version, constructor, shape of dropout_mask, of recurrent_dropout_mask
LAWS: list[tuple[str, str, dict[str, Any], Any, Any]] = [
    ("fused", "2", INPUT, (2, 3, 4), None),
    ("fused-time-major", "2", {**INPUT, "time_major": True}, (2, 3, 4), None),
    ("generic", "2", LOOP, (2, 4), None),
    ("generic-per-gate", "2", {**LOOP, "implementation": 1}, (3, 2, 4), None),
    ("both", "2", {**INPUT, **STATE}, (3, 2, 4), (3, 2, 5)),
    ("recurrent", "2", STATE, None, (3, 2, 5)),
    ("keras-3", "3", INPUT, (2, 4), None),
    ("keras-3-per-gate", "3", {**INPUT, "implementation": 1, "use_cudnn": False}, (3, 2, 4), None),
    ("keras-3-both", "3", {**INPUT, **STATE}, (3, 2, 4), (3, 2, 5)),
    ("keras-3-7-recurrent", "3.7.0", STATE, None, (2, 5)),
    ("keras-3-1-dropout-alone", "3.1.0", INPUT, (2, 4), None),
    ("graph", "2", {**LOOP, **GRAPH}, (3, 2, 4), None),
    ("graph-per-gate", "2", {**INPUT, **STATE, **GRAPH}, (3, 3, 2, 4), (3, 3, 2, 5)),
    ("keras-3-7-implementation-1", "3.7.0", {**INPUT, "implementation": 1}, (2, 4), None),
]


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
class TestDropout:
    """The masks that a call in training takes or draws."""

    @parameterized.expand(LAWS)
    def test_a_call_takes_masks_of_the_law_s_shape(
        self, name: str, version: str, constructor: dict[str, Any], *shapes: Any
    ) -> None:
        layer = small_gru.layer(keras_version=version, **constructor)
        shape_of = dict(zip(("dropout_mask", "recurrent_dropout_mask"), shapes, strict=True))
        rng = np.random.default_rng(3)
        given = {a: rng.choice([0.0, 2.0], size=shape) for a, shape in shape_of.items() if shape}
        assert (layer(x(), training=True, **given) != layer(x())).any()
        for argument, shape in shape_of.items():
            if shape is None:
                with pytest.raises(ValueError, match=f"{argument} is given, expected None"):
                    layer(x(), training=True, **given, **{argument: np.ones((2, 4))})
                continue
            with pytest.raises(ValueError, match=f"^{argument} has shape .*, expected"):
                layer(x(), training=True, **given | {argument: np.ones((7, *shape))})
            rest = {other: mask for other, mask in given.items() if other != argument}
            with run_seeded.without_seed():
                other = small_gru.layer(keras_version=version, **constructor)
                other(x(), training=True, **rest)
                drawn = getattr(other.last_masks, argument)
                assert drawn.shape == shape
                assert argument.removesuffix("_mask") in other.reproducible.masks

    @parameterized.expand(LAWS)
    def test_drawn_masks_have_the_law_s_shape_and_rate(
        self, name: str, version: str, constructor: dict[str, Any], *shapes: Any
    ) -> None:
        config = GRU(UNITS, keras_version=version, **constructor).config
        leading = (TIMESTEPS, BATCH) if config.time_major else (BATCH, TIMESTEPS)
        assert [law.shape for law in masks.laws(config, *leading, FEATURES)] == list(shapes)
        many = masks.laws(config, 1000, 20, FEATURES)
        for law, argument in zip(many, ("dropout", "recurrent_dropout"), strict=True):
            rate = constructor.get(argument, 0.0)
            if law.shape is None:
                assert rate == 0
                continue
            mask = masks.draw_with_rng(law, np.random.default_rng(4), config)
            assert (mask.shape, mask.dtype) == (law.shape, "float32")
            assert set(np.unique(mask)) == {0, np.float32(1 / (1 - rate))}
            assert abs((mask == 0).mean() - rate) < 0.03

    def test_keras_3_1_drops_nothing_of_the_state_without_dropout_of_the_input(self) -> None:
        layer = small_gru.layer(recurrent_dropout=0.25, keras_version="3.1.0")
        assert (layer(x(), training=True) == layer(x())).all()

    @parameterized.expand([({},), ({"recurrent_dropout": 0.25},), ({"go_backwards": True},)])
    def test_a_graph_s_masks_are_an_eager_loop_s_at_every_timestep(
        self, arguments: dict[str, Any]
    ) -> None:
        eager = small_gru.layer(**LOOP, **arguments)
        graph = small_gru.layer(**LOOP, **arguments, **GRAPH)
        output = eager(x(), training=True, rng=np.random.default_rng(7))
        constant = {
            name: None if mask is None else np.stack([mask] * TIMESTEPS)
            for name, mask in eager.last_masks._asdict().items()
        }
        assert (graph(x(), training=True, **constant) == output).all()
        changed = constant["dropout_mask"].copy()
        changed[-1] = 2 - changed[-1]
        # The last in processing order: a later output alone depends on it.
        first = graph(x(), training=True, **{**constant, "dropout_mask": changed})
        assert (first != output).any()

    def test_a_state_of_batch_1_gives_one_recurrent_mask_for_all_rows(self) -> None:
        layer = small_gru.layer(recurrent_dropout=0.5, seed=1, keras_version="3")
        layer(x(), np.ones((1, UNITS), "float32"), training=True)
        assert layer.last_masks.recurrent_dropout_mask.shape == (3, 1, UNITS)

    def test_a_generator_repeats_itself(self) -> None:
        layer = small_gru.layer(dropout=0.5)
        same = [layer(x(), training=True, rng=np.random.default_rng(5)) for _ in range(2)]
        assert (same[0] == same[1]).all()

    def test_nothing_is_dropped_in_inference(self) -> None:
        layer, plain = small_gru.layer(dropout=0.5, recurrent_dropout=0.5), small_gru.layer()
        for training in (None, False):
            output = layer(x(), training=training, rng=np.random.default_rng(6))
            assert np.allclose(output, plain(x()), rtol=0, atol=1e-6)
        with pytest.raises(ValueError, match="dropout_mask is given, expected None"):
            layer(x(), dropout_mask=np.ones((3, 2, 4)))
