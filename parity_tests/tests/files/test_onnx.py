"""GRUs of ONNX models: what exporters wrote, nodes with every attribute, hostile graphs."""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import json
import tarfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref import GRUWeights, gru
from gru_ref.files.interpretation.found import Found
from gru_ref.files.limits import Limits
from gru_ref.files.malformed import MalformedFileError
from parity_tests.environment import FIXTURES
from parity_tests.recording.files import record_onnx
from parity_tests.recording.files.recorded_exports import read
from parity_tests.tests.files.bundles import field
from parity_tests.tests.files.hand_onnx import graph, model, node
from parity_tests.tests.files.refusal import check_refused, file_of

_OF_KERAS = [name for name in record_onnx.CASES if name not in record_onnx.OF_KERAS2ONNX]
WRITERS = {
    "keras": _OF_KERAS,
    "tf_keras": _OF_KERAS,
    "torch": record_onnx.OF_TORCH,
    "keras2onnx": record_onnx.OF_KERAS2ONNX,
}
FILES = [(writer, name) for writer, names in WRITERS.items() for name in names]
# |gru_ref − ONNX Runtime| in float32: worst seen 4.8e-7.
BOUND = 1e-6
_PUT_BACK = "back into the order of the inputs"


@functools.cache
def _members(writer: str) -> dict[str, bytes]:
    with tarfile.open(FIXTURES / "files" / f"onnx-{writer}.tar.xz") as tar:
        streams = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        return {name: stream.read() for name, stream in streams.items() if stream is not None}


def _expected(writer: str, name: str) -> dict[str, Any]:
    with np.load(io.BytesIO(_members(writer)[f"{name}.npz"])) as found:
        return dict(found)


def _layers(path: Path, **supplied: Any) -> list[gru_ref.GRU]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gru_ref.AssumptionWarning)
        return list(gru_ref.load_grus(path, **supplied).values())


class TestRecordedModels:
    """Every file of fixtures/files/onnx-*.tar.xz."""

    @pytest.mark.parametrize(("writer", "name"), FILES)
    def test_arrays_and_arguments_are_those_of_the_live_layers(
        self, writer: str, name: str, tmp_path: Path
    ) -> None:
        arrays = _expected(writer, name)
        layers = _layers(file_of(tmp_path, _members(writer)[f"{name}.onnx"]))
        meta = json.loads(str(arrays["meta"]))
        assert len(layers) == len(meta)
        for i, arguments in enumerate(meta):
            weights = [arrays[f"{i}/{r}"] for r in record_onnx.ROLES if f"{i}/{r}" in arrays]
            (layer,) = (one for one in layers if _holds(one, weights))
            said = layer.provenance.read
            assert {"activation", "recurrent_activation", "go_backwards"} <= said.keys()
            # An exporter leaves out a reset form that changes nothing: beside no bias.
            if not arguments["use_bias"]:
                arguments.pop("reset_after")
            assert said == {**said, **{k: v for k, v in arguments.items() if k in said}}

    @pytest.mark.parametrize(("writer", "name"), FILES)
    def test_the_outputs_are_those_of_onnx_runtime(
        self, writer: str, name: str, tmp_path: Path
    ) -> None:
        arrays = _expected(writer, name)
        path = file_of(tmp_path, _members(writer)[f"{name}.onnx"])
        meta = json.loads(str(arrays["meta"]))
        sequences = [one["return_sequences"] for one in meta]
        y = arrays["x"]
        layers = _layers(path)
        together = 2 if name in ("both_ways", "torch_bidirectional") else 1
        for at in range(0, len(layers), together):
            outputs = []
            for layer in layers[at : at + together]:
                output = gru(
                    y,
                    GRUWeights.from_arrays(layer.get_weights()),
                    replace(layer.config, return_sequences=sequences[at]),
                    mask=arrays.get("mask"),
                    initial_state=arrays.get("h"),
                ).output
                turned = layer.go_backwards and together == 2
                outputs.append(output[:, ::-1] if turned else output)
            y = np.concatenate(outputs, axis=-1)
        assert np.abs(y - arrays["y"]).max() < BOUND

    def test_hard_sigmoid_says_which_keras_it_is_of(self, tmp_path: Path) -> None:
        for writer, generation in (("keras", "3"), ("tf_keras", "2"), ("keras2onnx", "2")):
            name = "node_linear" if writer == "keras2onnx" else "hard"
            (layer,) = _layers(file_of(tmp_path, _members(writer)[f"{name}.onnx"]))
            assert layer.provenance.inferred["keras_version"].value == generation

    def test_a_keras_that_computes_something_else_is_refused(self, tmp_path: Path) -> None:
        for writer, other, same in (("keras", "2.15", "3.5"), ("tf_keras", "3", "tf-2.3")):
            path = file_of(tmp_path, _members(writer)["hard.onnx"])
            with pytest.raises(ValueError, match="hard_sigmoid"):
                gru_ref.load_layers(path, keras_version=other)
            (layer,) = _layers(path, keras_version=same)
            assert layer.provenance.read["recurrent_activation"] == "hard_sigmoid"

    def test_a_mask_and_an_initial_state_are_noted(self, tmp_path: Path) -> None:
        for writer in ("keras", "tf_keras"):
            for name, word in (("masked", "mask"), ("from_a_state", "initial_state")):
                (layer,) = _layers(file_of(tmp_path, _members(writer)[f"{name}.onnx"]))
                assert any(word in note for note in layer.provenance.notes)


