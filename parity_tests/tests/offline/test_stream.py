"""gru_ref.stream: chunks are one long sequence, whatever their sizes and whatever the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref import GRU, RNN, Bidirectional, GRUCell
from parity_tests.judging.engines import CORE, installed
from parity_tests.tests.support import small_gru

ENGINES = [CORE, *installed()]
TIMESTEPS = 12
# Sums of whole numbers are exact in any order, so chunks are compared bit for bit.
EXACT: dict[str, Any] = {"activation": "relu", "recurrent_activation": "hard_sigmoid"}


def _exact(layer: Any, shape: tuple[int, ...]) -> Any:
    """Return the layer with small whole numbers as weights: its gates are 0, 1/2 or 1."""
    layer.build(shape)
    rng = np.random.default_rng(4)
    layer.set_weights([rng.integers(-1, 2, a.shape) * 4.0 for a in layer.get_weights()])
    return layer


def _x(batch: int = 2) -> np.ndarray:
    return np.random.default_rng(5).integers(-1, 2, (batch, TIMESTEPS, 4)).astype("float32")


def _chunks(array: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    return np.split(array, np.cumsum(sizes)[:-1], axis=1)


SIZES = [[12], [5, 7], [1] * 12, [1, 10, 1], [3, 1, 8]]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("masked", ["no", "holes", "first", "all"])
@pytest.mark.parametrize("zero", [False, True])
def test_chunks_are_one_sequence(engine: Any, sizes: list[int], masked: str, zero: bool) -> None:
    arguments = {**EXACT, "zero_output_for_mask": zero, "keras_version": "3", "engine": engine}
    layer = _exact(GRU(5, return_sequences=True, **arguments), (2, TIMESTEPS, 4))
    x, start = _x(), np.float32([[1, 2, 3, 4, 5], [0, -1, 1, 0, 2]])
    mask = {
        "no": None,
        "holes": np.random.default_rng(6).random((2, TIMESTEPS)) < 0.6,
        "first": np.arange(TIMESTEPS) >= [[4], [7]],
        "all": np.zeros((2, TIMESTEPS), bool),
    }[masked]
    whole = layer(x, start, mask=mask)
    live = gru_ref.stream(layer, batch=2, initial_state=start)
    masks = [None] * len(sizes) if mask is None else _chunks(mask, sizes)
    outputs = [live(part, mask=m) for part, m in zip(_chunks(x, sizes), masks, strict=True)]
    np.testing.assert_array_equal(np.concatenate(outputs, axis=1), whole)
    layer.change_loop(return_state=True)
    np.testing.assert_array_equal(live.state, layer(x, start, mask=mask)[1])


@pytest.mark.parametrize("engine", ENGINES)
def test_without_sequences_the_last_output_is_returned(engine: Any) -> None:
    layer = _exact(GRU(5, engine=engine, return_state=True, **EXACT), (2, TIMESTEPS, 4))
    live = gru_ref.stream(layer, batch=2)
    for part in _chunks(_x(), [5, 7]):
        output = live(part)
    np.testing.assert_array_equal(output, layer(_x())[0])
    np.testing.assert_array_equal(live.state, output)


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("keras_version", ["2", "3"])
@pytest.mark.parametrize("unroll", [False, True])
def test_the_last_output_alone_is_zeroed_as_by_the_layer(
    engine: Any, keras_version: Any, unroll: bool
) -> None:
    arguments = {**EXACT, "zero_output_for_mask": True, "unroll": unroll, "engine": engine}
    layer = _exact(GRU(5, keras_version=keras_version, **arguments), (2, TIMESTEPS, 4))
    x, mask = _x(), np.arange(TIMESTEPS) < [[9], [12]]
    live = gru_ref.stream(layer, batch=2)
    for part, used in zip(_chunks(x, [5, 7]), _chunks(mask, [5, 7]), strict=True):
        output = live(part, mask=used)
    np.testing.assert_array_equal(output, layer(x, mask=mask))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stack_keeps_the_states_of_all_its_cells(engine: Any) -> None:
    cells = [GRUCell(3, **EXACT), GRUCell(5, **EXACT)]
    layer = _exact(RNN(cells, return_sequences=True, engine=engine), (2, TIMESTEPS, 4))
    live = gru_ref.stream(layer, batch=2)
    outputs = [live(part) for part in _chunks(_x(), [1, 4, 7])]
    np.testing.assert_array_equal(np.concatenate(outputs, axis=1), layer(_x()))
    assert [state.shape for state in live.state] == [(2, 3), (2, 5)]


@pytest.mark.parametrize("engine", ENGINES)
def test_time_major(engine: Any) -> None:
    layer = _exact(
        GRU(5, time_major=True, return_sequences=True, engine=engine, **EXACT), (TIMESTEPS, 2, 4)
    )
    x = np.ascontiguousarray(_x().swapaxes(0, 1))
    live = gru_ref.stream(layer, batch=2)
    np.testing.assert_array_equal(np.concatenate([live(x[:5]), live(x[5:])]), layer(x))


def test_it_leaves_the_layer_and_its_input_alone() -> None:
    layer = small_gru.layer(stateful=True, return_sequences=True)
    layer(small_gru.x())
    state, weights = layer.recorded_state, layer.get_weights()
    live = gru_ref.stream(layer, batch=small_gru.BATCH)
    np.testing.assert_array_equal(live.state, state)  # it goes on where the layer stands
    x = small_gru.x()
    live(x)
    np.testing.assert_array_equal(x, small_gru.x())
    np.testing.assert_array_equal(layer.recorded_state, state)
    layer.set_weights([0 * array for array in weights])
    assert live(x).any()  # of the weights that the layer had


def test_what_it_returns_stays_as_it_is() -> None:
    for layer in (small_gru.layer(), small_gru.layer(return_sequences=True)):
        live = gru_ref.stream(layer, batch=small_gru.BATCH)
        first, state = live(small_gru.x()), live.state
        kept = first.copy(), state.copy()
        live(small_gru.x())
        np.testing.assert_array_equal(first, kept[0])
        np.testing.assert_array_equal(state, kept[1])


def test_reset_begins_again() -> None:
    start = np.full((small_gru.BATCH, small_gru.UNITS), 0.5, "float32")
    live = gru_ref.stream(small_gru.layer(), batch=small_gru.BATCH, initial_state=start)
    first = live(small_gru.x())
    live.reset()
    np.testing.assert_array_equal(live.state, start)
    np.testing.assert_array_equal(live(small_gru.x()), first)


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (lambda: Bidirectional(GRU(5)), TypeError, "expected a GRU or an RNN"),
        (lambda: GRU(5), ValueError, "not built"),
        (lambda: small_gru.layer(go_backwards=True), ValueError, "go_backwards is True"),
    ],
)
def test_what_cannot_be_streamed_is_refused(layer: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        gru_ref.stream(layer())


@pytest.mark.parametrize("batch", [0, -1, True, 1.5, "2"])
def test_batch_is_a_number_of_rows(batch: Any) -> None:
    with pytest.raises(ValueError, match="batch is"):
        gru_ref.stream(small_gru.layer(), batch=batch)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_wrong_chunk_leaves_the_state(engine: Any) -> None:
    live = gru_ref.stream(small_gru.layer(engine=engine), batch=small_gru.BATCH)
    x = small_gru.x()
    live(x)
    state = live.state
    for wrong in (x[0], x[:, :0], x[:1], x[..., :2], x.astype("float16").astype("S3"), "x"):
        with pytest.raises((ValueError, TypeError)):
            live(wrong)
    with pytest.raises(ValueError, match="mask has shape"):
        live(x, mask=np.ones((small_gru.BATCH, 99), bool))
    np.testing.assert_array_equal(live.state, state)
