"""The constructor's arguments: which keywords a release takes, and which of them by position."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, ParamSpec, TypeAlias, TypedDict

from gru_ref.errors import shown
from gru_ref.keras.ledger import Behaviour, resolve

P = ParamSpec("P")

# What an editor offers: the usual names; the release decides what else is one.
ActivationArgument: TypeAlias = (
    Literal[
        "elu",
        "exponential",
        "gelu",
        "hard_sigmoid",
        "linear",
        "relu",
        "selu",
        "sigmoid",
        "softmax",
        "softplus",
        "softsign",
        "swish",
        "tanh",
    ]
    | str
    | Callable[..., Any]
    | Mapping[str, Any]
    | None
)
KerasVersion: TypeAlias = Literal["2", "3"] | str
Execution: TypeAlias = Literal["eager", "graph", "xla"]
DType: TypeAlias = (
    Literal["float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16"] | Any
)


class LayerKeywords(TypedDict, total=False):
    """Keras's arguments for any layer; the release decides which of them it takes."""

    name: str | None
    trainable: bool
    dtype: DType
    autocast: bool
    input_shape: Sequence[int | None] | None
    input_dim: int | None
    batch_input_shape: Sequence[int | None] | None
    batch_size: int | None
    input_length: int | None
    dynamic: bool


class DrawingKeywords(LayerKeywords, total=False):
    """Those of a layer that draws masks."""

    force_generator: bool
    rng_type: Literal["stateless", "stateful", "legacy_stateful"] | None
    enable_caching_device: bool


class CellKeywords(DrawingKeywords, total=False):
    """Those of a GRUCell."""

    implementation: Any


class GRUKeywords(DrawingKeywords, total=False):
    """Those of a GRU."""

    zero_output_for_mask: bool
    seed: int | None
    use_cudnn: Literal["auto"] | bool
    weights: Sequence[Any] | None
    return_runtime: bool


class RNNKeywords(LayerKeywords, total=False):
    """Those of an RNN."""

    zero_output_for_mask: bool
    activity_regularizer: Any
    time_major: bool


class StackKeywords(LayerKeywords, total=False):
    """Those of StackedRNNCells."""

    reverse_state_order: bool


# Keras's arguments for any layer: they say nothing about what this one computes.
_ANY_LAYER = ("name", "trainable", "autocast", "input_shape", "input_dim")
_KERAS_2_SHAPES = ("batch_input_shape", "batch_size", "input_length", "dynamic")
_RNG_TYPES = (None, "stateless", "stateful", "legacy_stateful")


def check_call(init: Callable[P, None]) -> Callable[P, None]:
    """Return the constructor with checks of what only its call shows.

    Positional arguments after recurrent_dropout raise where the release has another order, and so
    does time_major with any value where the release does not have it.
    """
    names = list(inspect.signature(init).parameters)
    last = names.index("recurrent_dropout")

    @functools.wraps(init)
    def check_and_init(*args: P.args, **kwargs: P.kwargs) -> None:
        if len(args) > last + 1 or "time_major" in kwargs:
            keras_version: Any = kwargs.get("keras_version", "2")
            behaviour = resolve(keras_version)
            if len(args) > last + 1 and not behaviour.positional_after_recurrent_dropout:
                raise TypeError(
                    f"{names[last + 1]} is given by position as {shown(args[last + 1])}, expected "
                    "keywords after recurrent_dropout: the order here is that of TensorFlow "
                    f"2.1–2.3, and in Keras {behaviour.release} this place is another argument"
                )
            if "time_major" in kwargs and not behaviour.time_major_argument:
                raise ValueError(
                    f"time_major is {shown(kwargs['time_major'])}, expected it to be left out: "
                    f"Keras {behaviour.release} does not have it"
                )
        init(*args, **kwargs)

    return check_and_init


def check_keywords(
    kwargs: Mapping[str, Any], known: Collection[str], layer: str, behaviour: Behaviour
) -> None:
    """Refuse a keyword that is not among the known, and check those that the release looks at.

    Raises
    ------
    TypeError, ValueError
        A keyword is unknown: the class of error that the release raises.
    TypeError
        Keras 2: name is not a string or trainable not a bool, where the release checks them; or
        input_shape or a similar argument is not a tuple.
    ValueError
        Keras 3: name is not a string or contains '/', or trainable is not a bool, where the release
        checks it. Keras 2: rng_type is unknown.
    """
    for keyword, value in kwargs.items():
        if keyword not in known:
            raise behaviour.unknown_argument_error(
                f"{keyword} is {shown(value)}, expected no such argument: as Keras "
                f"{behaviour.release}, {layer} of gru_ref takes beside its named arguments "
                f"{', '.join(sorted(known))}"
            )
    name, trainable = kwargs.get("name"), kwargs.get("trainable", True)
    if behaviour.name_is_checked and name is not None and not isinstance(name, str):
        raise behaviour.wrong_type_error(f"name is {shown(name)}, expected a string or None")
    if behaviour.name_without_slash and name and "/" in name:
        raise ValueError(f"name is {shown(name)}, expected no '/' in it")
    if behaviour.trainable_is_checked and not isinstance(trainable, bool):
        raise behaviour.wrong_type_error(f"trainable is {shown(trainable)}, expected True or False")
    if behaviour.keras_2_layer_arguments:
        for argument in ("input_shape", "batch_input_shape"):
            shape = kwargs.get(argument)
            if shape is not None and not isinstance(shape, (list, tuple)):
                raise TypeError(f"{argument} is {shown(shape)}, expected a tuple")
    if kwargs.get("rng_type") not in _RNG_TYPES:
        raise ValueError(f"rng_type is {shown(kwargs['rng_type'])}, expected one of {_RNG_TYPES}")


def layer_keywords(behaviour: Behaviour, **own: bool) -> set[str]:
    """Return the keywords that a layer of the release takes beside its named arguments.

    Parameters
    ----------
    own : bool
        Keyword of this class of layer → whether the release has it.
    """
    shapes = _KERAS_2_SHAPES if behaviour.keras_2_layer_arguments else ()
    return {"dtype", *_ANY_LAYER, *shapes, *(name for name, taken in own.items() if taken)}


def gru_keywords(behaviour: Behaviour) -> set[str]:
    """Return those of a GRU."""
    return layer_keywords(
        behaviour,
        zero_output_for_mask=True,
        weights=behaviour.keras_2_layer_arguments,
        return_runtime=behaviour.keras_2_layer_arguments,
        use_cudnn=behaviour.use_cudnn_argument,
        seed=behaviour.seed_argument,
        force_generator=behaviour.force_generator_argument,
        rng_type=behaviour.rng_type_argument,
        enable_caching_device=behaviour.caching_device_argument,
    )


def cell_keywords(behaviour: Behaviour) -> set[str]:
    """Return those of a GRUCell."""
    return layer_keywords(
        behaviour,
        implementation=True,
        seed=behaviour.seed_argument,
        force_generator=behaviour.rng_type_argument,
        rng_type=behaviour.rng_type_argument,
        enable_caching_device=behaviour.caching_device_argument,
    )
