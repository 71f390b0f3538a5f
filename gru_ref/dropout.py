"""The laws of the dropout masks: which a release takes, of which shape, on which path."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.config import GRUConfig
from gru_ref.errors import shown

Array = NDArray[Any]


class Law(NamedTuple):
    """One dropout mask: the rate it is drawn with and its shape; None where nothing is dropped."""

    argument: str
    rate: float
    shape: tuple[int, ...] | None
    axes: str


def laws(config: GRUConfig, batch: int, timesteps: int, features: int) -> tuple[Law, Law]:
    """Return the law of the input mask and of the recurrent mask for one training call.

    Notes
    -----
    Where a mask multiplies, and which shape it has:

    - Keras 2, fused path: the input alone, another mask at every timestep, shaped like the input.
    - implementation=1 (and recurrent_dropout, which forces it): a mask a gate, (3, batch, …) in the
      order z, r, h, the same at every timestep.
    - any other implementation, and Keras 3.0–3.7: one mask for all gates, (batch, …).

    Source
    ------
    GRU._defun_gru_call and GRUCell.call (tf_keras 2.21); DropoutRNNCell (Keras 3.0–3.15.1).
    """
    behaviour = config.behaviour
    gates = (3,) if config.mask_per_gate else ()
    prefix = "3, " if gates else ""
    if config.path == "fused" and behaviour.fused_mask_per_timestep:
        shape: tuple[int, ...] = (batch, timesteps, features)
        axes = "(batch, timesteps, features)"
        if config.time_major:
            shape, axes = (timesteps, batch, features), "(timesteps, batch, features)"
    else:
        shape, axes = (*gates, batch, features), f"({prefix}batch, features)"
    rate = config.dropout
    recurrent_rate = (
        rate if behaviour.recurrent_mask_uses_dropout_rate else config.recurrent_dropout
    )
    return (
        Law("dropout", rate, shape if 0 < rate < 1 else None, axes),
        Law(
            "recurrent_dropout",
            recurrent_rate,
            (*gates, batch, config.units) if 0 < recurrent_rate < 1 else None,
            f"({prefix}batch, units)",
        ),
    )


def mask_for(
    law: Law, given: Any, rng: np.random.Generator | None, config: GRUConfig
) -> Array | None:
    """Return the mask of one training call: the caller's, or one drawn from `rng`.

    Parameters
    ----------
    given : array or None
        A mask of the law's shape, already scaled: 0, or 1 / (1 − rate), where a value is kept.
    rng : numpy.random.Generator or None
        Draws the mask when none is given. (Not Keras's own random numbers.)

    Returns
    -------
    array of the law's shape in the config's dtype, or None where nothing is dropped

    Raises
    ------
    ValueError
        A mask is missing, not wanted, or of another shape.
    """
    argument = f"{law.argument}_mask"
    if law.shape is None:
        if given is not None:
            raise ValueError(
                f"{argument} is given, expected None: {law.argument} drops nothing in this layer "
                f"(its rate is {law.rate})"
            )
        return None
    if given is None:
        if rng is None:
            raise ValueError(
                f"{law.argument} is {law.rate} and training is on, expected {argument} of shape "
                f"{law.axes} = {law.shape} or rng=numpy.random.default_rng(…): the masks that "
                "Keras itself would draw are not there yet"
            )
        kept = rng.random(law.shape) >= law.rate
        return np.where(kept, 1 / (1 - law.rate), 0.0).astype(config.dtype)
    mask = np.asarray(given)
    if mask.dtype.kind not in "fiub":
        raise TypeError(f"{argument} has dtype {mask.dtype}, expected a numeric dtype")
    if mask.shape != law.shape:
        raise ValueError(
            f"{argument} has shape {mask.shape}, expected {law.axes} = {law.shape} for Keras "
            f"{config.behaviour.release} on its {config.path} path with implementation="
            f"{shown(config.implementation)}"
        )
    return mask.astype(config.dtype)


def masks_of_call(
    config: GRUConfig,
    training: Any,
    given: tuple[Any, Any],
    rng: np.random.Generator | None,
    sizes: tuple[int, int, int],
) -> tuple[Array | None, Array | None]:
    """Return the input mask and the recurrent mask of one call, both None in inference.

    Parameters
    ----------
    training : bool or None
    given : (dropout_mask, recurrent_dropout_mask)
        What the caller handed in.
    rng : numpy.random.Generator or None
        Draws the masks that are not handed in.
    sizes : (batch, timesteps, features)

    Raises
    ------
    AttributeError
        Keras 2, with a rate: training is neither a boolean nor 0 nor 1.
    ValueError
        A rate of 1 that the release refuses; a mask is missing, not wanted, or of another shape.
    """
    behaviour = config.behaviour
    looked_at = behaviour.training_is_boolean and bool(config.dropout or config.recurrent_dropout)
    if looked_at and training is not None and training not in (0, 1):
        raise AttributeError(f"training is {shown(training)}, expected True, False or None")
    check_rates(config, bool(training))
    if not training:
        for argument, mask in zip(("dropout_mask", "recurrent_dropout_mask"), given, strict=True):
            if mask is not None:
                raise ValueError(f"{argument} is given, expected None unless training=True")
        return None, None
    on_inputs, on_state = laws(config, *sizes)
    inputs_alone = on_inputs.shape is not None and on_state.shape is None
    fails = behaviour.implementation_1_dropout_fails and config.use_cudnn is not False
    if inputs_alone and config.mask_per_gate and fails:
        behaviour.warn("implementation_1_dropout_fails")
    if behaviour.recurrent_mask_uses_dropout_rate and config.recurrent_dropout != config.dropout:
        behaviour.warn("recurrent_mask_uses_dropout_rate")
    return mask_for(on_inputs, given[0], rng, config), mask_for(on_state, given[1], rng, config)


def check_rates(config: GRUConfig, training: bool) -> None:
    """Treat a rate of exactly 1 as the release does: an error, or nothing dropped and a warning.

    Raises
    ------
    ValueError
        The release refuses it, in training (Keras 2) or at every call (Keras 3.0–3.13).
    """
    for argument, rate in (
        ("dropout", config.dropout),
        ("recurrent_dropout", config.recurrent_dropout),
    ):
        if rate != 1:
            continue
        rule = config.behaviour.rate_one
        if rule == "raises" or (rule == "raises in training" and training):
            raise ValueError(
                f"{argument} is {rate}, expected a rate in [0, 1): Keras "
                f"{config.behaviour.release} cannot drop everything"
            )
        if rule == "drops nothing" and training:
            config.behaviour.warn("rate_one", f"{argument}={rate}")
