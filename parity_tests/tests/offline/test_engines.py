"""Every engine computes what live Keras did, and the core's bits where no sum rounds."""

from __future__ import annotations

import contextlib
import copy
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
from gru_ref.engines import choice, numpy_kernel
from gru_ref.engines import loop as engine_loop
from gru_ref.errors import EngineWarning
from parity_tests.judging import compare, engines
from parity_tests.matrix.fixtures import GROUPS
from parity_tests.recording import golden
from parity_tests.tests.support import saturated_layers, small_gru

INSTALLED = engines.installed()
quiet = pytest.mark.filterwarnings(
    "ignore::gru_ref.KerasQuirkWarning", "ignore::gru_ref.EngineWarning"
)


class TestGoldenOnEngines:
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
        with pytest.raises(engines.WrongEngine, match=r"numpy computes .* but nothing ran"):
            seen.reason("numpy", layer)
        other = small_gru.layer(engine="core")
        with engines.watch() as seen:
            other(small_gru.x())
        with pytest.raises(engines.WrongEngine, match="but core ran"):
            seen.reason("numpy", layer)
        with engines.watch() as seen:
            layer(small_gru.x())
        seen.reasons.append("it would not")
        with pytest.raises(engines.WrongEngine, match=r"ran alone, though .* it would not"):
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


