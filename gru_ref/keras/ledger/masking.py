"""Masks: what a masked timestep puts out, where Keras fails with one, and in what a mask comes."""

from __future__ import annotations

from typing import Any

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class MaskingRows:
    """Masks: what a masked timestep puts out, where Keras fails with one, and in what a mask comes."""

    fused_ignores_zero_output_for_mask: bool = row(
        keras_2=Changes({1: True, 2: False}),
        keras_3=False,
        source="standard_gru, TF 2.1 and 2.2, measured",
        quirk="the fused path ignores zero_output_for_mask",
    )
    unroll_zeroes_unreversed: bool = row(
        keras_2=True,
        keras_3=True,
        source="backend.rnn (tf_keras 2.21); backend/tensorflow/rnn.py (Keras 3.15.1), measured",
        quirk="unroll with go_backwards and zero_output_for_mask zeroes the outputs by the mask in its original order",
    )
    unroll_zero_last_output_fails: bool = row(
        keras_2=Changes({1: False, 9: True}),
        keras_3=False,
        source="backend.rnn with return_all_outputs=False, TF 2.8 and 2.9, measured",
        quirk="Keras raises for unroll, a mask, zero_output_for_mask and return_sequences=False; computed as documented",
    )
    unroll_unit_mask_fails: bool = row(
        keras_2=True,
        keras_3=True,
        source="backend.rnn, _expand_mask (tf_keras 2.21, Keras 3.15.1), measured",
        quirk="Keras raises for unroll with a mask per unit; computed as without unroll",
    )
    zero_last_output: bool = row(
        keras_2=True,
        keras_3=True,
        source="backend.rnn (tf_keras 2.21, Keras 3.15.1), measured",
        quirk="zero_output_for_mask zeroes the last output too where its timestep is masked",
    )
    mask_containers: tuple[type[Any], ...] = row(
        keras_2=(list,),
        keras_3=(list, tuple),
        source="RNN.call, tf_keras 2.21 and Keras 3.15.1, measured: the first element is the mask",
    )
    rnn_mask_containers: tuple[type[Any], ...] = row(
        keras_2=(list, tuple),
        keras_3=(),
        source="RNN.call, tf_keras 2.21 and Keras 3.15.1, measured: GRU takes others",
    )