def _holds(layer: gru_ref.GRU, weights: list[np.ndarray[Any, Any]]) -> bool:
    mine = layer.get_weights()
    return len(mine) == len(weights) and all(map(np.array_equal, mine, weights))


# ---- GRU nodes by hand

UNITS, FEATURES = 2, 3
WEIGHTS = {
    "W": np.arange(18, dtype="f4").reshape(1, 6, 3) / 10,
    "R": np.arange(12, dtype="f4").reshape(1, 6, 2) / 10,
    "B": np.arange(12, dtype="f4").reshape(1, 12) / 10,
}


def _gru(
    *before: bytes,
    inputs: str = "x W R B",
    outputs: str = "Y",
    after: tuple[bytes, ...] = (),
    tensors: dict[str, Any] | None = None,
    x: tuple[int, ...] | None = (4, -1, 3),
    result: str = "Y",
    more: dict[str, tuple[int, ...]] | None = None,
    **attributes: Any,
) -> bytes:
    """Return a model of one GRU node, with nodes before and after it."""
    nodes = [*before, node("GRU", inputs, outputs, **attributes), *after]
    held = {**WEIGHTS, **(tensors or {})}
    return model(graph(nodes, held, inputs={"x": x, **(more or {})}, outputs=(result,)))


def _one(tmp_path: Path, data: bytes) -> Found:
    (found,) = read(file_of(tmp_path, data))
    return found


def _integers(*numbers: int) -> np.ndarray[Any, Any]:
    return np.array(numbers, np.int64)


BEFORE_FIRST = np.iinfo(np.int64).min


