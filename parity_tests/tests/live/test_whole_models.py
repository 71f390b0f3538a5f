"""Whole models of Keras 1 and 2, converted by gru-ref, compute the same in live Keras 3."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from gru_ref.cli.group import command
from parity_tests.environment import ROOT
from parity_tests.matrix.objects import tensor
from parity_tests.recording.files.archives import read_archive
from parity_tests.tests.live.both_sides import live_steps, value

# |Keras 3 − the Keras that wrote the file|, of outputs of about 1; worst seen in 300 models: 5e-7.
ATOL = 2e-6

FILES = read_archive(ROOT / "fixtures" / "files" / "whole_models.tar.xz")
NAMES = sorted(name.removesuffix(".h5") for name in FILES if name.endswith(".h5"))


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_model_computes_the_same_keras3(name: str, tmp_path: Path) -> None:
    old, new = tmp_path / "old.h5", tmp_path / "new.keras"
    old.write_bytes(FILES[f"{name}.h5"])
    with pytest.raises(SystemExit) as ended:
        command(["convert", str(old), "--to", "keras3", "-o", str(new)])
    assert ended.value.code == 0
    with np.load(io.BytesIO(FILES[f"{name}.npz"])) as file:
        inputs, outputs = (
            [file[key] for key in sorted(file) if key[0] == letter and key[1:].isdigit()]
            for letter in "xy"
        )
    x = [tensor(one) for one in inputs]
    call = ["call", {"x": x if len(x) > 1 else x[0]}]
    *_, called = live_steps("keras3", [["load_model", [str(new)]], call])
    computed = value(called)
    assert len(computed) == len(outputs)
    for mine, theirs in zip(computed, outputs, strict=True):
        assert np.abs(mine - theirs).max() <= ATOL
