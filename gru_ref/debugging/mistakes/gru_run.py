"""Calls of a GRU as plain values, in which a mistake can be made and run."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.recurrence import Recurrence
from gru_ref.core.rounding import dtype_kind
from gru_ref.core.step import Step, gru_step
from gru_ref.core.weights import GRUWeights
from gru_ref.errors import KerasQuirkWarning, shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.dropout.masks import laws, read_mask
from gru_ref.keras.functional import Result, gru
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.layers.gru_cell import GRUCell
from gru_ref.keras.layers.loop_layer import starts_from_record
from gru_ref.keras.layers.rnn import RNN
from gru_ref.keras.layers.stacked_rnn_cells import StackedRNNCells

Array = NDArray[Any]


class Call(NamedTuple):
    """The arguments of one call.

    Parameters
    ----------
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
    initial_state : (batch, units), optional
    mask : (batch, timesteps), optional
        True: use this timestep.
    dropout_mask, recurrent_dropout_mask : optional
        As for `gru_ref.keras.functional.gru`.
    after_reset : bool
        The recorded state of a stateful layer is reset before this call.
    """

    x: Array
    initial_state: Array | None = None
    mask: Array | None = None
    dropout_mask: Array | None = None
    recurrent_dropout_mask: Array | None = None
    after_reset: bool = False

    def run(self, weights: GRUWeights, config: GRUConfig, **more: Any) -> Result:
        """Run a GRU over it; `more` are further arguments of `gru_ref.keras.functional.gru`."""
        return gru(
            self.x,
            weights,
            config,
            initial_state=self.initial_state,
            mask=self.mask,
            dropout_mask=self.dropout_mask,
            recurrent_dropout_mask=self.recurrent_dropout_mask,
            **more,
        )


class Formula(NamedTuple):
    """The formula of a step, where it differs from the layer's config.

    Parameters
    ----------
    config : GRUConfig, optional
        A config with other activations and reset form; the layer's own determines all else.
    complement : bool
        z is the share of the candidate, not of the old state.
    carried : bool
        True: a step starts from the previous state; False: from zeros.
    """

    config: GRUConfig | None = None
    complement: bool = False
    carried: bool = True

    def recurrence(self, own: Recurrence) -> Recurrence:
        """Return the recurrence of a step; `own` is the layer's."""
        return own if self.config is None else self.config.recurrence

    def step(
        self, x: Array, h_prev: Array, weights: GRUWeights, recurrence: Recurrence, **masks: Any
    ) -> Step:
        """Compute one timestep by this formula; parameters as for `gru_ref.core.step.gru_step`."""
        h_prev = h_prev if self.carried else np.zeros_like(h_prev)
        made = gru_step(x, h_prev, weights, self.recurrence(recurrence), **masks)
        if not self.complement:
            return made
        return made._replace(h=(1 - made.z) * h_prev + made.z * made.candidate)


KERASS = Formula()


@dataclass(frozen=True, eq=False)
class Attempt:
    """A layer, its calls, and how running them differs from Keras.

    Parameters
    ----------
    config : GRUConfig
    weights : GRUWeights
    calls : tuple of Call
    formula : Formula
        The formula of the step.
    recorded : bool
        Whether a stateful layer's next call starts from the state of the last.
    flipped : bool
        The outputs are flipped in time: those of go_backwards are in the order of the input, and
        without return_sequences the output is that of the input's last timestep.
    batch_is_time : bool
        The loop runs over the batch, as if the two leading axes of the arrays were swapped.

    Examples
    --------
    >>> config = GRUConfig(1, "linear", "linear", use_bias=False, go_backwards=True)
    >>> weights = GRUWeights(np.float32([[0, 0, 1]]), np.zeros((1, 3), "float32"))  # h' = x
    >>> right = Attempt(config, weights, (Call(np.float32([[[1], [2]]])),))
    >>> run(right).outputs, run(replace(right, flipped=True)).outputs
    ((array([[1.]], dtype=float32),), (array([[2.]], dtype=float32),))
    """

    config: GRUConfig
    weights: GRUWeights
    calls: tuple[Call, ...]
    formula: Formula = KERASS
    recorded: bool = True
    flipped: bool = False
    batch_is_time: bool = False

    @functools.cached_property
    def double(self) -> Attempt:
        """The same attempt in float64: every array is widened, none is rounded."""
        with warnings.catch_warnings():
            # Activation layers that Keras 2 has in float32 alone: gru_ref computes them.
            warnings.simplefilter("ignore", KerasQuirkWarning)
            config = replace(self.config, dtype="float64")
            own = self.formula.config
            step_config = None if own is None else replace(own, dtype="float64")
        return replace(
            self,
            config=config,
            weights=self.weights.astype("float64"),
            calls=tuple(Call(*map(_widen, call)) for call in self.calls),
            formula=self.formula._replace(config=step_config),
        )


