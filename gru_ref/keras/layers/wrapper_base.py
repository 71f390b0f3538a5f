"""What layers made of layers share: weights in Keras's order, penalties, projections, errors."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers.constructor_checks import check_known, check_values, keywords_of_any_layer
from gru_ref.keras.layers.variables import Variables
from gru_ref.keras.ledger import Behaviour
from gru_ref.keras.training import constraints

Array = NDArray[Any]
Part: TypeAlias = "Variables | Composite"


class PartMasks(NamedTuple):
    """The dropout masks of one call, a list of the parts' each; None where nothing was dropped."""

    dropout_mask: list[Any]
    recurrent_dropout_mask: list[Any]


class Composite:
    """A layer whose weights are those of its parts.

    Parameters
    ----------
    parts : sequence
        The layers within, in Keras's order.
    config : GRUConfig
        Of one of them: it says which release this is.
    arguments : mapping
        The keywords for any layer: name, trainable, dtype, ….
    also : sequence of str
        Keywords that this class takes besides.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        config: GRUConfig,
        arguments: Mapping[str, Any],
        also: Sequence[str] = (),
    ) -> None:
        behaviour = config.behaviour
        known = keywords_of_any_layer(behaviour).union(also)
        check_known(arguments, known, type(self).__name__, behaviour)
        self.name = arguments.get("name")
        self.trainable = arguments.get("trainable", True)
        check_values(self.name, self.trainable, arguments, behaviour)
        self._parts = tuple(dict.fromkeys(parts))
        self._config = config
        self._layer_arguments = arguments
        self._built = False
        self._build_config: dict[str, Any] | None = None

    @property
    def behaviour(self) -> Behaviour:
        """What the Keras release of this layer does."""
        return self._config.behaviour

    @property
    def keras_version(self) -> str:
        """The Keras release this layer is, resolved."""
        return self._config.keras_version

    # ---- weights

    @property
    def built(self) -> bool:
        """Whether the layer was built, and with it every part; parts may be before."""
        return self._built

    @property
    def build_config(self) -> dict[str, Any] | None:
        """What the layer was built for, as Keras's get_build_config says it; None before."""
        return copy.deepcopy(self._build_config)

    def get_weights(self) -> list[Array]:
        """Return copies of the weights in Keras's order; [] before the layer is built.

        In Keras 2 those of parts with trainable=False come last.
        """
        return [array for leaf in self._in_order() for array in leaf.get_weights()]

    @property
    def weights(self) -> list[Array]:
        """The weights, in Keras's order; [] before the layer is built."""
        return self.get_weights()

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take the weights in the order of ``get_weights()``.

        Raises
        ------
        TypeError, ValueError, AttributeError
            As `gru_ref.GRU.set_weights`; the weights stay as they were.
        """
        leaves = self._in_order()
        shapes = [
            (f"{number}/{name}", shape, leaf)
            for number, leaf in enumerate(leaves)
            for name, shape in leaf.weight_shapes().items()
        ]
        if not isinstance(weights, (list, tuple, np.ndarray)):
            raise TypeError(f"weights is {weights!r:.80}, expected a list of arrays")
        if len(weights) != len(shapes):
            expected = ", ".join(f"{name} {shape}" for name, shape, _ in shapes)
            raise ValueError(
                f"weights is a list of {len(weights)} arrays, expected {len(shapes)}: "
                f"{expected or 'the layer is not built, build(…) first'}"
            )
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
        return sum(leaf.count_params() for leaf in self._leaves())

    # ---- penalties and projections

    @property
    def losses(self) -> list[Array]:
        """The penalties, in Keras's order; see `gru_ref.GRU.losses`.

        Keras 2 lists them layer by layer, Keras 3 those of the outputs first.
        """
        behaviour = self.behaviour
        if behaviour.losses_layer_by_layer:
            own = self._own_activity_losses()
            return own + [loss for part in self._parts for loss in part.losses]
        return self._all_activity_losses() + self._weight_losses()

    def _own_activity_losses(self) -> list[Array]:
        """Return the penalties of this layer's own outputs."""
        return []

    def _all_activity_losses(self) -> list[Array]:
        within = [loss for part in self._parts for loss in activity_losses(part)]
        return self._own_activity_losses() + within

    def _weight_losses(self) -> list[Array]:
        if not (self.trainable or self.behaviour.frozen_weights_are_penalized):
            return []
        return [loss for part in self._parts for loss in weight_losses(part)]

    def apply_constraints(self, *, epsilon: float = constraints.EPSILON) -> None:
        """Project the weights as Keras's optimizer does after its step; never otherwise.

        Raises
        ------
        ValueError, TypeError
            As `gru_ref.GRU.apply_constraints`; the weights stay.
        """
        with self._unchanged_by_errors():
            for part in self._parts:
                if self.trainable or self.behaviour.frozen_weights_are_projected:
                    part.apply_constraints(epsilon=epsilon)

    # ---- parts

    def _leaves(self) -> list[Variables]:
        """Return the layers that hold weights themselves."""
        found: list[Variables] = []
        for part in self._parts:
            found += part._leaves() if isinstance(part, Composite) else [part]
        return list(dict.fromkeys(found))

    def _in_order(self) -> list[Variables]:
        """Return these in the order that Keras lists their weights in."""
        if not self.behaviour.frozen_weights_are_last:
            return self._leaves()
        trainable, frozen = self._sorted()
        return [*trainable, *frozen]

    def _sorted(self) -> tuple[list[Variables], list[Variables]]:
        """Return the trainable ones, and the others."""
        trainable: list[Variables] = []
        frozen: list[Variables] = []
        for part in self._parts:
            if isinstance(part, Composite):
                sorted_parts = part._sorted()
            else:
                sorted_parts = ([part], []) if part.trainable else ([], [part])
            if self.trainable:
                trainable += sorted_parts[0]
                frozen += sorted_parts[1]
            else:
                frozen += sorted_parts[0] + sorted_parts[1]
        return trainable, frozen

    @contextlib.contextmanager
    def _unchanged_by_errors(self) -> Iterator[None]:
        """Put everything back as it was, in every part, if the block raises."""
        before = dict(self.__dict__)
        with contextlib.ExitStack() as stack:
            for part in self._parts:
                stack.enter_context(part._unchanged_by_errors())
            try:
                yield
            except BaseException:
                self.__dict__.update(before)
                raise


def activity_losses(part: Part) -> list[Array]:
    """Return the penalties of a part's outputs."""
    if isinstance(part, Composite):
        return part._all_activity_losses()
    return list(part._activity_losses)


def weight_losses(part: Part) -> list[Array]:
    """Return the penalties of a part's weights."""
    if isinstance(part, Composite):
        return part._weight_losses()
    return part.losses[len(part._activity_losses) :]
