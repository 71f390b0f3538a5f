"""A call: which inputs, weights and values of training it takes."""

from __future__ import annotations

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class CallRows:
    """A call: which inputs, weights and values of training it takes."""

    inputs_are_cast: bool = row(
        keras_2=False,
        keras_3=True,
        source="integer and bool inputs, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    inputs_list_carries_state: bool = row(
        keras_2=True,
        keras_3=False,
        source="rnn_utils.standardize_args, tf_keras 2.21, measured",
    )
    list_is_several_shapes: bool = row(
        keras_2=True,
        keras_3=False,
        source="RNN.build and RNN.compute_output_shape given a list, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    training_is_boolean: bool = row(
        keras_2=True,
        keras_3=False,
        source="control_flow_util.smart_cond, which dropout calls, tf_keras 2.21; Keras 3.15.1 takes the truth, measured",
    )
    weight_type_error: type[Exception] = row(
        keras_2=Changes({1: AttributeError, 6: ValueError}),
        keras_3=Changes({0: AttributeError}),  # both, or mypy takes this class for the type
        source="Layer.set_weights given no array, TF 2.1–2.6, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured",
    )
