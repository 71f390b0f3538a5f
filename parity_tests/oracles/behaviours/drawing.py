"""Seeds: where a random number comes from, and which of them repeat."""

import random

import numpy as np

from .asking import NotApplicable, raises


def unseeded_initializers(live):
    """GlorotUniform() called twice, and seeded anew between its making and its first call"""
    made = live.keras.initializers.GlorotUniform()
    if not _alike(made((2, 3)), made((2, 3))):
        return "operation"
    live.seed_all(1)
    made = live.keras.initializers.GlorotUniform()
    live.seed_all(2)
    early = made((2, 3))
    live.seed_all(2)
    late = live.keras.initializers.GlorotUniform()((2, 3))
    return "first use" if _alike(early, late) else "construction"


def seeded_initializers_are_operations(live):
    """GlorotUniform(seed=1) called twice"""
    made = live.keras.initializers.GlorotUniform(seed=1)
    return not _alike(made((2, 3)), made((2, 3)))


def unseeded_draws_follow_the_global_seed(live):
    """keras.utils.set_random_seed(1) (before 2.7: tf.random.set_seed(1)) twice: weights, masks"""
    drawn = []
    for _ in range(2):
        live.seed_all(1)
        layer = live.gru(4, dropout=0.5, recurrent_activation="linear", **live.plain)
        output = layer(live.tf.ones((2, 3, 8)), training=True)
        drawn.append([*layer.get_weights(), np.asarray(output)])
    return all(_alike(a, b) for a, b in zip(*drawn))


def seed_generators(live):
    """GRU(1, dropout=0.5).cell.seed_generator"""
    return hasattr(live.gru(dropout=0.5).cell, "seed_generator")


def seeds_from_python(live):
    """GlorotUniform()((2, 3)): the state of Python's random, before and after"""
    live.seed_all(1)
    before = random.getstate()
    live.keras.initializers.GlorotUniform()((2, 3))
    return random.getstate() != before


def seed_wraps_at_32_bits(live):
    """keras.random.uniform((4,), seed=SeedGenerator(s)) for s = 2**31 + 5 and s mod 2**31 - 2"""
    if live.generation == 2:
        raise NotApplicable("no SeedGenerator")
    seed = 2**31 + 5
    drawn = [
        live.keras.random.uniform((4,), seed=live.keras.random.SeedGenerator(number))
        for number in (seed, seed % (2**31 - 2))
    ]
    return not _alike(*drawn)


def xla_masks_are_known(live):
    """Two layers of the same seed in a tf.function(jit_compile=True)"""
    function = live.tf.function
    arguments = {"seed": 1} if live.generation == 3 else {}

    def masked():
        live.seed_all(1)
        layer = live.gru(
            4, dropout=0.5, unroll=True, kernel_initializer="ones", recurrent_initializer="zeros",
            activation="linear", use_bias=False, **arguments
        )  # fmt: skip
        layer.build((1, 1, 64))
        weights = layer.get_weights()
        weights[0] = np.arange(64.0)[:, np.newaxis] * np.array([0.0] * 8 + [1.0] * 4)
        layer.set_weights(weights)

        def call(x):
            return layer(x, training=True)

        return np.asarray(function(call, jit_compile=True)(live.tf.ones((1, 1, 64))))

    if raises(function, lambda x: x, jit_compile=True):
        raise NotApplicable("tf.function has no jit_compile")
    return _alike(masked(), masked())


def generator_masks_are_known(live):
    """GRU(4, dropout=0.5, seed=7, rng_type=…): the masks of tf.random's own uniforms"""
    live.needs(rng_type="stateless")
    shape = (1, 4, 8)
    drawn = {
        "stateless": live.tf.random.stateless_uniform(shape, seed=(7, 0)),
        "stateful": live.tf.random.Generator.from_seed(7).uniform(shape),
    }
    return all(
        _alike(np.asarray(_fused_mask(live, shape, kind)) != 0, np.asarray(uniform) >= 0.5)
        for kind, uniform in drawn.items()
    )


def _fused_mask(live, shape, kind):
    """Return the first mask of a Keras 2 layer's fused path."""
    layer, x = live.gru(4, dropout=0.5, rng_type=kind, seed=7), live.tf.ones(shape)
    layer(x, training=True)
    return layer.get_dropout_mask_for_cell(x, True, count=3)[0]


def _alike(a, b):
    return bool(np.array_equal(np.asarray(a), np.asarray(b)))
