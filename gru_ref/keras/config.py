"""GRUConfig: the arguments of a Keras GRU with Keras's names, defaults and errors."""

from __future__ import annotations

import copy
import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import numpy as np

from gru_ref.core import rounding
from gru_ref.core.recurrence import Recurrence
from gru_ref.errors import shown
from gru_ref.keras.activations import arguments, tables
from gru_ref.keras.activations.arguments import Activation
from gru_ref.keras.identifiers import POLICIES, Identifier, dtype_name
from gru_ref.keras.ledger import Behaviour, resolve
from gru_ref.keras.ledger.releases import release_of
from gru_ref.keras.training import constraints, initializers, regularizers

T = TypeVar("T")


@dataclass(frozen=True)
class GRUConfig:
    """The constructor arguments of one GRU, checked as the chosen Keras release checks them.

    Parameters
    ----------
    units : int
        Size of the state.
    activation : str, callable or None
        φ, of the candidate; None is linear. A callable returns an array of the same shape.
    recurrent_activation : str, callable or None
        ρ, of the gates z and r.
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer
        A name, a serialized dict, an array (Keras 3) or a callable ``(shape, dtype=…)``.
    kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer
        None, a name, a serialized dict or a callable.
    kernel_constraint, recurrent_constraint, bias_constraint
        As the regularizers.
    dropout, recurrent_dropout : float
        Rates, clamped to [0, 1] as Keras does.
    implementation : any
        1: gate by gate; anything else: the gates together. Only the dropout masks differ.
        recurrent_dropout forces 1 where the release does so.
    return_sequences, return_state, go_backwards, stateful, unroll, time_major : bool
        Only the truth of a value counts, as in Keras. time_major does not exist in Keras 3.
    reset_after : bool
        The reset form: after the recurrent product (True), or before it.
    zero_output_for_mask : bool
        The output at masked timesteps is zero, not the previous output.
    use_cudnn : "auto", True or False
        Keras 3.2 and later.
    seed : int, optional
        Keras 3, and Keras 2 from TensorFlow 2.8 on; it only affects what Keras draws.
    dtype : "float16", "bfloat16", "float32", "float64", "mixed_float16" or "mixed_bfloat16"
        Or a NumPy dtype, or the dict of a policy: see `gru_ref.keras.identifiers.dtype_name`.
        bfloat16 needs the package ml_dtypes. `gru_ref.core.rounding` describes how they round.
    keras_version : str
        See `gru_ref.keras.ledger.releases.release_of`.
    execution : "eager", "graph" or "xla"
        How Keras would run the layer's calls: eagerly, inside a ``tf.function`` (as fit does), or
        compiled by XLA (Keras 3). It only affects the dropout masks.

    Attributes
    ----------
    path : "fused", "loop" or "unroll"
        The code of Keras that would run this layer.
    behaviour : Behaviour
        What the Keras release does.
    identifiers : mapping
        The resolved initializers, regularizers and constraints, by argument.

    Raises
    ------
    TypeError, ValueError, KeyError
        As Keras raises; the message gives the argument, its value and what was expected.
    ModuleNotFoundError
        dtype is bfloat16 or mixed_bfloat16, and ml_dtypes is not installed.

    Source
    ------
    GRU.__init__ in tf_keras/src/layers/rnn/gru.py (2.21) and keras/src/layers/rnn/gru.py (3.15.1).

    Examples
    --------
    >>> GRUConfig(units=5).path, GRUConfig(units=5, unroll=True).path
    ('fused', 'unroll')
    >>> GRUConfig(units=5, recurrent_dropout=0.5).implementation
    1
    """

    units: int
    activation: Any = "tanh"
    recurrent_activation: Any = "sigmoid"
    use_bias: bool = True
    kernel_initializer: Any = "glorot_uniform"
    recurrent_initializer: Any = "orthogonal"
    bias_initializer: Any = "zeros"
    kernel_regularizer: Any = None
    recurrent_regularizer: Any = None
    bias_regularizer: Any = None
    activity_regularizer: Any = None
    kernel_constraint: Any = None
    recurrent_constraint: Any = None
    bias_constraint: Any = None
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    implementation: Any = 2
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
    unroll: bool = False
    time_major: bool = False
    reset_after: bool = True
    zero_output_for_mask: bool = False
    use_cudnn: Any = "auto"
    seed: int | None = None
    dtype: str = "float32"
    keras_version: str = "2"
    execution: str = "eager"
    path: str = field(init=False)
    identifiers: Mapping[str, Identifier | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        put("keras_version", str(release_of(self.keras_version)))
        behaviour = self.behaviour
        put("units", _units(self.units, behaviour))
        for argument in ("activation", "recurrent_activation"):
            value = getattr(self, argument)
            if isinstance(value, dict):  # the caller's; it is read again later
                put(argument, copy.deepcopy(value))
            getattr(self, f"{argument}_function")  # raises what is wrong with it
        names = [f"{weight}_{kind}" for weight in ("kernel", "recurrent", "bias") for kind in KINDS]
        identifiers: dict[str, Identifier | None] = {}
        for name in (*names, "activity_regularizer"):
            module = KINDS[name.rpartition("_")[2]]
            identifiers[name] = module.resolve(getattr(self, name), behaviour, name)
        put("identifiers", identifiers)
        self._check_options()
        put("dtype", dtype_name(self.dtype, behaviour))
        rounding.numpy_dtype(POLICIES[self.dtype][0])  # raises without ml_dtypes
        if behaviour.layer_activations_need_float32:
            self._warn_of_layers()
        if self.stateful and behaviour.stateful_needs_float32 and self.variable_dtype != "float32":
            behaviour.warn("stateful_needs_float32", self.dtype)
        if self.stateful and behaviour.mixed_state_fails and self.dtype.startswith("mixed_"):
            behaviour.warn("mixed_state_fails", self.dtype)
        # Keras looks at the rate as it was given here, before it clamps it.
        put("path", self._path())
        put("dropout", _rate(self.dropout, "dropout"))
        put("recurrent_dropout", _rate(self.recurrent_dropout, "recurrent_dropout"))
        if self.recurrent_dropout != 0 and behaviour.recurrent_dropout_forces_implementation_1:
            put("implementation", 1)

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies and pickles hold: not what is cached, such as functions made here."""
        return {field_.name: getattr(self, field_.name) for field_ in fields(self)}

    @functools.cached_property
    def behaviour(self) -> Behaviour:
        """What the Keras release of this config does."""
        return resolve(self.keras_version)

    @functools.cached_property
    def activation_function(self) -> Activation:
        """φ."""
        return arguments.resolve(self.activation, self.behaviour, "activation")

    @functools.cached_property
    def recurrent_activation_function(self) -> Activation:
        """ρ."""
        return arguments.resolve(self.recurrent_activation, self.behaviour, "recurrent_activation")

    @functools.cached_property
    def compute_dtype(self) -> np.dtype[Any]:
        """The dtype of the computation, the output and the returned state."""
        return rounding.numpy_dtype(POLICIES[self.dtype][0])

    @functools.cached_property
    def variable_dtype(self) -> np.dtype[Any]:
        """The dtype of the weights and of a stateful layer's recorded state."""
        return rounding.numpy_dtype(POLICIES[self.dtype][1])

    @functools.cached_property
    def recurrence(self) -> Recurrence:
        """The recurrence that the core computes for this layer, in the release's arithmetic."""
        by_term = self.behaviour.float16_products_round_by_term
        return Recurrence(
            self.activation_function,
            self.recurrent_activation_function,
            self.reset_after,
            bool(self.go_backwards),
            bool(self.time_major),
            bool(self.return_sequences),
            bool(self.zero_output_for_mask),
            self.compute_dtype,
            rounding.product_by_term if by_term else rounding.product,
        )

    def batch_and_time(self, shape: Sequence[T]) -> tuple[T, T]:
        """Return the batch and the timesteps of a shape that begins with them, in either order."""
        batch, timesteps = shape[:2][:: -1 if self.time_major else 1]
        return batch, timesteps

    @property
    def input_axes(self) -> str:
        """The axes of an input, for messages."""
        return "(timesteps, batch, features)" if self.time_major else "(batch, timesteps, features)"

    @property
    def mask_per_gate(self) -> bool:
        """Whether dropout draws a mask for each of the three gates."""
        by_gate = bool(self.implementation == 1) and self.path != "fused"
        return by_gate and self.behaviour.dropout_masks_per_gate

    @property
    def masks_every_timestep(self) -> bool:
        """Whether the loop draws its masks again at every timestep."""
        in_graph = self.execution == "graph" and self.path == "loop"
        return in_graph and self.behaviour.graph_loop_draws_every_timestep

    def _check_options(self) -> None:
        """Check the arguments that one generation alone has, or looks at."""
        if self.time_major and not self.behaviour.time_major_argument:
            raise ValueError(
                f"time_major is {shown(self.time_major)}, expected it to be left out: Keras "
                f"{self.behaviour.release} does not have it; swap the two leading axes instead"
            )
        if self.use_cudnn not in ("auto", True, False):
            raise ValueError(
                f"use_cudnn is {shown(self.use_cudnn)}, expected 'auto', True or False"
            )
        executions = ["eager", "graph"]
        if self.behaviour.xla_masks_are_known:
            executions.append("xla")
        if self.execution not in executions:
            raise ValueError(
                f"execution is {shown(self.execution)}, expected one of {executions} for Keras "
                f"{self.behaviour.release}"
            )
        seed: Any = self.seed
        whole = isinstance(seed, int) and not isinstance(seed, bool)
        if self.behaviour.seed_is_checked and seed is not None and not whole:
            raise ValueError(f"seed is {shown(seed)}, expected an int or None")

    def _warn_of_layers(self) -> None:
        """Warn of an activation layer whose dtype is not that of this one."""
        for argument in ("activation", "recurrent_activation"):
            value, function = getattr(self, argument), getattr(self, f"{argument}_function")
            named = isinstance(value, str) and value in tables.FLOATX_ONLY_2
            own = "float32" if named else getattr(function, "dtype", self.dtype)
            if POLICIES[own][0] != POLICIES[self.dtype][0]:
                self.behaviour.warn("layer_activations_need_float32", shown(value))

    def changed(self, **values: Any) -> GRUConfig:
        """Return a copy with other arguments, such as those of an RNN around a cell, unchecked.

        Attributes that `GRUConfig` derives, such as `path`, stay as they are unless passed in.
        """
        # Not what is cached: that was derived from other values.
        copied = self.__getstate__()
        if unknown := values.keys() - copied:
            raise TypeError(f"{sorted(unknown)[0]} is no argument of GRUConfig")
        made = object.__new__(type(self))
        for name, value in (copied | values).items():
            object.__setattr__(made, name, value)
        return made

    def weight_shapes(self, features: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight, by name, in Keras's order."""
        columns = 3 * self.units
        shapes: dict[str, tuple[int, ...]] = {
            "kernel": (features, columns),
            "recurrent_kernel": (self.units, columns),
        }
        if self.use_bias:
            shapes["bias"] = (2, columns) if self.reset_after else (columns,)
        return shapes

    def _path(self) -> str:
        """Return which code of Keras runs this layer on a CPU."""
        if self.unroll:
            return "unroll"
        rule = self.behaviour.fused_path
        fusable = self.recurrent_dropout == 0 and self.use_bias and self.reset_after
        if rule == "by name":
            named = (self.activation, self.recurrent_activation) == ("tanh", "sigmoid")
        elif rule == "by function":
            named = (
                self.activation_function is tables.tanh
                and self.recurrent_activation_function in tables.SIGMOIDS
            )
        else:
            named = False
        return "fused" if fusable and named else "loop"


KINDS: Mapping[str, Any] = {
    "initializer": initializers,
    "regularizer": regularizers,
    "constraint": constraints,
}


def _units(value: Any, behaviour: Behaviour) -> int:
    """Check `units` by the rule of the release."""
    rule = behaviour.units_rule
    message = f"units is {shown(value)}, expected a positive integer"
    if isinstance(value, (float, np.floating)) and rule == "python int":
        raise ValueError(f"{message} of Python's own type int")
    try:
        units = operator.index(value)
    except TypeError:
        raise TypeError(message) from None
    if rule.startswith("python int"):
        if not isinstance(value, int) or (isinstance(value, bool) and rule != "python int"):
            raise ValueError(f"{message} of Python's own type int")
    elif isinstance(value, (bool, np.bool_)) and rule != "any":
        raise ValueError(message)
    lowest = 1 if rule in ("positive", "python int", "python int, no bool") else 0
    if units < lowest:
        raise ValueError(message)
    return units


def _rate(value: Any, argument: str) -> float:
    """Clamp a dropout rate to [0, 1] as Keras does; NaN becomes 0."""
    if not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{argument} is {shown(value)}, expected a number in [0, 1)")
    return float(min(1.0, max(0.0, value)))