class TestNodes:
    """What the attributes and inputs of a node say."""

    @pytest.mark.parametrize(
        ("attributes", "expected", "generation"),
        [
            ({}, ("sigmoid", "tanh"), None),
            ({"activations": ["sigmoid", "RELU"]}, ("sigmoid", "relu"), None),
            ({"activations": ["HardSigmoid", "Tanh"]}, ("hard_sigmoid", "tanh"), "2"),
            (
                {"activations": ["HardSigmoid", "Relu"], "activation_alpha": [1 / 6]},
                ("hard_sigmoid", "relu"),
                "3",
            ),
            (
                {
                    "activations": ["HardSigmoid", "LeakyRelu"],
                    "activation_alpha": [0.2, 0.2],
                    "activation_beta": [0.5],
                },
                ("hard_sigmoid", "leaky_relu"),
                "2",
            ),
            ({"activations": ["Sigmoid", "LeakyRelu"], "activation_alpha": [0.3]},
             ("sigmoid", "LeakyReLU"), "2"),
            ({"activations": ["Softsign", "Elu"]}, ("softsign", "elu"), None),
            (
                {"activations": ["Sigmoid", "Affine"], "activation_alpha": [1.0]},
                ("sigmoid", "linear"),
                None,
            ),
        ],
    )  # fmt: skip
    def test_activations_with_their_parameters(
        self,
        attributes: dict[str, Any],
        expected: tuple[str, str],
        generation: str | None,
        tmp_path: Path,
    ) -> None:
        found = _one(tmp_path, _gru(**attributes))
        names = ("recurrent_activation", "activation")
        assert tuple(found.already_known[name] for name in names) == expected
        inferred = found.inferred.get("keras_version")
        assert (None if inferred is None else inferred.value) == generation

    @pytest.mark.parametrize(
        ("attributes", "reason"),
        [
            (
                {"activations": ["Sigmoid", "ScaledTanh"], "activation_alpha": [1.7],
                 "activation_beta": [0.6]},
                r"ONNX's ScaledTanh\(alpha=1.7, beta=0.6\)",
            ),
            (
                {"activations": ["HardSigmoid", "Tanh"], "activation_alpha": [0.25]},
                r"ONNX's HardSigmoid\(alpha=0.25, beta=0.5\)",
            ),
            ({"activations": ["Sigmoid", "LeakyRelu"]}, r"LeakyRelu\(alpha=0.01\)"),
        ],
    )  # fmt: skip
    def test_a_function_that_no_keras_has_is_to_be_supplied(
        self, attributes: dict[str, Any], reason: str, tmp_path: Path
    ) -> None:
        path = file_of(tmp_path, _gru(**attributes))
        with pytest.raises(MalformedFileError, match=reason):
            gru_ref.load_grus(path)

    @pytest.mark.parametrize(
        ("attributes", "reason"),
        [
            ({"activations": ["Sigmoid", "Affine"]}, "activation_alpha has no number for Affine"),
            ({"activations": ["Sigmoid", "ThresholdedRelu"]}, "no number for ThresholdedRelu"),
            ({"activations": ["Sigmoid", "Swish"]}, "'Swish'"),
            ({"activations": ["Sigmoid"]}, "expected 2 names"),
            ({"activation_alpha": [0.5]}, "expected one for each activation that has one"),
            ({"clip": 3.0}, "clips at 3 before Sigmoid"),
            ({"clip": 1e9, "activations": ["Sigmoid", "Relu"]}, "clips at 1e"),
            ({"hidden_size": 3}, "hidden_size is 3, expected 2"),
            ({"linear_before_reset": 2}, "linear_before_reset is 2"),
            ({"direction": "backward"}, "direction is 'backward'"),
        ],
    )
    def test_attributes_that_cannot_be_kept_are_refused(
        self, attributes: dict[str, Any], reason: str, tmp_path: Path
    ) -> None:
        check_refused(file_of(tmp_path, _gru(**attributes)), reason)

    def test_a_clip_that_changes_nothing_is_noted(self, tmp_path: Path) -> None:
        gates = {"activations": ["HardSigmoid", "Tanh"]}
        assert "clips at 50" in _one(tmp_path, _gru(clip=50.0)).notes[0]
        assert "clips at 10" in _one(tmp_path, _gru(clip=10.0, **gates)).notes[0]

    @pytest.mark.parametrize(
        ("nodes", "x", "backwards"),
        [
            ((), "x", False),
            ((node("Slice", "x -1 first 0 -1", "a"),), "a", True),
            ((node("Slice", "x -1 first 1 -1", "a"),), "a", False),
            ((node("Gather", "x turned", "a"),), "a", True),
            (
                (node("Shape", "x", "s"), node("Gather", "s 0", "t"), node("Gather", "s 1", "b"),
                 node("Expand", "t b", "n"),
                 node("ReverseSequence", "x n", "a", time_axis=0, batch_axis=1)),
                "a",
                True,
            ),
            (
                (node("Transpose", "x", "b", perm=[1, 0, 2]), node("Slice", "b -1 first 1 -1", "c"),
                 node("Transpose", "c", "a", perm=[1, 0, 2])),
                "a",
                True,
            ),
            (
                (node("Slice", "x -1 first 0 -1", "b"), node("Identity", "b", "c"),
                 node("Slice", "c -1 first 0 -1", "a")),
                "a",
                False,
            ),
        ],
    )  # fmt: skip
    def test_an_input_that_is_reversed_is_go_backwards(
        self, nodes: tuple[bytes, ...], x: str, backwards: bool, tmp_path: Path
    ) -> None:
        numbers = {
            "-1": _integers(-1), "first": _integers(BEFORE_FIRST), "0": _integers(0),
            "1": _integers(1), "turned": _integers(3, 2, 1, 0),
        }  # fmt: skip
        for direction in ("forward", "reverse"):
            data = _gru(*nodes, inputs=f"{x} W R B", tensors=numbers, direction=direction)
            found = _one(tmp_path, data)
            assert found.already_known["go_backwards"] is (backwards != (direction == "reverse"))
            assert any(_PUT_BACK in note for note in found.notes) is (direction == "reverse")

    @pytest.mark.parametrize(
        ("before", "reason"),
        [
            (node("ReverseSequence", "x lengths", "a", time_axis=0, batch_axis=1), "by lengths"),
            (node("Slice", "x -1 0 0 -1", "a"), "reverses a part"),
            (node("Gather", "x mixed", "a"), "another order"),
        ],
    )
    def test_an_input_of_which_a_part_is_reversed_is_refused(
        self, before: bytes, reason: str, tmp_path: Path
    ) -> None:
        numbers = {
            "lengths": _integers(4, 2), "-1": _integers(-1), "0": _integers(0),
            "mixed": _integers(0, 3, 1, 2),
        }  # fmt: skip
        data = _gru(before, inputs="a W R B", tensors=numbers)
        check_refused(file_of(tmp_path, data), reason)

    def test_sequence_lens_of_all_timesteps_change_nothing(self, tmp_path: Path) -> None:
        lengths = {"n": np.array([4, 4], np.int32)}
        assert not _one(tmp_path, _gru(inputs="x W R B n", tensors=lengths)).notes
        batch_first = _gru(inputs="x W R B n", tensors=lengths, layout=1, x=(-1, 4, 3))
        assert not _one(tmp_path, batch_first).notes

    def test_other_sequence_lens_are_refused(self, tmp_path: Path) -> None:
        lengths = {"n": np.array([4, 3], np.int32)}
        data = _gru(inputs="x W R B n", tensors=lengths)
        check_refused(file_of(tmp_path, data), "sequence_lens end rows")
        data = _gru(inputs="x W R B n", tensors={"n": np.array([4, 4], np.int32)}, x=(-1, 2, 3))
        check_refused(file_of(tmp_path, data), "cannot be compared")
        data = _gru(inputs="x W R B n", more={"n": (2,)})
        check_refused(file_of(tmp_path, data), "'n' is an input of the graph")

    def test_an_initial_state_is_noted_unless_it_is_zero(self, tmp_path: Path) -> None:
        zeros = node("ConstantOfShape", "shape", "h")
        given = _gru(zeros, inputs="x W R B - h", tensors={"shape": _integers(1, 2, 2)})
        assert not _one(tmp_path, given).notes
        given = _gru(inputs="x W R B - h", tensors={"h": np.ones((1, 2, 2), "f4")})
        assert "constant 'h' that is not zeros" in _one(tmp_path, given).notes[0]
        given = _gru(inputs="x W R B - h", more={"h": (1, 2, 2)})
        assert "'h', which is an input of the graph" in _one(tmp_path, given).notes[0]

    @pytest.mark.parametrize(
        ("after", "outputs", "result", "sequences"),
        [
            ((), "Y", "Y", True),
            ((node("Squeeze", "Y 1", "y"),), "Y", "y", True),
            ((node("Squeeze", "h 0", "y"),), "- h", "y", False),
            ((node("Squeeze", "Y 1", "a"), node("Gather", "a last", "y")), "Y", "y", False),
            (
                (node("Squeeze", "Y 1", "a"), node("Transpose", "a", "b", perm=[1, 0, 2]),
                 node("Slice", "b -1 end 1", "y")),
                "Y",
                "y",
                False,
            ),
            ((node("Squeeze", "Y 1", "a"), node("Gather", "a first", "y")), "Y", "y", True),
        ],
    )  # fmt: skip
    def test_return_sequences_is_how_the_outputs_are_used(
        self, after: tuple[bytes, ...], outputs: str, result: str, sequences: bool, tmp_path: Path
    ) -> None:
        numbers = {
            "0": _integers(0), "1": _integers(1), "-1": _integers(-1), "last": np.int64(-1),
            "first": np.int64(0), "end": _integers(2**63 - 1),
        }  # fmt: skip
        data = _gru(after=after, outputs=outputs, result=result, tensors=numbers)
        assert _one(tmp_path, data).already_known["return_sequences"] is sequences

    def test_a_weight_that_each_run_is_given_is_called_that(self, tmp_path: Path) -> None:
        data = model(
            graph(
                [node("GRU", "x W R B", "Y")],
                {name: WEIGHTS[name] for name in "RB"},
                inputs={"x": None, "W": (1, 6, 3)},
            )
        )
        check_refused(file_of(tmp_path, data), "its weight 'W' is an input of the graph")
        data = _gru(node("Relu", "W", "V"), inputs="x V R B")
        check_refused(file_of(tmp_path, data), r"'V' is computed by Relu \(Relu\) when")

    def test_weights_that_each_run_is_given_are_named_all(self, tmp_path: Path) -> None:
        inputs = {"x": None, **{name: array.shape for name, array in WEIGHTS.items()}}
        data = model(graph([node("GRU", "x W R B", "Y")], {}, inputs=inputs))
        given = "is an input of the graph, which each run of the model is given"
        message = (
            f"its weights are not in the file: 'W' {given}; 'R' {given}; 'B' {given}; expected"
        )
        check_refused(file_of(tmp_path, data), message)

    @pytest.mark.parametrize("kind", ["Identity", "Transpose", "Cast"])
    def test_a_weight_that_is_made_of_an_input_is_called_that(
        self, kind: str, tmp_path: Path
    ) -> None:
        more: dict[str, Any] = {"to": 1} if kind == "Cast" else {}
        data = model(
            graph(
                [node(kind, "W", "V", **more), node("GRU", "x V R B", "Y")],
                {name: WEIGHTS[name] for name in "RB"},
                inputs={"x": None, "W": (1, 6, 3)},
            )
        )
        what = (
            rf"'V' is computed by {kind} \({kind}\) from 'W', which each run of the model is given"
        )
        check_refused(file_of(tmp_path, data), what)

    def test_a_weight_of_a_graph_input_has_the_initializer_that_it_has(
        self, tmp_path: Path
    ) -> None:
        found = _one(tmp_path, _gru(more={"W": (1, 6, 3)}))
        assert found.kernel.tolist() == WEIGHTS["W"][0].T.tolist()


