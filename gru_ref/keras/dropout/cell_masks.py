"""The dropout masks of a cell, which it keeps from one call to the next until they are reset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.keras.config import GRUConfig
from gru_ref.keras.dropout.laws import Masks, call_masks
from gru_ref.keras.dropout.streams import MaskStreams

Array = NDArray[Any]
Given = tuple[Any, Any]
Sizes = tuple[int, int, int, int | None]

RATES = ("dropout", "recurrent_dropout")


class CellMasks:
    """Draws a cell's masks, and hands out those of an earlier call while they are kept.

    Notes
    -----
    Keras has a cell keep its masks so that every timestep of a sequence drops alike, and its RNN
    resets them: Keras 2 before its loop, Keras 3 after it. Nobody resets those of a cell that is
    called by itself. Keras 2 also keeps what it made in inference, ones, and uses what it keeps in
    inference too.

    Source
    ------
    DropoutRNNCellMixin (tf_keras 2.21); DropoutRNNCell and RNN.call (Keras 3.15.1).
    """

    def __init__(self, streams: MaskStreams) -> None:
        self.streams = streams
        # Rate → mask; None drops nothing.
        self._kept: dict[str, Array | None] = {}

    def forget(self, rate: str) -> None:
        """Forget the mask of one rate, so that the next call draws it."""
        self._kept = {name: mask for name, mask in self._kept.items() if name != rate}

    def keep(self, masks: Mapping[str, Array]) -> None:
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
        """Return the masks of one call of the cell by itself.

        The arguments are those of `gru_ref.keras.dropout.laws.call_masks`.
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
        """Return the masks of one call of the RNN around the cell."""
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

    def _draw_or_reuse(self, config: GRUConfig, training: Any, sizes: Sizes) -> Masks:
        """Return the kept masks; those that are not kept are drawn, and kept."""
        if self._kept and config.behaviour.cell_keeps_masks:
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