class TestSaturated:
    """Layers whose gates are 0 or 1, drawn at random: the core's numbers, to the last bit."""

    @quiet
    @pytest.mark.parametrize("engine", INSTALLED)
    @settings(max_examples=150, deadline=None)
    @given(
        drawn=saturated_layers.layers,
        calls=st.lists(saturated_layers.calls, min_size=1, max_size=3),
        block=st.sampled_from([1, 300, 1000, 1 << 20]),
        large=st.booleans(),
        seed=st.integers(0, 1 << 16),
    )
    def test_a_layer_gives_the_bits_of_the_core(
        self,
        engine: str,
        drawn: dict[str, Any],
        calls: list[dict[str, Any]],
        block: int,
        large: bool,
        seed: int,
    ) -> None:
        reference = saturated_layers.make(drawn, "core", seed)
        layer = saturated_layers.make(drawn, engine, seed)
        earlier: list[np.ndarray] = []
        for number, call in enumerate(calls):
            x, arguments = saturated_layers.arguments(drawn, call, seed + number)
            before = copy.deepcopy((np.array(x), arguments))
            expected = _outcome(reference, x, arguments)
            way = engines.for_large_batches(engine) if large else contextlib.nullcontext()
            with _blocks(block), way:
                actual = _outcome(layer, x, arguments)
            np.testing.assert_equal((np.array(x), arguments), before)
            np.testing.assert_equal(actual, expected)
            arrays = _arrays(actual)
            given_arrays = [x, *_arrays(list(arguments.values()))]
            for i, array in enumerate(arrays):
                for other in (*given_arrays, *earlier, *arrays[:i]):
                    assert not np.may_share_memory(array, other)
            earlier += arrays
            if drawn["stateful"] and not isinstance(expected, Exception):
                np.testing.assert_equal(_recorded(layer), _recorded(reference))

    @quiet
    @pytest.mark.parametrize("engine", INSTALLED)
    @pytest.mark.parametrize("large", [False, True])
    @pytest.mark.parametrize("batch", [1, 3])
    def test_blocks_are_one_sequence(self, engine: str, large: bool, batch: int) -> None:
        layer = small_gru.layer(return_sequences=True, return_state=True, engine=engine)
        rng = np.random.default_rng(6)
        x = rng.normal(size=(batch, 7, small_gru.FEATURES)).astype("float32")
        mask = rng.random((batch, 7)) < 0.7
        row_bytes = 4 * (3 * small_gru.UNITS + small_gru.FEATURES + 1)
        way = engines.for_large_batches(engine) if large else contextlib.nullcontext()
        with way:
            whole = layer(x), layer(x, mask=mask)
            for timesteps in (1, 2, 3, 6):
                with _blocks(timesteps * batch * row_bytes):
                    for parts, expected in zip((layer(x), layer(x, mask=mask)), whole, strict=True):
                        for part, each in zip(parts, expected, strict=True):
                            np.testing.assert_allclose(part, each, rtol=1e-5, atol=1e-6)

    @quiet
    @pytest.mark.parametrize("engine", INSTALLED)
    @pytest.mark.parametrize("keras_version", ["2", "3"])
    @pytest.mark.parametrize("go_backwards", [False, True])
    @pytest.mark.parametrize("unroll", [False, True])
    @pytest.mark.parametrize("unused", ["first", "last"])
    def test_the_last_output_alone_is_zeroed_as_by_the_core(
        self, engine: str, keras_version: str, go_backwards: bool, unroll: bool, unused: str
    ) -> None:
        layer = small_gru.layer(
            zero_output_for_mask=True,
            keras_version=keras_version,
            go_backwards=go_backwards,
            unroll=unroll,
            engine=engine,
        )
        mask = np.ones((2, 3), bool)
        mask[0, 0 if unused == "first" else -1] = False
        output = layer(small_gru.x(), mask=mask)
        layer.engine = "core"
        np.testing.assert_allclose(output, layer(small_gru.x(), mask=mask), rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("engine", INSTALLED)
    def test_no_rows_give_no_rows(self, engine: str) -> None:
        layer = small_gru.layer(return_sequences=True, engine=engine)
        assert layer(np.zeros((0, 3, small_gru.FEATURES), "float32")).shape == (0, 3, 5)

    @pytest.mark.parametrize("engine", INSTALLED)
    @pytest.mark.parametrize("batch", [1, 7])
    def test_two_threads_call_one_layer(self, engine: str, batch: int) -> None:
        layer = small_gru.layer(return_sequences=True, engine=engine)
        rng = np.random.default_rng(3)
        inputs = [rng.normal(size=(batch, 30, small_gru.FEATURES)).astype("float32")] * 2
        inputs[1] = -inputs[0]
        expected = [layer(x) for x in inputs]
        wrong: list[int] = []

        def call(number: int) -> None:
            for _ in range(30):
                if not np.array_equal(layer(inputs[number]), expected[number]):
                    wrong.append(number)

        threads = [threading.Thread(target=call, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


@pytest.mark.skipif("numba" not in INSTALLED, reason="numba is not installed")
class TestThreads:
    """The compiled engine's loops over parts of a batch, one part after another.

    What is compiled of them for threads is the same code.
    """

    @pytest.mark.parametrize("large", [False, True])
    @pytest.mark.parametrize("parts", [2, 3, 7])
    def test_parts_are_the_whole(self, large: bool, parts: int) -> None:
        from gru_ref.engines import numba_kernel

        layer = small_gru.layer(return_sequences=True, engine="numba")
        rng = np.random.default_rng(4)
        x = rng.normal(size=(7, 6, small_gru.FEATURES)).astype("float32")
        way = engines.for_large_batches("numba") if large else contextlib.nullcontext()
        with way, contextlib.ExitStack() as stack:
            whole = layer(x)
            for name in ("_run_rows_parallel", "_step_after_parallel"):
                plain = getattr(numba_kernel, name)
                spy = mock.Mock(side_effect=getattr(plain, "py_func", plain))
                stack.enter_context(mock.patch.object(numba_kernel, name, spy))
                if large == (name == "_step_after_parallel"):
                    used = spy
            stack.enter_context(mock.patch.object(numba_kernel, "PARALLEL_SIZE", 1))
            stack.enter_context(mock.patch("numba.get_num_threads", return_value=parts))
            np.testing.assert_array_equal(layer(x), whole)
        assert used.called


@contextlib.contextmanager
def _blocks(size: int) -> Iterator[None]:
    """Make the blocks of timesteps of every engine small."""
    modules: list[Any] = [engine_loop, numpy_kernel]
    if "numba" in INSTALLED:
        from gru_ref.engines import numba_kernel

        modules.append(numba_kernel)
    with contextlib.ExitStack() as stack:
        for module in modules:
            stack.enter_context(mock.patch.object(module, "BLOCK_BYTES", size))
        yield


def _outcome(layer: Any, x: Any, arguments: dict[str, Any]) -> Any:
    """Return what a call returns, or the class and message of what it raises."""
    try:
        with np.errstate(all="ignore"):
            return layer(x, **arguments)
    except Exception as error:  # every class is an outcome here
        return type(error).__name__, str(error)


def _recorded(layer: Any) -> Any:
    """Return the states that a stateful layer has recorded."""
    if isinstance(layer, gru_ref.Bidirectional):
        return [_recorded(layer.forward_layer), _recorded(layer.backward_layer)]
    return layer.recorded_state if hasattr(layer, "recorded_state") else layer.states


def _arrays(value: Any) -> list[np.ndarray]:
    """Return every array of a value."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, (list, tuple)):
        return [array for item in value for array in _arrays(item)]
    return []
