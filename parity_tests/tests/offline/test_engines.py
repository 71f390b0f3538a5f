"""Every engine computes what live Keras did, and bit for bit what the core does where bits are exact."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gru_ref
from gru_ref.engines import choice, numba_kernel, numpy_kernel
from gru_ref.engines import loop as engine_loop
from gru_ref.errors import EngineWarning, KerasQuirkWarning
from parity_tests.judging import compare, engines
from parity_tests.matrix.fixtures import GROUPS
from parity_tests.recording import golden
from parity_tests.tests.support import saturated_layers, small_gru
from parity_tests.tests.support.saturated_layers import arguments, calls, layers, make

INSTALLED = engines.installed()
quiet = pytest.mark.filterwarnings(
    "ignore::gru_ref.KerasQuirkWarning", "ignore::gru_ref.EngineWarning"
)


class TestGolden:
    """Golden vectors of live Keras."""

    @pytest.mark.parametrize("group", GROUPS)
    @pytest.mark.parametrize("engine", INSTALLED)
    def test_an_engine_computes_what_it_serves(self, engine: str, group: str) -> None:
        cases = [case for case in golden.load() if case.group == group]
        served = 0
        for case in cases:
            run = case.as_run.run(engine)
            for results in filter(None, (run.calls, run.again)):
                worst = compare.difference(results, case.expected)
                assert worst.error <= case.data["tolerance_eps"], (case.oracle, case.id, worst)
                assert run.path == case.data["path"]
            served += not run.reason
            if engine == "numpy":
                drawn = any(mask is not None for masks in case.masks for mask in masks.values())
                assert run.reason == ("dropout masks are drawn or given" if drawn else "")
        assert served or engine == "numba"


class TestWatch:
    """What is seen to run is what the layer says."""

    def test_the_kernels_run_where_they_are_said_to(self) -> None:
        x = small_gru.x()
        for engine in INSTALLED:
            layer = small_gru.layer()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", EngineWarning)
                layer.engine = engine
            for _ in range(2):  # the second call is a quick one
                with engines.watch() as seen:
                    layer(x)
                assert seen.reason(engine, layer) == engines.refusal(engine, layer)
                assert set(seen.ran) == {layer.engine}

    def test_a_call_for_the_core_is_told_with_its_reason(self) -> None:
        layer = small_gru.layer(engine="numpy")
        with engines.watch() as seen:
            layer(small_gru.x(), mask=np.ones((2, 3, 5), bool))
        assert seen.reason("numpy", layer) == "the mask has a value for every unit"

    def test_another_engine_than_the_one_named_is_seen(self) -> None:
        layer = small_gru.layer(engine="numpy")
        with engines.watch() as seen:
            pass
        with pytest.raises(engines.WrongEngine, match="numpy computes .* but nothing ran"):
            seen.reason("numpy", layer)
        other = small_gru.layer(engine="core")
        with engines.watch() as seen:
            other(small_gru.x())
        with pytest.raises(engines.WrongEngine, match="but core ran"):
            seen.reason("numpy", layer)
        with engines.watch() as seen:
            layer(small_gru.x())
        seen.reasons.append("it would not")
        with pytest.raises(engines.WrongEngine, match="ran alone, though .* it would not"):
            seen.reason("numpy", layer)

    def test_it_leaves_everything_as_it_was(self) -> None:
        before = choice.call_reason, numpy_kernel.NumpyKernel.advance, gru_ref.core.loop.run_cells
        with engines.watch():
            assert choice.call_reason is not before[0]
        assert before == (
            choice.call_reason,
            numpy_kernel.NumpyKernel.advance,
            gru_ref.core.loop.run_cells,
        )


def _blocks(size: int) -> Iterator[None]:
    """Make the blocks of timesteps of every engine small."""
    with (
        mock.patch.object(engine_loop, "BLOCK_BYTES", size),
        mock.patch.object(numpy_kernel, "BLOCK_BYTES", size),
        mock.patch.object(numba_kernel, "BLOCK_BYTES", size, create=True),
    ):
        yield


def _outcome(layer: Any, x: Any, given: dict[str, Any]) -> Any:
    """Return what a call returns, or the class and message of what it raises."""
    try:
        with np.errstate(all="ignore"):
            return layer(x, **given)
    except Exception as error:
        return type(error), str(error)


def _arrays(value: Any) -> list[np.ndarray]:
    """Return every array of a value."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, (list, tuple)):
        return [array for item in value for array in _arrays(item)]
    return []
