"""What a GRU layer keeps between calls: its weights and, if stateful, its recorded state."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import UnseededError, shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers.weight_checks import checked_weights, known_features, three_sizes
from gru_ref.keras.training import constraints, initial_values, initializers, losses, projections

Array = NDArray[Any]

CONFIG_ARGUMENTS = frozenset(field.name for field in fields(GRUConfig) if field.init)


# No value at all: reset_states of Keras 3 refuses even None.
ABSENT: Any = object()


class Variables:
    """The weights and the recorded state of one layer, with Keras's methods for them."""

    def __init__(self, config: GRUConfig) -> None:
        self.config = config
        self._features: int | None = None
        self._batch: int | None = None
        self._build_config: dict[str, Any] | None = None
        self._weights: GRUWeights | None = None
        # Why there are no weights though the layer is built.
        self._undrawn: UnseededError | None = None
        # In Keras's order: in Keras 3 each takes its seed here.
        self._initializers = {
            argument: initializers.constructed(
                getattr(config, argument), config.behaviour, argument
            )
            for argument in ("kernel_initializer", "recurrent_initializer", "bias_initializer")
        }
        self._state: Array | None = None
        self._activity_losses: list[Array] = []
        self.trainable = True

    @property
    def keras_version(self) -> str:
        """The Keras release this layer is, resolved."""
        return self.config.keras_version

    @property
    def compute_dtype(self) -> str:
        """The name of what the layer computes in and returns."""
        return self.config.compute_dtype.name

    @property
    def variable_dtype(self) -> str:
        """The name of what the weights and a recorded state are of."""
        return self.config.variable_dtype.name

    # ---- weights

    @property
    def built(self) -> bool:
        """Whether the number of features is known."""
        return self._features is not None

    @property
    def build_config(self) -> dict[str, Any] | None:
        """What the layer was built for, as Keras's get_build_config says it; None before."""
        return copy.deepcopy(self._build_config)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Fix the features (and, if stateful, the batch) and make the weights that can be made.

        Parameters
        ----------
        input_shape : (batch, timesteps, features)
            time_major: (timesteps, batch, features). None where a size is not known.

        Raises
        ------
        TypeError
            No shape; in Keras 2 features that are no size.
        IndexError
            Less than two sizes; in Keras 2 a list of sizes.
        ValueError
            Other than three sizes, or stateful without a batch, or other features than the layer
            is built for. In Keras 3 features that are no size.
        """
        shape = three_sizes(input_shape, self.config)
        features = known_features(shape, self.config)
        if self._features not in (None, features):
            raise ValueError(
                f"input_shape is {shown(input_shape)}, expected {self._features} features: the "
                "layer is built"
            )
        batch = shape[1] if self.config.time_major else shape[0]
        if self.config.stateful and batch is None:
            raise ValueError(
                f"input_shape is {shown(input_shape)}, expected a known batch: a stateful layer "
                "keeps one state for each of its rows"
            )
        if self._features is None:
            self._weights = self._initial_weights(features)
        self._features, self._batch = features, batch
        self._build_config = {"input_shape": shape}
        if self.config.stateful and batch is not None:
            self._state = np.zeros((batch, self.config.units), self.config.variable_dtype)

    def _initial_weights(self, features: int) -> GRUWeights | None:
        """Return the weights that the initializers make, or None if one draws without a seed."""
        made = {}
        shapes = self.config.weight_shapes(features)
        for name, shape in shapes.items():
            try:
                made[name] = self._initial_weight(name, shape)
            except UnseededError as error:
                self._undrawn = self._undrawn or error
        return GRUWeights(**made) if len(made) == len(shapes) else None

    def _initial_weight(self, name: str, shape: tuple[int, ...]) -> Array:
        """Return the weight that the initializer of `name` makes."""
        argument = f"{name.removesuffix('_kernel')}_initializer"
        found = self._initializers[argument]
        dtype, behaviour = self.config.variable_dtype, self.config.behaviour
        return initial_values.make(found, shape, dtype, argument, behaviour)

    def _known_weights(self) -> GRUWeights:
        """Return the weights, or raise the error that says why there are none."""
        if self._weights is None:
            assert self._undrawn is not None
            raise UnseededError(str(self._undrawn))
        return self._weights

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take the weights in the order of Keras's ``get_weights()``.

        Parameters
        ----------
        weights : [kernel (features, 3 * units), recurrent_kernel (units, 3 * units), bias]
            bias is (2, 3 * units) for reset_after, (3 * units,) without, absent for use_bias=False.

        Raises
        ------
        TypeError
            `weights` is no list.
        ValueError
            The layer is not built, or a count or shape differs. In Keras 2 one is no array.
        AttributeError
            In Keras 3 one is no array.
        """
        made = checked_weights(weights, self.weight_shapes(), self.config)
        if made:
            self._weights = GRUWeights(**made)

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight, by its name; none before the layer is built."""
        return {} if self._features is None else self.config.weight_shapes(self._features)

    def take_weights(self, weights: GRUWeights) -> None:
        """Build the layer with these weights: none are drawn that would be replaced at once.

        The batch of a stateful layer stays open until its first call.
        """
        shapes = self.config.weight_shapes(weights.features)
        self._weights = GRUWeights(**checked_weights(weights.arrays(), shapes, self.config))
        self._features = weights.features

    def get_weights(self) -> list[Array]:
        """Return copies of the weights in Keras's order; [] before the layer is built."""
        return [array.copy() for array in self._known_weights().arrays()] if self.built else []

    @property
    def weights(self) -> list[Array]:
        """The weights, in Keras's order; [] before the layer is built."""
        return self.get_weights()

    def count_params(self) -> int:
        """Return the number of parameters: 3·(U·F + U·U + U), or + 2·U for reset_after, − bias.

        Raises
        ------
        ValueError
            The layer is not built.
        """
        if not self.built:
            raise ValueError(
                "the layer is not built, expected build((batch, timesteps, features)) first"
            )
        return sum(int(np.prod(shape)) for shape in self.weight_shapes().values())

    @property
    def losses(self) -> list[Array]:
        """The penalties, in Keras's order: of the last call's outputs, then of the weights.

        Those of the outputs are there after a call, those of the weights as soon as the layer is
        built; in Keras 3 a layer with trainable=False has none of the weights.

        Raises
        ------
        ValueError, TypeError
            See `gru_ref.keras.training.regularizers.penalty`.
        """
        penalties = list(self._activity_losses)
        counted = self.trainable or self.config.behaviour.frozen_weights_are_penalized
        if self.built and counted and losses.regularizes_weights(self.config):
            penalties += losses.of_weights(self.config, self._known_weights().named())
        return penalties

    def apply_constraints(self, *, epsilon: float = constraints.EPSILON) -> None:
        """Project the weights as Keras's optimizer does after its step; never otherwise.

        Nothing changes without a constraint, nor with trainable=False.

        Parameters
        ----------
        epsilon : float
            What Keras's own ``epsilon()`` is; 1e-7 unless it was set.

        Raises
        ------
        ValueError
            The layer is not built; or see `gru_ref.keras.training.constraints.project`; the
            weights stay.
        TypeError
            epsilon is no number.
        """
        if not self.built:
            raise ValueError("the layer is not built, expected build or a call first")
        behaviour = self.config.behaviour
        if not self.trainable and behaviour.frozen_weights_are_projected:
            behaviour.warn("frozen_weights_are_projected")
        elif not self.trainable:
            return
        weights = self._known_weights().named()
        self._weights = GRUWeights(**projections.of_weights(self.config, weights, epsilon))

    @contextlib.contextmanager
    def _unchanged_by_errors(self) -> Iterator[None]:
        """Put everything back as it was if the block raises."""
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__.update(before)
            raise

    def _check_sizes(self, shape: tuple[int, ...]) -> None:
        """Check the shape of an input against what the layer was built for."""
        if self._features is not None and shape[2] != self._features:
            raise ValueError(f"x has shape {shape}, expected {self._features} features")
        batch = shape[1] if self.config.time_major else shape[0]
        if self.config.stateful and self._batch not in (None, batch):
            raise ValueError(
                f"x has batch {batch}, expected {self._batch}: a stateful layer keeps one state "
                "for each row"
            )

    # ---- state

    @property
    def states(self) -> list[Array | None] | None:
        """The recorded state in a list, as in Keras; without one [None], or None in Keras 3."""
        state = self.recorded_state
        if state is None and self.config.behaviour.states_are_none_without_record:
            return None
        return [state]

    @property
    def recorded_state(self) -> Array | None:
        """The recorded state of a stateful layer, (batch, units); None without one."""
        return None if self._state is None else self._state.copy()

    def reset_states(self, states: Any = ABSENT) -> None:
        """Set the recorded state to zeros or, in Keras 2, to `states`.

        Parameters
        ----------
        states : (batch, units) or [(batch, units)], optional

        Raises
        ------
        AttributeError
            Keras 2: the layer is not stateful.
        TypeError
            Keras 3: a state is given, even None. Keras 2: it is no array.
        ValueError
            Keras 2: the layer is not built, or the state has another shape.
        """
        behaviour = self.config.behaviour
        if not behaviour.reset_states_takes_values:
            if states is not ABSENT:
                raise TypeError(
                    f"states is {shown(states)}, expected nothing: reset_states of Keras "
                    f"{behaviour.release} takes no values; hand initial_state to the call instead"
                )
            if self._state is not None:
                self._state = np.zeros_like(self._state)
            return
        if not self.config.stateful:
            raise AttributeError("stateful is False, expected a stateful layer")
        if self._state is None:
            raise ValueError("the layer is not built, expected build or a call first")
        value = np.zeros_like(self._state)
        if states is not None and states is not ABSENT:
            given = states if isinstance(states, (list, tuple)) else [states]
            if len(given) != 1:
                raise ValueError(f"states is {len(given)} states, expected 1")
            if not hasattr(given[0], "__array__"):
                raise TypeError(f"states is {shown(states)}, expected an array")
            value = np.array(given[0], self.config.variable_dtype)
        if value.shape != self._state.shape:
            raise ValueError(f"states has shape {value.shape}, expected {self._state.shape}")
        self._state = value

    def reset_state(self) -> None:
        """Set the recorded state to zeros (Keras 3).

        Raises
        ------
        AttributeError
            Keras 2 has reset_states alone.
        """
        if not self.config.behaviour.reset_state_method:
            raise AttributeError(
                f"reset_state is not in Keras {self.keras_version}, expected reset_states"
            )
        self.reset_states()
