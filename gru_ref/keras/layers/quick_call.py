"""QuickCall: the call of a GRU of which nothing but the input is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import swap
from gru_ref.engines import choice
from gru_ref.engines.loop import run_states
from gru_ref.keras.dropout.masks import Masks

if TYPE_CHECKING:
    from gru_ref.keras.layers.gru import GRU

Array = NDArray[Any]

_NO_MASKS = Masks(None, None)


class QuickCall:
    """What calls without a mask and dropout need of a layer and its engine.

    One timestep of a small GRU takes some microseconds, and checking every argument of a call
    longer. It holds for as long as the layer has the config and the weights that it had.

    Parameters
    ----------
    layer : GRU
        Built, and one that `serves` says yes to.
    """

    def __init__(self, layer: GRU) -> None:
        config = layer.config
        self.config, self.weights = config, layer._known_weights()
        self.recurrence, self.dtype = config.recurrence, config.compute_dtype
        self.kernels = [choice.kernel_of(layer.engine, self.weights, self.recurrence)]
        self.features, self.units = self.weights.features, self.weights.units

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()  # a copy of the layer makes its own

    @staticmethod
    def serves(layer: GRU) -> bool:
        """Return whether a built layer can be called so, in its class and with its config."""
        config = layer.config
        return (
            layer.engine != "core"
            and layer._overridden_call is None
            and not config.dropout  # Keras 3 draws a mask even where it does not drop
            and not config.recurrent_dropout
            and config.identifiers["activity_regularizer"] is None
            and config.variable_dtype == config.compute_dtype
            and not layer._layer_arguments.get("return_runtime")
        )

    def is_current(self, layer: GRU) -> bool:
        """Return whether the layer is what it was."""
        return layer._config is self.config and layer._weights is self.weights

    def run(self, layer: Any, x: Any, initial_state: Any) -> Any:
        """Return what the layer returns, and leave in it what a call leaves; None: not so quickly.

        Parameters
        ----------
        x : any
            Computed if it is an array of the layer's dtype, of the shape of an input.
        initial_state : any
            None, or an array of the same kind for a layer that is not stateful.
        """
        if not (
            type(x) is np.ndarray
            and x.dtype == self.dtype
            and x.ndim == 3
            and x.shape[2] == self.features
            and self.is_current(layer)
        ):
            return None
        by_time = swap(x, self.recurrence)
        timesteps, batch = by_time.shape[:2]
        recorded = layer._recorded if self.config.stateful else None
        if initial_state is not None:
            h = initial_state
        elif recorded is not None:
            h = recorded.arrays[0]
        else:
            h = np.zeros((batch, self.units), self.dtype)
        if (
            timesteps == 0
            or type(h) is not np.ndarray
            or h.shape != (batch, self.units)
            or h.dtype != self.dtype
            or (self.config.stateful and (recorded is None or initial_state is not None))
        ):
            return None
        h = h.copy()
        output = run_states(by_time, self.kernels, [h], self.recurrence)
        layer._masks = _NO_MASKS
        if recorded is not None:
            layer._recorded = recorded._replace(arrays=(h,))
        if self.config.return_state:
            return self.config.behaviour.state_container((output, h.copy()))
        return output
