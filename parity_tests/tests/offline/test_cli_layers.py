"""`--layer` and whole layers on the command line: what is chosen, written, refused and said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import gru_ref
from gru_ref.files import choose_layer
from parity_tests.recording.files import recorded_wholes
from parity_tests.tests.support.cli_files import arrays_of
from parity_tests.tests.support.cli_runner import check_failed, check_shown, invoke

RELEASE = "3.15.1"
FIRST, SECOND = "layers/gru/cell", "layers/gru_1/cell"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the files, and the live call with states of the layer "both", into a new folder."""
    monkeypatch.chdir(tmp_path)
    for model, ending in (("wholes", "keras"), ("swapped", "keras"), ("three", "weights.h5")):
        recorded_wholes.write(RELEASE, model, ending, tmp_path)
    recorded_wholes.write("2.21.0", "wholes", "weights-alone.h5", tmp_path)
    recorded_wholes.write("2.21.0", "swapped", "weights.h5", tmp_path)
    for call in recorded_wholes.calls(RELEASE):
        if (call.layer, call.case) == ("both", "states"):
            np.save("x.npy", call.x)
            np.savez("h.npz", forward_state=call.states[0], backward_state=call.states[1])


class TestRunWhole:
    """`gru-ref run` of whole layers."""

    def test_a_bidirectional_returns_what_keras_returns_from_states_it_is_given(self) -> None:
        call = ("--inputs", "x.npy", "--initial-state", "h.npz", "-o", "y.npz")
        words = check_shown(invoke("run", "wholes.keras", "--layer", "both", *call))
        assert "output (2, 4, 2), forward_state (2, 2), backward_state (2, 2)" in words
        (expected,) = [
            call.outputs
            for call in recorded_wholes.calls(RELEASE)
            if (call.layer, call.case) == ("both", "states")
        ]
        for found, live in zip(arrays_of(Path("y.npz")).values(), expected, strict=True):
            np.testing.assert_allclose(found, live, atol=1e-6)

    @pytest.mark.parametrize(
        ("layer", "names"),
        [
            ("pair", "forward_output backward_output forward_state backward_state"),
            ("deep", "output forward_state_0 forward_state_1 backward_state_0 backward_state_1"),
            ("stack", "output state_0 state_1"),
            ("stack_of_one", "output state"),
            ("alone", "output state"),
            ("forward_gru_1", "output state"),
            ("layers/rnn_1/cell/cells/gru_cell_1", "output state"),
        ],
    )
    def test_every_state_has_a_name(self, layer: str, names: str) -> None:
        call = ("--inputs", "x.npy", "-o", "y.npz")
        if layer.endswith("gru_cell_1"):  # a cell of three units that takes the two of another
            np.save("x.npy", np.ones((2, 4, 2), "float32"))
        assert invoke("run", "wholes.keras", "--layer", layer, *call).status == 0
        assert list(arrays_of(Path("y.npz"))) == names.split()

    def test_states_have_to_be_complete(self) -> None:
        call = ("run", "wholes.keras", "--layer", "both", "--inputs", "x.npy", "-o", "y.npz")
        np.savez("one.npz", forward_state=np.zeros((2, 2)))
        refused = invoke(*call, "--initial-state", "one.npz")
        check_failed(refused, "without backward_state", "forward_state, backward_state")
        np.save("one.npy", np.zeros((2, 2)))
        check_failed(invoke(*call, "--initial-state", "one.npy"), "of one array")

    def test_what_names_alone_show_is_said(self) -> None:
        call = ("run", "wholes.weights-alone.h5", "--layer", "plain", "--inputs", "x.npy")
        ended = invoke(*call, "-o", "y.npz")
        assert ended.status == 0
        assert "merge_mode=concat" in ended.err
        assert "--set merge_mode=MODE" in ended.err
        assert "wrapper=Bidirectional" in ended.err
        strict = invoke(*call, "--strict", "-o", "z.npz")
        assert strict.status == 2
        assert "merge_mode=concat" in strict.err
        supplied = invoke(*call, "--set", "merge_mode=sum", "--force", "-o", "y.npz")
        assert "merge_mode" not in supplied.err
        assert arrays_of(Path("y.npz"))["output"].shape == (2, 2)

    @pytest.mark.parametrize(
        ("file", "mode", "says"),
        [
            ("wholes.weights-alone.h5", "max", "merge_mode is 'max', expected one of"),
            ("wholes.keras", "mul", "merge_mode is 'mul', expected 'concat' or nothing"),
            ("swapped.keras", "sum", "holds no Bidirectional"),
        ],
    )
    def test_a_merge_mode_that_cannot_be_is_refused(self, file: str, mode: str, says: str) -> None:
        call = ("--inputs", "x.npy", "-o", "y.npz", "--set", f"merge_mode={mode}")
        check_failed(invoke("run", file, "--layer", "plain", *call), says)


