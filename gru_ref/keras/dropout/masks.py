"""Dropout masks: their shapes in each release, where they come from, and those a cell keeps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind
from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.dropout.streams import RATES, MaskStreams
from gru_ref.random_streams.philox import Stream, uniform
from gru_ref.random_streams.seeds import entropy_stream

Array = NDArray[Any]
Given = tuple[Any, Any]
Sizes = tuple[int, int, int, int | None]


class Law(NamedTuple):
    """One dropout mask: its rate, its shape (None if nothing is dropped), and Keras's draws.

    `draws` is the number of masks of shape `drawn` that Keras draws in one call, used or not.
    """

    argument: str
    rate: float
    shape: tuple[int, ...] | None
    axes: str
    draws: int
    drawn: tuple[int, ...]


class Masks(NamedTuple):
    """The scaled masks of one call; None where nothing was dropped."""

    dropout_mask: Array | None
    recurrent_dropout_mask: Array | None


def laws(
    config: GRUConfig, batch: int, timesteps: int, features: int, state_batch: int | None = None
) -> tuple[Law, Law]:
    """Return the law of the input mask and of the recurrent mask for one training call.

    Parameters
    ----------
    state_batch : int, optional
        The batch of the initial state, if it is 1 and broadcasts.

    Notes
    -----
    The masks and their shapes:

    - Keras 2, fused path: the input only, one mask per timestep, shaped like the input.
    - implementation=1 (and recurrent_dropout, which forces it): one mask per gate, (3, batch, …) in
      the order z, r, h, the same at every timestep.
    - any other implementation, and Keras 3.0–3.7: one mask for all gates, (batch, …).
    - execution="graph", Keras 2, the loop: these anew for every timestep; the first axis is then
      time, in processing order.

    Keras 2 always draws three masks of the input and three of the state, Keras 3 only what it uses.

    Source
    ------
    GRU._defun_gru_call and GRUCell.call (tf_keras 2.21); DropoutRNNCell (Keras 3.0–3.15.1).
    """
    behaviour = config.behaviour
    gates = (3,) if config.mask_per_gate else ()
    count = 3 if behaviour.three_masks_are_drawn or gates else 1
    leading, prefix = gates, "3, " if gates else ""
    if config.masks_every_timestep:
        leading, prefix = (timesteps, *gates), f"timesteps, {prefix}"
    drawn: tuple[int, ...] = (batch, features)
    axes = f"({prefix}batch, features)"
    if config.path == "fused" and behaviour.fused_mask_per_timestep:
        drawn, axes = (batch, timesteps, features), config.input_axes
        if config.time_major:
            drawn = (timesteps, batch, features)
    drawn_state = (state_batch or batch, config.units)
    rate = config.dropout
    recurrent_rate = config.recurrent_dropout
    if behaviour.recurrent_mask_uses_dropout_rate and recurrent_rate:
        recurrent_rate = rate
    return (
        Law(
            "dropout",
            rate,
            (*leading, *drawn) if 0 < rate < 1 else None,
            axes,
            count if 0 < rate < 1 else 0,
            drawn,
        ),
        Law(
            "recurrent_dropout",
            recurrent_rate,
            (*leading, *drawn_state) if 0 < recurrent_rate < 1 else None,
            f"({prefix}batch, units)",
            count if 0 < config.recurrent_dropout < 1 else 0,
            drawn_state,
        ),
    )


def call_masks(
    config: GRUConfig,
    training: Any,
    given: Given,
    rng: np.random.Generator | None,
    sizes: Sizes,
    streams: MaskStreams,
) -> Masks:
    """Return the masks of one call, both None in inference.

    The call takes from the streams what Keras's call takes, even if masks are passed in.

    Parameters
    ----------
    training : bool or None
    given : (dropout_mask, recurrent_dropout_mask)
        The masks that the caller passed in.
    rng : numpy.random.Generator or None
        Draws the masks that are not passed in, instead of Keras's streams.
    sizes : (batch, timesteps, features, state_batch)
    streams : MaskStreams
        The streams of the layer.

    Raises
    ------
    AttributeError
        Keras 2, with a rate: training is neither a boolean nor 0 nor 1.
    ValueError
        A rate of 1 that the release refuses; a mask that is not used or has a wrong shape.
    """
    behaviour = config.behaviour
    looked_at = behaviour.training_is_boolean and bool(config.dropout or config.recurrent_dropout)
    if looked_at and training is not None and training not in (0, 1):
        raise AttributeError(f"training is {shown(training)}, expected True, False or None")
    check_rates(config, bool(training))
    both = laws(config, *sizes)
    if not training:
        for law, mask in zip(both, given, strict=True):
            if mask is not None:
                raise ValueError(
                    f"{law.argument}_mask is given, expected None unless training=True"
                )
        if behaviour.inference_draws_masks:
            streams.take([(law.draws, law.drawn) for law in both], config.compute_dtype.name)
        return Masks(None, None)
    on_inputs, on_state = both
    inputs_alone = on_inputs.shape is not None and on_state.shape is None
    fails = behaviour.implementation_1_dropout_fails and config.use_cudnn is not False
    if inputs_alone and config.mask_per_gate and fails:
        behaviour.warn("implementation_1_dropout_fails")
    if on_state.rate != config.recurrent_dropout:
        behaviour.warn("recurrent_mask_uses_dropout_rate")
    checked = [read_mask(law, mask, config) for law, mask in zip(both, given, strict=True)]
    taken: list[list[Stream]] = [[], []]
    if not config.masks_every_timestep:
        taken = streams.take([(law.draws, law.drawn) for law in both], config.compute_dtype.name)
    masks = []
    for law, mask, drawn in zip(both, checked, taken, strict=True):
        if mask is None and law.shape is not None:
            if rng is None:
                mask = draw_from_streams(law, drawn, config)
            else:
                mask = draw_with_rng(law, rng, config)
        masks.append(mask)
    return Masks(*masks)


def read_mask(law: Law, given: Any, config: GRUConfig) -> Array | None:
    """Return the mask that a caller passed in, in the config's dtype, or None.

    Parameters
    ----------
    given : array or None
        A mask of the law's shape, already scaled: 0, or 1 / (1 − rate) where a value is kept.

    Raises
    ------
    TypeError
        Its dtype is not numeric.
    ValueError
        It is not used, or has a wrong shape.
    """
    if given is None:
        return None
    argument = f"{law.argument}_mask"
    if law.shape is None:
        raise ValueError(
            f"{argument} is given, expected None: {law.argument} drops nothing in this layer "
            f"(its rate is {law.rate})"
        )
    mask = np.asarray(given)
    if dtype_kind(mask.dtype) not in "fiub":
        raise TypeError(f"{argument} has dtype {mask.dtype}, expected a numeric dtype")
    if mask.shape != law.shape:
        raise ValueError(
            f"{argument} has shape {mask.shape}, expected {law.axes} = {law.shape} for Keras "
            f"{config.behaviour.release} on its {config.path} path with implementation="
            f"{shown(config.implementation)}"
        )
    return mask.astype(config.compute_dtype)


def draw_with_rng(law: Law, rng: np.random.Generator, config: GRUConfig) -> Array:
    """Return a mask of the law, drawn by NumPy: not Keras's own numbers."""
    assert law.shape is not None
    kept = rng.random(law.shape) >= law.rate
    return np.where(kept, 1 / (1 - law.rate), 0.0).astype(config.compute_dtype)


