"""A trace is drawn in every format, and docs/debugging.md shows what its command draws."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from gru_ref import GRU
from gru_ref.debugging.gate_plot import ENDINGS, gates_picture
from parity_tests.environment import ROOT
from parity_tests.reporting.doc_commands import blocks_of
from parity_tests.tests.support.cli_runner import invoke
from parity_tests.tests.support.small_gru import with_weights

STARTS = {".png": b"\x89PNG\r\n", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("timesteps", "units"), [(1, 1), (200, 60)])
def test_it_is_an_image(ending: str, timesteps: int, units: int) -> None:
    rng = np.random.default_rng(0)
    layer = with_weights(GRU(units, go_backwards=True), (None, None, 3))
    x = rng.normal(size=(2, timesteps, 3)).astype("float32")
    trace = layer.trace(x, mask=rng.random((2, timesteps)) > 0.3)
    image = gates_picture(trace, batch=1, title="of $5 and ^$ alike", ending=ending)
    assert image.startswith(STARTS[ending])
    assert len(image) > 4_000


def test_the_page_shows_what_its_command_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.image import imread

    (block,) = (one for one in blocks_of(ROOT / "docs" / "debugging.md") if not one.is_run)
    ((command, shown),) = block.commands()
    for name in ("model.h5", "x.npy"):
        (tmp_path / name).write_bytes((ROOT / "fixtures" / "debugging" / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    assert invoke(*shlex.split(command)[1:]) == (0, shown, "")
    drawn = imread("debugging-gates.png")
    kept = imread(str(ROOT / "docs" / "images" / "debugging-gates.png"))
    assert drawn.shape == kept.shape
    # From 0 to 1, and 0 with the matplotlib of requirements.txt; swapped gates differ by 0.12.
    assert np.abs(drawn - kept).mean() < 0.01
