"""VectorSet: calls of one GRU, with everything that a port of it has to compute."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.vectors.quantisation import Quantised
from gru_ref.files.writers.bundle import source_data
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.layers.trace import Trace
from gru_ref.presentation.plain_data import plain_data
from gru_ref.version import __version__

Array = NDArray[Any]

# Arguments of Keras that change the numbers of a call → their defaults.
_ARGUMENTS: Mapping[str, Any] = {
    "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "dtype": "float32",
    "return_sequences": False, "return_state": False, "go_backwards": False, "stateful": False,
    "unroll": False, "time_major": False, "reset_after": True, "zero_output_for_mask": False,
}  # fmt: skip
# The results of every timestep, timesteps first.
STEPS = ("z", "r", "candidate", "h", "output")
_UNIT_COLUMNS = "the columns are the gates z (update), r (reset), h (candidate), U each"


@dataclass(frozen=True, eq=False)
class GoldenVector:
    """One call and its results.

    Parameters
    ----------
    name : str
        "inputs", "mask", "state", "state_and_mask" or "second_call".
    continues : bool
        It starts from the state that the vector before it ended with: the recorded state of a
        stateful layer.
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
    initial_state : (batch, units) or None
        None: zeros.
    mask : (batch, timesteps), or (timesteps, batch), bool; or None
        True: use this timestep.
    trace : Trace
        Every gate of every timestep, timesteps first, in processing order.
    output : (batch, timesteps, units), (timesteps, batch, units) or (batch, units)
        What the layer returns.
    state : (batch, units)
        The final state.
    tolerance : float
        By how much a correct implementation in the same dtype may be off: see
        `gru_ref.files.probe.rounding_tolerance`.
    reveals : tuple of str
        The mistakes of `gru_ref.debugging.mistakes.table` that change the output or the final state
        by more than that.
    """

    name: str
    continues: bool
    x: Array
    initial_state: Array | None
    mask: Array | None
    trace: Trace
    output: Array
    state: Array
    tolerance: float
    reveals: tuple[str, ...]

    @property
    def arrays(self) -> dict[str, Array]:
        """The arrays of the call and its results by their names."""
        given = {"x": self.x, "initial_state": self.initial_state, "mask": self.mask}
        steps = {name: getattr(self.trace, name) for name in STEPS}
        return {k: v for k, v in given.items() if v is not None} | steps | {"state": self.state}

    def facts(self) -> dict[str, Any]:
        """Return everything but the arrays."""
        timesteps, batch, _ = self.trace.h.shape
        return {
            "name": self.name,
            "continues": self.continues,
            "batch": batch,
            "timesteps": timesteps,
            "has": [name for name in ("initial_state", "mask") if name in self.arrays],
            "tolerance": self.tolerance,
            "reveals": list(self.reveals),
        }


class Unrevealed(NamedTuple):
    """A mistake that can be made in the layer and shows in no vector, and why."""

    mistake: str
    meaning: str
    because: str


class QuantisationError(NamedTuple):
    """The largest error of a state by quantised weights, and the bound that is proved for it."""

    error: float
    bound: float


@dataclass(frozen=True, eq=False, repr=False)
class VectorSet:
    """Golden vectors of one GRU, as they are written.

    Parameters
    ----------
    layer : GRU
        With the weights that the vectors are of: widened where the layer is of a half type, and
        those that the codes mean where they are quantised.
    vectors : tuple of GoldenVector
    quantised : mapping of Quantised
        "kernel" and "recurrent_kernel", or nothing.
    quantisation_error : QuantisationError or None
        Against the float64 states of the layer whose weights were quantised.
    unrevealed : tuple of Unrevealed
    cannot_be_made : tuple of str
        The mistakes that cannot be made in the layer.
    notes : tuple of str
        What else whoever uses the vectors has to know, a sentence each.
    """

    layer: GRU
    vectors: tuple[GoldenVector, ...]
    quantised: Mapping[str, Quantised]
    quantisation_error: QuantisationError | None
    unrevealed: tuple[Unrevealed, ...]
    cannot_be_made: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def weights(self) -> dict[str, Array]:
        """The weights by their names, as Keras has them."""
        names = ("kernel", "recurrent_kernel", "bias")
        return dict(zip(names, self.layer.get_weights(), strict=False))

    @property
    def constructor(self) -> dict[str, Any]:
        """The arguments of Keras that change the numbers, where they are not the default."""
        config = self.layer.config
        values = {name: getattr(config, name) for name in _ARGUMENTS}
        return {"units": config.units} | {
            name: value for name, value in values.items() if value != _ARGUMENTS[name]
        }

    @property
    def reveals(self) -> tuple[str, ...]:
        """The mistakes that one vector at least reveals."""
        return tuple(dict.fromkeys(name for one in self.vectors for name in one.reveals))

    @functools.cached_property
    def facts(self) -> dict[str, Any]:
        """Everything but the arrays, which every format states, as JSON can hold it."""
        return {"gru_ref": __version__, **plain_data(self._stated())}

    def _stated(self) -> dict[str, Any]:
        config, weights = self.layer.config, self.weights
        provenance = self.layer.provenance
        axes = "(T, B" if config.time_major else "(B, T"
        returned = f"all, as {axes}, U)" if config.return_sequences else "the last"
        bias = weights.get("bias")
        return {
            "name": self.layer.name,
            "keras_version": config.keras_version,
            "constructor": self.constructor,
            "sizes": {"features": weights["kernel"].shape[0], "units": config.units},
            "functions": {
                name: _function(getattr(config, f"{name}_function"))
                for name in ("activation", "recurrent_activation")
            },
            "equations": self._equations(),
            "layout": {
                "kernel": f"(F, 3U): {_UNIT_COLUMNS}",
                "recurrent_kernel": f"(U, 3U): {_UNIT_COLUMNS}",
                "bias": "none"
                if bias is None
                else "(2, 3U): the input bias, then the recurrent bias; columns as the kernels'"
                if bias.ndim == 2
                else "(3U,): columns as the kernels'",
                "x": f"{axes}, F)",
                "mask": f"{axes}): true where the timestep is used; absent: everywhere",
                "initial_state": "(B, U); absent: zeros",
                "z, r, candidate, h, output": "(T, B, U) in processing order; h is the state after "
                f"the timestep, output what is put out; the layer returns {returned}",
                "state": "(B, U): the final state",
            },
            "weights": self._weight_facts(),
            "vectors": [one.facts() for one in self.vectors],
            "not_revealed": [one._asdict() for one in self.unrevealed],
            "cannot_be_made": list(self.cannot_be_made),
            "source": None if provenance is None else source_data(provenance),
            "notes": list(self.notes),
        }

    def _equations(self) -> dict[str, str]:
        """Return the step as this layer computes it, in ASCII, for who writes it in C."""
        bias = self.weights.get("bias")
        b = {gate: "" if bias is None else f" + b_{gate}" for gate in "zrh"}
        c = {gate: f" + c_{gate}" if bias is not None and bias.ndim == 2 else "" for gate in "zrh"}
        recurrent = f"r * (h R_h{c['h']})" if self.layer.config.reset_after else "(r * h) R_h"
        letters = "W is kernel, R recurrent_kernel"
        if bias is not None:
            letters += ", b bias" if bias.ndim == 1 else ", b and c the rows of bias"
        return {
            "z": f"recurrent_activation(x W_z{b['z']} + h R_z{c['z']})",
            "r": f"recurrent_activation(x W_r{b['r']} + h R_r{c['r']})",
            "candidate": f"activation(x W_h{b['h']} + {recurrent})",
            "next h": "z * h + (1 - z) * candidate",
            "where": f"{letters}; _z, _r and _h are their columns of that gate",
        }

    def _weight_facts(self) -> dict[str, Any]:
        dtype = self.layer.config.variable_dtype.name
        if not self.quantised or self.quantisation_error is None:
            return {"dtype": dtype}
        kernels = self.quantised.items()
        return {
            "dtype": str(self.quantised["kernel"].codes.dtype),
            "scales": {name: made.scales.tolist() for name, made in kernels},
            "means": "weight = code × scale of its gate (z, r, h); the bias is not quantised",
            "largest_error_of_a_state": self.quantisation_error.error,
            "its_bound": self.quantisation_error.bound,
        }


def _function(function: Any) -> dict[str, str | None]:
    """Return the name of an activation's function in gru_ref, and its equation."""
    lines = (getattr(function, "__doc__", None) or "").splitlines()
    equations = (
        line.partition("Equation: ")[2].partition("; in a half type")[0].strip()
        for line in lines
        if "Equation: " in line
    )
    return {"name": getattr(function, "__name__", "function"), "equation": next(equations, None)}


def finite(name: str, array: Array) -> None:
    """Refuse numbers that are not finite, which C and JSON have no literals for.

    Raises
    ------
    ValueError
        One is NaN or infinite; the message says which.
    """
    if not np.isfinite(array).all():
        place = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        raise ValueError(f"{name}{list(place)} is {array[place]}, expected finite numbers")
