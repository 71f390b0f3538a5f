"""The judge of `make files` tells right, said, refused and silent apart, on files of live Keras."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity_tests.environment import FIXTURES
from parity_tests.runner.file_kinds import document, judging
from parity_tests.runner.file_kinds.judging import RecordedCase
from parity_tests.runner.file_kinds.results import Judged, Results
from parity_tests.runner.file_kinds.writers import WRITERS

FOLDER = FIXTURES / "files" / "keras" / "keras-3.15.1"
JSON = FOLDER / "hard_sigmoid.json"


@pytest.fixture
def recorded() -> RecordedCase:
    """Return the GRU in hard_sigmoid: relu, hard_sigmoid, backwards, every output returned."""
    with np.load(FOLDER / "hard_sigmoid.expected.npz") as file:
        held = dict(file)
    layers = json.loads(JSON.read_text(encoding="utf-8"))["config"]["layers"]
    config = next(layer["config"] for layer in layers if layer["class_name"] == "GRU")
    arrays = {"x": held["x/0"], "y": held["y/0"], "weights/0/0": held["kernel/0"]}
    about: dict[str, Any] = {"keras": "3.15.1", "merge": "one", "layers": [config]}
    return RecordedCase(arrays, about)


class TestVerdicts:
    """One file each."""

    def test_a_whole_model_is_right(self, recorded: RecordedCase) -> None:
        outcome = judging.judge(FOLDER / "hard_sigmoid.model.keras", "model_keras", recorded)
        assert outcome.verdict == "right"
        assert outcome.error is not None
        assert outcome.error < 1e-6

    def test_weights_alone_are_wrong_and_it_is_said(self, recorded: RecordedCase) -> None:
        outcome = judging.judge(FOLDER / "hard_sigmoid.weights.h5", "weights_h5", recorded)
        assert outcome.verdict == "wrong, said"
        assert {"activation", "go_backwards"} <= set(outcome.reason.split(", "))

    def test_weights_beside_their_config_are_right(self, recorded: RecordedCase) -> None:
        path = FOLDER / "hard_sigmoid.weights.h5"
        assert judging.judge(path, "weights_h5", recorded, config=JSON).verdict == "right"

    def test_numbers_that_no_assumption_explains_are_silent(self, recorded: RecordedCase) -> None:
        other = RecordedCase({**recorded.arrays, "y": recorded.arrays["y"] + 0.1}, recorded.about)
        for name, kind in (("model.keras", "model_keras"), ("weights.h5", "weights_h5")):
            outcome = judging.judge(FOLDER / f"hard_sigmoid.{name}", kind, other)
            assert outcome.verdict == "WRONG IN SILENCE"

    def test_another_number_of_layers_is_silent(self, recorded: RecordedCase) -> None:
        config = recorded.about["layers"][0]
        other = RecordedCase(recorded.arrays, {**recorded.about, "layers": [config, config]})
        outcome = judging.judge(FOLDER / "hard_sigmoid.model.keras", "model_keras", other)
        assert (outcome.verdict, outcome.reason) == (
            "WRONG IN SILENCE",
            "1 of 2 GRUs are found",
        )

    def test_a_malformed_file_is_refused(self, recorded: RecordedCase, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("no model", encoding="utf-8")
        outcome = judging.judge(path, "model_h5", recorded)
        assert outcome.verdict == "refused"
        assert str(tmp_path) not in outcome.reason


class TestPage:
    """What is written of the outcomes."""

    def test_every_verdict_is_counted(self) -> None:
        outcomes = [judging.FileOutcome(verdict, 2.1e-7, "why") for verdict in judging.VERDICTS]
        judged = [Judged("Keras 3.15", "npz", "relu-sigmoid-before", one) for one in outcomes]
        page = document.text(Results(judged, [("Keras 3.15", "onnx", "no")] * 2, [], 0))
        assert "| relu-sigmoid | 5 | 1 | 1 | 1 | 1 | 1 | 3e-07 |" in page
        assert "| before | 5 |" in page
        assert "1 · 2 · 1 ✗ 1" in page
        assert "- Keras 3.15, ONNX, 2: `no`" in page

    def test_every_kind_of_every_writer_has_a_name(self) -> None:
        kinds = {kind for writer in WRITERS for kind in writer.kinds} - {"json"}
        assert kinds <= set(document.KINDS)