FOLDED: dict[str, tuple[list[bytes], dict[str, Any]]] = {
    "transposed": (
        [node("Transpose", "V", "W", perm=[0, 2, 1])],
        {"V": WEIGHTS["W"].transpose(0, 2, 1).copy()},
    ),
    "unsqueezed": ([node("Unsqueeze", "V 0", "W")], {"V": WEIGHTS["W"][0], "0": _integers(0)}),
    "squeezed": ([node("Squeeze", "V", "W", axes=[0])], {"V": WEIGHTS["W"][np.newaxis]}),
    "reshaped": (
        [node("Reshape", "V shape", "W")],
        {"V": WEIGHTS["W"].ravel(), "shape": _integers(1, 6, -1)},
    ),
    "in two parts": (
        [node("Concat", "V U", "W", axis=1)],
        {"V": WEIGHTS["W"][:, :2], "U": WEIGHTS["W"][:, 2:]},
    ),
    "one of two": (
        [node("Split", "V", "U W", axis=0)],
        {"V": np.concatenate([WEIGHTS["W"] + 1, WEIGHTS["W"]])},
    ),
    "cut": (
        [node("Slice", "V 1 2", "W")],
        {"V": np.concatenate([WEIGHTS["W"] + 1, WEIGHTS["W"]]), "1": _integers(1),
         "2": _integers(2)},
    ),
    "gathered": (
        [node("Gather", "V order", "W", axis=1)],
        {"V": WEIGHTS["W"][:, ::-1].copy(), "order": _integers(5, 4, 3, 2, 1, 0)},
    ),
    "of a node Constant": (
        [node("Constant", "", "V", value=WEIGHTS["W"]), node("Identity", "V", "W")], {}
    ),
    "a difference": ([node("Sub", "V one", "W")], {"V": WEIGHTS["W"] + 1, "one": np.float32(1)}),
}  # fmt: skip


