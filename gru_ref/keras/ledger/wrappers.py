"""Cells, stacks of cells, RNN and Bidirectional."""

from __future__ import annotations

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class WrapperRows:
    """Cells, stacks of cells, RNN and Bidirectional."""

    reverse_state_order_argument: bool = row(
        keras_2=True,
        keras_3=False,
        source="StackedRNNCells.call, tf_keras 2.21, measured: it packs the states without reordering them",
        quirk="reverse_state_order changes nothing but the sizes that the states have to have",
    )
    one_cell_stack_mask_fails: bool = row(
        keras_2=False,
        keras_3=True,
        source="RNN([GRUCell(5)]) given a mask, Keras 3.15.1, measured: the loop's states change their structure",
        quirk="Keras raises for a mask in the loop of a stack of one cell; computed as documented",
    )
    one_cell_stack_unwraps: bool = row(
        keras_2=False,
        keras_3=True,
        source="RNN([GRUCell(5)], unroll=True) without a mask, Keras 3.15.1, measured: the state is in no list",
    )
    frozen_weights_are_last: bool = row(
        keras_2=True,
        keras_3=False,
        source="Layer.weights with a cell of trainable=False, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    losses_layer_by_layer: bool = row(
        keras_2=True,
        keras_3=False,
        source="Layer.losses of a Bidirectional, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    backward_is_opposite: bool = row(
        keras_2=True,
        keras_3=False,
        source="Bidirectional around a layer with go_backwards, tf_keras 2.21 and Keras 3.15.1, measured: Keras 3 refuses it",
    )
    bidirectional_copies_are_built: bool = row(
        keras_2=False,
        keras_3=True,
        source="Bidirectional.__init__ around a layer that is built, tf_keras 2.21 and Keras 3.15.1, measured: Keras 3 copies build_config too",
    )
    not_a_sequence_layer_error: type[Exception] = row(
        keras_2=KeyError,
        keras_3=TypeError,
        source="Bidirectional(GRUCell(5)), tf_keras 2.21 and Keras 3.15.1, measured",
    )
    bidirectional_is_as_trainable_as_its_layer: bool = row(
        keras_2=Changes({1: False, 12: True}),
        keras_3=False,
        source="Bidirectional around a layer with trainable=False, TF 2.1–2.12, tf_keras 2.21 and Keras 3.15.1, measured, and Keras 2.11, read",
    )
    bidirectional_ignores_weights: bool = row(
        keras_2=True,
        keras_3=True,
        source="Bidirectional(weights=…), tf_keras 2.21 and Keras 3.15.1, measured",
        quirk="the weights that Bidirectional is made with are not used",
    )
    initial_state_array_is_split: bool = row(
        keras_2=False,
        keras_3=True,
        source="Bidirectional.call given one array, Keras 3.15.1, measured",
        quirk="an initial_state that is no list is split along its batch",
    )
    bidirectional_output_is_cast: bool = row(
        keras_2=False,
        keras_3=True,
        source="Bidirectional(GRU(dtype='float64')), tf_keras 2.21 and Keras 3.15.1, measured: to its own dtype",
    )
    bidirectional_has_states: bool = row(
        keras_2=False,
        keras_3=True,
        source="Bidirectional.states, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    bidirectional_state_mask_fails: bool = row(
        keras_2=False,
        keras_3=True,
        source="Bidirectional.compute_mask multiplies a generator, Keras 3.15.1, measured",
        quirk="Keras raises for a stateful Bidirectional with return_state; computed as documented",
    )
    merge_mode_before_layer: bool = row(
        keras_2=False,
        keras_3=Changes({0: False, 4: True}),
        source="Bidirectional.get_config, Keras 3.2.1 and 3.4.1, measured",
    )
