"""The base of all layers: weights, penalties, projections, config, errors that change nothing."""

from __future__ import annotations

import abc
import contextlib
import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple, TypeVar

from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import UnseededError, shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.identifiers import POLICIES, dtype_name
from gru_ref.keras.layers.build_checks import check_count, known_features, weight_arrays
from gru_ref.keras.layers.constructor_checks import check_keywords, layer_keywords
from gru_ref.keras.layers.reproducibility import Reproducibility
from gru_ref.keras.ledger import Behaviour
from gru_ref.keras.training import constraints, initial_values, initializers, regularizers

Array = NDArray[Any]
B = TypeVar("B", bound="BaseLayer")

CONFIG_ARGUMENTS = frozenset(field.name for field in fields(GRUConfig) if field.init)


class PartMasks(NamedTuple):
    """The dropout masks of one call, each a list with one per part; None if nothing was dropped."""

    dropout_mask: list[Any]
    recurrent_dropout_mask: list[Any]


class BaseLayer(abc.ABC):
    """The base class of every layer of gru_ref.

    Parameters
    ----------
    config : GRUConfig
        The config of the layer, or of one of its parts; it determines the release.
    name : str
        The name of the layer if `arguments` has none.
    arguments : mapping
        The keywords for any layer: name, trainable, dtype, ….
    parts : sequence of BaseLayer
        The inner layers, in Keras's order.
    """

    def __init__(
        self,
        config: GRUConfig,
        name: str,
        arguments: Mapping[str, Any],
        parts: Sequence[BaseLayer] = (),
    ) -> None:
        self._config = config
        self.name: str = arguments.get("name") or name
        self._trainable = arguments.get("trainable", True)
        self._layer_arguments = arguments
        self._parts = tuple(dict.fromkeys(parts))
        self._build_config: dict[str, Any] | None = None
        self._activity_losses: list[Array] = []

    @property
    def config(self) -> GRUConfig:
        """The arguments of the GRU."""
        return self._config

    @property
    def behaviour(self) -> Behaviour:
        """What the Keras release of this layer does."""
        return self.config.behaviour

    @property
    def keras_version(self) -> str:
        """The resolved Keras release of this layer."""
        return self.config.keras_version

    @property
    def trainable(self) -> Any:
        """Whether the weights are trained; setting it also sets it in the inner layers."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: Any) -> None:
        self._trainable = value
        for part in self._parts:
            part.trainable = value

    @property
    @abc.abstractmethod
    def built(self) -> bool:
        """Whether the layer was built."""

    @abc.abstractmethod
    def apply_constraints(self, *, epsilon: float = constraints.EPSILON) -> None:
        """Project the weights as Keras's optimizer does after its step; never otherwise."""

    @property
    def own_call(self) -> str | None:
        """The call that a class of the user's overrides, of this layer or of one within, or None.

        Such a layer is run as Keras runs it. What reads the weights and the config alone, as a
        conversion does, cannot tell what it computes: see `check_own_call`.
        """
        return self._overridden_call or next(
            (part.own_call for part in self._parts if part.own_call), None
        )

    @property
    def _overridden_call(self) -> str | None:
        """The call that the class of this layer overrides, or None."""
        for base in type(self).__mro__:
            for name in ("call", "__call__"):
                if name in vars(base):
                    of_gru_ref = base.__module__.partition(".")[0] == __name__.partition(".")[0]
                    return None if of_gru_ref else f"{base.__name__}.{name}"
        return None

    def check_own_call(self, what: str) -> None:
        """Refuse a class with a call of its own, for `what` reads weights and config alone.

        Raises
        ------
        TypeError
            A class of the user's overrides `call`.
        """
        if self.own_call:
            raise TypeError(
                f"layer is {shown(self)}, whose {self.own_call} overrides that of gru_ref, "
                f"expected a layer without: {what} would hold other numbers than it returns"
            )

    @property
    def build_config(self) -> dict[str, Any] | None:
        """The shapes that the layer was built for, as in Keras's get_build_config, or None."""
        return copy.deepcopy(self._build_config)

    @abc.abstractmethod
    def get_weights(self) -> list[Array]:
        """Return copies of the weights in Keras's order; [] before the layer is built."""

    @property
    @abc.abstractmethod
    def reproducible(self) -> Reproducibility:
        """Whether a seed gives the weights and the dropout masks again, and if not, why."""

    @property
    def weights(self) -> list[Array]:
        """The weights, in Keras's order; [] before the layer is built."""
        return self.get_weights()

    # ---- penalties

    @property
    def losses(self) -> list[Array]:
        """The penalties, in Keras's order.

        The penalties of outputs are those of the last call; the penalties of weights exist as soon
        as the layer is built, but in Keras 3 not with trainable=False. Keras 2 lists the penalties
        of inner layers layer by layer, Keras 3 lists those of the outputs first.

        Raises
        ------
        ValueError, TypeError
            See `gru_ref.keras.training.regularizers.penalty`.
        """
        if not self.behaviour.losses_layer_by_layer:
            return self._output_penalties() + self._weight_penalties()
        within = [loss for part in self._parts for loss in part.losses]
        return self._activity_losses + self._own_weight_penalties() + within

    def _output_penalties(self) -> list[Array]:
        """Return the penalties of the outputs, of this layer and those within."""
        within = [loss for part in self._parts for loss in part._output_penalties()]
        return self._activity_losses + within

    def _weight_penalties(self) -> list[Array]:
        """Return the penalties of the weights, of this layer and those within."""
        if not (self.trainable or self.behaviour.frozen_weights_are_penalized):
            return []
        within = [loss for part in self._parts for loss in part._weight_penalties()]
        return self._own_weight_penalties() + within

    def _own_weight_penalties(self) -> list[Array]:
        return []

    # ---- within

    def __copy__(self: B) -> B:
        """Return an independent layer: nothing of it is shared with this one."""
        return copy.deepcopy(self)

    @abc.abstractmethod
    def _leaves(self) -> list[tuple[LeafLayer, bool]]:
        """Return the layers that hold weights themselves, and whether each is trainable."""

    @contextlib.contextmanager
    def _unchanged_by_errors(self) -> Iterator[None]:
        """Put weights, states and build back as they were, in every part, if the block raises.

        Random numbers that were drawn stay drawn, as in Keras.
        """
        before = dict(self.__dict__)
        with contextlib.ExitStack() as stack:
            for part in self._parts:
                stack.enter_context(part._unchanged_by_errors())
            try:
                yield
            except BaseException:
                self.__dict__.update(before)
                raise


