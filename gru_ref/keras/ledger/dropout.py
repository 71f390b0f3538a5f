"""Dropout: which masks there are, where they enter, when they are drawn, and which a cell keeps."""

from __future__ import annotations

from typing import Literal

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class DropoutRows:
    """Dropout: which masks there are, where they enter, when they are drawn, and which a cell keeps."""

    dropout_masks_per_gate: bool = row(
        keras_2=True,
        keras_3=Changes({0: False, 8: True}),
        source="GRUCell.call with implementation=1 (tf_keras 2.21; Keras 3.7 and 3.8), measured",
    )
    three_masks_are_drawn: bool = row(
        keras_2=True,
        keras_3=False,
        source="GRU(1, dropout=0.5), how often a call draws, TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured: three masks also where one is used",
    )
    fused_mask_per_timestep: bool = row(
        keras_2=True,
        keras_3=False,
        source="GRU._defun_gru_call, tf_keras 2.21, measured",
        quirk="the fused path drops other input features at every timestep; its documentation says one mask a sequence",
    )
    masked_state_in_mix: bool = row(
        keras_2=False,
        keras_3=Changes({0: True, 8: False}),
        source="GRUCell.call, Keras 3.7 and 3.8, measured",
        quirk="recurrent dropout also masks the state that the update gate keeps",
    )
    recurrent_mask_uses_dropout_rate: bool = row(
        keras_2=False,
        keras_3=Changes({0: True, 2: False}),
        source="DropoutRNNCell.get_recurrent_dropout_mask, Keras 3.1 and 3.2, measured",
        quirk="the recurrent mask is drawn with the rate of `dropout`, and only if that is not zero",
    )
    rate_one: Literal["raises in training", "raises", "drops nothing"] = row(
        keras_2="raises in training",
        keras_3=Changes({0: "raises", 14: "drops nothing"}),
        source="tf.nn.dropout's check; Keras 3.13 and 3.14 backend.random.dropout, measured",
        quirk="a rate of 1 drops nothing",
    )
    implementation_1_dropout_fails: bool = row(
        keras_2=False,
        keras_3=Changes({0: False, 8: True}),
        source="GRU.inner_loop, Keras 3.8–3.15.1, measured: it expands a list of three masks",
        quirk="Keras raises here in training unless use_cudnn=False; computed as documented, one mask a gate",
    )
    inference_draws_masks: bool = row(
        keras_2=False,
        keras_3=True,
        source="RNN._maybe_config_dropout_masks, Keras 3.1–3.15.1, measured: the generator counts on; tf_keras 2.21, measured",
    )
    graph_loop_draws_every_timestep: bool = row(
        keras_2=Changes({1: False, 2: True}),
        keras_3=False,
        source="ContextValueCache keeps masks by graph, and the loop's body is a graph of its own; TF 2.1, 2.2 and 2.21, measured",
        quirk="in a graph the loop drops other entries at every timestep, and draws them in no fixed order",
    )
    kept_masks_act_in_inference: bool = row(
        keras_2=True,
        keras_3=False,
        source="GRUCell.call with the masks of an earlier call, tf_keras 2.21 and Keras 3.15.1, measured: Keras 2 also keeps the ones of inference",
    )
    masks_are_reset_after_the_loop: bool = row(
        keras_2=False,
        keras_3=True,
        source="RNN.call, tf_keras 2.21 and Keras 3.15.1, measured: before the loop in Keras 2",
    )
    cell_keeps_masks: bool = row(
        keras_2=True,
        keras_3=True,
        source="a GRUCell called by itself, tf_keras 2.21 and Keras 3.15.1, measured",
        quirk="a cell drops with the masks of its call before until they are reset",
    )
