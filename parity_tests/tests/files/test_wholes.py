"""A Bidirectional and an RNN of a file are one layer, and names mean what they mean in Keras.

The files in fixtures/files/wholes-*.tar.xz are from `record_wholes`, run in each Keras.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru_ref import GRU, RNN, Bidirectional, load_layers
from gru_ref.files import FileLayers, Layer, choose_layer, read_layers
from gru_ref.provenance import Provenance
from parity_tests.recording.files import recorded_exports, recorded_wholes
from parity_tests.recording.files.recorded_wholes import LiveCall
from parity_tests.tests.files.attacks import honest

# |gru_ref − Keras| in eps32 · max(1, |Keras|).
EPS = 8
# What weights alone do not say of these layers → the arguments that the live ones have.
EVERY = {"return_sequences": True, "return_state": True}
UNSAID: dict[str, dict[str, Any]] = {
    "plain": {},
    "both": {"recurrent_activation": "hard_sigmoid", "merge_mode": "sum", **EVERY},
    "product": {"return_sequences": True, "merge_mode": "mul"},
    "mean": {"activation": "relu", "merge_mode": "ave"},
    "pair": {"return_sequences": True, "merge_mode": None},
    "deep": EVERY,
    "shallow": {"merge_mode": "sum"},
    "stack_of_one": {"return_state": True},
}
ALONE = ("weights.h5", "weights-alone.h5", "checkpoint")
FILES = [
    (release, ending)
    for release in recorded_wholes.RELEASES
    for ending in recorded_wholes.endings(release)
]


def _apart(found: list[Any], expected: list[Any]) -> float:
    assert [a.shape for a in found] == [b.shape for b in expected]
    eps = np.finfo(np.float32).eps
    return max(
        float((np.abs(a - b) / np.maximum(1, np.abs(b))).max() / eps)
        for a, b in zip(found, expected, strict=True)
    )


def _flat(result: Any) -> list[Any]:
    if isinstance(result, (list, tuple)):
        return [array for item in result for array in _flat(item)]
    return [result]


def _run(layer: Layer, call: LiveCall) -> list[Any]:
    if call.case != "again" and call.layer.startswith("kept") and layer.built:
        _reset(layer)
    states: Any = call.states or None
    if call.layer in ("alone", "simple") and states:
        (states,) = states
    return _flat(layer(call.x, states, mask=call.mask))


def _reset(layer: Any) -> None:
    for one in (getattr(layer, "forward_layer", layer), getattr(layer, "backward_layer", layer)):
        one._recorded = None


class TestWholeLayers:
    """A whole layer of a file returns what the live one returned."""

    @pytest.mark.parametrize(("release", "ending"), [f for f in FILES if f[1] not in ALONE])
    @pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
    def test_every_call_equals_keras(self, release: str, ending: str, tmp_path: Path) -> None:
        layers = read_layers(recorded_wholes.write(release, "wholes", ending, tmp_path))
        calls = recorded_wholes.calls(release)
        names = [layer.provenance.names[-1] for layer in layers.layers.values()]
        if ending == "saved_model":  # its objects come in an order of their own
            names.sort(key=[call.layer for call in calls].index)
        assert names == list(dict.fromkeys(call.layer for call in calls))
        for call in calls:
            layer = layers.layer(call.layer)
            assert layer.name == call.layer
            assert layer.provenance.assumed == {}
            assert _apart(_run(layer, call), call.outputs) <= EPS, call

    @pytest.mark.parametrize(("release", "ending"), [f for f in FILES if f[1] in ALONE])
    @pytest.mark.parametrize("name", UNSAID)
    @pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
    def test_of_weights_alone_with_what_they_do_not_say(
        self, release: str, ending: str, name: str, tmp_path: Path
    ) -> None:
        path = recorded_wholes.write(release, "wholes", ending, tmp_path)
        layers = read_layers(path, keras_version=release, **UNSAID[name])
        calls = [call for call in recorded_wholes.calls(release) if call.layer == name]
        layer = _of_name(layers, name, release)
        assert ("merge_mode" in layer.provenance.assumed) == (
            isinstance(layer, Bidirectional) and "merge_mode" not in UNSAID[name]
        )
        assert calls
        for call in calls:
            assert _apart(_run(layer, call), call.outputs) <= EPS, call


def _of_name(layers: FileLayers, name: str, release: str) -> Layer:
    """Return the layer of a name; by the order of the model where the file holds no names."""
    if any(layer.provenance.names for layer in layers.grus.values()):
        return layers.layer(name)
    live = list(dict.fromkeys(call.layer for call in recorded_wholes.calls(release)))
    kinds = [isinstance(one, Bidirectional) for one in layers.layers.values()]
    both = [one for one, is_both in zip(layers.layers.values(), kinds, strict=True) if is_both]
    stacks = [one for one in layers.layers.values() if isinstance(one, RNN)]
    if name.startswith("stack"):
        return stacks[[one for one in live if one in ("stack", "stack_of_one", "kept")].index(name)]
    rnns = ("alone", "stack", "stack_of_one", "kept", "simple")
    return both[[one for one in live if one not in rnns].index(name)]


NAMED = [
    (release, key, ending)
    for release in recorded_wholes.RELEASES
    for key in recorded_wholes.kernels(release)
    for ending in recorded_wholes.endings(release, key)
]
# These hold groups, counted by class, and no names.
NAMELESS = [(release, key, ending) for release, key, ending in NAMED if release == "2.21.0"]
NAMELESS = [one for one in NAMELESS if one[2] == "weights.h5"]


class TestLayerNames:
    """`--layer` takes a layer's name, an ending of its path, or the path."""

    @pytest.mark.parametrize(
        ("release", "key", "ending"), [one for one in NAMED if one not in NAMELESS]
    )
    def test_a_name_means_the_layer_that_keras_calls_so(
        self, release: str, key: str, ending: str, tmp_path: Path
    ) -> None:
        layers = read_layers(recorded_wholes.write(release, key, ending, tmp_path))
        kernels = recorded_wholes.kernels(release)[key]
        assert len(layers.grus) == len(kernels)
        for name, kernel in kernels.items():
            gru = layers.gru(name)
            assert np.array_equal(gru.get_weights()[0], kernel)
            assert gru.provenance.names[-1] == name
            assert layers.layer(name) is gru
        for path, gru in layers.grus.items():
            assert layers.gru(f"/{path}") is gru

    @pytest.mark.parametrize(("release", "key", "ending"), NAMELESS)
    def test_a_name_is_refused_where_the_file_holds_none(
        self, release: str, key: str, ending: str, tmp_path: Path
    ) -> None:
        layers = read_layers(recorded_wholes.write(release, key, ending, tmp_path))
        for name in recorded_wholes.kernels(release)[key]:
            with pytest.raises(ValueError, match="expected"):
                layers.gru(name)


