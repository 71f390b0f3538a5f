"""`gru_ref.testing` in the tests of a port: what passes, and what a failure says."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import gru_ref
from gru_ref.testing import assert_same_gru
from parity_tests.tests.support.cli_files import EXPECTED, NPZ, arrays_of, npz_layer

# What live Keras returned for x, and the GRU of its weights.
LIVE = arrays_of(EXPECTED)
X, LAYER = LIVE["x"], npz_layer(return_sequences=True)
ZERO_STATE = np.zeros((len(X), LAYER.units), "float32")
ONES = np.ones_like(ZERO_STATE)

PORT_TEST = f"""
import numpy as np
import gru_ref

def test_port():
    weights = gru_ref.load_grus({str(NPZ)!r}, return_sequences=True)
    with np.load({str(EXPECTED)!r}) as live:
        x, theirs = live["x"], live["outputs"][::-1]
    (layer,) = weights.values()
    gru_ref.testing.assert_same_gru(layer, x, theirs)
"""


def test_what_live_keras_returned_is_the_same() -> None:
    assert assert_same_gru(LAYER, X, LIVE["outputs"]) is None
    assert_same_gru(LAYER, X, LIVE["outputs"], ZERO_STATE, mask=np.ones(X.shape[:2], bool))


def test_a_failure_is_the_verdict_of_diff() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_same_gru(LAYER, X, LIVE["outputs"], ONES)
    first, empty, *rest = str(raised.value).splitlines()
    assert first.startswith(
        "the port starts from zeros: different by more than rounding in float32"
    )
    assert first.endswith(", in h")
    assert empty == ""
    assert rest == str(gru_ref.diff(LAYER, X, LIVE["outputs"], ONES)).splitlines()


@pytest.mark.parametrize("change", [-1, 1])
def test_one_unit_in_the_last_places_is_told_from_rounding(change: int) -> None:
    """The smallest error that a port can make is far below any tolerance that people choose."""
    theirs = LIVE["outputs"].copy()
    bound = gru_ref.diff(LAYER, X, theirs + np.float32(1e-3)).first.bound
    theirs[0, 1, 2] += np.float32(change * 3 * bound)
    with pytest.raises(AssertionError, match="first at timestep 1, row 0 of the batch, unit 2"):
        assert_same_gru(LAYER, X, theirs)
    assert 3 * bound < 2e-6


def test_pytest_shows_the_test_and_the_verdict_alone(tmp_path: Path) -> None:
    (tmp_path / "test_port.py").write_text(PORT_TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_port.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "def assert_same_gru" not in ended.stdout
    assert "E       AssertionError: different by more than rounding in float32" in ended.stdout
    assert "E         first     timestep 0, row 0 of the batch" in ended.stdout


def test_without_rich_a_failure_has_everything_as_data() -> None:
    code = f"""
        import sys, warnings
        sys.modules["rich"] = None
        warnings.simplefilter("ignore")
        {textwrap.indent(PORT_TEST, " " * 8).strip()}
        try:
            test_port()
        except AssertionError as error:
            print(error)
        """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    said = subprocess.check_output(command, text=True).splitlines()
    assert said[0].startswith("different by more than rounding in float32, first at timestep 0")
    assert '  "equal": false,' in said
    assert said[-1].endswith("pip install 'gru-ref[cli]'")
