"""Models in the JSON of other runtimes compute what the live Keras layer computed."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_ref import MalformedFileError, layouts, load_layers
from gru_ref.cli.output import npz_bytes
from gru_ref.files import read_layers
from gru_ref.files.held import held
from gru_ref.files.sniff import source_files
from parity_tests.recording.files import recorded_json
from parity_tests.tests.layouts.pairs import ALL, pair
from parity_tests.tests.support.arrays import check_same_arrays

EXACT = [(name, kind) for kind in ("tfjs", "fdeep") for name in recorded_json.names(kind)]
# |gru_ref − Keras| in float32 from the stored weights; worst seen 8.9e-8.
BOUND = 3e-7
# What a quantisation costs, and how far an array may be off; worst seen 1.6e-4, 2.7e-5, 5.9e-3.
QUANTISED = {"tfjs_float16": 1e-3, "tfjs_uint16": 1e-4, "tfjs_uint8": 2e-2}
# What RTNeural's file leaves open.
OPEN = {"before": {"recurrent_activation": "hard_sigmoid"}, "stacked": {}, "after": {}}


def errors(path: Path, name: str, **supplied: Any) -> list[float]:
    """Return the worst difference from the live output of every GRU."""
    grus = read_layers(path, **supplied).grus.values()
    return [
        float(np.abs(gru(one.x) - one.y).max())
        for gru, one in zip(grus, recorded_json.live(name), strict=True)
    ]


@pytest.mark.parametrize(("name", "kind"), EXACT)
def test_every_gru_has_the_arrays_and_the_outputs_of_the_live_layer(
    name: str, kind: str, tmp_path: Path
) -> None:
    path = recorded_json.write(name, kind, tmp_path)
    layers = read_layers(path).grus
    for layer, one in zip(layers.values(), recorded_json.live(name), strict=True):
        check_same_arrays(layer.get_weights(), one.arrays)
        assert layer.keras_version == "2.21"
    assert max(errors(path, name), default=0) < BOUND
    if name == "lstm":
        assert not layers
        assert held(path) == "1 LSTM (lstm), 1 Dense (dense_2)"


@pytest.mark.parametrize("kind", ["tfjs", "fdeep"])
def test_a_bidirectional_is_one_layer_too(kind: str, tmp_path: Path) -> None:
    (layer,) = load_layers(recorded_json.write("both", kind, tmp_path)).values()
    forward, backward = recorded_json.live("both")
    x = np.concatenate([forward.x, backward.x])
    y = layer(x)
    assert np.abs(y[:2, :3] - forward.y).max() < BOUND
    assert np.abs(y[2:, 3:] - backward.y).max() < BOUND


@pytest.mark.parametrize("kind", QUANTISED)
@pytest.mark.parametrize("name", ["after", "both"])
def test_quantised_weights_are_scaled_and_said_to_be(name: str, kind: str, tmp_path: Path) -> None:
    path = recorded_json.write(name, kind, tmp_path)
    assert BOUND < max(errors(path, name)) < QUANTISED[kind]
    for layer in read_layers(path).grus.values():
        notes = layer.provenance.notes
        assert f"quantised: the weights are those of {kind.removeprefix('tfjs_')}" in notes


def test_an_array_may_lie_in_several_shards(tmp_path: Path) -> None:
    path = recorded_json.write("both", "tfjs", tmp_path)
    shards = [part for part in source_files(path) if part != path]
    assert len(shards) > 5
    assert max(errors(path, "both")) < BOUND
    shards[3].unlink()
    with pytest.raises(MalformedFileError, match=r"group1-shard.* is not beside 'model.json'"):
        load_layers(path)


@pytest.mark.parametrize("name", recorded_json.names("rtneural"))
def test_rtneural_says_little_and_the_rest_is_told(name: str, tmp_path: Path) -> None:
    path = recorded_json.write(name, "rtneural", tmp_path)
    if name == "lstm":
        assert not load_layers(path)
        assert held(path) == "1 lstm (layers/0), 1 dense (layers/1)"
        return
    layers = load_layers(path, **OPEN[name])
    for layer, one in zip(layers.values(), recorded_json.live(name), strict=True):
        check_same_arrays(layer.get_weights(), one.arrays)
        assert np.abs(layer(one.x) - one.y).max() < BOUND
    for layer in load_layers(path).values():
        assert {"recurrent_activation", "go_backwards"} <= layer.provenance.assumed.keys()
        assert "activation" in layer.provenance.read
        assert "return_sequences" in layer.provenance.inferred


@pytest.mark.parametrize("name", ALL)
def test_a_layout_in_json_is_read_as_what_it_is(name: str, tmp_path: Path) -> None:
    given = pair(name)
    written = layouts.convert(given, to=name)
    path = tmp_path / "w.json"
    path.write_text(json.dumps(written, default=lambda value: value.tolist()))
    (layer,) = load_layers(path).values()
    again = layouts.convert(layer, to=name)
    for key, value in layouts.arrays_of(written).items():
        np.testing.assert_array_equal(again[key], value)


def test_an_architecture_says_which_file_of_weights_lies_beside_it(tmp_path: Path) -> None:
    path = recorded_json.write("after", "architecture", tmp_path)
    with pytest.raises(MalformedFileError, match=r"beside it there is none.*--config"):
        load_layers(path)
    (tmp_path / "b.h5").touch()
    (tmp_path / "after.weights.h5").touch()
    with pytest.raises(MalformedFileError, match=r"there is 'after.weights.h5', 'b.h5'"):
        load_layers(path)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({}, "it is JSON of no keys"),
        ({"a": 1, "b": "c"}, "it is JSON of 'a', 'b'"),
        ([1, 2], "JSON of a list"),
        ({"weight_map": {"a": "pytorch_model-00001.bin"}}, "index of PyTorch's pickled shards"),
        ({"modelTopology": {"node": []}}, "graph model of TensorFlow.js"),
        ({"modelTopology": None}, "without weightsManifest"),
        ({"trainable_params": 3}, "expected both objects"),
    ],
)
def test_other_json_is_named(value: Any, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(value))
    with pytest.raises(MalformedFileError, match=reason):
        load_layers(tmp_path / "x.json")


def test_json_of_arrays_that_are_no_gru_says_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"weight_hh_l0": [[0.5]] * 4, "b": [1, 2]}))
    assert load_layers(tmp_path / "x.json") == {}
    assert held(tmp_path / "x.json") == "1 PyTorch LSTM (weight_hh_l0)"


def test_json_and_npz_of_one_state_dict_are_the_same(tmp_path: Path) -> None:
    state_dict = layouts.convert(pair("torch"), to="torch", prefix="encoder.gru.", layer=1)
    (tmp_path / "w.npz").write_bytes(npz_bytes(state_dict))
    text = json.dumps(state_dict, default=lambda value: value.tolist())
    (tmp_path / "w.json").write_text(text)
    both = [load_layers(tmp_path / name) for name in ("w.npz", "w.json")]
    assert [list(layers) for layers in both] == [["encoder/gru/l1"]] * 2
    check_same_arrays(*(layers["encoder/gru/l1"].get_weights() for layers in both))


def test_the_name_that_rtneurals_exporter_of_pytorch_writes_is_the_layers(tmp_path: Path) -> None:
    path = recorded_json.write("after", "rtneural", tmp_path)
    model = json.loads(path.read_text())
    model["layers"][0]["name"] = "recurrent"
    path.write_text(json.dumps(model))
    assert read_layers(path).gru("recurrent").name == "recurrent"


# ---- whatever the JSON is

_SCALARS = st.none() | st.booleans() | st.integers(-2, 9) | st.floats(width=32) | st.sampled_from(
    ["gru", "tanh", "float32", "uint8", "w.bin", "AAAA", "gru/kernel", "Sequential", "GRU"]
)  # fmt: skip
_KEYS = st.sampled_from([
    "weightsManifest", "modelTopology", "paths", "weights", "name", "shape", "dtype",
    "quantization", "scale", "min", "architecture", "trainable_params", "recurrent_weights", "bias",
    "layers", "type", "activation", "class_name", "config", "units", "weight_map",
    "weight_ih_l0", "weight_hh_l0", "W", "R", "linear_before_reset", "Wx", "Wh", "w_i", "w_h", "b",
])  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=5))
def test_whatever_the_keys_hold_there_are_grus_or_one_error(value: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.json"
        path.write_text(json.dumps(value))
        with contextlib.suppress(MalformedFileError):
            assert isinstance(load_layers(path), dict)
            assert held(path)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_model_with_values_changed_is_read_or_refused(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kind = data.draw(st.sampled_from(["tfjs", "fdeep", "rtneural"]))
        path = recorded_json.write("after", kind, Path(folder))
        model = json.loads(path.read_text())
        for _ in range(data.draw(st.integers(1, 3))):
            _change(model, data)
        path.write_text(json.dumps(model))
        with contextlib.suppress(MalformedFileError):
            assert isinstance(load_layers(path), dict)


def _change(value: Any, data: st.DataObject) -> None:
    """Change one value somewhere in a JSON object."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(value[key], (dict, list)) and data.draw(st.booleans()):
            value = value[key]
            continue
        value[key] = data.draw(_VALUES)
        return