class TestFolding:
    """Weights that the graph computes of its constants."""

    @pytest.mark.parametrize("way", FOLDED)
    def test_they_are_the_weights_that_the_model_runs_with(self, way: str, tmp_path: Path) -> None:
        nodes, tensors = FOLDED[way]
        held = {**{name: WEIGHTS[name] for name in "RB"}, **tensors}
        data = model(graph([*nodes, node("GRU", "x W R B", "Y")], held, inputs={"x": None}))
        found = _one(tmp_path, data)
        assert np.allclose(found.kernel, WEIGHTS["W"][0].T, rtol=0, atol=3e-7)

    @pytest.mark.parametrize("dtype", [np.int8, np.uint8])
    @pytest.mark.parametrize("per_axis", [False, True])
    def test_quantized_weights_are_the_floats_that_they_stand_for(
        self, dtype: Any, per_axis: bool, tmp_path: Path
    ) -> None:
        zero = 3 if dtype is np.int8 else 100
        scale = np.linspace(0.1, 0.2, 6, dtype="f4") if per_axis else np.float32(0.1)
        numbers = np.arange(18).reshape(1, 6, 3).astype(dtype)
        tensors = {
            "V": numbers, "scale": scale,
            "zero": np.full(6, zero, dtype) if per_axis else dtype(zero),
        }  # fmt: skip
        held = {**{name: WEIGHTS[name] for name in "RB"}, **tensors}
        widened = node("DequantizeLinear", "V scale zero", "W", axis=1)
        data = model(graph([widened, node("GRU", "x W R B", "Y")], held, inputs={"x": None}))
        found = _one(tmp_path, data)
        factors = np.asarray(scale).reshape(-1, 1) if per_axis else scale
        expected = (numbers[0].astype("f4") - np.float32(zero)) * factors
        assert np.array_equal(found.kernel, expected.T)
        assert np.dtype(dtype).name in found.notes[0]
        assert found.kernel.dtype == np.float32

    def test_half_weights_are_widened_where_the_graph_does(self, tmp_path: Path) -> None:
        halves = {f"{name}16": WEIGHTS[name].astype("f2") for name in "WRB"}
        casts = [node("Cast", f"{name}16", name, to=1) for name in "WRB"]
        data = model(graph([*casts, node("GRU", "x W R B", "Y")], halves, inputs={"x": None}))
        found = _one(tmp_path, data)
        assert found.kernel.tolist() == halves["W16"][0].T.astype("f4").tolist()
        assert "float16" in found.notes[0]


