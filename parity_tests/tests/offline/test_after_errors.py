"""What a layer refuses changes nothing of it: neither weights nor build nor the masks of a cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref import RNN, GRUCell, GRUConfig, KerasQuirkWarning, StackedRNNCells
from gru_ref.keras.dropout.masks import laws

X = np.ones((2, 3, 4), "float32")
ONES = dict.fromkeys(("kernel_initializer", "recurrent_initializer", "bias_initializer"), "ones")


def _refuse(shape: Any, dtype: Any = None) -> Any:
    raise OSError("no such weights")


def _layers(version: str) -> dict[str, tuple[Any, tuple[int, ...]]]:
    refused = ONES | {"bias_initializer": _refuse, "keras_version": version}
    cell = GRUCell(2, **refused)
    cells = [GRUCell(3, keras_version=version, **ONES), cell]
    return {
        "GRU": (gru_ref.GRU(3, **refused), (2, 3, 4)),
        "GRUCell": (cell, (2, 4)),
        "StackedRNNCells": (StackedRNNCells(cells), (2, 4)),
        "RNN": (RNN(cells), (2, 3, 4)),
    }


def _built(layer: Any) -> list[bool]:
    return [layer.built, *(built for part in layer._parts for built in _built(part))]


@pytest.mark.parametrize("version", ["2", "3"])
@pytest.mark.parametrize("name", _layers("2"))
def test_a_refused_build_builds_nothing(name: str, version: str) -> None:
    layer, shape = _layers(version)[name]
    with pytest.raises(OSError, match="no such weights"):
        layer.build(shape)
    assert not any(_built(layer))
    assert layer.build_config is None


@pytest.mark.parametrize("version", ["2", "3"])
def test_a_refused_call_of_a_cell_keeps_no_mask(version: str) -> None:
    gru_ref.set_random_seed(4)

    def fails_once(z: np.ndarray) -> np.ndarray:
        if not called:
            called.append(True)
            raise ArithmeticError("once")
        return z

    called: list[bool] = []
    cell = GRUCell(3, activation=fails_once, dropout=0.5, keras_version=version, **ONES)
    h = np.zeros((2, 3), "float32")
    with pytest.raises(ArithmeticError, match="once"):
        cell(X[:, 0], h, training=True)
    assert not cell.built
    cell(np.ones((5, 4), "float32"), np.zeros((5, 3), "float32"), training=True)  # another batch


def test_a_changed_config_takes_its_own_arguments_alone() -> None:
    with pytest.raises(TypeError, match="retrun_sequences is no argument of GRUConfig"):
        GRUConfig(2).changed(retrun_sequences=True)


def test_a_frozen_wrapper_whose_weights_are_projected_says_so() -> None:
    cell = GRUCell(2, kernel_constraint="non_neg", keras_version="3.1.0", **ONES)
    layer = RNN(cell, trainable=False)
    layer.build(X.shape)
    with pytest.warns(KerasQuirkWarning, match="frozen_weights_are_projected"):
        layer.apply_constraints()


@pytest.mark.filterwarnings("ignore:masked_state_in_mix")
@pytest.mark.parametrize("version", ["3.5.0", "3.15.0"])
def test_the_step_of_a_config_is_that_of_its_release(version: str) -> None:
    cell = GRUCell(3, recurrent_dropout=0.5, keras_version=version, **ONES)
    cell.build((2, 4))
    h, mask = np.full((2, 3), 0.5, "float32"), np.array([[2, 0, 2], [0, 2, 2]], "float32")
    mask = np.broadcast_to(mask, laws(cell.config, 2, 1, 4)[1].shape)
    weights = gru_ref.GRUWeights(*cell.get_weights())
    expected, _ = cell(X[:, 0], h, training=True, recurrent_dropout_mask=mask)
    step = gru_ref.gru_step(X[:, 0], h, weights, cell.config, recurrent_dropout_mask=mask)
    assert (step.h == expected).all()


def test_a_config_of_an_unknown_release_warns_once() -> None:
    config = gru_ref.GRU(2, keras_version="3").get_config()
    with pytest.warns(gru_ref.UnverifiedVersionWarning) as warned:
        gru_ref.GRU.from_config(config, keras_version="3.99")
    assert len(warned) == 1


def test_an_elu_layer_is_the_function_elu() -> None:
    layer = gru_ref.GRU(2, activation={"class_name": "ELU", "config": {}, "module": "keras.layers"})
    small = np.float32([-1e-3, -1e-4, -3e-5, 0.3])
    elu = gru_ref.GRU(2, activation="elu").config.activation_function
    assert (layer.config.activation_function(small) == elu(small)).all()