def draw_from_streams(law: Law, taken: list[Stream], config: GRUConfig) -> Array:
    """Return the mask that Keras draws.

    Equation
    --------
    mask = u ≥ rate ? 1 / (1 − rate) : 0, all in the config's dtype, with u uniform in [0, 1)

    Parameters
    ----------
    law : Law
    taken : list of Stream
        The streams of the draws that Keras makes for it. In a graph whose loop draws at every
        timestep Keras draws in no fixed order, and so the mask is of the system's entropy.
    config : GRUConfig

    Source
    ------
    stateless_dropout and dropout, tensorflow/python/ops/nn_ops.py (TensorFlow 2.21).
    """
    assert law.shape is not None
    number = config.compute_dtype.type

    def mask(stream: Stream, shape: tuple[int, ...]) -> Array:
        u = uniform(stream, shape, number, xla=config.execution == "xla")
        return np.asarray(np.where(u >= number(law.rate), number(1 / (1 - law.rate)), number(0)))

    if config.masks_every_timestep:
        return mask(entropy_stream(), law.shape)
    masks = [mask(stream, law.drawn) for stream in taken[: 3 if config.mask_per_gate else 1]]
    return np.stack(masks) if config.mask_per_gate else masks[0]


def check_rates(config: GRUConfig, training: bool) -> None:
    """Treat a rate of exactly 1 as the release does: raise, or drop nothing and warn.

    Raises
    ------
    ValueError
        The release refuses it, in training (Keras 2) or at every call (Keras 3.0–3.13).
    """
    for argument in RATES:
        rate = getattr(config, argument)
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