# ---- scans by hand

KERNEL = np.random.default_rng(1).normal(size=(FEATURES, 3 * UNITS)).astype("f4")
RECURRENT_KERNEL = np.random.default_rng(2).normal(size=(UNITS, 3 * UNITS)).astype("f4")
BIAS = np.random.default_rng(3).normal(size=(2, 3 * UNITS)).astype("f4")


def _scan(*before: bytes, sequence: str = "x", gates: str = "Sigmoid", **more: Any) -> bytes:
    """Return a model whose GRU is a Scan over the first axis, as keras2onnx wrote loops."""
    steps = [
        node("MatMul", "x_t W", "xw"), node("Add", "xw b0", "xs"),
        node("Split", "xs", "xz xr xh", axis=1),
        node("MatMul", "h R", "hw"), node("Add", "hw b1", "hs"),
        node("Split", "hs", "hz hr hh", axis=1),
        node("Add", "xz hz", "az"), node(gates, "az", "z"),
        node("Add", "xr hr", "ar"), node(gates, "ar", "r"),
        node("Mul", "r hh", "rh"), node("Add", "xh rh", "ah"), node("Tanh", "ah", "n"),
        node("Mul", "z h", "zh"), node("Sub", "one z", "rest"), node("Mul", "rest n", "new"),
        node("Add", "zh new", "h2"), node("Identity", "h2", "y_t"),
    ]  # fmt: skip
    body = graph(steps, inputs={"h": (2, 2), "x_t": (2, 3)}, outputs=("h2", "y_t"))
    tensors = {
        "W": KERNEL, "R": RECURRENT_KERNEL, "b0": BIAS[0], "b1": BIAS[1], "one": np.float32(1),
        "h0": np.zeros((2, 2), "f4"), "lengths": _integers(4, 2), "-1": _integers(-1),
        "first": _integers(BEFORE_FIRST), "0": _integers(0),
    }  # fmt: skip
    loop = node("Scan", f"h0 {sequence}", "last ys", body=body, num_scan_inputs=1, **more)
    return model(graph([*before, loop], tensors, inputs={"x": (4, 2, 3)}, outputs=("ys",)))


