"""The constructor: which arguments it has, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class ConstructorRows:
    """The constructor: which arguments it has, and what it refuses."""

    positional_after_recurrent_dropout: bool = row(
        keras_2=Changes({1: True, 4: False}),
        keras_3=False,
        source="signature of GRU.__init__ (recurrent_v2.py, TF 2.1, 2.3 and 2.4): implementation left it in 2.4",
    )
    time_major_argument: bool = row(
        keras_2=True,
        keras_3=False,
        source="keras/src/layers/rnn/rnn.py, RNN.__init__, 3.0–3.15.1, measured",
    )
    implementation_argument: bool = row(
        keras_2=True,
        keras_3=Changes({0: False, 4: True}),
        source="GRU.__init__ of Keras 3.3 and 3.4, read",
    )
    use_cudnn_argument: bool = row(
        keras_2=False,
        keras_3=Changes({0: False, 2: True}),
        source="GRU.__init__ of Keras 3.1 and 3.2, read",
    )
    seed_argument: bool = row(
        keras_2=Changes({1: False, 8: True}),
        keras_3=True,
        source="BaseRandomLayer arrives in TF 2.8, measured 2.7 and 2.8",
    )
    force_generator_argument: bool = row(
        keras_2=Changes({1: False, 8: True}),
        keras_3=False,
        source="GRU(1, force_generator=True), TF 2.6 and 2.10, measured: of BaseRandomLayer, which arrives in TF 2.8",
    )
    rng_type_argument: bool = row(
        keras_2=Changes({1: False, 10: True}),
        keras_3=False,
        source="BaseRandomLayer.__init__, TF 2.9 and 2.10, measured",
    )
    caching_device_argument: bool = row(
        keras_2=Changes({1: False, 2: True}),
        keras_3=False,
        source="GRU(1, enable_caching_device=False), TF 2.1 and 2.2, measured",
    )
    keras_2_layer_arguments: bool = row(
        keras_2=True,
        keras_3=False,
        source="base_layer.Layer.__init__ of Keras 2: weights, dynamic, batch_input_shape, batch_size, input_length",
    )
    unknown_argument_error: type[Exception] = row(
        keras_2=TypeError,
        keras_3=ValueError,
        source="generic_utils.validate_kwargs (tf_keras 2.21); Layer.__init__ (Keras 3.15.1), measured",
    )
    units_rule: Literal[
        "any", "any, no bool", "not negative", "positive", "python int, no bool", "python int"
    ] = row(
        keras_2=Changes({1: "any", 4: "any, no bool", 6: "not negative", 11: "positive"}),
        keras_3=Changes({0: "python int, no bool", 13: "python int"}),
        source="GRUCell.__init__ and build (TF 2.1–2.12, 2.15, tf_keras 2.21); RNN.__init__ of Keras 3.0.5–3.15.1, measured",
    )
    wrong_type_error: type[Exception] = row(
        keras_2=TypeError,
        keras_3=ValueError,
        source="an activation, name, trainable, features or x of the wrong type, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    name_is_checked: bool = row(
        keras_2=Changes({1: False, 7: True}),
        keras_3=True,
        source="GRU(1, name=5), TF 2.1–2.6 and 2.9–2.12, Keras 3.0.5–3.15.1, measured, and Keras 2.7, read",
    )
    trainable_is_checked: bool = row(
        keras_2=Changes({1: False, 7: True}),
        keras_3=Changes({0: False, 15: True}),
        source="GRU(1, trainable=5), TF 2.1–2.6 and 2.9–2.12, Keras 3.0.5–3.15.1, measured, and Keras 2.7, read",
    )
    name_without_slash: bool = row(
        keras_2=False,
        keras_3=True,
        source="KerasSaveable, Operation.__init__, Keras 3.15.1, measured",
    )
    seed_is_checked: bool = row(
        keras_2=False,
        keras_3=True,
        source="SeedGenerator.__init__, which a layer's seed goes to, Keras 3.0.5–3.15.1, measured",
    )
    dtype_aliases: Mapping[str, Literal["float16", "float32", "float64"]] = row(
        keras_2={"half": "float16", "float": "float32", "double": "float64"},
        keras_3={},
        source="tf.as_dtype (TF 2.1–2.21); DTypePolicy (Keras 3.0.5–3.15.1), measured: other names of a dtype",
    )
    mixed_policies_have_names: bool = row(
        keras_2=Changes({1: False, 5: True}),
        keras_3=True,
        source="dtype='mixed_float16', TF 2.1, 2.3, 2.4 and 2.5, measured: before, a Policy or its dict alone",
    )
    dtype_policies: tuple[Literal["Policy", "DTypePolicy", "FloatDTypePolicy"], ...] = row(
        keras_2=("Policy",),
        keras_3=Changes({0: ("DTypePolicy",), 1: ("DTypePolicy", "FloatDTypePolicy")}),
        source="mixed_precision.policy, tf_keras 2.21; dtype_policies, Keras 3.15.1, measured: the classes whose dicts dtype= takes",
    )
    unknown_policy_error: type[Exception] = row(
        keras_2=Changes({1: ValueError, 13: AttributeError}),
        keras_3=Changes({0: TypeError, 3: ValueError}),
        source="dtype={'class_name': 'DTypePolicy', …}, TF 2.1–2.12, 2.15 and tf_keras 2.21; 'Policy' in Keras 3.0.5–3.15.1, measured: from 3.3 on get_config fails or writes a 'Policy' that from_config refuses with ValueError",
    )
    weights_argument_needs_the_building_call: bool = row(
        keras_2=Changes({1: False, 3: True}),
        keras_3=False,
        source="base_layer.Layer._maybe_build, TF 2.1–2.15 and tf_keras 2.21, measured; Keras 3 has no such argument",
        quirk="weights= is ignored by a layer that was built before its first call",
    )
