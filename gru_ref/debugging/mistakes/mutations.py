"""What the table of mistakes is made of: when one can be made, and what is run instead."""

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
    """In every attempt."""
    return True


def all_of(*conditions: Condition) -> Condition:
    """Where several conditions hold."""
    return lambda a: all(condition(a) for condition in conditions)


def has(**wanted: bool) -> Condition:
    """Where arguments of the layer have these truth values."""
    return lambda a: all(bool(getattr(a.config, name)) == value for name, value in wanted.items())


def with_bias(a: Attempt) -> bool:
    """Where there is a bias."""
    return a.weights.bias is not None


def two_bias_rows(a: Attempt) -> bool:
    """Where there are an input bias and a recurrent one."""
    return a.weights.bias is not None and a.weights.bias.ndim == 2


def is_masked(a: Attempt) -> bool:
    """Where a timestep is masked."""
    return any(call.mask is not None and not np.all(call.mask) for call in a.calls)


def has_argument(*names: str) -> Condition:
    """Where a call has one of these arguments."""
    return lambda a: any(getattr(call, name) is not None for call in a.calls for name in names)


def drops(name: str) -> Condition:
    """Where a dropout mask drops or scales anything."""

    def applies(a: Attempt) -> bool:
        masks = [getattr(call, name) for call in a.calls]
        return any(mask is not None and not np.all(mask == 1) for mask in masks)

    return applies


def could_drop(a: Attempt) -> bool:
    """Where the layer has a rate, and this is no training."""
    rates = a.config.dropout, a.config.recurrent_dropout
    drawn_once = not a.config.masks_every_timestep
    return (
        any(0 < rate < 1 for rate in rates) and drawn_once and not has_argument(*_DROPOUT_MASKS)(a)
    )


def batch_or_time(a: Attempt) -> bool:
    """Where the two leading axes of x can be swapped and nothing else has to be."""
    return not (a.config.stateful or has_argument("initial_state", "mask", *_DROPOUT_MASKS)(a))


def uses_hard_sigmoid(a: Attempt) -> bool:
    """Where an activation is the hard_sigmoid of either generation."""
    return any(function is known for function in functions_of(a) for known in HARD_SIGMOIDS)


def functions_of(a: Attempt) -> tuple[Any, Any]:
    """Return φ and ρ."""
    return a.config.activation_function, a.config.recurrent_activation_function


# ---- weights


def with_weights(change: Callable[[Sequence[Array]], Sequence[Array]]) -> Change:
    """Change the list of arrays."""
    return lambda a: replace(a, weights=GRUWeights(*change(a.weights.arrays())))


def with_array(index: int, change: Arrays) -> Change:
    """Change one array of the list."""

    def changed(arrays: Sequence[Array]) -> list[Array]:
        return [change(array) if i == index else array for i, array in enumerate(arrays)]

    return with_weights(changed)


def reorder(*order: int) -> Arrays:
    """Read the column blocks z, r, h of an array in another order."""
    return lambda array: np.concatenate([_blocks(array)[i] for i in order], axis=-1)


def reorder_all(*order: int) -> Change:
    """Read the column blocks of every array in another order."""
    return with_weights(lambda arrays: [reorder(*order)(array) for array in arrays])


def transpose_gates(array: Array) -> Array:
    """Return a recurrent kernel with every gate's block transposed."""
    return np.concatenate([block.T for block in _blocks(array)], axis=1)


def reshape_kernels(arrays: Sequence[Array]) -> list[Array]:
    """Fill both kernels row by row from numbers that lie column by column."""
    return [*(kernel.T.reshape(kernel.shape) for kernel in arrays[:2]), *arrays[2:]]


def cudnn_kernels(arrays: Sequence[Array]) -> list[Array]:
    """Read the kernels of a CuDNNGRU as they lie; the inverse of their conversion."""
    kernel = [block.T.reshape(block.shape) for block in _blocks(arrays[0])]
    return [np.concatenate(kernel, axis=1), transpose_gates(arrays[1]), *arrays[2:]]


def mix_rows(*factors: Sequence[int]) -> Arrays:
    """Mix the two bias rows: a row of factors for each new row."""
    return lambda bias: np.array(factors, bias.dtype) @ bias


def _blocks(array: Array) -> list[Array]:
    return np.split(array, 3, axis=-1)


# ---- calls


def with_calls(change: Callable[[Attempt, Call], Call]) -> Change:
    """Change every call."""
    return lambda a: replace(a, calls=tuple(change(a, call) for call in a.calls))


def with_argument(name: str, change: Callable[[Array], Array | None]) -> Change:
    """Change an argument of every call that has it."""

    def changed(_: Attempt, call: Call) -> Call:
        arguments = call._asdict()
        if arguments[name] is not None:
            arguments[name] = change(arguments[name])
        return Call(**arguments)

    return with_calls(changed)


def without(name: str) -> Change:
    """Leave an argument out of every call."""
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
    """Change arguments of the layer that are about the loop."""
    return lambda a: replace(a, config=replace(a.config, **changes))


def with_formula(**changes: Any) -> Change:
    """Compute every step by another formula."""
    return lambda a: replace(a, formula=a.formula._replace(**changes))


def with_step(changes: Callable[[Attempt], Mapping[str, Any]]) -> Change:
    """Compute every step with other activations, or in the other reset form."""
    return lambda a: with_formula(config=replace(a.config, **changes(a)))(a)


other_reset = with_step(lambda a: {"reset_after": not a.config.reset_after})


def reset_before(mix: Arrays) -> Change:
    """Reset before the product, with the one bias row that `mix` makes of two."""
    one_row = with_array(2, lambda bias: np.stack([mix(bias), np.zeros_like(bias[1])]))
    return lambda a: other_reset(one_row(a))


def other_hard_sigmoid(a: Attempt) -> dict[str, Any]:
    """Take for each hard_sigmoid that of the other generation."""
    other = dict(zip(HARD_SIGMOIDS, reversed(HARD_SIGMOIDS), strict=True))
    activation, recurrent_activation = (other.get(f, f) for f in functions_of(a))
    return {"activation": activation, "recurrent_activation": recurrent_activation}


def swap_activations(a: Attempt) -> dict[str, Any]:
    """Take φ for ρ and ρ for φ."""
    return dict(zip(("recurrent_activation", "activation"), functions_of(a), strict=True))
