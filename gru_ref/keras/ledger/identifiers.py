"""Identifiers: which names, classes, dicts and callables stand for a regularizer or constraint."""

from __future__ import annotations

from typing import Literal

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class IdentifierRows:
    """Identifiers: which names, classes, dicts and callables stand for a regularizer or constraint."""

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
