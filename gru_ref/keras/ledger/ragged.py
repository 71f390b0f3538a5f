"""Ragged input: whether a release takes it, on which path, and what it returns."""

from __future__ import annotations

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class RaggedRows:
    """Ragged input: whether a release takes it, on which path, and what it returns."""

    ragged_input: bool = row(
        keras_2=True,
        keras_3=False,
        source="a RaggedTensor as x, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    ragged_input_is_fused: bool = row(
        keras_2=Changes({1: True, 3: False, 8: True}),
        keras_3=False,
        source="GRU.call given a RaggedTensor, tf_keras 2.21, measured; TF 2.1–2.10 by the contract",
    )
    ragged_backwards_keeps_padding: bool = row(
        keras_2=Changes({1: True, 5: False}),
        keras_3=False,
        source="maybe_convert_to_ragged, TF 2.4.4 and 2.5.3, measured; TF 2.1–2.3 by the contract",
        quirk="go_backwards with return_sequences cuts ragged rows at the wrong end",
    )
