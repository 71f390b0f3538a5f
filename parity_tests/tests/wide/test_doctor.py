"""The doctor finds the layout of live Keras layers from their own arrays and one of their runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from gru_ref.debugging.doctor import diagnose
from parity_tests.oracles.pool import GENERATIONS
from parity_tests.runner import live_run
from parity_tests.tests.live.both_sides import live_outputs
from parity_tests.tests.live.each_case import for_rows

BATCH, TIMESTEPS, FEATURES, UNITS = 3, 9, 6, 8


def _rows() -> Iterator[tuple[str, str, bool, bool, bool]]:
    """Yield oracle, case, return_sequences, reset_after and go_backwards: a sequence in half."""
    for (number, oracle), after, backwards in itertools.product(
        enumerate(GENERATIONS), (True, False), (True, False)
    ):
        sequence = (number + after + backwards) % 2 == 0
        known = "sequence" if sequence else "last state"
        case = f"{known} reset_after-{after} go_backwards-{backwards}"
        yield oracle, case, sequence, after, backwards


class TestLiveLayers:
    """An .npz of get_weights(), an input, and what the layer returned."""

    @for_rows(_rows())
    def test_one_layout_explains_a_layer_and_it_is_the_right_one(
        self, oracle: str, case: str, sequence: bool, after: bool, backwards: bool
    ) -> None:
        rng = np.random.default_rng([after, backwards])
        bias = (2, 3 * UNITS) if after else (3 * UNITS,)
        weights = [
            rng.normal(scale=0.5, size=shape).astype(np.float32)
            for shape in ((FEATURES, 3 * UNITS), (UNITS, 3 * UNITS), bias)
        ]
        x, other = rng.normal(size=(2, BATCH, TIMESTEPS, FEATURES)).astype(np.float32)
        constructor = {
            "units": UNITS,
            "reset_after": after,
            "go_backwards": backwards,
            "return_sequences": sequence,
        }
        outputs, of_other = live_outputs(oracle, constructor, weights, {"x": x}, {"x": other})
        with TemporaryDirectory() as folder:
            path = Path(folder) / "layer.npz"
            np.savez(path, *weights)
            with np.load(path) as arrays:
                found = diagnose(dict(arrays), x, outputs)
        assert found.verdict == "unique", f"{case}: {found}"
        layer = found.layer(return_sequences=sequence, keras_version=live_run.keras_version(oracle))
        config = layer.config
        assert (config.reset_after, config.go_backwards) == (after, backwards)
        for mine, theirs in zip(layer.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        # 16 eps32: six times what live Keras differs by in runs of this length.
        np.testing.assert_allclose(np.asarray(layer(other)), of_other, rtol=0, atol=2e-6)
