"""Whole models of Keras 1 and 2 become models of Keras 3: what is written, what is refused.

`fixtures/files/whole_models.tar.xz` is from `record_keras_3_models`: models of five Kerases, and
how live Keras 3 saves what `gru-ref convert` made of them. The test of the same name in `live/`
opens them in live Keras 3 again.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from gru_ref import Limits, MalformedFileError
from gru_ref.files.interpretation.model_config import snake_case
from gru_ref.files.limits import Budget
from gru_ref.files.readers.whole_model import ListedArrays, StoredModel, read_model
from gru_ref.files.sniff import detect_format
from gru_ref.files.writers.keras3_model import ModelPlan, plan
from gru_ref.files.writers.keras3_model.layer_table import ALIASES, TABLE
from parity_tests.environment import ROOT
from parity_tests.recording.files.archives import read_archive
from parity_tests.tests.support.cli_runner import invoke

RECORDED = ROOT / "fixtures" / "files" / "whole_models.tar.xz"
FILES = read_archive(RECORDED)
NAMES = sorted(name.removesuffix(".json") for name in FILES if name.endswith(".json"))


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class TestWholeModels:
    """The files of five Kerases."""

    @pytest.mark.parametrize("name", NAMES)
    def test_what_is_written_is_what_keras_3_saves_of_it(self, name: str) -> None:
        Path("old.h5").write_bytes(FILES[f"{name}.h5"])
        ended = invoke("convert", "old.h5", "--to", "keras3", "-o", "new.keras")
        assert ended.status == 0, ended.err
        recorded = json.loads(FILES[f"{name}.json"])
        config, arrays = _contents(Path("new.keras"))
        assert arrays == recorded["arrays"]
        names = {layer["config"]["name"] for layer in config["config"]["layers"]}
        assert {layer for _, layer in recorded["layers"]} <= names
        assert recorded["error"] < 1e-6

    def test_weights_and_config_are_written_apart(self) -> None:
        Path("old.h5").write_bytes(FILES["tf-2.3-seq2seq.h5"])
        ended = invoke("convert", "old.h5", "--to", "keras3", "-o", "new.weights.h5")
        assert ended.status == 0, ended.err
        config = json.loads(Path("new.json").read_text())
        assert config["class_name"] == "Functional"
        recorded = json.loads(FILES["tf-2.3-seq2seq.json"])
        assert _hashes(Path("new.weights.h5").read_bytes()) == recorded["arrays"]

    def test_a_file_of_weights_needs_the_config_of_the_model(self) -> None:
        name = "tf-2.3-seq2seq"
        Path("old.h5").write_bytes(FILES[f"{name}.h5"])
        with h5py.File("old.h5", "r+") as file:
            Path("model.json").write_text(file.attrs.pop("model_config"))
        arguments = ("convert", "old.h5", "--to", "keras3", "-o", "new.keras")
        ended = invoke(*arguments, "--config", "model.json")
        assert ended.status == 0, ended.err
        assert _contents(Path("new.keras"))[1] == json.loads(FILES[f"{name}.json"])["arrays"]

    def test_the_report_says_what_changed_and_why(self) -> None:
        Path("old.h5").write_bytes(FILES["keras-1.2.2-conv.h5"])
        arguments = ("convert", "old.h5", "--to", "keras3", "-o", "new.keras")
        ended = invoke(*arguments, "--report", "report.json")
        assert "first_conv: kernel turned by half a circle: Theano" in ended.err
        report = json.loads(Path("report.json").read_text())
        assert report["not_carried"] == []
        assert any("hard_sigmoid" in row["what"] for row in report["changes"])


def _contents(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the config and the hash of every array of a .keras file."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        return config, _hashes(archive.read("model.weights.h5"))


def _hashes(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}

    def add(place: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[place] = hashlib.sha256(np.ascontiguousarray(item[()]).tobytes()).hexdigest()

    with h5py.File(io.BytesIO(data)) as file:
        file.visititems(add)
    return found


# --- models in memory


def _dense(name: str, *calls: Any, **config: Any) -> dict[str, Any]:
    new = {"name": name, "units": 2, "use_bias": False, "activation": "linear", **config}
    return {"class_name": "Dense", "config": new, "name": name, "inbound_nodes": list(calls)}


def _input(name: str = "x") -> dict[str, Any]:
    config = {"name": name, "batch_input_shape": [None, 2], "dtype": "float32"}
    return {"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}


def _functional(*layers: Any, output: str = "a", **config: Any) -> dict[str, Any]:
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [[output, 0, 0]]}
    new = {"name": "m", "layers": [_input(), *layers], **ends, **config}
    return {"class_name": "Functional", "config": new}


def _plan(config: dict[str, Any], *dense: str, **limits: int) -> ModelPlan:
    arrays = {name: [(f"{name}/kernel:0", np.eye(2, dtype="float32"))] for name in dense}
    stored = StoredModel(config, "2.6.0", None, False, ListedArrays(arrays))
    return plan(stored, Budget(Path("m.h5"), Limits(**limits)))


def test_an_ordinary_model_is_carried() -> None:
    made = _plan(_functional(_dense("a", [["x", 0, 0, {}]])), "a")
    assert list(made.arrays) == ["layers/dense/vars/0"]
    assert not made.refused
    (call,) = made.config["config"]["layers"][1]["inbound_nodes"]
    assert call["args"][0]["config"]["keras_history"] == ["x", 0, 0]


def test_another_name_of_a_class_is_a_change() -> None:
    old = {**_dense("a", [["x", 0, 0, {}]]), "class_name": "TimeDistributedDense"}
    made = _plan(_functional(old), "a")
    assert "m/a: TimeDistributedDense as Dense: Keras 3 calls it so" in map(str, made.changes)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_json_has_not_are_named(value: float) -> None:
    made = _plan(_functional(_dense("a", [["x", 0, 0, {}]], kernel_regularizer=None)), "a")
    assert not made.refused
    noise = {"name": "a", "stddev": value}
    layer = {"class_name": "GaussianNoise", "config": noise, "inbound_nodes": [[["x", 0, 0, {}]]]}
    made = _plan(_functional(layer))
    assert [(change.layer, change.what) for change in made.refused] == [("m/a", "its config")]


def test_a_layer_is_listed_after_what_it_is_called_with() -> None:
    late, early = _dense("a", [["b", 0, 0, {}]]), _dense("b", [["x", 0, 0, {}]])
    made = _plan(_functional(late, early), "a", "b")
    assert [one["name"] for one in made.config["config"]["layers"]] == ["x", "b", "a"]


def _layer(class_name: str, name: str, *tensors: list[Any], **config: Any) -> dict[str, Any]:
    calls = [[[*tensor, {}] for tensor in tensors]]
    config = {"name": name, **config}
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": calls}


def _around(*inside: dict[str, Any]) -> dict[str, Any]:
    """Return a model that masks its input and gives it to a model with a pooling layer."""
    inner = _functional(
        *inside,
        _layer("GlobalAveragePooling1D", "pool", [inside[-1]["name"], 0, 0]),
        output="pool",
        name="inner",
    )
    inner.update(name="inner", inbound_nodes=[[["masked", 0, 0, {}]]])
    output = {"output_layers": [["inner", 1, 0]]}
    return _functional(_layer("Masking", "masked", ["x", 0, 0]), inner, **output)


def test_a_mask_is_followed_into_a_nested_model() -> None:
    assert not _plan(_around(_layer("Dropout", "drop", ["x", 0, 0], rate=0.1))).refused


@pytest.mark.parametrize(
    "inside",
    [
        [_layer("Rescaling", "scale", ["x", 0, 0], scale=2.0, offset=0.0)],
        [
            _layer("Masking", "again", ["x", 0, 0]),
            _layer("Concatenate", "joined", ["x", 0, 0], ["again", 0, 0], axis=-1),
        ],
    ],
    ids=["ends", "merged"],
)
def test_a_mask_that_keras_3_takes_otherwise_in_a_nested_model_is_named(inside: list[Any]) -> None:
    refused = _plan(_around(*inside)).refused
    assert [one.layer for one in refused] == ["m/inner/pool"]


class TestOperationsOfAGraph:
    """Layers of TensorFlow 2.0 to 2.3 that are one node of a graph each."""

    @staticmethod
    def _operation(op: str, constants: dict[str, Any] | None = None, **attr: Any) -> ModelPlan:
        node = {"name": "n", "op": op, "attr": attr}
        layer = _layer("TensorFlowOpLayer", "a", ["x", 0, 0], node_def=node)
        layer["config"]["constants"] = constants or {}
        return _plan(_functional(layer))

    @pytest.mark.parametrize(
        ("op", "constants", "attr", "class_name", "config"),
        [
            ("ReverseV2", {"1": [1]}, {}, "Flip", {"axis": [1]}),
            ("Pack", {}, {"axis": {"i": "-1"}}, "Stack", {"axis": -1}),
            ("Squeeze", {}, {"squeeze_dims": {"list": {"i": ["1"]}}}, "Squeeze", {"axis": [1]}),
            ("Squeeze", {}, {"squeeze_dims": {"list": {}}}, "Squeeze", {"axis": None}),
            ("Cast", {}, {"DstT": {"type": "DT_DOUBLE"}}, "Cast", {"dtype": "float64"}),
        ],
    )
    def test_it_is_an_operation_of_keras_3(
        self, op: str, constants: Any, attr: Any, class_name: str, config: Any
    ) -> None:
        made = self._operation(op, constants, **attr)
        assert not made.refused
        written = made.config["config"]["layers"][1]
        assert written["class_name"] == class_name
        assert written["config"].items() >= config.items()

    @pytest.mark.parametrize(
        ("op", "constants", "attr"),
        [
            ("Pack", {"1": [1.0, 2.0]}, {}),
            ("Cast", {}, {"DstT": {"type": "DT_COMPLEX64"}}),
            ("Cast", {}, {"DstT": {"type": "DT_INT32"}, "Truncate": {"b": True}}),
            ("Squeeze", {}, {"squeeze_dims": {"list": {"i": ["x"]}}}),
        ],
    )
    def test_what_has_no_counterpart_is_named(self, op: str, constants: Any, attr: Any) -> None:
        assert [one.layer for one in self._operation(op, constants, **attr).refused] == ["m/a"]


def _lambda(name: str) -> dict[str, Any]:
    config = {"name": name, "function": ["4wEAAAA=", None, None], "function_type": "lambda"}
    return {
        "class_name": "Lambda",
        "config": config,
        "name": name,
        "inbound_nodes": [[["x", 0, 0, {}]]],
    }


def test_everything_that_cannot_be_carried_is_listed_at_once() -> None:
    mine = {**_dense("mine", [["x", 0, 0, {}]]), "class_name": "Mine"}
    made = _plan(
        _functional(
            _lambda("one"), mine, _dense("a", [["one", 0, 0, {}]], activation="my_own"), output="a"
        ),
        "mine",
        "a",
    )
    assert [change.layer for change in made.refused] == ["m/one", "m/mine", "m/a"]
    assert made.placeholders == ["Lambda_one", "Mine_mine", "Dense_a"]
    assert "4wEAAAA=" not in json.dumps(made.config)


def test_nothing_is_written_without_a_word_on_how_to_go_on() -> None:
    model = _functional(_lambda("one"), _dense("a", [["one", 0, 0, {}]]))
    with h5py.File("old.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["keras_version"] = "2.6.0"
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"x", b"one", b"a"]
        for name in ("x", "one", "a"):
            names = [b"a/kernel:0"] if name == "a" else []
            weights.create_group(name).attrs["weight_names"] = names
        weights["a"].create_dataset("a/kernel:0", data=np.eye(2, dtype="float32"))
    arguments = ("convert", "old.h5", "--to", "keras3", "-o", "new.keras")
    ended = invoke(*arguments)
    assert ended.status == 2
    assert "m/one: class Lambda: it holds code, which is never executed" in ended.err
    assert "--gru-only" in ended.err
    assert "--keep-going" in ended.err
    assert not Path("new.keras").exists()
    ended = invoke(*arguments, "--keep-going")
    assert ended.status == 0
    assert "custom_objects={'Lambda_one': …}" in ended.err
    assert Path("new.keras").exists()
    ended = invoke(*arguments, "--gru-only", "--force")
    assert ended.status == 2  # there is none


def _cycle() -> dict[str, Any]:
    return _functional(_dense("a", [["b", 0, 0, {}]]), _dense("b", [["a", 0, 0, {}]]))


def _deep() -> dict[str, Any]:
    model: dict[str, Any] = _dense("a")
    for level in range(300):
        model = {"class_name": "Sequential", "config": {"name": f"s{level}", "layers": [model]}}
    return model


def _loop_of_wrappers() -> dict[str, Any]:
    layer: dict[str, Any] = _dense("a", [["x", 0, 0, {}]])
    for level in range(100):
        config = {"name": f"w{level}", "layer": layer}
        layer = {
            "class_name": "TimeDistributed",
            "config": config,
            "name": f"w{level}",
            "inbound_nodes": [[["x", 0, 0, {}]]],
        }
    return _functional(layer, output="w99")


def _doubling() -> dict[str, Any]:
    """Return 2**50 layers: each Bidirectional stands for two of the layer that it wraps."""
    layer: dict[str, Any] = {"class_name": "GRU", "config": {"name": "g", "units": 2}}
    for level in range(50):
        layer = {"class_name": "Bidirectional", "config": {"name": f"b{level}", "layer": layer}}
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}


HOSTILE: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "calls in a circle": (_cycle, "in a circle"),
    "a call of itself": (lambda: _functional(_dense("a", [["a", 0, 0, {}]])), "in a circle"),
    "a huge call": (lambda: _functional(_dense("a", [["x", 10**9, 0, {}]])), "is used, expected"),
    "a negative call": (lambda: _functional(_dense("a", [["x", -1, 0, {}]])), "is used, expected"),
    "a huge output": (lambda: _functional(_dense("a", [["x", 0, 10**9, {}]])), "is used"),
    "an unknown layer": (lambda: _functional(_dense("a", [["y", 0, 0, {}]])), "an inbound node is"),
    "a layer twice": (
        lambda: _functional(_dense("a", [["x", 0, 0, {}]]), _dense("a", [["x", 0, 0, {}]])),
        "two layers are named",
    ),
    "a layer that is never called": (lambda: _functional(_dense("a")), "is never called"),
    "nodes that are no list": (lambda: _functional(_dense("a") | {"inbound_nodes": "x"}), "a list"),
    "a number for a layer": (lambda: _functional(7), "expected its config"),
    "no layers": (lambda: {"class_name": "Sequential", "config": {"layers": []}}, "a list of"),
    "a name of a million letters": (
        lambda: _functional(_dense("a" * 10**6, [["x", 0, 0, {}]])),
        "letters",
    ),
    "300 models in one another": (_deep, "it is nested"),
    "100 wrappers in one another": (_loop_of_wrappers, "it is nested"),
    "50 Bidirectionals in one another": (_doubling, "a Bidirectional wraps a wrapper"),
    "a million calls": (
        lambda: _functional(_dense("a", *[[["x", 0, 0, {}]]] * 200_000)),
        "Limits(max_objects=…)",
    ),
    "arrays that are not there": (
        lambda: _functional(_dense("a", [["x", 0, 0, {}]]), _dense("b", [["a", 0, 0, {}]])),
        "the config has the layer, the arrays have not",
    ),
    "more arrays than the layer has": (
        lambda: _functional(_dense("a", [["x", 0, 0, {}]], use_bias=True)),
        "1 arrays are listed, expected 2",
    ),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_config_is_refused(name: str) -> None:
    make, reason = HOSTILE[name]
    with pytest.raises(MalformedFileError) as caught:
        _plan(make(), "a")
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kernel_initializer", {"class_name": "os.system", "config": {"command": "true"}}),
        ("activation", {"class_name": "Lambda", "config": {"function": "x"}}),
        ("units", {"class_name": "Evil", "config": {}}),
        ("dtype", {"class_name": "Evil", "config": {"name": "__import__('os')"}}),
        ("evil", 1),
    ],
)
def test_an_object_of_a_class_is_never_made(name: str, value: Any) -> None:
    made = _plan(_functional(_dense("a", [["x", 0, 0, {}]], **{name: value})), "a")
    if name == "kernel_initializer":  # the arrays are in the file
        assert made.config["config"]["layers"][1]["config"][name] == "zeros"
    else:
        (change,) = made.refused
        assert name in change.what


def test_a_class_of_somebodys_own_with_the_name_of_keras_is_not_carried() -> None:
    layer = _dense("a", [["x", 0, 0, {}]]) | {"module": "evil", "registered_name": "Evil>Dense"}
    (change,) = _plan(_functional(layer), "a").refused
    assert "Evil>Dense" in change.what


def test_a_model_of_keras_3_is_left_as_it_is() -> None:
    source = ROOT / "fixtures" / "files" / "keras" / "keras-3.15.1"
    path = next(source.glob("*.model.keras"))
    ended = invoke("convert", path, "--to", "keras3", "-o", "new.keras")
    assert ended.status == 2
    assert "opens in Keras 3 as it is" in ended.err
    assert "--gru-only" in ended.err


def test_every_row_has_arguments_and_gates_of_its_own_arrays() -> None:
    assert set(ALIASES.values()) <= set(TABLE)
    for name, row in TABLE.items():
        arrays = {text.partition("?")[0] for text in row.arrays.split()}
        for argument, gates in row.gates.items():
            assert argument in row.arguments.split(), name
            assert set(gates.arrays) <= arrays, name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CuDNNLSTM", "cu_dnnlstm"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("MultiHeadAttention", "multi_head_attention"),
        ("PReLU", "p_re_lu"),
        ("SeparableConv1D", "separable_conv1d"),
        ("GlobalAveragePooling1D", "global_average_pooling1d"),
        ("RNN", "rnn"),
        ("ELU", "elu"),
    ],
)
def test_groups_are_named_as_keras_names_them(name: str, expected: str) -> None:
    assert snake_case(name) == expected  # keras.src.utils.naming.to_snake_case of 3.15.1


def test_reading_is_bounded() -> None:
    Path("old.h5").write_bytes(FILES["tf-2.6-nested.h5"])
    path, limits = Path("old.h5"), Limits(max_bytes=2000)
    with pytest.raises(MalformedFileError, match="max_bytes"):
        read_model(path, detect_format(path, Limits()), Budget(path, limits))
