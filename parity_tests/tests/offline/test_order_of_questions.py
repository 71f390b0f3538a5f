"""A layer's answer does not depend on what it was asked before, nor on who asked."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

import gru_ref
from parity_tests.judging import run_wrappers
from parity_tests.tests.live.each_case import for_each

pytestmark = pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")

CELLS = (gru_ref.GRUCell, gru_ref.StackedRNNCells)
BATCH, TIMESTEPS, FEATURES, UNITS = 2, 3, 4, 5
X = np.random.default_rng(0).normal(size=(BATCH, TIMESTEPS, FEATURES))
MASK = np.array([[True, False, True], [True, True, False]])
BLANK = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
PENALTIES = {"kernel_regularizer": "l2", "bias_constraint": "non_neg"}
LISTED = {"return_sequences": True, "return_state": True}
VERSIONS = ("2", "3")


def _layers(dtype: str) -> dict[str, dict[str, Any]]:
    """Return layers of a dtype, and around one of that dtype, as data."""
    own = {"dtype": dtype}
    gru = {"class": "GRU", "units": UNITS, **BLANK, **PENALTIES, **LISTED, **own}
    cell = {"class": "GRUCell", "units": UNITS, **BLANK, **PENALTIES, **own}
    stack = {"class": "StackedRNNCells", "cells": [cell, {**cell, "units": 3}], **own}
    rnn = {"class": "RNN", "cell": cell, **LISTED, **own}
    return {
        "GRU": {**gru, "activity_regularizer": "l1"},
        "GRU-unroll": {**gru, "unroll": True},
        "GRU-reset-before": {**gru, "reset_after": False},
        "GRUCell": cell,
        "StackedRNNCells": stack,
        "RNN": rnn,
        "RNN-stack": {**rnn, "cell": stack},
        "Bidirectional": {"class": "Bidirectional", "layer": gru},
        "Bidirectional-own": {"class": "Bidirectional", "layer": gru, **own},
        "Bidirectional-of": {"class": "Bidirectional", "layer": {**gru, "dtype": "float32"}, **own},
        "Bidirectional-RNN": {"class": "Bidirectional", "layer": rnn, "merge_mode": "sum"},
    }


DTYPES = ("float32", "float64", "float16", "mixed_bfloat16")
ROWS = {
    f"{name}-{dtype}-{version}": (spec, version)
    for dtype in DTYPES
    for name, spec in _layers(dtype).items()
    for version in VERSIONS
}


def _shape(layer: Any) -> tuple[int, ...]:
    """Return the shape of what a layer or a cell is built for."""
    return (BATCH, FEATURES) if isinstance(layer, CELLS) else X.shape


def _made(spec: dict[str, Any], version: str) -> Any:
    """Return a new layer with weights that are the same every time."""
    layer = run_wrappers.layer_from(spec, version)
    layer.build(_shape(layer))
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=array.shape) / 2 for array in layer.get_weights()])
    return layer


def _answer(layer: Any) -> list[Any]:
    """Return what a call returns, and what there is to know afterwards, in bytes."""
    if isinstance(layer, CELLS):
        cells = getattr(layer, "cells", [layer])
        dtype = cells[0].config.compute_dtype
        states = [np.zeros((BATCH, cell.units), dtype) for cell in cells]
        value = layer(X[:, 0].astype(dtype), states)
    else:
        value = layer(X, mask=MASK)
    return list(_bytes([value, layer.losses, layer.get_weights(), layer.count_params()]))


def _bytes(value: Any) -> Iterator[Any]:
    """Yield the arrays of a nested value with their dtypes, bit by bit."""
    if isinstance(value, (list, tuple)):
        yield type(value).__name__
        for item in value:
            yield from _bytes(item)
    elif isinstance(value, (np.ndarray, np.generic)):
        yield value.dtype.name, value.shape, value.tobytes()
    else:
        yield value


def _parts(layer: Any) -> Iterator[Any]:
    """Yield a layer, what it is made of, and their configs."""
    yield layer
    for name in ("config", "_config", "cell", "layer", "forward_layer", "backward_layer"):
        if name in vars(layer) or hasattr(type(layer), name):
            yield from _parts(getattr(layer, name))
    for cell in vars(layer).get("cells", ()):
        yield from _parts(cell)


def _ask_everything(layer: Any) -> None:
    """Read every attribute and every property, and call what only tells."""
    for part in _parts(layer):
        for name in dir(part):
            try:
                getattr(part, name)
            except (AttributeError, ValueError):  # of the release, or of a layer not built
                continue
        for method in ("get_config", "get_weights", "weight_shapes", "__repr__"):
            if hasattr(part, method) and not isinstance(part, gru_ref.GRUConfig):
                getattr(part, method)()
        if hasattr(part, "compute_output_shape"):
            part.compute_output_shape(X.shape)
            part.compute_mask(None, MASK)


WAYS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda layer: layer,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda layer: pickle.loads(pickle.dumps(layer)),
}


class TestAnswers:
    """Whatever came before, a call gives the same bits."""

    @for_each(ROWS)
    def test_a_call_after_every_question(self, id: str) -> None:
        expected = _answer(_made(*ROWS[id]))
        layer = _made(*ROWS[id])
        for _ in range(2):
            _ask_everything(layer)
            assert _answer(layer) == expected

    @for_each(ROWS)
    def test_copies_before_and_after_a_call(self, id: str) -> None:
        expected = _answer(_made(*ROWS[id]))
        for copied in WAYS.values():
            layer = _made(*ROWS[id])
            before = copied(layer)
            assert _answer(layer) == expected
            after = copied(layer)
            assert _answer(before) == _answer(after) == _answer(layer) == expected

    @for_each(ROWS)
    def test_a_config_before_and_after_a_call(self, id: str) -> None:
        layer = _made(*ROWS[id])
        before, expected = layer.get_config(), _answer(layer)
        after = layer.get_config()
        for config in (before, after):
            again = type(layer).from_config(config, keras_version=ROWS[id][1])
            if not again.built:
                again.build(_shape(again))
            again.set_weights(layer.get_weights())
            assert _answer(again) == expected

    @for_each(ROWS)
    def test_other_weights_in_between(self, id: str) -> None:
        layer = _made(*ROWS[id])
        weights, expected = layer.get_weights(), _answer(layer)
        given = [np.zeros_like(array) for array in weights]
        layer.set_weights(given)
        other = _answer(layer)
        assert other != expected
        for array in given:
            array[...] = 1  # what was handed in is not the layer's
        assert _answer(layer) == other
        layer.set_weights(weights)
        assert _answer(layer) == expected


@parameterized.expand(itertools.product(VERSIONS, DTYPES))
def test_a_trace_before_or_after_a_call(version: str, dtype: str) -> None:
    spec = _layers(dtype)["GRU"]
    expected = _answer(_made(spec, version))
    layer = _made(spec, version)
    first = list(_bytes(list(layer.trace(X, mask=MASK).arrays().values())))
    assert _answer(layer) == expected
    assert list(_bytes(list(layer.trace(X, mask=MASK).arrays().values()))) == first


@parameterized.expand(itertools.product(VERSIONS, DTYPES))
def test_a_cell_in_two_layers_and_by_itself(version: str, dtype: str) -> None:
    cell = _made(_layers(dtype)["GRUCell"], version)
    one = gru_ref.RNN(cell, dtype=dtype)
    other = gru_ref.RNN(cell, dtype=dtype, go_backwards=True, return_sequences=True, unroll=True)
    for layer in (one, other):
        layer.build(X.shape)
    expected = [_answer(layer) for layer in (cell, one, other)]
    assert [_answer(layer) for layer in (other, one, cell)] == expected[::-1]
    both = gru_ref.Bidirectional(one)
    both.build(X.shape)
    both.set_weights(cell.get_weights() * 2)
    both(X)
    assert [_answer(layer) for layer in (cell, one, other)] == expected


@parameterized.expand(VERSIONS)
def test_what_is_frozen_later_is_frozen_within(version: str) -> None:
    layer = _made(_layers("float32")["Bidirectional-RNN"], version)
    parts = [layer, layer.forward_layer, layer.backward_layer.cell]
    penalties, order = len(layer.losses), layer.get_weights()[0]
    for trainable in (False, True):
        layer.forward_layer.cell.trainable = False
        layer.trainable = trainable
        assert [part.trainable for part in parts] == [trainable] * 3
        assert len(layer.losses) == (penalties if trainable or version == "2" else 0)
        np.testing.assert_array_equal(layer.get_weights()[0], order)


@parameterized.expand(VERSIONS)
def test_what_was_handed_in_is_not_the_layer_s(version: str) -> None:
    regularizer = {"class_name": "L2", "config": {"l2": 0.5}}
    activation = {"class_name": "LeakyReLU", "config": {}}
    if version == "3":
        activation["module"] = "keras.layers"
    arguments = {"kernel_regularizer": regularizer, "activation": activation}
    ones = {"kernel_initializer": "ones", "recurrent_initializer": "zeros"}
    layer, other = (gru_ref.GRU(UNITS, keras_version=version, **ones, **arguments) for _ in "12")
    expected = _answer(other)
    config = layer.get_config()
    regularizer["config"]["l2"] = 5.0
    activation["class_name"] = "ReLU"
    assert _answer(layer) == expected
    assert layer.get_config() == config


@parameterized.expand(VERSIONS)
def test_what_a_layer_says_of_its_config_cannot_be_set(version: str) -> None:
    for name in ("GRU", "RNN", "Bidirectional"):
        layer = _made(_layers("float32")[name], version)
        expected = _answer(layer)
        with pytest.raises(AttributeError):
            layer.return_sequences = False
        assert layer.return_sequences
        assert _answer(layer) == expected


@parameterized.expand(VERSIONS)
def test_a_build_that_fails_draws_nothing(version: str) -> None:
    answers = []
    for shape in (X.shape, (BATCH, TIMESTEPS, "four")):
        gru_ref.set_random_seed(3)
        layer = gru_ref.GRU(UNITS, dropout=0.5, unroll=True, keras_version=version)
        if shape != X.shape:
            with pytest.raises((TypeError, ValueError)):
                layer.build(shape)
        answers.append([layer(X, training=True).tobytes(), layer.get_weights()[0].tobytes()])
    assert answers[0] == answers[1]


@parameterized.expand(VERSIONS)
def test_a_stateful_layer_with_given_weights_keeps_its_batch(version: str) -> None:
    source = _made({"class": "GRU", "units": UNITS, **BLANK}, version)
    layer = gru_ref.GRU(UNITS, stateful=True, keras_version=version, **BLANK)
    layer.take_weights(gru_ref.GRUWeights.from_arrays(source.get_weights()))
    layer(X)
    with pytest.raises(ValueError, match="x has batch 3, expected 2"):
        layer(np.concatenate([X, X[:1]]))


@parameterized.expand(VERSIONS)
def test_a_wrapper_that_fails_leaves_the_layer_within_as_it_was(version: str) -> None:
    sequences = {"return_sequences": True, "keras_version": version}
    layer, backward = (gru_ref.GRU(UNITS, go_backwards=back, **sequences) for back in (False, True))
    before = backward.get_config()
    with pytest.raises((TypeError, ValueError), match="nonsense"):
        gru_ref.Bidirectional(layer, backward_layer=backward, nonsense=1)
    assert backward.get_config() == before


@parameterized.expand(itertools.product(VERSIONS, DTYPES))
def test_a_config_that_was_changed_is_the_config_made_so(version: str, dtype: str) -> None:
    changes = {"dtype": dtype, "activation": "relu", "keras_version": "2.10"}
    for asked in (False, True):
        config = gru_ref.GRUConfig(UNITS, keras_version=version)
        if asked:
            _ask_everything(config)
        changed = config.changed(**changes)
        expected = gru_ref.GRUConfig(UNITS, **changes).changed(path=config.path)
        assert changed == expected
        for name in ("compute_dtype", "variable_dtype", "activation_function", "behaviour"):
            assert getattr(changed, name) is getattr(expected, name)
