"""States: in which forms they are given and returned, recorded and reset."""

from __future__ import annotations

from typing import Any, Literal

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class StateRows:
    """States: in which forms they are given and returned, recorded and reset."""

    state_type_error: type[Exception] = row(
        keras_2=AttributeError,
        keras_3=ValueError,
        source="initial_state=object(), TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured",
    )
    initial_state_is_cast: bool = row(
        keras_2=False,
        keras_3=True,
        source="RNN.call of Keras 3.15.1; tf_keras 2.21 never casts, measured",
    )
    initial_state_broadcasts: Literal["unrolled", "always"] = row(
        keras_2="unrolled",
        keras_3="always",
        source="a state of batch 1, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    extra_initial_states_ignored: bool = row(
        keras_2=False,
        keras_3=True,
        source="GRU.inner_loop takes initial_state[0], Keras 3.15.1, measured",
        quirk="every initial state after the first is ignored",
    )
    empty_initial_state_is_none: bool = row(
        keras_2=True,
        keras_3=False,
        source="initial_state=[], tf_keras 2.21 and Keras 3.15.1, measured",
    )
    recorded_state_wins: bool = row(
        keras_2=True,
        keras_3=False,
        source="RNN._process_inputs, tf_keras 2.21, measured",
        quirk="a stateful layer whose recorded state is not zero uses that and ignores initial_state",
    )
    stateful_needs_float32: bool = row(
        keras_2=Changes({1: True, 14: False}),
        keras_3=False,
        source="RNN.reset_states makes a variable of floatx, TF 2.1–2.12 and 2.15, measured, and Keras 2.13 and 2.14, read",
        quirk="Keras raises for a stateful layer whose weights are not float32; computed as documented",
    )
    mixed_state_fails: bool = row(
        keras_2=Changes({1: True, 7: False}),
        keras_3=Changes({0: True, 8: False}),
        source="RNN._process_inputs casts the recorded state, TF 2.1–2.10, measured, and Keras 2.7, read; the variable of the state, Keras 3.0.5–3.15.1, measured",
        quirk="Keras raises for a stateful layer with a mixed policy; computed as documented",
    )
    state_container: type[Any] = row(
        keras_2=list,
        keras_3=tuple,
        source="return_state, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    reset_states_takes_values: bool = row(
        keras_2=True,
        keras_3=False,
        source="RNN.reset_states, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    reset_state_method: bool = row(
        keras_2=False, keras_3=True, source="RNN.reset_state, Keras 3.0–3.15.1, measured"
    )
    cell_state_is_list: bool = row(
        keras_2=False,
        keras_3=True,
        source="GRUCell.get_initial_state, tf_keras 2.21 and Keras 3.15.1, measured: the states of a stack that started from zeros come in lists",
    )
    state_size_container: type[Any] = row(
        keras_2=tuple,
        keras_3=list,
        source="StackedRNNCells.state_size, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    states_are_none_without_record: bool = row(
        keras_2=False,
        keras_3=True,
        source="RNN.states of a layer that is not stateful, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    short_states_run_fewer_cells: bool = row(
        keras_2=False,
        keras_3=True,
        source="StackedRNNCells.call zips cells and states, Keras 3.15.1, measured",
        quirk="a stack runs as many cells as it is given states",
    )
    stack_reset_fails: bool = row(
        keras_2=False,
        keras_3=True,
        source="RNN.reset_state assigns to lists, Keras 3.15.1, measured",
        quirk="Keras cannot reset the states of a stack; set to zeros as documented",
    )