class TestScans:
    """Loops over the elements of a sequence."""

    @pytest.mark.parametrize("gates", ["Sigmoid", "HardSigmoid"])
    @pytest.mark.parametrize("directions", [[0], [1]])
    @pytest.mark.parametrize("reversed_before", [False, True])
    def test_the_direction_is_that_of_the_scan_and_of_its_input(
        self, gates: str, directions: list[int], reversed_before: bool, tmp_path: Path
    ) -> None:
        before = [node("Slice", "x -1 first 0 -1", "a")] if reversed_before else []
        data = _scan(
            *before,
            sequence="a" if reversed_before else "x",
            gates=gates,
            scan_input_directions=directions,
            scan_output_directions=directions,
        )
        found = _one(tmp_path, data)
        for mine, array in zip(
            (found.kernel, found.recurrent_kernel, found.bias),
            (KERNEL, RECURRENT_KERNEL, BIAS),
            strict=True,
        ):
            assert np.array_equal(mine, array)
        known = found.already_known
        assert known["go_backwards"] is (reversed_before != bool(directions[0]))
        name = {"Sigmoid": "sigmoid", "HardSigmoid": "hard_sigmoid"}[gates]
        assert (known["activation"], known["recurrent_activation"]) == ("tanh", name)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (_scan(scan_input_axes=[1]), "scans along another axis"),
            (_scan(directions=[0]), "opset 8"),
            (
                _scan(
                    node("ReverseSequence", "x lengths", "a", time_axis=0, batch_axis=1),
                    sequence="a",
                ),
                "by lengths that cannot be told",
            ),
            (_scan(gates="Erf"), "Scan: its gates go through no activation"),
        ],
    )
    def test_what_no_gru_of_keras_does_is_refused(
        self, data: bytes, reason: str, tmp_path: Path
    ) -> None:
        check_refused(file_of(tmp_path, data), reason)


# ---- hostile graphs


def _bomb() -> bytes:
    """Doubles a constant thirty times."""
    doubled = [node("Concat", f"v{i} v{i}", f"v{i + 1}", axis=1) for i in range(30)]
    return _gru(*doubled, inputs="x v30 R B", tensors={"v0": WEIGHTS["W"]})


def _broadcast_bomb() -> bytes:
    tensors = {"a": np.ones((1, 40_000, 1), "f4"), "b": np.ones((1, 1, 40_000), "f4")}
    return _gru(node("Add", "a b", "W2"), inputs="x W2 R B", tensors=tensors)


def _circle() -> bytes:
    return _gru(node("Identity", "b", "a"), node("Identity", "a", "b"), inputs="x a R B")


def _long_chain() -> bytes:
    names = ["W", *(f"v{i}" for i in range(5000))]
    chain = [node("Identity", a, b) for a, b in itertools.pairwise(names)]
    return _gru(*chain, inputs=f"x {names[-1]} R B")