# ---- what a cell keeps


class CellMasks:
    """The masks of a cell: drawn when they are needed, and reused while they are kept.

    Notes
    -----
    In Keras a cell keeps its masks so that every timestep of a sequence drops the same units, and
    its RNN resets them: Keras 2 before its loop, Keras 3 after it. Nothing resets the masks of a
    cell that is called by itself. Keras 2 also keeps the masks of ones that it makes in inference,
    and uses kept masks in inference too.

    Source
    ------
    DropoutRNNCellMixin (tf_keras 2.21); DropoutRNNCell and RNN.call (Keras 3.15.1).
    """

    def __init__(self, streams: MaskStreams) -> None:
        self.streams = streams
        # Rate → mask; None drops nothing.
        self._kept: dict[str, Array | None] = {}
        self._in_loop = False

    def forget(self, rate: str) -> None:
        """Forget the mask of one rate, so that the next call draws a new one."""
        self._kept = {name: mask for name, mask in self._kept.items() if name != rate}

    @property
    def kept(self) -> Mapping[str, Array | None]:
        """The kept masks by their rates; None drops nothing."""
        return self._kept

    def keep(self, masks: Mapping[str, Array | None]) -> None:
        """Keep these masks, by their rates, as if the last call had drawn them."""
        self._kept = dict(masks)

    def step_masks(
        self,
        config: GRUConfig,
        training: Any,
        given: Given,
        rng: np.random.Generator | None,
        sizes: Sizes,
    ) -> Masks:
        """Return the masks of a call of the cell by itself.

        The arguments are those of `gru_ref.keras.dropout.masks.call_masks`.
        """
        if not (training or config.behaviour.kept_masks_act_in_inference):
            idle = config.changed(**dict.fromkeys(RATES, 0.0))
            return call_masks(idle, training, given, rng, sizes, self.streams)
        if rng is not None or any(mask is not None for mask in given):
            return call_masks(config, training, given, rng, sizes, self.streams)
        return self._draw_or_reuse(config, training, sizes)

    def sequence_masks(
        self,
        config: GRUConfig,
        training: Any,
        given: Given,
        rng: np.random.Generator | None,
        sizes: Sizes,
    ) -> Masks:
        """Return the masks of a call of the RNN around the cell."""
        after = config.behaviour.masks_are_reset_after_the_loop
        if not after:
            self._kept = {}
        if rng is not None or any(mask is not None for mask in given) or not (after or training):
            masks = call_masks(config, training, given, rng, sizes, self.streams)
        else:
            masks = self._draw_or_reuse(config, training, sizes)
            if not training:
                masks = Masks(None, None)
        if after:
            self._kept = {}
        elif not config.masks_every_timestep:
            self._kept = _effective_masks(config, masks)
        return masks

    @contextlib.contextmanager
    def kept_in_loop(self, config: GRUConfig, masks: Masks) -> Iterator[None]:
        """Keep the masks of a sequence while an RNN calls the cell, timestep by timestep."""
        before, self._kept, self._in_loop = self._kept, _effective_masks(config, masks), True
        try:
            yield
        finally:
            self._kept, self._in_loop = before, False

    def _draw_or_reuse(self, config: GRUConfig, training: Any, sizes: Sizes) -> Masks:
        """Return the kept masks; those that are not kept are drawn, and kept."""
        if self._kept and config.behaviour.cell_keeps_masks and not self._in_loop:
            config.behaviour.warn("cell_keeps_masks")
        wanted = config.changed(**dict.fromkeys(self._kept, 0.0))
        drawn = call_masks(wanted, training, (None, None), None, sizes, self.streams)
        kept = {**_effective_masks(config, drawn), **self._kept}
        for name, mask in kept.items():
            if mask is not None and mask.shape[-2] not in (1, sizes[0]):
                raise ValueError(
                    f"inputs has batch {sizes[0]}, expected {mask.shape[-2]}: the cell keeps the "
                    f"mask of {name} until reset_{name}_mask() is called"
                )
        self._kept = kept
        return Masks(*(kept.get(rate) for rate in RATES))


def _effective_masks(config: GRUConfig, masks: Masks) -> dict[str, Array | None]:
    """Return the masks by their rates, those alone that drop something."""
    return {
        rate: mask for rate, mask in zip(RATES, masks, strict=True) if 0 < getattr(config, rate) < 1
    }
