"""Arrays under another runtime's names are read in its layout, whatever their shapes could be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru_ref import GRUConfig, GRUWeights, MalformedFileError, layouts, load_layers
from gru_ref.cli.output import npz_bytes
from gru_ref.files import read_layers
from gru_ref.files.held import held
from parity_tests.tests.layouts.pairs import ALL, pair
from parity_tests.tests.support.arrays import check_same_arrays
from parity_tests.tests.support.cli_runner import invoke

IN_FILES = [name for name in ALL if name != "rtneural"]
Write = Callable[[dict[str, Any]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what writes arrays and attributes as an .npz."""

    def write(arrays: dict[str, Any]) -> Path:
        (tmp_path / "w.npz").write_bytes(npz_bytes(arrays))
        return tmp_path / "w.npz"

    return write


def two_layers(bidirectional: bool = True) -> dict[str, Any]:
    """Return the state_dict of nn.GRU(4, 5, num_layers=2), and the GRUs that it is made of."""
    grus = {}
    for layer, features in ((0, 4), (1, 10 if bidirectional else 5)):
        for backward in (False, True)[: 1 + bidirectional]:
            config = GRUConfig(5, go_backwards=backward)
            rng = np.random.default_rng([layer, backward])
            shapes = config.weight_shapes(features).values()
            weights = GRUWeights(*(rng.normal(size=s).astype("float32") for s in shapes))
            grus[f"l{layer}" + "_reverse" * backward] = (weights, config, layer)
    return grus


