"""The parts of the table of mistakes: conditions under which one can be made, and mutations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.mistakes.gru_run import Attempt, Call
from gru_ref.keras.activations import tables
from gru_ref.keras.dropout.masks import draw_with_rng, laws

Array = NDArray[Any]
Change = Callable[[Attempt], Attempt]
Condition = Callable[[Attempt], bool]
Arrays = Callable[[Array], Array]

HARD_SIGMOIDS = (tables.KERAS_2["hard_sigmoid"], tables.KERAS_3["hard_sigmoid"])
_DROPOUT_MASKS = ("dropout_mask", "recurrent_dropout_mask")


# ---- when a mistake can be made


def always(_: Attempt) -> bool:
    """Return True for every attempt."""
    return True


def all_of(*conditions: Condition) -> Condition:
    """Return the condition that all the given ones hold."""
    return lambda a: all(condition(a) for condition in conditions)


def has(**wanted: bool) -> Condition:
    """Return the condition that arguments of the layer have these truth values."""
    return lambda a: all(bool(getattr(a.config, name)) == value for name, value in wanted.items())


def with_bias(a: Attempt) -> bool:
    """Return whether there is a bias."""
    return a.weights.bias is not None


def two_bias_rows(a: Attempt) -> bool:
    """Return whether there are an input bias and a recurrent bias."""
    return a.weights.bias is not None and a.weights.bias.ndim == 2


def is_masked(a: Attempt) -> bool:
    """Return whether a timestep is masked."""
    return any(call.mask is not None and not np.all(call.mask) for call in a.calls)


def has_argument(*names: str) -> Condition:
    """Return the condition that a call has one of these arguments."""
    return lambda a: any(getattr(call, name) is not None for call in a.calls for name in names)


def drops(name: str) -> Condition:
    """Return the condition that a dropout mask drops or scales anything."""

    def applies(a: Attempt) -> bool:
        masks = [getattr(call, name) for call in a.calls]
        return any(mask is not None and not np.all(mask == 1) for mask in masks)

    return applies


def could_drop(a: Attempt) -> bool:
    """Return whether the layer has a rate and no call is in training."""
    rates = a.config.dropout, a.config.recurrent_dropout
    drawn_once = not a.config.masks_every_timestep
    return (
        any(0 < rate < 1 for rate in rates) and drawn_once and not has_argument(*_DROPOUT_MASKS)(a)
    )


def batch_or_time(a: Attempt) -> bool:
    """Return whether the two leading axes of x can be swapped without swapping anything else."""
    return not (a.config.stateful or has_argument("initial_state", "mask", *_DROPOUT_MASKS)(a))


def uses_hard_sigmoid(a: Attempt) -> bool:
    """Return whether an activation is the hard_sigmoid of either generation."""
    return any(function is known for function in functions_of(a) for known in HARD_SIGMOIDS)


def functions_of(a: Attempt) -> tuple[Any, Any]:
    """Return φ and ρ."""
    return a.config.activation_function, a.config.recurrent_activation_function


# ---- weights


def with_weights(change: Callable[[Sequence[Array]], Sequence[Array]]) -> Change:
    """Return the change of an attempt that changes its list of arrays."""
    return lambda a: replace(a, weights=GRUWeights(*change(a.weights.arrays())))


def with_array(index: int, change: Arrays) -> Change:
    """Return the change of an attempt that changes one array of the list."""

    def changed(arrays: Sequence[Array]) -> list[Array]:
        return [change(array) if i == index else array for i, array in enumerate(arrays)]

    return with_weights(changed)


def reorder(*order: int) -> Arrays:
    """Return a function that reads the column blocks z, r, h of an array in another order."""
    return lambda array: np.concatenate([_blocks(array)[i] for i in order], axis=-1)


def reorder_all(*order: int) -> Change:
    """Return the change that reads the column blocks of every array in another order."""
    return with_weights(lambda arrays: [reorder(*order)(array) for array in arrays])


def transpose_gates(array: Array) -> Array:
    """Return a recurrent kernel with every gate's block transposed."""
    return np.concatenate([block.T for block in _blocks(array)], axis=1)


