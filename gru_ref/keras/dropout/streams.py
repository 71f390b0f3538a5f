"""The source of one layer's mask numbers: which kind it is, and when it is seeded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gru_ref.keras.config import GRUConfig
from gru_ref.keras.training.initializers import next_seed, seed_generator
from gru_ref.random_streams import seeds
from gru_ref.random_streams.philox import Stream
from gru_ref.random_streams.seeds import RandomSource


class MaskStreams:
    """The random numbers behind the masks of one layer, call after call.

    Parameters
    ----------
    config : GRUConfig
    rng_type, force_generator
        Arguments of Keras 2: those of a layer, and its seed, only affect masks of the fused path.
    for_cell : bool
        The numbers are those of a GRUCell, which its own seed affects.

    Notes
    -----
    Keras 3 has one generator, seeded when the layer is made, after its initializers. Keras 2 draws
    the masks of the fused path in the layer and the others in the cell, and seeds both when the
    layer is built: the cell before its weights, the layer after them.

    Source
    ------
    GRUCell.__init__ in keras/src/layers/rnn/gru.py (3.15.1); BaseRandomLayer.build in
    tf_keras/src/engine/base_layer.py (2.21).
    """

    def __init__(
        self,
        config: GRUConfig,
        rng_type: Any = None,
        force_generator: Any = False,
        *,
        for_cell: bool = False,
    ) -> None:
        self._config = config
        self._for_cell = for_cell
        self._on_layer = config.path == "fused"
        self._kind_of_layer = seeds.rng_type_of(rng_type, force_generator)
        self._kind_of_cell = self._kind_of_layer if for_cell else seeds.rng_type_of(None)
        self._source: RandomSource | None = None
        if config.behaviour.seed_generators:
            seed = next_seed(config.behaviour) if config.seed is None else config.seed
            self._source = seed_generator(seed, config.behaviour)

    def before_weights(self) -> None:
        """Seed the generators that Keras 2 seeds before its initializers draw."""
        if not self._config.behaviour.seed_generators:
            seed = self._whole_seed(self._for_cell) if self._for_cell else None
            cell_source = self._keras_2_source(self._kind_of_cell, seed)
            if not self._on_layer:
                self._source = cell_source

    def after_weights(self) -> None:
        """Seed the generators that Keras 2 seeds after its initializers have drawn."""
        if not (self._config.behaviour.seed_generators or self._for_cell):
            seed = self._whole_seed(self._on_layer)
            layer_source = self._keras_2_source(self._kind_of_layer, seed)
            if self._on_layer:
                self._source = layer_source

    def take(
        self, draws: Sequence[tuple[int, tuple[int, ...]]], dtype: str
    ) -> list[list[Stream | None]]:
        """Return the streams of one call: `count` of them for every (count, shape).

        A stream is None if nothing was seeded, or if the release draws in another way.
        """
        source, place = self._source, 0
        assert source is not None, "the layer is built"
        taken: list[list[Stream | None]] = []
        for count, shape in draws:
            taken.append([source.next(place + i, shape, dtype) for i in range(count)])
            place += count
        return taken

    def continue_as(self, layer: Any) -> None:
        """Take over the state of the generator of a live layer or cell.

        In Keras 2 a layer without a seed has no generator: it draws from TensorFlow's global seed,
        and here from that of `gru_ref.set_random_seed`. The state of a ``tf.random.Generator`` is
        not known. A layer that is not built seeds its own generator when it is built.
        """
        with seeds.unseeded():
            self.before_weights()
            self.after_weights()
        on_layer = self._for_cell or self._on_layer
        owner = layer if on_layer else getattr(layer, "cell", None)
        if self._config.behaviour.seed_generators:
            state = getattr(getattr(owner, "seed_generator", None), "state", None)
            if state is not None:
                seed, count = (int(number) for number in np.asarray(state))
                self._source = seed_generator(seed, self._config.behaviour, count)
            return
        live_seed = getattr(getattr(owner, "_random_generator", None), "_seed", None)
        if isinstance(self._source, seeds.EagerOperations):
            self._source = seeds.EagerOperations(live_seed)
        elif (self._kind_of_layer if on_layer else self._kind_of_cell) == "stateless":
            self._source = seeds.Stateless(live_seed)
        else:
            self._source = seeds.Stateless(None)

    @property
    def remedy(self) -> str:
        """For an error message: what else makes the masks known if nothing was seeded."""
        behaviour = self._config.behaviour
        if behaviour.seed_generators:
            return "gru_ref.set_random_seed(…) or seed=… before the layer is made"
        repeated = behaviour.unseeded_draws_follow_the_global_seed
        kind = self._kind_of_layer if self._on_layer else self._kind_of_cell
        if repeated and (kind == "legacy_stateful" or behaviour.generator_masks_are_known):
            return "gru_ref.set_random_seed(…) beforehand"
        return f"another release: gru_ref does not repeat what Keras {behaviour.release} draws here"

    def _whole_seed(self, draws_here: bool) -> int | None:
        """Return the seed as an int; Keras 2 looks at it only where it draws."""
        seed: Any = self._config.seed
        draws = draws_here and (self._config.dropout or self._config.recurrent_dropout)
        return seeds.whole_seed(seed) if draws or seed is None else 0

    def _keras_2_source(self, kind: str, seed: int | None) -> RandomSource:
        """Return the generator of the layer or of the cell."""
        behaviour = self._config.behaviour
        if kind == "legacy_stateful":
            if seed is None and not behaviour.unseeded_draws_follow_the_global_seed:
                return seeds.Stateless(None)
            if self._config.execution == "eager":
                return seeds.EagerOperations(seed)
            return seeds.GraphOperations(seed)
        if not behaviour.generator_masks_are_known:
            return seeds.Stateless(None)
        if seed is None:
            seed = next_seed(behaviour)
        if kind == "stateless":
            return seeds.Stateless(seed)
        return seeds.Generator(seed)