class TestGraphNames:
    """A graph numbers the names that are taken, as Keras does."""

    @pytest.mark.parametrize("word", ["gru_20", "gru_20_1", "sequential_1_1/gru_20_1"])
    def test_a_number_may_be_of_the_graph(self, word: str, tmp_path: Path) -> None:
        name = "tflite_float16-stacked-3.15.1"
        path = recorded_exports.write(recorded_exports.content(name), tmp_path / name)
        layers = read_layers(path)
        assert layers.gru(word).provenance.path.endswith("gru_20_1")

    def test_a_word_that_may_be_the_name_of_two_layers_is_refused(self) -> None:
        layers = {}
        for path in ("model_1/gru_1", "model_1/gru_1_1"):
            layer = GRU(2)
            names = tuple(path.split("/"))
            layer.provenance = Provenance("m.tflite", "tflite", path, names)
            layers[path] = layer
        with pytest.raises(ValueError, match="'model_1/gru_1' and the name of 'model_1/gru_1_1'"):
            choose_layer(layers, "gru_1")
        assert choose_layer(layers, "gru") is layers["model_1/gru_1"]


class TestPartLayers:
    """A layer that gru_ref does not have is not run in part, unasked."""

    @pytest.mark.parametrize("cells", [["GRUCell", "LSTMCell"], ["GRUCell", "GRUCell"]])
    def test_a_stack_of_other_cells(self, cells: list[str], tmp_path: Path) -> None:
        gru = honest.gru_config()["config"]["layers"][0]["config"]
        made = [{"class_name": name, "config": {**gru, "name": name}} for name in cells]
        stack = {"class_name": "StackedRNNCells", "config": {"cells": made}}
        rnn = {"class_name": "RNN", "config": {"name": "rnn", "cell": stack}}
        groups = ["gru_cell", "gru_cell_1" if cells[1] == "GRUCell" else "lstm_cell"]
        file = honest.weights(tmp_path, "")
        for group, name in zip(groups, cells, strict=True):
            arrays = honest.arrays() if name == "GRUCell" else [np.ones((6, 20), "float32")]
            for k, array in enumerate(arrays):
                file[f"layers/rnn/cell/cells/{group}/vars/{k}"] = array
        data = honest.close(file).read_bytes()
        path = tmp_path / "m.keras"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model.weights.h5", data)
            archive.writestr("metadata.json", '{"keras_version": "2.15.0"}')
            archive.writestr("config.json", json.dumps(honest.model_of(rnn)))
        if cells[1] == "LSTMCell":
            layers = read_layers(path)
            with pytest.raises(ValueError, match="the RNN rnn around it is not read: 1 of its 2"):
                layers.layer(None)
            assert layers.layer("gru_cell") is layers.gru("GRUCell")
        else:  # the second does not fit the first
            with pytest.raises(ValueError, match="features"):
                load_layers(path)["layers/rnn"](np.ones((1, 2, 4), "float32"))