class TestLayerOption:
    """What a word means."""

    def test_the_path_of_a_keras_file_is_not_the_name(self) -> None:
        layers = gru_ref.load_layers("swapped.keras")
        assert {path: layer.name for path, layer in layers.items()} == {
            FIRST: "gru_1",
            SECOND: "gru_2",
        }
        meant = {word: choose_layer(layers, word).name for word in ("gru_1", SECOND, "gru_1/cell")}
        assert meant == {"gru_1": "gru_1", SECOND: "gru_2", "gru_1/cell": "gru_2"}
        kernel = recorded_wholes.kernels(RELEASE)["swapped"]["gru_1"]
        assert invoke(
            "convert", "swapped.keras", "--layer", "gru_1", "--to", "torch", "-o", "w.npz"
        )
        (found,) = [a for a in arrays_of(Path("w.npz")).values() if a.shape == kernel.T.shape]
        z, r, n = np.split(kernel.T, 3)
        assert np.array_equal(found, np.concatenate([r, z, n]))

    def test_a_word_of_two_layers_is_refused_with_what_it_is_of_each(self) -> None:
        call = ("trace", "swapped.keras", "--inputs", "x.npy", "-o", "t.npz", "--layer")
        refused = invoke(*call, "cell")
        for path in (FIRST, SECOND):
            check_failed(refused, f"an ending of the path of '{path}'", f"'/{path}'")

    def test_a_whole_layer_is_refused_where_one_gru_is_needed(self) -> None:
        refused = invoke(
            "trace", "wholes.keras", "--layer", "plain", "--inputs", "x.npy", "-o", "t.npz"
        )
        parts = [f"'layers/bidirectional/{side}_layer/cell'" for side in ("forward", "backward")]
        check_failed(refused, "the Bidirectional at 'layers/bidirectional'", *parts)
        words = ("--layer", "forward_gru", "--layer", "alone", "--layer", "simple")
        assert invoke("bundle", "wholes.keras", *words, "-o", "b.npz").status == 0
        assert list(gru_ref.load_grus("b.npz")) == [
            "layers/bidirectional/forward_layer/cell",
            "layers/rnn/cell",
            "layers/gru/cell",
        ]

    def test_a_group_that_is_no_name_is_refused_where_the_file_holds_no_names(self) -> None:
        call = ("run", "swapped.weights.h5", "--inputs", "x.npy", "-o", "y.npz", "--layer")
        check_failed(invoke(*call, "gru_1"), FIRST, SECOND)
        assert invoke(*call, SECOND).status == 0

    def test_inspect_shows_the_names_beside_the_paths(self) -> None:
        shown = check_shown(invoke("inspect", "swapped.keras"))
        assert f"{SECOND} name gru_2" in shown
        data = json.loads(invoke("inspect", "wholes.weights-alone.h5", "--json").out)["layers"]
        first = data[0]
        assert first["names"] == ["plain", first["name"]]
        assert first["part_of"]["path"] == "plain"
        assert "part of the Bidirectional at plain" in check_shown(
            invoke("inspect", "wholes.weights-alone.h5")
        )