def _initializer_of(weight: str) -> str:
    """Return the argument that makes a weight: "recurrent_initializer" of the recurrent_kernel."""
    return f"{weight.removesuffix('_kernel')}_initializer"


class LeafLayer(BaseLayer):
    """A layer that holds weights itself: GRU and GRUCell."""

    def __init__(self, config: GRUConfig, name: str, arguments: Mapping[str, Any]) -> None:
        super().__init__(config, name, arguments)
        self._features: int | None = None
        self._weights: GRUWeights | None = None
        # The initializers whose draws of the weights no seed fixes.
        self._unrepeatable: tuple[str, ...] = ()
        # Whether somebody has read the weights, and so can have the same.
        self._were_read = False
        # In Keras's order: in Keras 3 each takes its seed here, but for None's.
        self._initializers = {}
        for argument in ("kernel_initializer", "recurrent_initializer", "bias_initializer"):
            found = config.identifiers[argument]
            assert found is not None
            if getattr(config, argument) is not None:
                found = initializers.take_seed(found, config.behaviour, argument)
            self._initializers[argument] = found

    @property
    def compute_dtype(self) -> str:
        """The name of the dtype in which the layer computes and returns."""
        return POLICIES[self.config.dtype][0]

    @property
    def variable_dtype(self) -> str:
        """The name of the dtype of the weights and of a recorded state."""
        return POLICIES[self.config.dtype][1]

    # ---- weights

    @property
    def built(self) -> bool:
        """Whether the number of features is known."""
        return self._features is not None

    def _known_features(self, input_shape: Any, shape: tuple[int | None, ...]) -> int:
        """Return the features of a shape of three sizes, those that the layer is built for."""
        features = known_features(shape, self.config)
        if self._features not in (None, features):
            raise ValueError(
                f"input_shape is {shown(input_shape)}, expected {self._features} features: the "
                "layer is built"
            )
        return features

    def _make_weights(self, features: int) -> None:
        """Fix the features and make the weights, if there are none."""
        if self._features is None:
            unrepeatable = self._unrepeatable_initializers()
            shapes = self.config.weight_shapes(features)
            made = {name: self._initial_weight(name, shape) for name, shape in shapes.items()}
            self._weights, self._features = GRUWeights(**made), features
            self._unrepeatable = unrepeatable

    def _initial_weight(self, name: str, shape: tuple[int, ...]) -> Array:
        """Return the weight that the initializer of `name` makes."""
        argument = _initializer_of(name)
        found = self._initializers[argument]
        dtype, behaviour = self.config.variable_dtype, self.config.behaviour
        return initial_values.make(found, shape, dtype, argument, behaviour)

    def _unrepeatable_initializers(self) -> tuple[str, ...]:
        """Return the arguments whose initializers would draw now what no seed fixes."""
        names = map(_initializer_of, self.config.weight_shapes(1))
        behaviour = self.config.behaviour
        return tuple(
            name
            for name in names
            if not initializers.is_repeatable(self._initializers[name], behaviour, name)
        )

    def _reproducibility(self, masks: str) -> Reproducibility:
        """Return what `reproducible` is, with the reason of the masks."""
        names = self._unrepeatable if self.built else self._unrepeatable_initializers()
        if not names:
            return Reproducibility("", masks)
        behaviour = self.config.behaviour
        when = "made" if behaviour.unseeded_initializers == "construction" else "built"
        weights = (
            f"{' and '.join(names)} {'draws' if len(names) == 1 else 'draw'} without a seed: a "
            f"seed there, gru_ref.set_random_seed(…) before the layer is {when}, or set_weights"
        )
        return Reproducibility(weights, masks)

    def _known_weights(self) -> GRUWeights:
        """Return the weights of a built layer."""
        assert self._weights is not None
        return self._weights

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the weights, in the order of Keras's ``get_weights()``.

        Parameters
        ----------
        weights : [kernel (features, 3 * units), recurrent_kernel (units, 3 * units), bias]
            bias is (2, 3 * units) for reset_after, (3 * units,) without, absent for use_bias=False.

        Raises
        ------
        TypeError
            `weights` is not a list.
        ValueError
            The layer is not built, or a count or shape differs. In Keras 2: one is not an array.
        AttributeError
            In Keras 3: one is not an array.
        """
        made = weight_arrays(weights, self.weight_shapes(), self.config)
        if made:
            self._weights, self._unrepeatable = GRUWeights(**made), ()

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight, by name; empty before the layer is built."""
        return {} if self._features is None else self.config.weight_shapes(self._features)

    def take_weights(self, weights: GRUWeights) -> None:
        """Build the layer with these weights, without drawing weights that they would replace.

        The batch of a stateful layer stays undefined until its first call.
        """
        shapes = self.config.weight_shapes(weights.features)
        self._weights = GRUWeights(**weight_arrays(weights.arrays(), shapes, self.config))
        self._features, self._unrepeatable = weights.features, ()

    def _take_live_weights(self, layer: Any) -> None:
        """Build the layer as a live one of Keras is, with its weights, or as that will be built."""
        from gru_ref.keras.serialization import from_keras

        if weights := from_keras.weights_of(layer):
            self.take_weights(GRUWeights(*weights))
            self._build_config = from_keras.build_config_of(layer)
            return
        for argument, seed in from_keras.initializer_seeds_of(layer, self._initializers).items():
            found = self._initializers[argument]
            if "seed" in found.parameters:
                parameters = {**found.parameters, "seed": seed}
                self._initializers[argument] = found._replace(parameters=parameters)

    def get_weights(self) -> list[Array]:
        """Return copies of the weights in Keras's order; [] before the layer is built."""
        if not self.built:
            return []
        self._were_read = True
        return [array.copy() for array in self._known_weights().arrays()]

    def require_comparable(self) -> None:
        """Do nothing if what is compared with the layer can be of its weights.

        Raises
        ------
        UnseededError
            The weights were drawn without a seed, and nobody has read them.
        """
        weights = self.reproducible.weights
        if weights and not self._were_read:
            raise UnseededError(
                f"the weights of the layer are its own alone, expected those of what is compared "
                f"with it: {weights}, or take them by get_weights"
            )

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
        return sum(math.prod(shape) for shape in self.weight_shapes().values())

    def apply_constraints(self, *, epsilon: float = constraints.EPSILON) -> None:
        """Project the weights as Keras's optimizer does after its step; never otherwise.

        Nothing changes without a constraint, or with trainable=False.

        Parameters
        ----------
        epsilon : float
            The value of Keras's ``epsilon()``; 1e-7 unless it was set.

        Raises
        ------
        ValueError
            The layer is not built, or see `gru_ref.keras.training.constraints.project`. The
            weights do not change.
        TypeError
            epsilon is not a number.
        """
        if not self.built:
            raise ValueError("the layer is not built, expected build or a call first")
        behaviour = self.config.behaviour
        if not self.trainable and behaviour.frozen_weights_are_projected:
            behaviour.warn("frozen_weights_are_projected")
        elif not self.trainable:
            return
        weights = self._known_weights().named()
        identifiers = self.config.identifiers
        self._weights = GRUWeights(
            **constraints.project_weights(identifiers, weights, behaviour, epsilon)
        )

    def _own_weight_penalties(self) -> list[Array]:
        """Return the penalties of the weights; none before the layer is built."""
        identifiers = self.config.identifiers
        regularized = any(
            identifiers[f"{name}_regularizer"] for name in ("kernel", "recurrent", "bias")
        )
        counted = self.trainable or self.behaviour.frozen_weights_are_penalized
        if not (self.built and counted and regularized):
            return []
        weights = self._known_weights().named()
        return regularizers.weight_penalties(identifiers, weights, self.behaviour)

    def _leaves(self) -> list[tuple[LeafLayer, bool]]:
        return [(self, bool(self.trainable))]


