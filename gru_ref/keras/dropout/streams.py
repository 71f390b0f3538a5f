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

RATES = ("dropout", "recurrent_dropout")


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

    def take(self, draws: Sequence[tuple[int, tuple[int, ...]]], dtype: str) -> list[list[Stream]]:
        """Return the streams of one call: `count` of them for every (count, shape)."""
        source, place = self._source, 0
        assert source is not None, "the layer is built"
        taken: list[list[Stream]] = []
        for count, shape in draws:
            taken.append([source.next(place + i, shape, dtype) for i in range(count)])
            place += count
        return taken

    def continue_as(self, layer: Any) -> None:
        """Take over the state of the generator of a live layer or cell.

        In Keras 2 a layer without a seed has no generator: it draws from TensorFlow's global seed,
        and here from that of `gru_ref.set_random_seed`. The state of a ``tf.random.Generator`` is
        not known: what is drawn here is not what the live layer draws, and no seed fixes it. A
        layer that is not built seeds its own generator when it is built.
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
        elif self._kind == "stateless" and live_seed is not None:
            self._source = seeds.Stateless(live_seed)
        else:
            self._source = seeds.Entropy()

    def unrepeatable(self, config: GRUConfig) -> str:
        """Return why no seed fixes the masks that are drawn next; "" if one does.

        Parameters
        ----------
        config : GRUConfig
            Of the layer that draws: around a cell it has another path than the cell.
        """
        rates = [rate for rate in RATES if 0 < getattr(config, rate) < 1]
        if not rates:
            return ""
        behaviour = config.behaviour
        why = f"{' and '.join(f'{rate}={getattr(config, rate)}' for rate in rates)} draws masks"
        if config.masks_every_timestep:
            return (
                f"{why} anew at every timestep with execution='graph', in an order that differs "
                "from run to run: give the masks"
            )
        if self._source.repeatable if self._source else self._will_be_repeatable:
            return ""
        if isinstance(self._source, seeds.Entropy) or not self._is_known:
            return (
                f"{why} in a way of Keras {behaviour.release} that gru_ref does not repeat: give "
                "the masks"
            )
        if behaviour.seed_generators:
            remedy = "seed=…, or gru_ref.set_random_seed(…) before the layer is made"
        elif self._kind == "legacy_stateful":
            remedy = "gru_ref.set_random_seed(…) before the call"
        else:
            remedy = "gru_ref.set_random_seed(…) before the layer is built"
        return f"{why} without a seed: {remedy}, or masks given"

    @property
    def rng_type(self) -> str:
        """The rng_type of the layer or cell itself, as a config of Keras 2 tells it."""
        return self._kind_of_layer

    @property
    def _kind(self) -> str:
        """The rng_type of the generator that draws."""
        on_layer = self._for_cell or self._on_layer
        return self._kind_of_layer if on_layer else self._kind_of_cell

    @property
    def _is_known(self) -> bool:
        """Whether gru_ref draws what the release draws from a global seed."""
        behaviour = self._config.behaviour
        if behaviour.seed_generators:
            return True
        generators = self._kind == "legacy_stateful" or behaviour.generator_masks_are_known
        return behaviour.unseeded_draws_follow_the_global_seed and generators

    @property
    def _will_be_repeatable(self) -> bool:
        """Whether a generator that Keras 2 seeded now would be fixed by a seed."""
        own_seed = self._for_cell or self._on_layer
        if own_seed and self._config.seed is not None:
            legacy = self._kind == "legacy_stateful"
            return legacy or self._config.behaviour.generator_masks_are_known
        return self._is_known and seeds.is_seeded()

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
                return seeds.Entropy()
            if self._config.execution == "eager":
                return seeds.EagerOperations(seed)
            return seeds.GraphOperations(seed)
        if not behaviour.generator_masks_are_known:
            return seeds.Stateless(seeds.entropy_seed()) if kind == "stateless" else seeds.Entropy()
        if seed is None:
            seed = next_seed(behaviour)
        if kind == "stateless":
            return seeds.Stateless(seed)
        return seeds.Generator(seed)