def built_gru(layer: Any) -> GRU:
    """Return a layer that is a GRU with weights.

    Raises
    ------
    TypeError, ValueError
        It is not a GRU, or has a `call` of its own, or is not built.
    """
    if not isinstance(layer, GRU):
        raise TypeError(f"layer is {shown(layer)}, expected a gru_ref.GRU{_hint(layer)}")
    if not layer.built:
        raise ValueError("the layer is not built, expected one with weights")
    layer.check_own_call("every expected step")
    return layer


def _hint(layer: Any) -> str:
    """Return where the GRU is that somebody means who hands in something else."""
    if hasattr(layer, "forward_layer"):
        return ": layer.forward_layer and layer.backward_layer are one each"
    if isinstance(layer, (str, os.PathLike)):
        return ": gru_ref.load_grus(path) returns those of a file"
    if isinstance(layer, (RNN, GRUCell, StackedRNNCells)):
        return (
            ": a GRU of the same arguments takes the weights of a cell, "
            "gru.set_weights(cell.get_weights())"
        )
    if hasattr(layer, "get_weights"):
        return ": gru_ref.GRU.from_keras(layer) takes over one of Keras"
    return ""


def layer_attempt(
    layer: GRU,
    x: Array,
    initial_state: Array | None,
    mask: Array | None,
    dropout_masks: Sequence[Any] = (None, None),
) -> Attempt:
    """Return what a layer would run in one call, in float64; it is read, not called.

    A stateful layer starts from its recorded state, by the rule of its release.

    Parameters
    ----------
    layer : GRU
        Built.
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
    initial_state : (batch, units) or None
    mask : (batch, timesteps), or (timesteps, batch), or None
    dropout_masks : (dropout_mask, recurrent_dropout_mask)
        The masks of a call in training; see `gru_ref.keras.dropout.masks.laws`.

    Raises
    ------
    TypeError, ValueError
        The batch is not that of the recorded state, or a dropout mask does not fit.

    Warns
    -----
    KerasQuirkWarning
        The recorded state is used, and `initial_state` is ignored.
    """
    config, weights, recorded = layer.config, GRUWeights(*layer.get_weights()), layer.recorded_state
    batch, timesteps = config.batch_and_time(x.shape)
    if recorded is not None and len(recorded) != batch:
        raise ValueError(
            f"the batch is {batch}, expected {len(recorded)}: a stateful layer keeps one state for "
            "each row"
        )
    start = _start_of_call(config, initial_state, recorded)
    sizes = batch, timesteps, weights.features, None if start is None else len(start)
    on_inputs, on_state = (
        read_mask(law, given, config)
        for law, given in zip(laws(config, *sizes), dropout_masks, strict=True)
    )
    return Attempt(config, weights, (Call(x, start, mask, on_inputs, on_state),)).double


def _start_of_call(config: GRUConfig, given: Array | None, recorded: Array | None) -> Array | None:
    """Return the state that a call starts from: given, recorded, or None for zeros."""
    states = [None if state is None else [state] for state in (given, recorded)]
    return recorded if starts_from_record(config, *states) else given


class Run(NamedTuple):
    """The results of the calls: an output and a final state for each."""

    outputs: tuple[Array, ...]
    states: tuple[Array, ...]


def run(attempt: Attempt, step: Callable[..., Step] | None = None) -> Run:
    """Make the calls, as the layer makes them, and return their results.

    There are no warnings of quirks; those are emitted when the layer itself is called.

    Parameters
    ----------
    attempt : Attempt
    step : callable, optional
        The function that computes a timestep, instead of the attempt's formula.

    Returns
    -------
    Run
        outputs, each (batch, timesteps, units) for return_sequences, else (batch, units); states,
        each (batch, units).

    Raises
    ------
    ValueError
        As `gru_ref.keras.functional.gru`.
    """
    recorded: Array | None = None
    outputs, states = [], []
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", KerasQuirkWarning)
        for call in attempt.calls:
            recorded = None if call.after_reset else recorded
            start = _start_of_call(attempt.config, call.initial_state, recorded)
            output, state = _call(attempt, call._replace(initial_state=start), step)
            outputs.append(output)
            states.append(state)
            if attempt.config.stateful and attempt.recorded:
                recorded = state
    return Run(tuple(outputs), tuple(states))


def _call(attempt: Attempt, call: Call, step: Callable[..., Step] | None) -> tuple[Array, Array]:
    config = attempt.config
    if attempt.flipped:
        config = replace(config, return_sequences=True)
    if attempt.batch_is_time:
        mask = None if call.mask is None else call.mask.swapaxes(0, 1)
        call = call._replace(x=call.x.swapaxes(0, 1), mask=mask)
    output, state = call.run(attempt.weights, config, step=step or attempt.formula.step)
    if attempt.flipped:
        time = 0 if config.time_major else 1
        output = np.flip(output, time)
        if not attempt.config.return_sequences:
            output = np.take(output, -1, time)
    if attempt.batch_is_time and output.ndim == 3:
        output = output.swapaxes(0, 1)
    return output, state


def _widen(value: Any) -> Any:
    """Return a floating array in float64, and anything else as it is."""
    if isinstance(value, np.ndarray) and dtype_kind(value.dtype) == "f":
        return value.astype("float64")
    return value
