"""What is converted to a layout: its weights and config, refused where a runtime lacks a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import NotRepresentableError, shown
from gru_ref.keras.activations import comparison, tables
from gru_ref.keras.activations.tables import Function, sigmoid, tanh
from gru_ref.keras.config import GRUConfig

# By id: the layer that an activation may be has no hash.
_HARD_SIGMOIDS = {
    id(tables.KERAS_2["hard_sigmoid"]): " of Keras 2",
    id(tables.KERAS_3["hard_sigmoid"]): " of Keras 3",
}


class ConversionInput(NamedTuple):
    """The GRU to convert.

    Parameters
    ----------
    weights : GRUWeights
    config : GRUConfig
    activation, recurrent_activation
        What the runtime calls them.
    """

    weights: GRUWeights
    config: GRUConfig
    activation: Any
    recurrent_activation: Any


def conversion_input(
    given: Any,
    runtime: str,
    *,
    reset_after: bool | None = None,
    activations: Mapping[Function, Any] | None = None,
    backwards: bool = True,
) -> ConversionInput:
    """Return what is to be converted, if a runtime can represent it.

    Parameters
    ----------
    given
        As `weights_and_config` takes it.
    runtime : str
        For the message.
    reset_after : bool, optional
        The reset form that the runtime has; by default it has both.
    activations : mapping, optional
        Function → the runtime's word for it; by default the candidate is tanh and the gates are
        sigmoid. What computes the same in the layer's dtype is the same function.
    backwards : bool
        Whether the layout says the direction.

    Raises
    ------
    TypeError, ValueError
        As `weights_and_config`.
    NotRepresentableError
        The runtime lacks the reset form, an activation or the direction; or zero_output_for_mask
        is True, which no runtime has.
    """
    weights, config = weights_and_config(given)
    if config.zero_output_for_mask:
        raise NotRepresentableError(
            runtime,
            "zero_output_for_mask",
            "True",
            "False",
            "the zeros at masked timesteps: write them behind the runtime's GRU",
        )
    if reset_after is not None and bool(config.reset_after) != reset_after:
        bias = ", and the recurrent bias" if config.reset_after and config.use_bias else ""
        where = "after" if config.reset_after else "before"
        raise NotRepresentableError(
            runtime,
            "reset_after",
            str(bool(config.reset_after)),
            str(reset_after),
            f"the reset {where} the recurrent product{bias}: every state would differ",
        )
    names = []
    for argument, known in (
        ("activation", activations or {tanh: "tanh"}),
        ("recurrent_activation", activations or {sigmoid: "sigmoid"}),
    ):
        function = getattr(config, f"{argument}_function")
        alike = _same_function(function, known, config.compute_dtype.name)
        if alike is None:
            expected = sorted({keras_name(f) for f in known})
            actual = _shown_activation(getattr(config, argument), function)
            if actual in expected:
                actual += f" as Keras {config.keras_version} computes it"
            raise NotRepresentableError(
                runtime,
                argument,
                actual,
                " or ".join(expected),
                "the function: every state would differ",
            )
        names.append(known[alike])
    if config.go_backwards and not backwards:
        raise NotRepresentableError(
            runtime,
            "go_backwards",
            "True",
            "False",
            "the direction: reverse x in time and convert the same weights without it",
        )
    return ConversionInput(weights, config, *names)


def _same_function(
    function: Function, known: Mapping[Function, Any], dtype: str
) -> Function | None:
    """Return the one of `known` that `function` is, or that computes the same in the dtype."""
    same = (one for one in known if comparison.same(function, one, dtype))
    return next((one for one in known if one is function), None) or next(same, None)


def weights_and_config(given: Any) -> tuple[GRUWeights, GRUConfig]:
    """Return the weights and config of a layer, or of a pair (weights, config).

    Parameters
    ----------
    given : gru_ref.GRU, or (GRUWeights or list of arrays, GRUConfig)

    Raises
    ------
    TypeError
        `given` is neither.
    ValueError
        The weights are not of the shapes that the config asks for.
    """
    if isinstance(given, tuple) and len(given) == 2:
        weights, config = given
    elif hasattr(given, "config") and hasattr(given, "get_weights"):
        if hasattr(given, "check_own_call"):
            given.check_own_call("what is converted")
        if not getattr(given, "built", True):
            raise ValueError(
                "the layer is not built, expected one with weights: build it, or call it, and "
                "set its weights first"
            )
        weights, config = given.get_weights(), given.config
    else:
        raise TypeError(f"layer is {shown(given)}, expected a gru_ref.GRU or (weights, config)")
    if not isinstance(weights, GRUWeights):
        weights = GRUWeights.from_arrays(weights)
    if not isinstance(config, GRUConfig):
        raise TypeError(f"config is {shown(config)}, expected a GRUConfig")
    expected = list(config.weight_shapes(weights.features).values())
    actual = [array.shape for array in weights.arrays()]
    if actual != expected:
        raise ValueError(f"weights have shapes {actual}, expected {expected} for this config")
    return weights, config


def keras_name(function: Function) -> str:
    """Return a function's name in Keras as an error shows it: hard_sigmoid needs its generation."""
    known = [*tables.KERAS_2.items(), *tables.KERAS_3.items()]
    name = next((name for name, one in known if one is function), None)
    return _shown_activation(function if name is None else name, function)


def _shown_activation(value: Any, function: Function) -> str:
    """Return an activation as an error shows it: hard_sigmoid needs its generation."""
    return shown(value) + _HARD_SIGMOIDS.get(id(function), "")