def _nested(kind: str, depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = graph([node(kind, "-", "y", body=inner)])
    return model(inner)


def _own_body() -> bytes:
    """A loop whose body uses the output of the loop itself."""
    body = graph(
        [node("MatMul", "y R2", "n"), node("Identity", "n", "o")],
        inputs={"i": None, "c": None, "s": None},
        outputs=("c", "o"),
    )
    loop = node("Loop", "- - s0", "y", body=body)
    tensors = {"R2": np.ones((2, 6), "f4"), "s0": np.zeros((1, 2), "f4")}
    return model(graph([loop], tensors, outputs=("y",)))


def _function() -> bytes:
    function = field(1, b"MyGRU") + field(7, field(4, b"GRU"))
    return model(graph([]), field(25, function))


def _named_after_it() -> bytes:
    return model(graph([node("QLinearMatMul", "x", "model/gru_1/while")]))


HOSTILE = {
    "bomb of concatenations": (_bomb(), "claim to unpack"),
    "bomb of a broadcast": (_broadcast_bomb(), "bytes of memory"),
    "circle of names": (_circle(), "'a' is computed by Identity"),
    "chain longer than is followed": (_long_chain(), "is computed by Identity"),
    "nested loops": (_nested("Loop", 200), "nested"),
    "nested conditions": (_nested("If", 200), "nested"),
    "function of the model's own": (_function(), "MyGRU: it is a function"),
    "product that is not read": (_named_after_it(), "of a GRU by its name"),
    "axis that is not there": (
        _gru(node("Transpose", "W", "V", perm=[0, 7, 1]), inputs="x V R B"), "Transpose",
    ),
    "slices of no integers": (
        _gru(node("Slice", "W B B", "V"), inputs="x V R B"), "Slice of constants",
    ),
    "shape that does not fit": (
        _gru(node("Reshape", "W s", "V"), inputs="x V R B", tensors={"s": _integers(7, 7)}),
        "Reshape of constants",
    ),
    "sparse weight": (
        model(graph([node("GRU", "x W R B", "Y")], {n: WEIGHTS[n] for n in "RB"})
              + field(15, field(1, field(8, b"W")))),
        "is stored sparsely",
    ),
}  # fmt: skip


class TestHostileOnnx:
    """Graphs by strangers are refused, and take neither time nor memory."""

    @pytest.mark.parametrize("attack", HOSTILE)
    def test_they_are_refused(self, attack: str, tmp_path: Path) -> None:
        data, reason = HOSTILE[attack]
        check_refused(file_of(tmp_path, data), reason)

    def test_a_loop_that_feeds_on_its_own_output_is_harmless(self, tmp_path: Path) -> None:
        with contextlib.suppress(MalformedFileError):
            assert read(file_of(tmp_path, _own_body())) == []

    @pytest.mark.parametrize(("inputs", "outputs"), [("W B", ""), ("", "V"), ("", "")])
    def test_a_node_without_inputs_or_outputs_is_harmless(
        self, inputs: str, outputs: str, tmp_path: Path
    ) -> None:
        for kind in ("Max", "Add", "Split", "Clip", "Concat", "Slice", "Transpose", "Identity"):
            with contextlib.suppress(MalformedFileError):
                read(file_of(tmp_path, _gru(node(kind, inputs, outputs))))
                read(file_of(tmp_path, model(graph([node(kind, inputs, outputs)]))))

    def test_the_file_that_is_cut_anywhere_is_refused_or_whole(self, tmp_path: Path) -> None:
        data = _members("keras")["plain.onnx"]
        (whole,) = read(file_of(tmp_path, data))
        for size in range(0, len(data), 997):
            try:
                found = read(file_of(tmp_path, data[:size]))
            except MalformedFileError:
                continue
            assert all(np.array_equal(one.kernel, whole.kernel) for one in found)

    def test_the_limits_hold(self, tmp_path: Path) -> None:
        data = _members("tf_keras")["unrolled.onnx"]
        with pytest.raises(MalformedFileError, match="max_objects"):
            read(file_of(tmp_path, data), Limits(max_objects=200))
