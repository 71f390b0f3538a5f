"""Configs: what get_config writes, and what from_config makes of it."""

from __future__ import annotations

from collections.abc import Mapping

from gru_ref.keras.ledger.penalties import Penalty
from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class GetConfigRows:
    """Configs: what get_config writes, and what from_config makes of it."""

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
    merge_mode_before_layer: bool = row(
        keras_2=False,
        keras_3=Changes({0: False, 4: True}),
        source="Bidirectional.get_config, Keras 3.2.1 and 3.4.1, measured",
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
    seed_first_in_config: bool = row(
        keras_2=False,
        keras_3=Changes({0: False, 6: True}),
        source="RandomInitializer.get_config, Keras 3.5.0 and 3.6.0, measured",
    )
    initializer_axes_in_config: bool = row(
        keras_2=False,
        keras_3=Changes({0: False, 15: True}),
        source="VarianceScaling.get_config, Keras 3.14.1 and 3.15.1, measured",
    )
    identity_gain_in_config: bool = row(
        keras_2=True,
        keras_3=False,
        source="Identity.get_config, tf_keras 2.21 and Keras 3.2.1–3.15.1, measured: Keras 3 drops the gain",
    )
    he_and_lecun_are_functions: bool = row(
        keras_2=Changes({1: True, 3: False}),
        keras_3=False,
        source="initializers.he_normal, TF 2.1 and 2.3, measured: 2.1 makes a VarianceScaling of it",
    )
    renamed_initializers: Mapping[str, str] = row(
        keras_2={},
        keras_3=Changes(
            {
                0: {"Orthogonal": "OrthogonalInitializer", "Identity": "IdentityInitializer"},
                7: {},
            }
        ),
        source="Orthogonal and Identity, Keras 3.6.0 and 3.7.0, measured: the names of the classes",
    )
    config_penalties_are_float32: tuple[Penalty, ...] = row(
        keras_2=("L1", "L2", "L1L2", "OrthogonalRegularizer"),
        keras_3=("L1", "OrthogonalRegularizer"),
        source="get_config of the regularizers, every release recorded in fixtures/configs, measured",
    )
    renamed_activations: Mapping[str, str] = row(
        keras_2=Changes(
            {
                1: {},
                6: {"silu": "swish", "log_softmax": "log_softmax_v2"},
                13: {"silu": "swish"},
            }
        ),
        keras_3={"swish": "silu", "hard_swish": "hard_silu"},
        source="activations.serialize, TF 2.5, 2.9, 2.12 and 2.15, measured, and Keras 2.6 and 2.13, read",
    )
    relu_config_holds_arrays: bool = row(
        keras_2=Changes({1: True, 13: False}),
        keras_3=False,
        source="ReLU.get_config inside that of a GRU, TF 2.12 and 2.15, measured, and Keras 2.13, read",
    )
    elu_alpha_stands_second: bool = row(
        keras_2=False,
        keras_3=True,
        source="ELU.get_config, tf_keras 2.21 and Keras 3.12.4–3.15.1, measured: its key before those of any layer",
    )
