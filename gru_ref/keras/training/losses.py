"""What a layer adds to the loss: the penalties of its outputs and of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from gru_ref.keras.config import GRUConfig
from gru_ref.keras.training import regularizers

Array = NDArray[Any]


def of_outputs(config: GRUConfig, output: Array, *states: Array) -> list[Array]:
    """Return the activity regularizer's penalty of each output of one call; [] without one.

    Parameters
    ----------
    config : GRUConfig
    output : (batch, timesteps, units), time_major: (timesteps, batch, units), or (batch, units)
        Masked timesteps count like any other.
    *states : (batch, units)
        Count as further outputs with return_state.

    Returns
    -------
    list of ()
        Divided by the size of the output's first axis where the release does so.

    Raises
    ------
    ValueError, TypeError
        See `gru_ref.keras.training.regularizers.penalty`.

    Warns
    -----
    KerasQuirkWarning
        The first axis is time, not the batch; or see `gru_ref.keras.training.regularizers.penalty`.

    Source
    ------
    Layer._handle_activity_regularization (tf_keras 2.21); Layer.__call__ (Keras 3.13–3.15.1).
    """
    argument, behaviour = "activity_regularizer", config.behaviour
    found = regularizers.resolve(config.activity_regularizer, behaviour, argument)
    if found is None:
        return []
    outputs = (output, *states) if config.return_state else (output,)
    penalties = [regularizers.penalty(found, item, behaviour, argument) for item in outputs]
    if not behaviour.activity_divided_by_first_axis:
        return penalties
    if config.time_major and config.return_sequences:
        behaviour.warn("activity_divided_by_first_axis")
    return [
        _divided(penalty, len(divided)) for penalty, divided in zip(penalties, outputs, strict=True)
    ]


def _divided(penalty: Array, size: int) -> Array:
    """Return the penalty divided by `size`; no rows have no penalty."""
    return penalty / penalty.dtype.type(size) if size else penalty * 0


def regularizes_weights(config: GRUConfig) -> bool:
    """Return whether a weight has a regularizer."""
    given = config.kernel_regularizer, config.recurrent_regularizer, config.bias_regularizer
    return any(regularizer is not None for regularizer in given)


def of_weights(config: GRUConfig, weights: Mapping[str, Array]) -> list[Array]:
    """Return the penalty of each weight that has a regularizer, in Keras's order of the weights.

    Parameters
    ----------
    config : GRUConfig
    weights : mapping
        kernel, recurrent_kernel and bias, by these names.

    Raises
    ------
    ValueError, TypeError
        See `gru_ref.keras.training.regularizers.penalty`.

    Source
    ------
    Layer.losses (tf_keras 2.21, Keras 3.15.1).
    """
    penalties = []
    for name, weight in weights.items():
        argument = f"{name.removesuffix('_kernel')}_regularizer"
        found = regularizers.resolve(getattr(config, argument), config.behaviour, argument)
        if found is not None:
            penalties.append(regularizers.penalty(found, weight, config.behaviour, argument))
    return penalties
