"""`gru-ref convert` writes every layout, and files that Keras 3 opens."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.files.writers import keras3
from gru_ref.keras.activations import tables
from gru_ref.layouts import LAYOUTS
from parity_tests.tests.support import cli_files
from parity_tests.tests.support.cli_files import (
    FEATURES,
    FIRST,
    SECOND,
    UNITS,
    WEIGHTS,
    arrays_of,
    layer_of,
    model_file,
    numbers,
)
from parity_tests.tests.support.cli_runner import check_failed, invoke

# Whole models that releases of Keras 2 wrote.
KERAS_2_MODELS = sorted(
    path
    for path in (WEIGHTS.parent / "files").rglob("*.model.*")
    if path.parent.name.startswith(("keras-2", "tf.keras-2", "tf_keras-2"))
)


@pytest.fixture
def keras_2(tmp_path: Path) -> Path:
    """A model of Keras 2 with two GRUs."""
    return cli_files.two_grus(tmp_path)


class TestConvert:
    """`convert` writes every layout, and files that Keras 3 opens."""

    @pytest.mark.parametrize("target", sorted(LAYOUTS))
    def test_writes_every_layout(self, tmp_path: Path, target: str) -> None:
        source = tmp_path / "source.keras"
        before = "after" not in {form[:5] for form in LAYOUTS[target].FACTS.reset_forms}
        layer = layer_of(reset_after=not before)
        if target == "flax_nnx":  # it has no recurrent bias of the candidate
            kernel, recurrent, bias = layer.get_weights()
            bias[1, 2 * UNITS :] = 0
            layer.set_weights([kernel, recurrent, bias])
        model_file(source, layer)
        output = tmp_path / "out.json"
        assert invoke("convert", source, "--to", target, "-o", output) == (0, f"{output}\n", "")
        read = LAYOUTS[target].to_layout(layer)
        assert json.loads(output.read_text()) == json.loads(json.dumps(read, default=_as_list))
        if target != "rtneural":
            invoke("convert", source, "--to", target, "-o", tmp_path / "out.npz")
            assert set(arrays_of(tmp_path / "out.npz")) == set(read)

    def test_what_a_runtime_cannot_hold_is_refused(self, keras_2: Path, tmp_path: Path) -> None:
        output = tmp_path / "w.npz"
        ended = invoke("convert", keras_2, "--layer", SECOND, "--to", "torch", "-o", output)
        check_failed(ended, "reset_after is False, expected True")
        assert not output.exists()

    @pytest.mark.parametrize("name", ["new.keras", "new.weights.h5"])
    def test_keras3_keeps_the_meaning_of_hard_sigmoid(
        self, keras_2: Path, tmp_path: Path, name: str
    ) -> None:
        ended = invoke("convert", keras_2, "--to", "keras3", "-o", tmp_path / name)
        assert ended.status == 0
        assert f"note: {SECOND}: hard_sigmoid of Keras 2" in ended.err
        said = {}
        if name == "new.weights.h5":
            config = json.loads((tmp_path / "new.json").read_text())
            assert (
                config["config"]["layers"][-1]["config"]["recurrent_activation"] == "hard_sigmoid"
            )
            said = {
                "keras_version": "3",
                "recurrent_activation": "hard_sigmoid",
                "go_backwards": True,
            }
        old = gru_ref.load_layers(keras_2)
        new = gru_ref.load_layers(tmp_path / name, **said)
        assert list(new) == list(old)
        assert new[SECOND].keras_version.startswith("3.")
        x = numbers(2, 7, FEATURES)
        # Outputs below 1, each product with 1.2 rounded once: measured 1.2e-7
        np.testing.assert_allclose(new[SECOND](x), old[SECOND](x), rtol=0, atol=5e-7)
        if not said:
            assert new[FIRST](x).tobytes() == old[FIRST](x).tobytes()

    def test_keras3_weights_alone_are_untouched(self, keras_2: Path, tmp_path: Path) -> None:
        output = tmp_path / "new.weights.h5"
        ended = invoke("convert", keras_2, "--to", "keras3", "-o", output, "--weights-only")
        assert "computes something else" in ended.err
        assert f"{SECOND}: build it as GRU(5, recurrent_activation='hard_sigmoid'" in ended.err
        old, new = gru_ref.load_layers(keras_2), gru_ref.load_layers(output)
        for mine, theirs in zip(old.values(), new.values(), strict=True):
            for a, b in zip(mine.get_weights(), theirs.get_weights(), strict=True):
                assert a.tobytes() == b.tobytes()
        assert not (tmp_path / "new.json").exists()

    @pytest.mark.parametrize(
        ("argument", "value"),
        [("time_major", True), ("activation", "ThresholdedReLU")],
    )
    def test_keras3_refuses_what_it_cannot_keep(
        self, tmp_path: Path, argument: str, value: Any
    ) -> None:
        source = model_file(tmp_path / "old.keras", layer_of(**{argument: value}))
        ended = invoke("convert", source, "--to", "keras3", "-o", tmp_path / "new.keras")
        check_failed(ended, f"{argument} of {FIRST} is ")
        assert not (tmp_path / "new.keras").exists()

    @pytest.mark.parametrize(
        ("name", "release"), [("sigmoid", "tf-2.4"), ("gelu", "tf-2.4"), ("gelu", "3.2")]
    )
    def test_keras3_has_what_another_release_rounds_otherwise(
        self, name: str, release: str
    ) -> None:
        layer = layer_of(activation=name, keras_version=release)
        then, now = layer.config.activation_function, tables.KERAS_3[name]
        x = np.linspace(-8, 8, 999)
        assert then is not now
        # √½ or √2 rounded to float32, in float64: measured 1.0e-8
        np.testing.assert_allclose(then(x), now(x), rtol=0, atol=2e-8)
        planned = keras3.plan({"gru": layer})
        assert planned.config["config"]["layers"][-1]["config"]["activation"] == name

    def test_a_stateful_layer_needs_a_batch(self, tmp_path: Path) -> None:
        source = model_file(tmp_path / "old.keras", layer_of(stateful=True))
        arguments = ("convert", source, "--to", "keras3", "-o", tmp_path / "new.keras")
        check_failed(invoke(*arguments), "stateful")
        assert invoke(*arguments, "--batch", 3).status == 0
        with zipfile.ZipFile(tmp_path / "new.keras") as archive:
            layers = json.loads(archive.read("config.json"))["config"]["layers"]
        assert layers[0]["config"]["batch_shape"] == [3, None, FEATURES]


@pytest.mark.parametrize("path", KERAS_2_MODELS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_model_of_keras_2_is_shown_and_converted(tmp_path: Path, path: Path) -> None:
    shown = invoke("inspect", path)
    assert shown.status == 0, shown.err
    assert max(map(len, shown.out.splitlines()[1:])) <= 80  # the first line is the path
    assert f"Keras {path.parent.name.partition('-')[2]}" in shown.out
    ended = invoke("convert", path, "--to", "keras3", "-o", tmp_path / "new.keras", "--batch", 2)
    assert ended.status == 0, ended.err
    old, new = gru_ref.load_layers(path), gru_ref.load_layers(tmp_path / "new.keras")
    assert len(new) == len(old)
    for mine, theirs in zip(new.values(), old.values(), strict=True):
        assert mine.keras_version.startswith("3.")
        assert mine.config.reset_after == theirs.config.reset_after
        assert mine.config.go_backwards == theirs.config.go_backwards


def _as_list(array: np.ndarray) -> Any:
    return array.tolist()
