"""Initializers: which there are, what they take, and what they draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class InitializerRows:
    """Initializers: which there are, what they take, and what they draw."""

    array_initializer: bool = row(
        keras_2=False,
        keras_3=Changes({0: False, 7: True}),
        source="initializers.get, tf_keras 2.21, Keras 3.6.0, 3.7.0 and 3.15.1, measured",
    )
    initializer_seed_is_checked: bool = row(
        keras_2=False,
        keras_3=Changes({0: False, 6: True}),
        source="GlorotUniform(seed='seven'), Keras 3.0.5–3.15.1, measured, and 3.6, read",
    )
    constant_initializer_error: bool = row(
        keras_2=False,
        keras_3=True,
        source="initializers.get('constant'), Keras 3.0–3.15.1, measured",
        quirk="'constant' as a string is a KeyError in Keras 3",
    )
    initializer_names: Literal["2.1", "2.3", "3.0", "3.2", "3.4", "3.7"] = row(
        keras_2=Changes({1: "2.1", 3: "2.3"}),
        keras_3=Changes({0: "3.0", 2: "3.2", 4: "3.4", 7: "3.7"}),
        source="initializers.get, TF 2.1–2.6, 2.10–2.15, tf_keras 2.21, Keras 3.0.5–3.15.1, measured: keys of initializers.NAMES",
    )
    initializer_config_has_dtype: bool = row(
        keras_2=True,
        keras_3=False,
        source="Initializer.from_config pops dtype, TF 2.1–2.12 and tf_keras 2.21; Keras 3.3.3–3.15.1 raise, measured",
    )
    initializer_seed_0_is_none: bool = row(
        keras_2=False,
        keras_3=Changes({0: True, 2: False}),
        source="RandomNormal.__init__, Keras 3.1.1 and 3.2.1, read",
    )
    uniform_maxval_may_be_none: bool = row(
        keras_2=True,
        keras_3=False,
        source="RandomUniform(maxval=None), TF 2.1–2.12, tf_keras 2.21 and Keras 3.3.3–3.15.1, measured: it is 1",
    )
    constant_broadcasts: bool = row(
        keras_2=False,
        keras_3=True,
        source="Constant.__call__, tf_keras 2.21 and Keras 3.15.1, measured: Keras 2 takes one number or as many as the weight has",
    )
    cast_floats_are_float32: bool = row(
        keras_2=False,
        keras_3=True,
        source="ops.cast and tf.cast of a Python float: the constant and the bounds of a uniform in float64, Keras 3.3.3–3.15.1, measured",
    )
    unseeded_initializers: Literal["operation", "first use", "construction"] = row(
        keras_2=Changes({1: "operation", 10: "first use"}),
        keras_3="construction",
        source="where a seed comes from: RandomGenerator, TF 2.5.3, 2.9.3 and 2.10.1; RandomInitializer.__init__, Keras 3.15.1, measured",
    )
    seeded_initializers_are_operations: bool = row(
        keras_2=Changes({1: False, 7: True, 10: False}),
        keras_3=False,
        source="RandomGenerator.make_legacy_seed, TF 2.5.3, 2.9.3 and 2.10.1, measured, and Keras 2.6–2.8, read",
        quirk="a seeded initializer draws with the global seed too, and goes on where the last of its seed stopped",
    )
    orthogonal_draws_in: tuple[Literal["float16", "float32", "float64"], ...] = row(
        keras_2=Changes(
            {
                1: ("float16", "float32", "float64"),
                4: ("float32", "float64"),
                10: ("float16", "float32", "float64"),
            }
        ),
        keras_3=("float16", "float32", "float64"),
        source="Orthogonal.__call__, whose Qr lacks the other types, TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured",
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