def reshape_kernels(arrays: Sequence[Array]) -> list[Array]:
    """Return the arrays with both kernels filled row by row from numbers in column order."""
    return [*(kernel.T.reshape(kernel.shape) for kernel in arrays[:2]), *arrays[2:]]


def cudnn_kernels(arrays: Sequence[Array]) -> list[Array]:
    """Return the arrays with CuDNNGRU's kernels read unconverted, the inverse of the conversion."""
    kernel = [block.T.reshape(block.shape) for block in _blocks(arrays[0])]
    return [np.concatenate(kernel, axis=1), transpose_gates(arrays[1]), *arrays[2:]]


def mix_rows(*factors: Sequence[int]) -> Arrays:
    """Return a function that mixes the two bias rows, by a row of factors for each new row."""
    return lambda bias: np.array(factors, bias.dtype) @ bias


def _blocks(array: Array) -> list[Array]:
    return np.split(array, 3, axis=-1)


# ---- calls


def with_calls(change: Callable[[Attempt, Call], Call]) -> Change:
    """Return the change of an attempt that changes every call."""
    return lambda a: replace(a, calls=tuple(change(a, call) for call in a.calls))


def with_argument(name: str, change: Callable[[Array], Array | None]) -> Change:
    """Return the change that changes an argument of every call that has it."""

    def changed(_: Attempt, call: Call) -> Call:
        arguments = call._asdict()
        if arguments[name] is not None:
            arguments[name] = change(arguments[name])
        return Call(**arguments)

    return with_calls(changed)


def without(name: str) -> Change:
    """Return the change that leaves an argument out of every call."""
    return with_argument(name, lambda _: None)


def draw_masks(a: Attempt, call: Call) -> Call:
    """Drop at the layer's rates, by masks of a fixed seed."""
    batch, timesteps = a.config.batch_and_time(call.x.shape)
    rng = np.random.default_rng(0)
    both = laws(a.config, batch, timesteps, a.weights.features)
    masks = [None if law.shape is None else draw_with_rng(law, rng, a.config) for law in both]
    return call._replace(dropout_mask=masks[0], recurrent_dropout_mask=masks[1])


# ---- formula


def with_config(**changes: Any) -> Change:
    """Return the change of arguments of the layer that belong to the loop."""
    return lambda a: replace(a, config=replace(a.config, **changes))


def with_formula(**changes: Any) -> Change:
    """Return the change that computes every step by another formula."""
    return lambda a: replace(a, formula=a.formula._replace(**changes))


def with_step(changes: Callable[[Attempt], Mapping[str, Any]]) -> Change:
    """Return the change of the activations or the reset form of every step."""
    return lambda a: with_formula(config=replace(a.config, **changes(a)))(a)


other_reset = with_step(lambda a: {"reset_after": not a.config.reset_after})


def reset_before(mix: Arrays) -> Change:
    """Return the change to reset before the product, with one bias row that `mix` makes of two."""
    one_row = with_array(2, lambda bias: np.stack([mix(bias), np.zeros_like(bias[1])]))
    return lambda a: other_reset(one_row(a))


def other_hard_sigmoid(a: Attempt) -> dict[str, Any]:
    """Return the activations with each hard_sigmoid replaced by the other generation's."""
    other = dict(zip(HARD_SIGMOIDS, reversed(HARD_SIGMOIDS), strict=True))
    activation, recurrent_activation = (other.get(f, f) for f in functions_of(a))
    return {"activation": activation, "recurrent_activation": recurrent_activation}


def swap_activations(a: Attempt) -> dict[str, Any]:
    """Return the activations with φ and ρ swapped."""
    return dict(zip(("recurrent_activation", "activation"), functions_of(a), strict=True))
