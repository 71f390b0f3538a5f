"""A call: what it takes, what becomes of the state, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from gru_ref.keras.ledger.row import row


@dataclass(frozen=True, kw_only=True)
class CallRows:
    """A call: what it takes, what becomes of the state, and what it returns."""

    inputs_are_cast: bool = row(
        keras_2={1: False},
        keras_3={0: True},
        source="integer and bool inputs, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    inputs_list_carries_state: bool = row(
        keras_2={1: True},
        keras_3={0: False},
        source="rnn_utils.standardize_args, tf_keras 2.21, measured",
    )
    list_is_several_shapes: bool = row(
        keras_2={1: True},
        keras_3={0: False},
        source="RNN.build and RNN.compute_output_shape given a list, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    training_is_boolean: bool = row(
        keras_2={1: True},
        keras_3={0: False},
        source="control_flow_util.smart_cond, which dropout calls, tf_keras 2.21; Keras 3.15.1 takes the truth, measured",
    )
    weight_type_error: type[Exception] = row(
        keras_2={1: AttributeError, 6: ValueError},
        keras_3={0: AttributeError},
        source="Layer.set_weights given no array, TF 2.1–2.6, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured",
    )
    state_type_error: type[Exception] = row(
        keras_2={1: AttributeError},
        keras_3={0: ValueError},
        source="initial_state=object(), TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured",
    )
    initial_state_is_cast: bool = row(
        keras_2={1: False},
        keras_3={0: True},
        source="RNN.call of Keras 3.15.1; tf_keras 2.21 never casts, measured",
    )
    initial_state_broadcasts: Literal["unrolled", "always"] = row(
        keras_2={1: "unrolled"},
        keras_3={0: "always"},
        source="a state of batch 1, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    extra_initial_states_ignored: bool = row(
        keras_2={1: False},
        keras_3={0: True},
        source="GRU.inner_loop takes initial_state[0], Keras 3.15.1, measured",
        quirk="every initial state after the first is ignored",
    )
    empty_initial_state_is_none: bool = row(
        keras_2={1: True},
        keras_3={0: False},
        source="initial_state=[], tf_keras 2.21 and Keras 3.15.1, measured",
    )
    weights_argument_needs_the_building_call: bool = row(
        keras_2={1: False, 3: True},
        keras_3={0: False},
        source="base_layer.Layer._maybe_build, TF 2.1–2.15 and tf_keras 2.21, measured; Keras 3 has no such argument",
        quirk="weights= is ignored by a layer that was built before its first call",
    )
    recorded_state_wins: bool = row(
        keras_2={1: True},
        keras_3={0: False},
        source="RNN._process_inputs, tf_keras 2.21, measured",
        quirk="a stateful layer whose recorded state is not zero uses that and ignores initial_state",
    )
    stateful_needs_float32: bool = row(
        keras_2={1: True, 14: False},
        keras_3={0: False},
        source="RNN.reset_states makes a variable of floatx, TF 2.1–2.12 and 2.15, measured, and Keras 2.13 and 2.14, read",
        quirk="Keras raises for a stateful layer whose weights are not float32; computed as documented",
    )
    mixed_state_fails: bool = row(
        keras_2={1: True, 7: False},
        keras_3={0: True, 8: False},
        source="RNN._process_inputs casts the recorded state, TF 2.1–2.10, measured, and Keras 2.7, read; the variable of the state, Keras 3.0.5–3.15.1, measured",
        quirk="Keras raises for a stateful layer with a mixed policy; computed as documented",
    )
    state_container: type[Any] = row(
        keras_2={1: list},
        keras_3={0: tuple},
        source="return_state, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    reset_states_takes_values: bool = row(
        keras_2={1: True},
        keras_3={0: False},
        source="RNN.reset_states, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    reset_state_method: bool = row(
        keras_2={1: False}, keras_3={0: True}, source="RNN.reset_state, Keras 3.0–3.15.1, measured"
    )
