"""What a SavedModel without configs says is read from its graph; what contradicts it is refused."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.files.interpretation.as_layer import as_layer
from gru_ref.files.interpretation.found import Found
from gru_ref.files.malformed import MalformedFileError
from parity_tests.recording.files import recorded_exports
from parity_tests.recording.files.record_saved_models import SAVED_MODELS
from parity_tests.recording.files.recorded_exports import Expected, arrays_of, read
from parity_tests.tests.files.attacks import honest
from parity_tests.tests.files.attacks import saved_model_writer as graphs
from parity_tests.tests.files.bundles import field
from parity_tests.tests.support.arrays import check_same_arrays

RECORDED = [
    f"{name}-{release}" for release, names in SAVED_MODELS.items() for name in names.split()
]
EXPORTS = [name for name in recorded_exports.NAMES if name.startswith("export")]
# Keras 2 keeps the configs of these in a file of its own, which is left out here.
BARE = [
    "saved_model-stacked-2.6.0",
    "saved_model-backwards-2.10.0",
    "saved_model-nested-2.15.0",
    "saved_model-subclassed-2.21.0",
]
# |gru_ref − Keras|, as in test_other.py.
BOUND = 5e-7
# What a graph says of every GRU.
SAID = ("activation", "recurrent_activation", "reset_after", "go_backwards")


def _files(name: str) -> dict[str, bytes]:
    files = dict(recorded_exports.content(name))
    files.pop("/keras_metadata.pb", None)
    return files


def _of(one: Expected, found: list[Found]) -> list[Found]:
    """Return what was found of one GRU, by its arrays."""
    return [
        item
        for item in found
        if [a.tobytes() for a in arrays_of(item)] == [a.tobytes() for a in one.arrays]
    ]


def _call(found: Found, one: Expected, **supplied: Any) -> np.ndarray[Any, Any]:
    layer = as_layer(found, supplied, file="", file_format="saved_model")
    if one.h is None:
        output: np.ndarray[Any, Any] = layer(one.x)
        return output
    output = layer(one.x[:, :1], initial_state=one.h)
    return output.reshape(one.y.shape)


@pytest.fixture(scope="module")
def found_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Found]]:
    place = tmp_path_factory.mktemp("files")

    @functools.cache
    def found_in(name: str) -> list[Found]:
        return read(recorded_exports.write(_files(name), place / name))

    return found_in


class TestSavedGraphs:
    """Files of live Keras, read without a config."""

    @pytest.mark.parametrize("name", [*RECORDED, *EXPORTS, *BARE])
    def test_the_graph_says_what_the_live_layers_are(
        self, name: str, found_in: Callable[[str], list[Found]]
    ) -> None:
        found = found_in(name)
        for one in recorded_exports.expectations(name):
            for item in _of(one, found):
                told = item.already_known
                live = {key: one.arguments.get(key, told.get(key)) for key in SAID}
                assert {key: told[key] for key in SAID if key in told} == live
                assert np.abs(_call(item, one) - one.y).max() < BOUND

    @pytest.mark.parametrize("name", [*RECORDED, *EXPORTS, *BARE])
    def test_every_gru_is_found(self, name: str, found_in: Callable[[str], list[Found]]) -> None:
        found = found_in(name)
        expected = recorded_exports.expectations(name)
        assert all(_of(one, found) for one in expected)
        assert len({id(item) for one in expected for item in _of(one, found)}) == len(found)

    def test_masks_and_initial_states_are_noted(
        self, found_in: Callable[[str], list[Found]]
    ) -> None:
        found = found_in("export-called-2.21.0")
        notes = [" ".join(item.notes) for item in found]
        assert ["mask=" in one for one in notes] == [True, False, False]
        assert ["initial_state=" in one for one in notes] == [False, True, False]


def _write_config(folder: Path, **arguments: Any) -> None:
    """Write Keras 2's file of configs for the GRU that is written by hand."""
    config = honest.gru_config(**arguments)["config"]["layers"][0]
    metadata = field(3, b"root.gru") + field(5, json.dumps(config).encode())
    (folder / "keras_metadata.pb").write_bytes(field(1, metadata))


