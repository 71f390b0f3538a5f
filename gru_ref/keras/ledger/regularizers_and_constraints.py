"""Regularizers and constraints: what stands for one, their numbers, and which weights they reach."""

from __future__ import annotations

from typing import Literal

from gru_ref.keras.ledger.row import Changes, row, topic

Penalty = Literal["L1", "L2", "L1L2", "OrthogonalRegularizer"]


@topic
class RegularizerAndConstraintRows:
    """Regularizers and constraints: what stands for one, their numbers, and which weights they reach."""

    regularizer_names: Literal["2.1", "3.0"] = row(
        keras_2="2.1",
        keras_3="3.0",
        source="regularizers.get, TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured: keys of regularizers.NAMES; L1, L2 and the orthogonal one have the next two rows",
    )
    l1_and_l2_classes: bool = row(
        keras_2=Changes({1: False, 3: True}),
        keras_3=True,
        source="regularizers.l1 and l2 of TF 2.1 are functions that make an L1L2, with the parameter l alone; TF 2.3, measured",
    )
    orthogonal_regularizer: bool = row(
        keras_2=Changes({1: False, 9: True}),
        keras_3=True,
        source="regularizers.get('orthogonal_regularizer'), TF 2.5 and 2.9, measured; Keras 2.8, read",
    )
    constraint_names: Literal["2.1", "3.0"] = row(
        keras_2="2.1",
        keras_3="3.0",
        source="constraints.get, TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured: keys of constraints.NAMES",
    )
    weight_callables: bool = row(
        keras_2=True,
        keras_3=Changes({0: True, 1: False, 15: True}),
        source="Variable.regularizer and Variable.constraint, Keras 3.0.5, 3.1.1, 3.14.1 and 3.15.1, measured",
    )
    classes_are_instantiated: bool = row(
        keras_2=False,
        keras_3=True,
        source="regularizers.get and constraints.get given a class, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    serialized_config_required: bool = row(
        keras_2=True,
        keras_3=False,
        source="a dict with a class_name alone, tf_keras 2.21 and Keras 3.15.1, measured",
    )
    negative_penalties: bool = row(
        keras_2=True,
        keras_3=False,
        source="regularizers.L2, tf_keras 2.21; validate_float_arg of Keras 3.15.1, measured",
    )
    penalties_are_checked: bool = row(
        keras_2=Changes({1: False, 3: True}),
        keras_3=True,
        source="L1L2.__init__ given NaN, TF 2.1 and 2.3, measured",
    )
    penalty_may_be_none: bool = row(
        keras_2=Changes({1: False, 4: True}),
        keras_3=True,
        source="L1L2.__init__, TF 2.3 and 2.4, read: None is the default; TF 2.1 makes NaN of it",
    )
    l_names_a_penalty: bool = row(
        keras_2=True,
        keras_3=False,
        source="regularizers.l2(l=0.1), TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured: the factor of L1 and L2",
    )
    orthogonal_factor_is_float: bool = row(
        keras_2=False,
        keras_3=True,
        source="OrthogonalRegularizer.__call__ halves a tensor of the factor's own dtype, Keras 3.0–3.15.1, measured",
    )
    norm_bounds_take_none: bool = row(
        keras_2=True,
        keras_3=False,
        source="backend.clip (tf_keras 2.21); ops.clip in a step of SGD (Keras 3.15.1), measured",
    )
    penalty_factors_are_float32: bool = row(
        keras_2=True,
        keras_3=Changes({0: False, 14: True}),
        source="factors of L1L2 and L2 in float64, tf_keras 2.21, Keras 3.13.2 and 3.14.1, measured",
    )
    penalties_without_float64: tuple[Penalty, ...] = row(
        keras_2=(),
        keras_3=Changes({0: ("L1", "OrthogonalRegularizer"), 14: ("OrthogonalRegularizer",)}),
        source="regularizers in float64, Keras 3.13.2, 3.14.1 and 3.15.1, measured",
        quirk="Keras raises for this penalty in float64, its factor is float32; computed as documented",
    )
    orthogonal_cosines_cancel: bool = row(
        keras_2=Changes({1: True, 10: False}),
        keras_3=False,
        source="OrthogonalRegularizer.__call__, TF 2.9.3 and 2.10.1, measured",
        quirk="the orthogonal penalty adds cosines of either sign; documented is their size",
    )
    orthogonal_smallest_norm: float = row(
        keras_2=1e-6,
        keras_3=1e-7,
        source="tf.math.l2_normalize, epsilon 1e-12 of the square; ops.normalize, epsilon() of the norm, read",
    )
    orthogonal_penalty_of_one_vector: bool = row(
        keras_2=True,
        keras_3=True,
        source="OrthogonalRegularizer.__call__ divides by n (n - 1) / 2 pairs, both Kerases, measured",
        quirk="the orthogonal penalty of fewer than two vectors is NaN",
    )
    activity_divided_by_first_axis: bool = row(
        keras_2=True,
        keras_3=Changes({0: False, 14: True}),
        source="Layer._handle_activity_regularization (tf_keras 2.21); Layer.__call__ (Keras 3.13.2, 3.14.1), measured",
        quirk="the activity penalty is divided by the timesteps, which time_major has first, not by the batch",
    )
    activity_fails_with_runtime: bool = row(
        keras_2=True,
        keras_3=False,
        source="Layer._handle_activity_regularization given the runtime's scalar, TF 2.1–2.12 and tf_keras 2.21, measured; Keras 3 has no return_runtime",
        quirk="Keras raises for return_runtime with an activity regularizer; computed without it",
    )
    frozen_weights_are_penalized: bool = row(
        keras_2=True,
        keras_3=False,
        source="Layer.losses with trainable=False, tf_keras 2.21 and Keras 3.0–3.15.1, measured",
    )
    frozen_weights_are_projected: bool = row(
        keras_2=False,
        keras_3=Changes({0: True, 2: False}),
        source="a step of SGD on a layer made with trainable=False, Keras 3.1.1 and 3.2.1, measured",
        quirk="the optimizer projects the weights of a layer with trainable=False",
    )
    non_neg_multiplies: bool = row(
        keras_2=True,
        keras_3=Changes({0: True, 15: False}),
        source="NonNeg.__call__, tf_keras 2.21, Keras 3.14.1 and 3.15.1, measured",
        quirk="non_neg multiplies by 0, which makes NaN of −inf",
    )
    non_neg_needs_float32: bool = row(
        keras_2=True,
        keras_3=False,
        source="NonNeg.__call__ casts to floatx, tf_keras 2.21, measured",
        quirk="Keras raises for non_neg in float64; computed as documented",
    )
    bias_norm_mixes_rows: bool = row(
        keras_2=True,
        keras_3=True,
        source="constraints on a bias of two rows, tf_keras 2.21 and Keras 3.15.1, measured",
        quirk="a norm along axis 0 of the bias spans an input bias and a recurrent bias",
    )
    config_penalties_are_float32: tuple[Penalty, ...] = row(
        keras_2=("L1", "L2", "L1L2", "OrthogonalRegularizer"),
        keras_3=("L1", "OrthogonalRegularizer"),
        source="get_config of the regularizers, every release recorded in fixtures/configs, measured",
    )
