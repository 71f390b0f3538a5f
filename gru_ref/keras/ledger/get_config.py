"""Configs: which keys get_config writes, in which order, and what from_config makes of them."""

from __future__ import annotations

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class GetConfigRows:
    """Configs: which keys get_config writes, in which order, and what from_config makes of them."""

    config_has_keras_2_keys: bool = row(
        keras_2=True,
        keras_3=False,
        source="GRU.get_config, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    implementation_in_config: bool = row(
        keras_2=True,
        keras_3=False,
        source="GRU.get_config, Keras 3.15.1, measured",
        quirk="a config does not hold implementation: the layers of a Bidirectional have the default",
    )
    from_config_implementation_0_is_1: bool = row(
        keras_2=True,
        keras_3=False,
        source="GRU.from_config, tf_keras 2.21, measured",
        quirk="from_config turns implementation=0 into 1",
    )
    dtype_policy_in_config: bool = row(
        keras_2=False,
        keras_3=Changes({0: False, 4: True}),
        source="GRU.get_config, Keras 3.3 and 3.4, measured",
    )
    mixed_policies_are_written: bool = row(
        keras_2=True,
        keras_3=False,
        source="get_config of a mixed policy, TF 2.1–2.15, tf_keras 2.21, Keras 3.0.5 and 3.1.1, measured",
    )
    dynamic_in_config: bool = row(
        keras_2=Changes({1: True, 11: False}),
        keras_3=False,
        source="Layer.get_config, TF 2.10 and 2.12, measured, and Keras 2.11, read",
    )
    batch_shape_before_dtype: bool = row(
        keras_2=Changes({1: True, 11: False}),
        keras_3=False,
        source="Layer.get_config, TF 2.10 and 2.12, measured, and Keras 2.11, read",
    )
    rng_type_in_config: bool = row(
        keras_2=Changes({1: False, 21: True}),
        keras_3=False,
        source="BaseRandomLayer.get_config, TF 2.10–2.15 and tf_keras 2.21, measured, and tf_keras 2.16–2.20, read: of a GRU or GRUCell unless it is legacy_stateful",
    )
    activity_regularizer_stands_first: bool = row(
        keras_2=False,
        keras_3=Changes({0: False, 4: True}),
        source="Layer.get_config, Keras 3.3.3 and 3.4.1, measured: the key before those of the loop",
    )
    serialized_modules: bool = row(
        keras_2=Changes({1: False, 13: True}),
        keras_3=True,
        source="serialize_keras_object, TF 2.12 and 2.15, measured, and Keras 2.13, read: objects with module and registered_name, functions as dicts",
    )
    build_config_in_config: bool = row(
        keras_2=Changes({1: False, 13: True}),
        keras_3=True,
        source="serialize_keras_object, TF 2.12 and 2.15, measured: of a layer within another that was built",
    )
    build_config_has_states: bool = row(
        keras_2=False,
        keras_3=True,
        source="Layer.get_build_config, tf_keras 2.21 and Keras 3.15.1, measured: a layer that a call with initial_state built",
    )
    from_config_builds: bool = row(
        keras_2=False,
        keras_3=True,
        source="deserialize_keras_object, tf_keras 2.21 and Keras 3.15.1, measured: what has a build_config; Keras 2 drops it on the way",
    )