def state_dict(grus: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return what PyTorch calls their arrays."""
    found: dict[str, Any] = {}
    for weights, config, layer in grus.values():
        found |= layouts.convert((weights, config), to="torch", prefix=prefix, layer=layer)
    return found


@pytest.mark.parametrize("name", IN_FILES)
def test_every_layout_is_read_back_from_an_npz(name: str, write: Write) -> None:
    written = layouts.convert(pair(name), to=name)
    ((path, layer),) = load_layers(write(written)).items()
    assert path == ("l0" if name == "torch" else ".")
    again = layouts.convert(layer, to=name)
    assert again.keys() == written.keys()
    for key, value in layouts.arrays_of(written).items():
        np.testing.assert_array_equal(again[key], value)
    assert layer.provenance.notes[0].startswith(f"read in the layout {name}, ")


@pytest.mark.parametrize("prefix", ["", "gru.", "module.encoder."])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_stacked_torch_gru_is_read_layer_by_layer(
    bidirectional: bool, prefix: str, write: Write
) -> None:
    grus = two_layers(bidirectional)
    others = {"out.weight": np.ones((2, 10), "float32"), "num_batches_tracked": np.array(3)}
    path = write({**state_dict(grus, prefix), **others})
    before = prefix.replace(".", "/")
    assert list(load_layers(path)) == [f"{before}l0", f"{before}l1"]
    found = read_layers(path)
    halves = ("/forward", "/backward") if bidirectional else ("",)
    assert list(found.grus) == [f"{before}l{k}{half}" for k in range(2) for half in halves]
    for layer, (weights, config, number) in zip(found.grus.values(), grus.values(), strict=True):
        check_same_arrays(layer.get_weights(), weights.arrays())
        assert layer.config.go_backwards == config.go_backwards
        notes = " ".join(layer.provenance.notes)
        assert f"layer {number} of 2 stacked ones" in notes
        assert ("PyTorch returns its outputs in the order" in notes) is config.go_backwards
        said = {"activation", "recurrent_activation", "go_backwards", "reset_after"}
        assert said <= layer.provenance.read.keys()
        assert layer.provenance.inferred["return_sequences"].value is True
    assert found.gru("l1_reverse" if bidirectional else "l1") is layer


def test_a_bidirectional_torch_gru_returns_what_pytorch_does(write: Write) -> None:
    """Both halves side by side, the backward one in the order of the input, at every timestep."""
    grus = two_layers()
    path = write(state_dict(grus))
    h = np.random.default_rng(1).normal(size=(2, 6, 4)).astype("float32")
    (low, high) = load_layers(path).values()
    outputs = high(low(h))
    for layer in range(2):
        forward, backward = (grus[f"l{layer}{half}"][0] for half in ("", "_reverse"))
        sides = torch_gru(h, forward), torch_gru(h[:, ::-1], backward)[:, ::-1]
        h = np.concatenate(sides, -1)
    assert np.abs(outputs - h).max() < 1e-6


def torch_gru(x: np.ndarray, weights: GRUWeights) -> np.ndarray:
    """Return every output of the equations in PyTorch's documentation of nn.GRU."""
    arrays = layouts.convert((weights, GRUConfig(weights.units)), to="torch").values()
    w_ih, w_hh, b_ih, b_hh = (array.astype(float) for array in arrays)
    h, outputs = np.zeros((len(x), weights.units)), []
    for x_t in np.swapaxes(x, 0, 1):
        ir, iz, in_ = np.split(x_t @ w_ih.T + b_ih, 3, -1)
        hr, hz, hn = np.split(h @ w_hh.T + b_hh, 3, -1)
        r, z = 1 / (1 + np.exp(-(ir + hr))), 1 / (1 + np.exp(-(iz + hz)))
        h = (1 - z) * np.tanh(in_ + r * hn) + z * h
        outputs.append(h)
    return np.stack(outputs, 1).astype("float32")


def test_a_half_is_converted_back_to_what_it_was(write: Write, tmp_path: Path) -> None:
    """A Bidirectional zeroes its halves' outputs at masked timesteps, which no runtime does."""
    arrays = state_dict(two_layers(), "gru.")
    made = tmp_path / "made.npz"
    done = invoke("convert", write(arrays), "--layer", "l1_reverse", "--to", "torch", "-o", made)
    assert done.status == 0
    assert "gru/l1/backward: Bidirectional's zeros at masked timesteps are left out" in done.err
    with np.load(made) as again:
        for name in again:
            expected = arrays[f"gru.{name.replace('_l0', '_l1')}"]
            np.testing.assert_array_equal(again[name], expected)


def test_names_of_flax_and_haiku_may_have_modules_before_them(write: Write) -> None:
    flax = layouts.convert(pair("flax_linen"), to="flax_linen")
    arrays = {f"params/GRUCell_0/{k}": v for k, v in layouts.arrays_of(flax).items()}
    haiku = layouts.convert(pair("haiku"), to="haiku")
    arrays |= {f"my_model/~/gru.{key}": value for key, value in haiku.items()}
    layers = load_layers(write(arrays))
    assert list(layers) == ["params/GRUCell_0", "my_model/~/gru"]
    cell = layers["params/GRUCell_0"]
    assert {"activation", "recurrent_activation", "go_backwards"} <= {*cell.provenance.assumed}
    np.testing.assert_array_equal(
        layouts.convert(layers["my_model/~/gru"], to="haiku")["w_i"], haiku["w_i"]
    )


def test_haiku_is_not_taken_for_keras_whose_shapes_it_has(write: Write) -> None:
    """Its z is the share of the candidate: read as Keras's it is 1 − z, without a sign of it."""
    weights, config = pair("haiku")
    layer = load_layers(write(layouts.convert((weights, config), to="haiku")))["."]
    check_same_arrays(layer.get_weights(), weights.arrays())


@pytest.mark.parametrize("features", [3, 9, 27, 45])
def test_torch_is_never_taken_for_keras_where_the_shapes_coincide(
    features: int, tmp_path: Path
) -> None:
    """With u = 3 and f = 9u, weight_ih has the shape of a recurrent kernel of 3u units."""
    config = GRUConfig(3)
    rng = np.random.default_rng(0)
    shapes = config.weight_shapes(features).values()
    weights = GRUWeights(*(rng.normal(size=s).astype("float32") for s in shapes))
    arrays = layouts.convert((weights, config), to="torch")
    (tmp_path / "named.npz").write_bytes(npz_bytes(arrays))
    check_same_arrays(load_layers(tmp_path / "named.npz")["l0"].get_weights(), weights.arrays())
    np.savez(tmp_path / "unnamed.npz", *arrays.values())
    np.savez(tmp_path / "other.npz", **dict(zip("abcd", arrays.values(), strict=True)))
    assert load_layers(tmp_path / "unnamed.npz") == {}
    assert load_layers(tmp_path / "other.npz") == {}


@pytest.mark.parametrize("with_bias", [True, False])
def test_core_mls_names_are_not_taken_for_those_of_a_torch_cell(
    with_bias: bool, write: Write
) -> None:
    """Both call their kernels weight_ih and weight_hh, and lay the gates in another order."""
    written = layouts.convert(pair("coreml_mil", use_bias=with_bias), to="coreml_mil")
    (layer,) = load_layers(write(written)).values()
    assert "coreml_mil" in layer.provenance.notes[0]
    if with_bias:
        assert load_layers(write(layouts.arrays_of(written))) == {}


@pytest.mark.parametrize("with_bias", [True, False])
def test_onnx_and_openvino_are_told_apart(with_bias: bool, write: Write) -> None:
    for name in ("onnx", "openvino"):
        written = layouts.convert(pair(name, use_bias=with_bias), to=name)
        (layer,) = load_layers(write(written)).values()
        assert f"layout {name}," in layer.provenance.notes[0]


def test_arrays_without_the_attributes_that_they_rest_on_are_refused(write: Write) -> None:
    path = write(layouts.arrays_of(layouts.convert(pair("onnx"), to="onnx")))
    with pytest.raises(
        MalformedFileError, match=r"there is no linear_before_reset, direction"
    ) as e:
        load_layers(path)
    assert "origin='onnx'" in str(e.value)


def test_an_attribute_is_one_element_of_whatever_shape(write: Write) -> None:
    arrays = layouts.convert(pair("webnn"), to="webnn")
    ((_, layer),) = load_layers(write({**arrays, "layout": np.array([["zrn"]])})).items()
    check_same_arrays(layer.get_weights(), pair("webnn")[0].arrays())
    for several in (["zrn", "zrn"], []):
        with pytest.raises(MalformedFileError, match=r"layout is .*expected 'zrn' or 'rzn'"):
            load_layers(write({**arrays, "layout": np.array(several, "U3")}))


def test_an_onnx_hard_sigmoid_keeps_its_generation(write: Write) -> None:
    for version in "23":
        given = pair("onnx", recurrent_activation="hard_sigmoid", keras_version=version)
        (layer,) = load_layers(write(layouts.convert(given, to="onnx"))).values()
        assert layer.keras_version.partition(".")[0] == version
        assert layer.config.recurrent_activation == "hard_sigmoid"


@pytest.mark.parametrize("blocks", [1, 4])
def test_an_lstm_or_a_simple_rnn_is_named(blocks: int, write: Write) -> None:
    arrays = {
        "rnn.weight_ih_l0": np.ones((blocks * 5, 4), "float32"),
        "rnn.weight_hh_l0": np.ones((blocks * 5, 5), "float32"),
    }
    assert load_layers(write(arrays)) == {}
    kind = {1: "RNN", 4: "LSTM"}[blocks]
    assert held(write(arrays)) == f"1 PyTorch {kind} (rnn)"
    keras = {
        "rnn/kernel": np.ones((4, blocks * 5), "float32"),
        "rnn/recurrent_kernel": np.ones((5, blocks * 5), "float32"),
    }
    assert held(write(keras)) == f"1 {'SimpleRNN' if blocks == 1 else kind} (rnn)"


def test_half_of_a_state_dict_is_refused(write: Write) -> None:
    arrays = state_dict(two_layers())
    del arrays["weight_ih_l1"]
    with pytest.raises(
        MalformedFileError, match=r"w.npz, l1/forward: .*PyTorch nn.GRU.*weight_ih_l1"
    ):
        load_layers(write(arrays))


def test_arrays_without_names_are_taken_for_keras_and_said_to_be(tmp_path: Path) -> None:
    weights, _ = pair("torch")
    np.savez(tmp_path / "a.npz", *weights.arrays())
    np.savez(tmp_path / "b.npz", x=weights.kernel, y=weights.recurrent_kernel)
    for name, how in (
        ("a.npz", "in the order of get_weights()"),
        ("b.npz", "by their shapes alone"),
    ):
        ((_, layer),) = load_layers(tmp_path / name).items()
        assert how in layer.provenance.notes[0]
        assert layer.provenance.assumed["layout"] == "keras"
        ((_, layer),) = load_layers(tmp_path / name, layout="keras").items()
        assert "layout" not in layer.provenance.assumed
        assert layer.provenance.supplied["layout"] == "keras"
        with pytest.raises(ValueError, match="layout is 'torch', expected 'keras' or nothing"):
            load_layers(tmp_path / name, layout="torch")
    np.savez(tmp_path / "c.npz", kernel=weights.kernel, recurrent_kernel=weights.recurrent_kernel)
    ((_, layer),) = load_layers(tmp_path / "c.npz").items()
    assert "layout" not in layer.provenance.assumed


def test_safetensors_are_read_by_the_same_names(tmp_path: Path) -> None:
    grus = two_layers()
    header, data = {}, b""
    for name, array in state_dict(grus, "gru.").items():
        span = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": span}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    layers = read_layers(path).grus
    for layer, (weights, *_) in zip(layers.values(), grus.values(), strict=True):
        check_same_arrays(layer.get_weights(), weights.arrays())