class WrapperLayer(BaseLayer):
    """A layer whose weights are those of its parts: RNN, StackedRNNCells and Bidirectional.

    Parameters
    ----------
    parts, config, name, arguments
        As for `BaseLayer`.
    own : bool
        Keyword that this class takes besides → whether the release has it.
    """

    def __init__(
        self,
        parts: Sequence[BaseLayer],
        config: GRUConfig,
        name: str,
        arguments: Mapping[str, Any],
        **own: bool,
    ) -> None:
        behaviour = config.behaviour
        known = layer_keywords(behaviour, **own)
        check_keywords(arguments, known, type(self).__name__, behaviour)
        super().__init__(config, name, arguments, parts)
        self.dtype = dtype_name(arguments.get("dtype") or "float32", behaviour)
        self._built = False

    @property
    def built(self) -> bool:
        """Whether the layer was built, and with it every part; parts may be built earlier."""
        return self._built

    @property
    def reproducible(self) -> Reproducibility:
        """Whether a seed gives the weights and the dropout masks again, and if not, why."""
        return Reproducibility.of_parts(part.reproducible for part in self._parts)

    def get_weights(self) -> list[Array]:
        """Return copies of the weights in Keras's order; [] before the layer is built.

        In Keras 2 those of parts with trainable=False come last.
        """
        return [array for leaf in self._in_order() for array in leaf.get_weights()]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the weights, in the order of ``get_weights()``.

        Raises
        ------
        TypeError, ValueError, AttributeError
            As `gru_ref.GRU.set_weights`; the weights do not change.
        """
        leaves = self._in_order()
        shapes = [
            f"{number}/{name} {shape}"
            for number, leaf in enumerate(leaves)
            for name, shape in leaf.weight_shapes().items()
        ]
        check_count(weights, shapes, "build(…)")
        rest = list(weights)
        with self._unchanged_by_errors():
            for leaf in leaves:
                count = len(leaf.weight_shapes())
                leaf.set_weights(rest[:count])
                del rest[:count]

    def count_params(self) -> int:
        """Return the number of parameters.

        Raises
        ------
        ValueError
            The layer is not built.
        """
        if not self.built:
            raise ValueError("the layer is not built, expected build or a call first")
        return sum(leaf.count_params() for leaf in self._in_order())

    def apply_constraints(self, *, epsilon: float = constraints.EPSILON) -> None:
        """Project the weights as Keras's optimizer does after its step; never otherwise.

        Raises
        ------
        ValueError, TypeError
            As `gru_ref.GRU.apply_constraints`; the weights do not change.
        """
        if not self.trainable:
            if not self.behaviour.frozen_weights_are_projected:
                return
            self.behaviour.warn("frozen_weights_are_projected")
        with self._unchanged_by_errors():
            for part in self._parts:
                part.apply_constraints(epsilon=epsilon)

    def _take_build(self, layer: Any) -> None:
        """Take over whether a live layer of Keras is built, and for what."""
        from gru_ref.keras.serialization import from_keras

        self._built, self._build_config = bool(layer.built), from_keras.build_config_of(layer)

    def _leaves(self) -> list[tuple[LeafLayer, bool]]:
        leaves = [
            (leaf, trainable and bool(self.trainable))
            for part in self._parts
            for leaf, trainable in part._leaves()
        ]
        if self.behaviour.frozen_weights_are_last:
            leaves.sort(key=lambda pair: not pair[1])
        return leaves

    def _in_order(self) -> list[LeafLayer]:
        """Return the layers that hold weights in the order that Keras lists their weights in."""
        return list(dict.fromkeys(leaf for leaf, _ in self._leaves()))

    def _config_start(self, activity_regularizer: Any = None) -> dict[str, Any]:
        """Return what the config begins with."""
        from gru_ref.keras.serialization import gru_config

        return gru_config.layer_part(
            self.config,
            self.dtype,
            self.name,
            self.trainable,
            self._layer_arguments,
            activity_regularizer,
        )
