"""The two layers of a Bidirectional: how they are made, fed and merged."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.layers.rnn import RNN
from gru_ref.keras.layers.wrapper_base import Composite
from gru_ref.keras.ledger import Behaviour
from gru_ref.keras.serialization import nested_configs

Array = NDArray[Any]


def check(layer: Any, backward: Any) -> None:
    """Check that the two layers are of a class and a release that go together.

    Raises
    ------
    KeyError (Keras 2), TypeError (Keras 3)
        One is neither a GRU nor an RNN.
    ValueError
        They are of two releases.
    """
    for argument, one in (("layer", layer), ("backward_layer", backward)):
        if one is not None and not isinstance(one, (GRU, RNN)):
            behaviour = one.behaviour if isinstance(one, Composite) else one.config.behaviour
            raise behaviour.not_a_sequence_layer_error(
                f"{argument} is {shown(one)}, expected a GRU or an RNN"
            )
    if backward is not None and backward.config.behaviour is not layer.config.behaviour:
        raise ValueError(
            f"backward_layer is of Keras {backward.keras_version}, expected "
            f"{layer.keras_version} as layer is"
        )


def made(layer: Any, backward: Any) -> tuple[Any, Any]:
    """Return the forward and the backward layer.

    Raises
    ------
    ValueError
        They go in the same direction, or differ in stateful, return_sequences or return_state; or
        the layer's config cannot be read again.
    """
    behaviour: Behaviour = layer.config.behaviour
    forward = _again(layer, layer.config.go_backwards)
    if backward is None:
        go_backwards = not layer.config.go_backwards if behaviour.backward_is_opposite else True
        backward = _again(layer, go_backwards)
    if behaviour.use_cudnn_argument and isinstance(layer, GRU):
        change(forward, use_cudnn=layer.config.use_cudnn)
        change(backward, use_cudnn=layer.config.use_cudnn)
    if forward.config.go_backwards == backward.config.go_backwards:
        raise ValueError(
            f"go_backwards is {forward.config.go_backwards} of both layers, expected another of "
            "backward_layer than of layer"
        )
    for name in ("stateful", "return_sequences", "return_state"):
        ours, theirs = getattr(forward.config, name), getattr(backward.config, name)
        if ours != theirs:
            raise ValueError(f"{name} of backward_layer is {theirs}, expected {ours} as of layer")
    return forward, backward


def _again(layer: Any, go_backwards: bool) -> Any:
    """Return a new layer of the same config, built where the release builds it."""
    behaviour: Behaviour = layer.config.behaviour
    config = _with_execution(layer.get_config(), layer.config.execution)
    config["go_backwards"] = go_backwards
    implementations = _implementations(layer)
    again = type(layer).from_config(config, keras_version=layer.keras_version)
    if not behaviour.implementation_in_config and _implementations(again) != implementations:
        behaviour.warn("implementation_in_config", f"implementation={implementations}")
    if behaviour.bidirectional_copies_are_built and layer.build_config is not None:
        nested_configs.build(again, layer.build_config, "layer")
    elif behaviour.build_config_in_config and isinstance(layer, RNN):
        _build_cells(layer, again)
    return again


def _build_cells(layer: RNN, again: RNN) -> None:
    """Build the cells of a new RNN as those of the old one are, the stack of them too."""
    for old, new in zip((*layer.cells, layer.cell), (*again.cells, again.cell), strict=True):
        if old.build_config is not None and not new.built:
            nested_configs.build(new, old.build_config, "cell")


def _implementations(layer: Any) -> list[Any]:
    """Return the argument of the layer, or of its cells."""
    cells = layer.cells if isinstance(layer, RNN) else [layer]
    return [cell.config.implementation for cell in cells]


def _with_execution(config: Any, execution: str) -> Any:
    """Return a config whose GRU, or whose cells, run as the layer's."""
    if isinstance(config, list):
        return [_with_execution(item, execution) for item in config]
    if not isinstance(config, dict):
        return copy.copy(config)
    made = {key: _with_execution(value, execution) for key, value in config.items()}
    return made | {"execution": execution} if "units" in config else made


def rename(forward: Any, backward: Any, given: bool) -> None:
    """Give both layers the names that the release gives them."""
    behaviour: Behaviour = forward.config.behaviour
    if behaviour.backward_is_opposite:
        forward.name, backward.name = f"forward_{forward.name}", f"backward_{backward.name}"
        return
    forward.name = f"forward_{forward.name.removeprefix('forward_')}"
    if not given:
        backward.name = f"backward_{backward.name.removeprefix('backward_')}"


def change(layer: Any, **values: Any) -> None:
    """Set arguments of a layer's loop."""
    if isinstance(layer, RNN):
        layer.change_loop(**values)
    else:
        layer.config = layer.config.changed(**values)


def split_states(given: Any, behaviour: Behaviour) -> tuple[Any, Any]:
    """Return the initial states of the forward and of the backward layer.

    Raises
    ------
    IndexError
        Keras 2: an empty list.
    ValueError
        Keras 2: not an even number.
    """
    if given is None:
        return None, None
    if behaviour.initial_state_array_is_split:
        if not isinstance(given, (list, tuple)):
            if not hasattr(given, "__len__"):
                raise TypeError(f"initial_state is {shown(given)}, expected a list of states")
            behaviour.warn("initial_state_array_is_split")
        half = len(given) // 2
        return given[:half], given[half:]
    states = list(given) if isinstance(given, (list, tuple)) else [given]
    if not states:
        raise IndexError(f"initial_state is {shown(given)}, expected the states of both layers")
    if len(states) % 2:
        raise ValueError(f"initial_state has {len(states)} states, expected an even number")
    half = len(states) // 2
    return states[:half], states[half:]


def pair(argument: str, masks: Any) -> Sequence[Any]:
    """Return the dropout masks of the two layers.

    Raises
    ------
    ValueError
        There are not two.
    """
    if masks is None:
        return None, None
    if not isinstance(masks, (list, tuple)) or len(masks) != 2:
        raise ValueError(
            f"{argument} is {shown(masks)}, expected a list of the forward and the backward one"
        )
    return masks


def merge(y: Array, y_back: Array, mode: str | None) -> Any:
    """Return the two outputs as `merge_mode` merges them, or both.

    Raises
    ------
    ValueError
        They have different units, for another mode than concat and None.
    """
    if mode is None:
        return [y, y_back]
    if mode == "concat":
        return np.concatenate([y, y_back], axis=-1)
    if y.shape[-1] != y_back.shape[-1] and 1 not in (y.shape[-1], y_back.shape[-1]):
        raise ValueError(
            f"backward_layer has {y_back.shape[-1]} units, expected {y.shape[-1]} for merge_mode="
            f"{mode!r}"
        )
    if mode == "mul":
        return y * y_back
    total = y + y_back
    return total if mode == "sum" else total / total.dtype.type(2)