class TestGraphsByHand:
    """Graphs that Keras does not write."""

    def test_a_gru_is_read(self, tmp_path: Path) -> None:
        (found,) = read(graphs.write(tmp_path, graphs.step(activation="Relu"), graphs.main()))
        assert found.path == "gru"
        assert found.already_known["activation"] == "relu"
        assert found.already_known["go_backwards"] is False

    def test_a_reversed_sequence_is_gone_through_backwards(self, tmp_path: Path) -> None:
        nodes = [
            graphs.constant("axes", [0]),
            graphs.node("last", "ReverseV2", "turned:y:0", "axes:output:0"),
        ]
        main = graphs.main(*nodes, sequence="last:output:0")
        (found,) = read(graphs.write(tmp_path, graphs.step(), main))
        assert found.already_known["go_backwards"] is True

    def test_what_is_no_step_of_keras_is_refused_by_name(self, tmp_path: Path) -> None:
        path = graphs.write(tmp_path, graphs.step(activation="Cosh"), graphs.main())
        with pytest.raises(MalformedFileError, match="Cosh"):
            read(path)

    def test_what_the_graph_makes_of_a_variable_counts(self, tmp_path: Path) -> None:
        kept = np.arange(honest.FEATURES * 3 * honest.UNITS).reshape(honest.FEATURES, -1) % 2.0
        main = graphs.main(
            graphs.constant("kept", kept),
            graphs.node("value", "ReadVariableOp", "kernel"),
            graphs.node("pruned", "Mul", "value:value:0", "kept:output:0"),
            kernel="pruned:z:0",
        )
        (found,) = read(graphs.write(tmp_path, graphs.step(), main))
        kernel, *others = honest.arrays()
        check_same_arrays(arrays_of(found), [kernel * kept.astype("float32"), *others])
        assert "what the graph makes of its variables" in found.notes[0]

    def test_a_config_that_the_graph_contradicts_is_refused(self, tmp_path: Path) -> None:
        path = graphs.write(tmp_path, graphs.step(), graphs.main())
        _write_config(path)
        assert read(path)[0].config is not None
        for name, value in (("activation", "relu"), ("go_backwards", True)):
            _write_config(path, **{name: value})
            with pytest.raises(MalformedFileError, match=f"its config says {name}={value!r}"):
                read(path)

    def test_a_config_counts_where_the_graph_says_nothing(self, tmp_path: Path) -> None:
        path = graphs.write(tmp_path, graphs.function(graphs.MAIN, ["x", *graphs.ROLES], [], []))
        _write_config(path, activation="relu")
        (layer,) = gru_ref.load_layers(path).values()
        assert layer.provenance.read["activation"] == "relu"

    def test_a_frozen_graph_holds_its_weights(self, tmp_path: Path) -> None:
        inputs = [graphs.node("x", "Placeholder")]
        inputs += map(graphs.constant, graphs.ROLES, honest.arrays())
        call = graphs.node(
            "call", "PartitionedCall", "x", *graphs.ROLES, f=graphs.Function(graphs.MAIN)
        )
        functions = [graphs.step(activation="Relu"), graphs.main()]
        path = graphs.write_v1(tmp_path, [*inputs, call], "call", *functions, variables=False)
        (found,) = read(path)
        assert found.already_known["activation"] == "relu"
        check_same_arrays(arrays_of(found), honest.arrays())

    def test_variables_that_are_missing_are_asked_for(self, tmp_path: Path) -> None:
        nodes = [graphs.node("x", "VarHandleOp")]
        path = graphs.write_v1(tmp_path, nodes, "x", variables=False)
        with pytest.raises(MalformedFileError, match=r"variables\.index: it cannot be opened"):
            read(path)

    def test_a_model_without_a_gru_has_none(self, tmp_path: Path) -> None:
        assert read(graphs.write_v1(tmp_path, [], "x", variables=False)) == []
